"""Columns of stars, cluster parameters and estimates.

This module defines names, units, ranges, figure labels, descriptions and synonyms in catalogues, so
that reading, checking, estimating, plotting and writing agree.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from skcluster._utils.columns import Column

__all__ = ["STAR_COLUMNS", "TARGETS", "Column"]


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
        synonyms=("GaiaDR3", "GaiaEDR3", "GaiaDR2", "Source"),
        carried=True,
    ),
    Column(
        "phot_g_mean_mag",
        "Mean G magnitude",
        "mag",
        "$G$",
        low=-5,
        high=30,
        missing="leave out",
        exact=("Gmag",),
    ),
    Column(
        "phot_bp_mean_mag",
        "Mean BP magnitude",
        "mag",
        r"$G_\mathrm{BP}$",
        low=-5,
        high=30,
        exact=("BPmag",),
    ),
    Column(
        "phot_rp_mean_mag",
        "Mean RP magnitude",
        "mag",
        r"$G_\mathrm{RP}$",
        low=-5,
        high=30,
        exact=("RPmag",),
    ),
    Column(
        "bp_rp",
        "Colour BP−RP",
        "mag",
        r"$G_\mathrm{BP} - G_\mathrm{RP}$",
        low=-5,
        high=25,
        missing="leave out",
        synonyms=("BP-RP",),
    ),
    Column(
        "phot_g_mean_flux_over_error",
        "Mean G flux divided by its error",
        low=0,
        synonyms=("RFG",),
        carried=True,
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
    Column(
        "parallax",
        "Parallax",
        "mas",
        "parallax",
        low=-1000,
        high=1000,
        synonyms=("Plx",),
        others=("plx_mas", "parallax_mas", "gaia_parallax", "gaia_plx"),
    ),
    Column(
        "parallax_error",
        "Standard error of the parallax",
        "mas",
        low=0,
        synonyms=("e_Plx",),
        others=(
            *("e_parallax", "parallax_e", "parallax_err", "err_parallax", "error_parallax"),
            *("sigma_parallax", "parallax_sigma", "parallax_std", "parallax_uncertainty"),
            *("plx_e", "plx_err", "plx_error", "err_plx", "error_plx", "sigma_plx", "s_plx"),
        ),
    ),
    Column(
        "probability",
        "Membership probability",
        label="membership probability",
        low=0,
        high=1,
        synonyms=("Proba", "Prob", "PMemb", "membership_probability"),
        others=(
            *("probs", "probas", "probabilities", "prob_memb", "memb_prob", "prob_member"),
            *("member_prob", "prob_members", "members_prob", "member_probability", "probmemb"),
            *("probability_member", "prob_membership", "membership_prob", "membership_proba"),
            *("mem_prob", "prob_mem", "gmm_mem_prob", "gmm_prob", "p_mem", "p_memb", "p_member"),
            *("pmem", "pmember", "p_membership"),
        ),
    ),
    Column("magnitude_limit", "Magnitude limit in G of the member list", "mag", low=-5, high=30),
    Column("ra", "Right ascension", "deg", synonyms=("RA_ICRS", "RAdeg"), carried=True),
    Column(
        "dec",
        "Declination",
        "deg",
        low=-90,
        high=90,
        synonyms=("DE_ICRS", "DEdeg", "DEC_ICRS"),
        carried=True,
    ),
    Column(
        "pmra",
        "Proper motion in right ascension, times cos(declination)",
        "mas / yr",
        r"$\mu_{\alpha*}$",
        synonyms=("pmRA*", "pmRA_"),
        carried=True,
    ),
    Column(
        "pmdec",
        "Proper motion in declination",
        "mas / yr",
        r"$\mu_\delta$",
        synonyms=("pmDE",),
        carried=True,
    ),
    Column(
        "pmra_error",
        "Standard error of pmra",
        "mas / yr",
        low=0,
        synonyms=("e_pmRA", "e_pmRA*", "e_pmRA_"),
        carried=True,
    ),
    Column(
        "pmdec_error",
        "Standard error of pmdec",
        "mas / yr",
        low=0,
        synonyms=("e_pmDE",),
        carried=True,
    ),
    Column("ruwe", "Renormalised unit weight error", low=0, carried=True),
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
        "effective_samples",
        "Effective number of weighted posterior samples",
        label="effective samples",
        low=0,
        decimals=0,
    ),
    Column(
        "reliability",
        "Probability that the list is one cluster",
        label="reliability",
        low=0,
        high=1,
    ),
    Column(
        "flag", "Reasons to doubt the estimate; empty if there are none", label="flag", kind="text"
    ),
    Column(
        "notes",
        "What was seen in the list and accounted for; no reason to doubt the estimate",
        label="notes",
        kind="text",
    ),
)

#: The note on field stars, which displays complete with their share.
CONTAMINANTS = "contaminants identified"

#: Columns that estimates add to a table of stars.
MEMBER_COLUMNS: dict[str, Column] = _by_name(
    Column(
        "membership",
        "Posterior membership probability",
        label="posterior membership probability",
        low=0,
        high=1,
    )
)

#: Columns of a table of clusters that were found in fields of the sky, besides the names.
CLUSTER_COLUMNS: dict[str, Column] = _by_name(
    Column("n_members", "Number of members", label="members", low=0, decimals=0),
    Column("significance", "Significance of the cluster", label="significance", low=0, decimals=1),
    Column("ra", "Right ascension of the centre", "deg", decimals=4),
    Column("ra_error", "Standard error of the right ascension", "deg", low=0, decimals=4),
    Column("dec", "Declination of the centre", "deg", low=-90, high=90, decimals=4),
    Column("dec_error", "Standard error of the declination", "deg", low=0, decimals=4),
    Column("pmra", "Mean proper motion in right ascension, times cos(declination)", "mas / yr"),
    Column("pmra_error", "Standard error of the mean pmra", "mas / yr", low=0, decimals=3),
    Column("pmra_width", "Intrinsic width of pmra", "mas / yr", low=0, decimals=3),
    Column("pmdec", "Mean proper motion in declination", "mas / yr"),
    Column("pmdec_error", "Standard error of the mean pmdec", "mas / yr", low=0, decimals=3),
    Column("pmdec_width", "Intrinsic width of pmdec", "mas / yr", low=0, decimals=3),
    Column("parallax", "Mean parallax", "mas", decimals=3),
    Column("parallax_error", "Standard error of the mean parallax", "mas", low=0, decimals=4),
    Column("parallax_width", "Intrinsic width of the parallax", "mas", low=0, decimals=3),
    Column("core_radius", "Core radius of the surface density", "deg", low=0, decimals=3),
    Column("core_radius_pc", "Core radius of the surface density", "pc", low=0),
    Column("half_number_radius", "Radius that holds half of the members", "deg", low=0, decimals=3),
    Column("half_number_radius_pc", "Radius that holds half of the members", "pc", low=0),
    Column("field_density", "Field stars per area around the cluster", "deg-2", low=0, decimals=0),
    Column(
        "flag", "Reasons to doubt the cluster; empty if there are none", label="flag", kind="text"
    ),
)

#: Suffixes of the columns of an interval, and their descriptions.
INTERVAL_ENDS = {"_lower": "lower end of the interval", "_upper": "upper end of the interval"}


def clip_targets(values: npt.ArrayLike, targets: Sequence[str] | None) -> npt.NDArray[np.float64]:
    """Clip values of targets, shape (..., n_targets), to their ranges in `TARGETS`.

    NaN stays NaN. Values of unknown targets, or of all if there are no names, are unchanged.
    """
    array: npt.NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    if targets is None:
        return array
    columns = [TARGETS.get(name) for name in targets]
    low = [-np.inf if column is None else column.low for column in columns]
    high = [np.inf if column is None else column.high for column in columns]
    clipped: npt.NDArray[np.float64] = np.clip(array, low, high)
    return clipped


def notes_for_display(estimates: Any) -> list[str]:
    """Return the notes of a table of estimates, with the share of contaminants where it is known.

    The column of notes has no numbers, so that it can be counted and selected by.
    """
    notes = estimates["notes"] if "notes" in estimates else [""] * len(estimates)
    shares = estimates.get("field_fraction", [np.nan] * len(estimates))
    return [
        # What a file does not contain may be read as NaN.
        ""
        if not isinstance(text, str)
        else text
        if np.isnan(share)
        else text.replace(CONTAMINANTS, f"{100 * share:.0f} % {CONTAMINANTS}")
        for text, share in zip(notes, shares, strict=True)
    ]


def estimate_column(name: str) -> Column:
    """Return the column of a table of estimates, ends of intervals included, or of its stars.

    Unit, range and label of the end of an interval are those of its value. An unknown column is
    taken as a dimensionless number described by its name.
    """
    for ending, meaning in INTERVAL_ENDS.items():
        known = ESTIMATE_COLUMNS.get(name.removesuffix(ending))
        if name.endswith(ending) and known is not None:
            return replace(known, name=name, description=f"{known.description}, {meaning}")
    for columns in (ESTIMATE_COLUMNS, MEMBER_COLUMNS, STAR_COLUMNS, CLUSTER_COLUMNS):
        if name in columns:
            return columns[name]
    return Column(name, name)
