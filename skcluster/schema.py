"""Columns of stars, cluster parameters and estimates.

This module defines names, units, ranges, figure labels, descriptions and synonyms in catalogues, so
that reading, checking, estimating, plotting and writing agree.
"""

from dataclasses import KW_ONLY, dataclass, replace
from math import isfinite, isnan
from typing import Literal

import numpy as np

__all__ = [
    "CLUSTER",
    "CLUSTER_PARAMETERS",
    "ESTIMATE_COLUMNS",
    "INTERVAL_ENDS",
    "LABEL_COLUMNS",
    "MEMBER_COLUMNS",
    "NEEDED_STAR_COLUMNS",
    "STAR_COLUMNS",
    "TARGETS",
    "Column",
    "estimate_column",
]


#: Maximum number of decimal places; no estimate is more precise.
_MOST_PLACES = 4


@dataclass(frozen=True)
class Column:
    """Definition of a column that skcluster knows.

    Tables are read, checked, plotted and written according to it.

    Parameters
    ----------
    name : str
        Name in skcluster; for stars, that of the Gaia archive.
    description : str
        Short description that starts with a capital letter.
    unit : str, default=""
        Unit in astropy's notation, empty for a pure number.
    label : str, default=""
        Label in figures, in matplotlib's mathtext, without the unit. By default, the description.
    low, high : float, default=-inf and inf
        Smallest and largest value allowed.
    synonyms : tuple of str, default=()
        Names in catalogues, in upper or lower case: first those of VizieR, then other usual ones.
    kind : {"number", "text", "identifier"}, default="number"
        Whether the values are numbers with a unit and a range. Text and identifiers are kept
        unchanged: the 64 bits of a ``source_id`` do not fit into a floating-point number.
    missing : {"keep", "leave out"}, default="keep"
        Whether a star whose value is missing (NaN, masked, blank) is kept with NaN, or left out
        with a warning that counts such stars.
    decimals : int, default=2
        Decimal places of a printed value.
    significant : int or None, default=None
        Significant digits of a printed value, instead of ``decimals``, for quantities that span
        orders of magnitude.

    See Also
    --------
    estimate_column : The definition of a column in a table of estimates.

    Examples
    --------
    >>> from skcluster.schema import TARGETS
    >>> TARGETS["a_v"].unit, TARGETS["a_v"].axis_label
    ('mag', '$A_V$ [mag]')
    >>> TARGETS["a_v"].rule()
    'must lie between 0 and 50'
    >>> [TARGETS["distance_kpc"].decimals_of(distance) for distance in (0.136, 2.45, 12.3)]
    [3, 2, 1]
    """

    name: str
    description: str
    unit: str = ""
    label: str = ""
    _: KW_ONLY
    low: float = -np.inf
    high: float = np.inf
    synonyms: tuple[str, ...] = ()
    kind: Literal["number", "text", "identifier"] = "number"
    missing: Literal["keep", "leave out"] = "keep"
    decimals: int = 2
    significant: int | None = None

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", self.description)

    @property
    def printed_unit(self) -> str:
        """The unit of a printed value: that of a logarithm is "dex"."""
        return "dex" if self.unit.startswith("dex(") else self.unit

    @property
    def axis_label(self) -> str:
        """The label with its unit, for an axis; in mathtext."""
        if self.name == "log_age":
            return r"$\log_{10}$(age / yr)"
        return f"{self.label} [{self.printed_unit}]" if self.unit else self.label

    @property
    def title(self) -> str:
        """The description with its unit, for a line of text."""
        return f"{self.description} [{self.printed_unit}]" if self.unit else self.description

    def decimals_of(self, value: float) -> int:
        """Return the number of decimal places of a printed value and of its interval.

        Parameters
        ----------
        value : float
            The value.

        Returns
        -------
        int
            Number of decimal places.
        """
        if self.significant is None or not np.isfinite(value) or value == 0:
            return self.decimals
        return max(self.significant - 1 - int(np.floor(np.log10(abs(value)))), 0)

    def as_text(self, value: float, lower: float = np.nan, upper: float = np.nan) -> str:
        """Format a value and its interval; a dash for NaN.

        Parameters
        ----------
        value : float
            The value.
        lower, upper : float, default=nan
            Ends of its interval, if it has one.

        Returns
        -------
        str
            The value and the distances to the upper and lower end of the interval, after ± if they
            are printed alike, with the decimal places of the value; with more for quantities of
            many orders of magnitude, if an end would equal the value.

        Examples
        --------
        >>> from skcluster.schema import TARGETS
        >>> TARGETS["log_age"].as_text(9.46, 9.33, 9.59)
        '9.46 ± 0.13'
        >>> TARGETS["distance_kpc"].as_text(0.1362, 0.1359, 0.1366)
        '0.1362 +0.0004 −0.0003'
        """
        finer = self.significant is not None
        return _with_interval(value, lower, upper, self.decimals_of(value), finer=finer)

    def rule(self) -> str:
        """Return the rule for values, as text that follows the name of the column.

        Returns
        -------
        str
            Such as "must be at least 0".
        """
        if np.isfinite(self.low) and np.isfinite(self.high):
            return f"must lie between {self.low:g} and {self.high:g}"
        return f"must be at least {self.low:g}" if np.isfinite(self.low) else "must be finite"


def _with_interval(value: float, lower: float, upper: float, places: int, *, finer: bool) -> str:
    """Format a value and the distances to the ends of its interval; a dash for NaN.

    Parameters
    ----------
    value, lower, upper : float
        Value and ends of its interval; NaN without an interval.
    places : int
        Number of decimal places.
    finer : bool
        Whether to use more decimal places if an end would equal the value.
    """
    if isnan(value):
        return "–"
    ends = [end - value for end in (upper, lower) if isfinite(end)]
    if finer:
        for length in (abs(end) for end in ends if end):
            while round(length, places) == 0 and places < _MOST_PLACES:
                places += 1
    text = f"{value:z.{places}f}".replace("-", "−")
    if len(ends) < 2:
        return text
    up, down = _signed(ends[0], "+", places), _signed(ends[1], "−", places)
    if (up[0], down[0]) == ("+", "−") and up[1:] == down[1:]:
        return f"{text} ± {up[1:]}"
    return f"{text} {up} {down}"


def _signed(length: float, sign: str, places: int) -> str:
    """Format the distance of an end of an interval from the value, of either sign."""
    wanted = 1 if sign == "+" else -1
    if length * wanted < 0 and round(length, places) != 0:
        sign = "−" if sign == "+" else "+"
    return f"{sign}{abs(length):.{places}f}"


def _by_name(*columns: Column) -> dict[str, Column]:
    return {column.name: column for column in columns}


#: The column, or index, of the cluster of a star or of a row of labels.
CLUSTER = Column(
    "cluster",
    "Name of the cluster",
    kind="text",
    synonyms=("Cluster", "Name", "Cluster_name", "ClusterName"),
)

#: The known columns of stars by their names in the Gaia archive. The ranges of magnitudes and
#: colours include all stars that Gaia measured, and exclude markers of missing values such as 99
#: or -999. Parallaxes may be zero or negative because of noise. The synonyms are those
#: of VizieR's tables of Gaia (I/345, I/350, I/355) and of the catalogues J/A+A/640/A1,
#: J/A+A/618/A93, J/A+A/673/A114 and J/MNRAS/504/356.
STAR_COLUMNS: dict[str, Column] = _by_name(
    Column(
        "source_id",
        "Gaia source identifier",
        kind="identifier",
        synonyms=("Source", "GaiaDR3", "GaiaEDR3", "GaiaDR2"),
    ),
    Column(
        "phot_g_mean_mag",
        "Mean G magnitude",
        "mag",
        "$G$",
        low=-5,
        high=30,
        missing="leave out",
        synonyms=("Gmag",),
    ),
    Column(
        "phot_bp_mean_mag",
        "Mean BP magnitude",
        "mag",
        r"$G_\mathrm{BP}$",
        low=-5,
        high=30,
        synonyms=("BPmag",),
    ),
    Column(
        "phot_rp_mean_mag",
        "Mean RP magnitude",
        "mag",
        r"$G_\mathrm{RP}$",
        low=-5,
        high=30,
        synonyms=("RPmag",),
    ),
    Column(
        "bp_rp",
        "Colour BP−RP",
        "mag",
        r"$G_\mathrm{BP} - G_\mathrm{RP}$",
        low=-5,
        high=15,
        missing="leave out",
        synonyms=("BP-RP",),
    ),
    Column(
        "phot_g_mean_flux_over_error", "Mean G flux divided by its error", low=0, synonyms=("RFG",)
    ),
    Column(
        "phot_bp_mean_flux_over_error",
        "Mean BP flux divided by its error",
        low=0,
        synonyms=("RFBP",),
    ),
    Column(
        "phot_rp_mean_flux_over_error",
        "Mean RP flux divided by its error",
        low=0,
        synonyms=("RFRP",),
    ),
    Column("parallax", "Parallax", "mas", "parallax", low=-1000, high=1000, synonyms=("Plx",)),
    Column("parallax_error", "Standard error of the parallax", "mas", low=0, synonyms=("e_Plx",)),
    Column(
        "probability",
        "Membership probability",
        label="membership probability",
        low=0,
        high=1,
        synonyms=("Proba", "Prob", "PMemb", "membership_probability"),
    ),
    Column(
        "magnitude_limit",
        "Magnitude limit in G of the member list",
        "mag",
        low=-5,
        high=30,
    ),
    Column("ra", "Right ascension", "deg", synonyms=("RA_ICRS", "RAdeg")),
    Column(
        "dec", "Declination", "deg", low=-90, high=90, synonyms=("DE_ICRS", "DEdeg", "DEC_ICRS")
    ),
    Column(
        "pmra",
        "Proper motion in right ascension, times cos(declination)",
        "mas / yr",
        synonyms=("pmRA*", "pmRA_"),
    ),
    Column("pmdec", "Proper motion in declination", "mas / yr", synonyms=("pmDE",)),
    Column(
        "pmra_error",
        "Standard error of pmra",
        "mas / yr",
        low=0,
        synonyms=("e_pmRA", "e_pmRA*", "e_pmRA_"),
    ),
    Column("pmdec_error", "Standard error of pmdec", "mas / yr", low=0, synonyms=("e_pmDE",)),
    Column("ruwe", "Renormalised unit weight error", low=0),
)

#: Columns that every star needs.
NEEDED_STAR_COLUMNS = ("phot_g_mean_mag", "bp_rp")

#: Parameters of clusters that can be estimated. The ranges of labels are wider than those of star
#: clusters, but exclude ages in years, distances in pc, and markers of missing values such as -999.
#: Synonyms: ``AgeNN``, ``AVNN`` are those of Cantat-Gaudin et al. 2020,
#: ``logAge50`` and ``AV50`` of Hunt & Reffert 2023.
TARGETS: dict[str, Column] = _by_name(
    Column(
        "log_age",
        "log10 of the age in years",
        "dex(yr)",
        "log age",
        low=5,
        high=11,
        synonyms=("AgeNN", "logAge", "log(age)", "logAge50", "log_age_50"),
    ),
    Column(
        "a_v",
        "Extinction A_V",
        "mag",
        "$A_V$",
        low=0,
        high=50,
        synonyms=("AVNN", "AV", "AV50", "a_v_50"),
    ),
    Column(
        "distance_kpc",
        "Distance",
        "kpc",
        "distance",
        low=0.001,
        high=1000,
        synonyms=("dist_kpc",),
        significant=3,
    ),
    Column(
        "metallicity",
        "Metallicity [M/H]",
        "dex",
        "[M/H]",
        low=-5,
        high=2,
        synonyms=("[M/H]", "MH", "[Fe/H]", "Fe/H", "FeH"),
    ),
)

#: The targets that every y has, in this order, and every table of estimates.
CLUSTER_PARAMETERS = ("log_age", "a_v", "distance_kpc")

#: Columns of a table of labels: the parameters, and other measures of the distance.
LABEL_COLUMNS: dict[str, Column] = _by_name(
    *(TARGETS[name] for name in CLUSTER_PARAMETERS),
    Column(
        "distance_modulus",
        "Distance modulus",
        "mag",
        "distance modulus",
        low=-5,
        high=25,
        synonyms=("DMNN", "DM", "DistMod"),
    ),
    Column(
        "distance_pc", "Distance", "pc", "distance", low=1, high=1e6, synonyms=("DistPc", "dist_pc")
    ),
)

#: Columns of a table of estimates.
ESTIMATE_COLUMNS: dict[str, Column] = _by_name(
    CLUSTER,
    Column("n_stars", "Number of member stars in the table", label="stars", low=0, decimals=0),
    Column("n_used", "Number of stars used by the estimate", label="stars used", low=0, decimals=0),
    *TARGETS.values(),
    Column(
        "differential_reddening",
        "Scale of the half-normal differential extinction A_V",
        "mag",
        "differential reddening",
        low=0,
    ),
    Column(
        "field_fraction",
        "Expected fraction of field stars among the used stars",
        label="field fraction",
        low=0,
        high=1,
    ),
    Column(
        "goodness_of_fit",
        "Fraction of held-out training clusters that fit no better",
        label="goodness of fit",
        low=0,
        high=1,
    ),
    Column(
        "effective_samples",
        "Effective number of weighted posterior samples",
        label="effective samples",
        low=0,
        decimals=0,
    ),
    Column(
        "flag",
        "Reasons to doubt the estimate; empty if there are none",
        label="flag",
        kind="text",
    ),
)

#: Columns that estimates add to a table of stars.
MEMBER_COLUMNS: dict[str, Column] = _by_name(
    Column(
        "membership",
        "Posterior membership probability",
        label="posterior membership probability",
        low=0,
        high=1,
    ),
)

#: Suffixes of the columns of an interval, and their descriptions.
INTERVAL_ENDS = {
    "_lower": "lower end of the interval",
    "_upper": "upper end of the interval",
}


def estimate_column(name: str) -> Column:
    """Return the column of a table of estimates, ends of intervals included, or of its stars.

    Parameters
    ----------
    name : str
        Name, such as ``"log_age"`` or ``"log_age_lower"``. An unknown column is taken as a
        dimensionless number described by its name.

    Returns
    -------
    Column
        The definition. Unit, range and label of the end of an interval are those of its value.

    Examples
    --------
    >>> from skcluster.schema import estimate_column
    >>> column = estimate_column("distance_kpc_lower")
    >>> column.unit, column.description
    ('kpc', 'Distance, lower end of the interval')
    """
    for ending, meaning in INTERVAL_ENDS.items():
        known = ESTIMATE_COLUMNS.get(name.removesuffix(ending))
        if name.endswith(ending) and known is not None:
            return replace(known, name=name, description=f"{known.description}, {meaning}")
    known = ESTIMATE_COLUMNS.get(name) or MEMBER_COLUMNS.get(name) or STAR_COLUMNS.get(name)
    return known or Column(name, name)
