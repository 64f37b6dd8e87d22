"""Columns of stars, cluster parameters and estimates.

This module defines names, units, ranges, figure labels, descriptions and synonyms in catalogues, so
that reading, checking, estimating, plotting and writing agree. It also defines the input of the set
networks, which `skcluster.features.StarSet` makes and `skcluster.regressors.SetRegressor` reads,
because regressors do not depend on features.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from skcluster._utils.columns import Column

__all__ = [
    "CHANNELS",
    "CLUSTER",
    "CLUSTER_PARAMETERS",
    "COLOUR_QUANTILES",
    "CONTEXT",
    "ESTIMATE_COLUMNS",
    "G_QUANTILES",
    "INTERVAL_ENDS",
    "LABEL_COLUMNS",
    "MEMBER_COLUMNS",
    "NEEDED_STAR_COLUMNS",
    "NETWORK_SCALES",
    "STAR_COLUMNS",
    "TARGETS",
    "Column",
    "Scale",
    "estimate_column",
]


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


@dataclass(frozen=True)
class Scale:
    """A constant linear scale that maps a quantity to about −2 to 2 for a network.

    The pretrained networks depend on these scales.

    Parameters
    ----------
    middle, unit : float
        A value is scaled to ``(value - middle) / unit``.

    See Also
    --------
    skcluster.regressors.TargetScaler : Scales targets.

    Examples
    --------
    >>> from skcluster.schema import Scale
    >>> Scale(8.4, 0.7)
    Scale(middle=8.4, unit=0.7)
    """

    middle: float
    unit: float


G_QUANTILES = (0.02, 0.1, 0.5, 0.9, 0.98)
COLOUR_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def _quantile_names(of: str, quantiles: Iterable[float]) -> tuple[str, ...]:
    return tuple(f"{of}_q{100 * q:g}" for q in quantiles)


#: Inputs of a set network per cluster, in this order. ``parallax_modulus`` is the distance modulus
#: of the mean parallax, ``parallax_distance`` its distance in kpc. ``magnitude_limit`` is estimated
#: from the faintest stars; ``has_parallax`` is 1, or 0 for a list without any parallax.
CONTEXT = (
    "parallax_modulus",
    "parallax_modulus_error",
    "log_n_stars",
    *_quantile_names("g", G_QUANTILES),
    *_quantile_names("bp_rp", COLOUR_QUANTILES),
    "parallax_distance",
    "magnitude_limit",
    "has_parallax",
)
#: Inputs per star, in this order. ``absolute_g`` is G minus ``parallax_modulus``,
#: ``parallax_residual`` the difference from the cluster's parallax in units of its error, ``rank``
#: the rank in brightness from 0 to 1, and ``present`` is 1 for a star, 0 for padding.
CHANNELS = ("g", "bp_rp", "absolute_g", "parallax_residual", "probability", "rank", "present")

#: Scales of the inputs of a set network (those of quantiles belong to their quantity), and of its
#: outputs. They are constant, because the pretrained weights depend on them.
NETWORK_SCALES = {
    "parallax_modulus": Scale(11, 2),
    "parallax_modulus_error": Scale(0, 1 / 3),
    "log_n_stars": Scale(2, 1),
    "parallax_distance": Scale(3, 3),
    "magnitude_limit": Scale(17, 1),
    "has_parallax": Scale(0.5, 0.5),
    "g": Scale(14, 2.5),
    "bp_rp": Scale(1, 0.6),
    "absolute_g": Scale(3, 3),
    "parallax_residual": Scale(0, 2),
    "probability": Scale(0.75, 0.25),
    "rank": Scale(0.5, 0.5),
    "present": Scale(0, 1),
    "log_age": Scale(8.4, 1.0),
    "a_v": Scale(1.2, 1.0),
    "distance_modulus": Scale(11.0, 2.0),
}
