"""Columns of stars, cluster parameters and estimates.

This module defines names, units, ranges, figure labels, descriptions and synonyms in catalogues, so
that reading, checking, estimating, plotting and writing agree.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from skcluster._utils.columns import Column
from skcluster.schema._stars import CLUSTER as CLUSTER
from skcluster.schema._stars import NEEDED_STAR_COLUMNS as NEEDED_STAR_COLUMNS
from skcluster.schema._stars import STAR_COLUMNS, by_name

__all__ = ["STAR_COLUMNS", "TARGETS", "Column"]


#: Parameters of clusters that can be estimated. The ranges of labels are wider than those of star
#: clusters, but exclude ages in years, distances in pc, and markers of missing values such as -999.
#: Synonyms: ``AgeNN``, ``AVNN`` are those of Cantat-Gaudin et al. 2020,
#: ``logAge50`` and ``AV50`` of Hunt & Reffert 2023.
TARGETS: dict[str, Column] = by_name(
    Column(
        "log_age",
        "log10 of the age in years",
        "dex(yr)",
        "log age",
        low=5,
        high=11,
        synonyms=("AgeNN", "logAge", "log(age)", "logAge50", "log_age_50"),
        ucd="time.age",
    ),
    Column(
        "a_v",
        "Extinction A_V",
        "mag",
        "$A_V$",
        low=0,
        high=50,
        synonyms=("AVNN", "AV", "AV50", "a_v_50"),
        ucd="phys.absorption;em.opt.V",
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
        ucd="pos.distance",
    ),
    Column(
        "metallicity",
        "Metallicity [M/H]",
        "dex",
        "[M/H]",
        low=-5,
        high=2,
        synonyms=("[M/H]", "MH", "[Fe/H]", "Fe/H", "FeH"),
        ucd="phys.abund.Z",
    ),
)

#: The targets that every y has, in this order, and every table of estimates.
CLUSTER_PARAMETERS = ("log_age", "a_v", "distance_kpc")

#: Smallest standard error of what is known of a cluster from elsewhere (dex, mag, kpc).
_LEAST_PRIOR_ERROR = 1e-4
#: Columns of a table of what is known of clusters from elsewhere: values of targets, and their
#: standard errors. In a table of stars, `STAR_COLUMNS`, their names start with ``prior_``.
PRIOR_COLUMNS: dict[str, Column] = by_name(
    *TARGETS.values(),
    *(
        Column(
            f"{target.name}_error",
            f"Standard error of {target.name}",
            target.printed_unit,
            low=_LEAST_PRIOR_ERROR,
            synonyms=tuple(f"e_{name}" for name in target.names),
            ucd=f"stat.error;{target.ucd}",
        )
        for target in TARGETS.values()
    ),
)
STAR_COLUMNS |= by_name(
    *(
        replace(
            column,
            name=f"prior_{column.name}",
            description=f"Known from elsewhere: {column.description}",
            synonyms=(),
        )
        for column in PRIOR_COLUMNS.values()
    )
)

#: Columns of a table of labels: the parameters, and other measures of the distance.
LABEL_COLUMNS: dict[str, Column] = by_name(
    *(TARGETS[name] for name in CLUSTER_PARAMETERS),
    Column(
        "distance_modulus",
        "Distance modulus",
        "mag",
        "distance modulus",
        low=-5,
        high=25,
        synonyms=("DMNN", "DM", "DistMod"),
        ucd="phot.mag.distMod",
    ),
    Column(
        "distance_pc",
        "Distance",
        "pc",
        "distance",
        low=1,
        high=1e6,
        synonyms=("DistPc", "dist_pc"),
        ucd="pos.distance",
    ),
)


def _number(name: str, text: str, label: str) -> Column:
    return Column(name, text, label=label, low=0, decimals=0, ucd="meta.number")


def _note(name: str, text: str) -> Column:
    return Column(name, text, label=name, kind="text", ucd="meta.note")


#: Columns of a table of estimates.
ESTIMATE_COLUMNS: dict[str, Column] = by_name(
    CLUSTER,
    _number("n_stars", "Number of member stars in the table", "stars"),
    _number("n_used", "Number of stars used by the estimate", "stars used"),
    *TARGETS.values(),
    Column(
        "differential_reddening",
        "Scale of the half-normal differential extinction A_V",
        "mag",
        "differential reddening",
        low=0,
        ucd="stat.stdev;phys.absorption;em.opt.V",
    ),
    Column(
        "field_fraction",
        "Expected fraction of field stars among the used stars",
        label="field fraction",
        low=0,
        high=1,
        ucd="stat.value;arith.ratio",
    ),
    _number(
        "effective_samples", "Effective number of weighted posterior samples", "effective samples"
    ),
    _note("priors", "What was known of the cluster from elsewhere and given"),
    Column(
        "reliability",
        "Probability that the list is one cluster",
        label="reliability",
        low=0,
        high=1,
        ucd="stat.probability",
    ),
    _note("flag", "Reasons to doubt the estimate; empty if there are none"),
    _note("notes", "What was seen in the list and accounted for"),
)

#: The note on field stars, which displays complete with their share.
CONTAMINANTS = "contaminants identified"
#: The flag of estimates that extrapolate, of models of any kind.
OUTSIDE_DOMAIN = "outside domain"

#: Columns that estimates add to a table of stars.
MEMBER_COLUMNS: dict[str, Column] = by_name(
    Column(
        "membership",
        "Posterior membership probability",
        label="posterior membership probability",
        low=0,
        high=1,
        ucd="stat.probability",
    )
)


def _measured(
    name: str, text: str, unit: str, quantity: str, word: str, *decimals: int
) -> list[Column]:
    """Return the columns of a value, of its standard error and, with three decimals, of a width."""
    parts = (
        ("_error", "Standard error of the mean", "stat.error"),
        ("_width", "Intrinsic width of", "stat.stdev"),
    )
    return [
        Column(name, text, unit, decimals=decimals[0], ucd=f"{quantity};{word}"),
        *(
            Column(name + end, f"{about} {name}", unit, low=0, decimals=n, ucd=f"{ucd};{quantity}")
            for (end, about, ucd), n in zip(parts, decimals[1:], strict=False)
        ),
    ]


_PMRA = "Mean proper motion in right ascension, times cos(declination)"
_PMDEC = "Mean proper motion in declination"

#: Columns of a table of clusters that were found in fields of the sky, besides the names.
CLUSTER_COLUMNS: dict[str, Column] = by_name(
    _number("n_members", "Number of members", "members"),
    Column("significance", "Significance of the cluster", low=0, decimals=1, ucd="stat.snr"),
    *_measured("ra", "Right ascension of the centre", "deg", "pos.eq.ra", "meta.main", 4, 4),
    *_measured("dec", "Declination of the centre", "deg", "pos.eq.dec", "meta.main", 4, 4),
    *_measured("pmra", _PMRA, "mas / yr", "pos.pm;pos.eq.ra", "stat.mean", 2, 3, 3),
    *_measured("pmdec", _PMDEC, "mas / yr", "pos.pm;pos.eq.dec", "stat.mean", 2, 3, 3),
    *_measured("parallax", "Mean parallax", "mas", "pos.parallax", "stat.mean", 3, 4, 3),
    *(
        Column(name + end, text, unit, low=0, decimals=decimals, ucd=ucd)
        for name, text in (
            ("core_radius", "Core radius of the surface density"),
            ("half_number_radius", "Radius that holds half of the members"),
        )
        for end, unit, decimals, ucd in (
            ("", "deg", 3, "phys.angSize"),
            ("_pc", "pc", 2, "phys.size.radius"),
        )
    ),
    Column(
        "field_density",
        "Field stars per area around the cluster",
        "deg-2",
        low=0,
        decimals=0,
        ucd="src.density",
    ),
    _note("flag", "Reasons to doubt the cluster; empty if there are none"),
)

#: Suffixes of the columns of an interval, and their descriptions.
INTERVAL_ENDS = {"_lower": "lower end of the interval", "_upper": "upper end of the interval"}
_END_UCDS = {"_lower": "stat.min", "_upper": "stat.max"}


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
        value = ESTIMATE_COLUMNS.get(name.removesuffix(ending))
        if name.endswith(ending) and value is not None:
            return replace(
                value,
                name=name,
                description=f"{value.description}, {meaning}",
                ucd=f"{value.ucd};{_END_UCDS[ending]}" if value.ucd else "",
            )
    for columns in (ESTIMATE_COLUMNS, MEMBER_COLUMNS, STAR_COLUMNS, LABEL_COLUMNS, CLUSTER_COLUMNS):
        if name in columns:
            return columns[name]
    return Column(name, name)


def columns_of(names: Collection[str]) -> list[Column]:
    """Return the columns of a table of estimates, of stars, or of clusters found in fields.

    What is called alike in the last two, such as ``parallax``, means that of a cluster in a table
    that counts members.
    """
    clusters = CLUSTER_COLUMNS if "n_members" in names else {}
    return [clusters.get(name) or estimate_column(name) for name in names]
