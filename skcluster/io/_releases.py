"""Convert parallaxes of other data releases, or other zero points, to the scale of EDR3."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from nested_pandas import NestedFrame

from skcluster._utils.messages import some_names, warn_caller
from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.clusters import Stars, as_clusters, stars_of
from skcluster.clusters._as_clusters import checked
from skcluster.clusters._stars import with_stars
from skcluster.gaia import Release, parallax_zero_point

#: Entry of ``attrs`` for `are_of_dr2`: True for all clusters, or the names of some.
_DR2 = "parallaxes of DR2"
#: Names of columns and identifiers in the Gaia archive and VizieR that only DR2 has.
_ONLY_IN_DR2 = re.compile(
    r"a_g_val|e_bp_min_rp_val|teff_val|lum_val|radius_val|priam_flags|"
    r"astrometric_pseudo_colour|mean_varpi_factor_al|(gaia_?)?dr2(_?(name|source_?id|id))?",
    re.IGNORECASE,
)
#: Those that only EDR3 and DR3 have, whose astrometry and photometry are the same.
_ONLY_IN_EDR3 = re.compile(
    r"nu_eff_used_in_astrometry|pseudocolour|ipd_frac_multi_peak|ipd_gof_harmonic_amplitude|"
    r"teff_gspphot|azero_gspphot|has_xp_continuous|dr2_radial_velocity|"
    r"(gaia_?)?e?dr3(_?(name|source_?id|id))?",
    re.IGNORECASE,
)


def column_of_dr2(columns: Iterable[Any]) -> str:
    """Return the name of a column that only DR2 has; "" if there is none, or one of EDR3 too."""
    names = [str(name) for name in columns]
    if any(map(_ONLY_IN_EDR3.fullmatch, names)):
        return ""
    return next(filter(_ONLY_IN_DR2.fullmatch, names), "")


def to_edr3_parallaxes(
    X: Any, release: Release = "edr3", *, zero_point: float | None = None
) -> NestedFrame:
    """Return clusters with parallaxes shifted to the zero point of EDR3, which models expect.

    ``zero_point`` is that of the lists (mas), 0 for corrected parallaxes; by default, it is that of
    the release.
    """
    clusters, shift = as_clusters(X), parallax_shift(release, zero_point)
    stars = stars_of(clusters)
    moved = shifted(stars, np.full(len(clusters), shift))
    if moved is not stars:
        clusters = checked(with_stars(clusters, moved))
    if release == "dr2" and zero_point is None:
        state_dr2(clusters, clusters.index)
    return clusters


def shifted(stars: Stars, shifts: FloatArray) -> Stars:
    """Return stars with the parallaxes of each cluster shifted (mas); the same object if none is.

    ``shifts`` has shape (n_clusters,).
    """
    if "parallax" not in stars or not shifts.any():
        return stars
    by = shifts.astype(np.float32)[stars.cluster]
    return stars.with_column("parallax", stars["parallax"] + by)


def parallax_shift(release: Release, zero_point: float | None) -> float:
    """Return the shift that brings parallaxes to the scale of EDR3 (mas)."""
    own = parallax_zero_point(release)
    if zero_point is not None:
        own = float(zero_point)
    if not np.isfinite(own):
        raise ValueError(f"zero_point must be a finite parallax in mas, not {zero_point!r}.")
    return parallax_zero_point("edr3") - own


def state_dr2(X: NestedFrame, names: Iterable[Any]) -> None:
    """State in ``X.attrs`` the clusters whose parallaxes were shifted from those of DR2."""
    if "parallax" in stars_of(X) and (names := tuple(names)):
        # Pandas copies the entry with every slice: the usual case must be short.
        X.attrs[_DR2] = True if len(names) == len(X) else names


def are_of_dr2(X: NestedFrame) -> BoolArray:
    """Return which clusters `state_dr2` was told of."""
    stated = X.attrs.get(_DR2, ())
    return np.full(len(X), True) if stated is True else np.asarray(X.index.isin(stated))


def warn_of_dr2(columns: Iterable[tuple[str, str]]) -> None:
    """Warn of tables that were shifted, by the names of the column that tells and of the table."""
    tables: dict[str, list[str]] = {}
    for column, table in columns:
        tables.setdefault(column, []).append(table or "the table")
    for column, names in tables.items():
        warn_caller(
            f"The column {column!r} of {some_names(names)} belongs to Gaia DR2, so parallaxes "
            f"are increased by {parallax_shift('dr2', None):.3f} mas to the zero point of EDR3; "
            "release= or --release sets another release.",
            ReleaseWarning,
        )


class ReleaseWarning(UserWarning):
    """Warning that parallaxes were shifted because columns belong to another data release.

    `read_clusters` issues it if the release is not given and a table has columns of Gaia DR2.

    See Also
    --------
    read_clusters : Read clusters from tables or files.

    Examples
    --------
    >>> from skcluster.io import ReleaseWarning
    >>> issubclass(ReleaseWarning, UserWarning)
    True
    """
