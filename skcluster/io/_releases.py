"""Convert parallaxes of other data releases, or other zero points, to the scale of EDR3."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from nested_pandas import NestedFrame

from skcluster._utils.messages import some_names, warn_caller
from skcluster.clusters import as_clusters, stars_of
from skcluster.clusters._as_clusters import checked
from skcluster.clusters._stars import with_stars
from skcluster.gaia import Release, parallax_zero_point

#: Names of columns and identifiers in the Gaia archive and VizieR that only one release has.
_ONLY_IN: dict[Release, re.Pattern[str]] = {
    "dr2": re.compile(
        r"a_g_val|e_bp_min_rp_val|teff_val|lum_val|radius_val|priam_flags|"
        r"astrometric_pseudo_colour|mean_varpi_factor_al|(gaia_?)?dr2(_?(name|source_?id|id))?",
        re.IGNORECASE,
    ),
    "edr3": re.compile(
        r"nu_eff_used_in_astrometry|pseudocolour|ipd_frac_multi_peak|ipd_gof_harmonic_amplitude|"
        r"teff_gspphot|azero_gspphot|has_xp_continuous|dr2_radial_velocity|"
        r"(gaia_?)?e?dr3(_?(name|source_?id|id))?",
        re.IGNORECASE,
    ),
}


def guess_release(columns: Iterable[Any]) -> tuple[Release, str] | None:
    """Guess the data release of a table from the names of its columns.

    Parameters
    ----------
    columns : iterable of str
        Names of columns in the Gaia archive or VizieR.

    Returns
    -------
    release : {"edr3", "dr2"}
        The release; "edr3" for DR3 as well, whose astrometry and photometry are the same.
    column : str
        The column that identifies the release. If none does, or columns disagree, None is returned
        instead of both.

    Examples
    --------
    >>> from skcluster.io._releases import guess_release
    >>> guess_release(["GaiaDR2", "Gmag", "BP-RP", "Plx"])
    ('dr2', 'GaiaDR2')
    >>> guess_release(["Gmag", "BP-RP", "Plx"]) is None
    True
    """
    names = [str(name) for name in columns]
    first = {
        release: next((name for name in names if pattern.fullmatch(name)), None)
        for release, pattern in _ONLY_IN.items()
    }
    guesses = [(release, name) for release, name in first.items() if name is not None]
    return guesses[0] if len(guesses) == 1 else None


def to_edr3_parallaxes(
    X: Any, release: Release = "edr3", *, zero_point: float | None = None
) -> NestedFrame:
    """Shift parallaxes to the zero point of Gaia EDR3, which the pretrained model expects.

    Parameters
    ----------
    X : clusters
        Any input of `skcluster.clusters.as_clusters`.
    release : {"edr3", "dr2"}, default="edr3"
        Data release of the parallaxes.
    zero_point : float, optional
        Parallax zero point of the lists (mas): 0 for corrected parallaxes. By default, that of the
        release, `skcluster.gaia.parallax_zero_point`.

    Returns
    -------
    NestedFrame
        The clusters with all parallaxes shifted; unchanged without parallaxes or if the shift is 0.

    Raises
    ------
    ValueError
        If there is no such release, or ``zero_point`` is not a finite number.

    Examples
    --------
    >>> from skcluster.clusters import stars_of
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.io._releases import to_edr3_parallaxes
    >>> X, y = simulate_clusters(1, random_state=0)
    >>> shifted = to_edr3_parallaxes(X, "dr2")
    >>> round(float((stars_of(shifted)["parallax"] - stars_of(X)["parallax"]).mean()), 3)
    0.012
    """
    return checked(shifted(as_clusters(X), parallax_shift(release, zero_point)))


def shifted(X: NestedFrame, shift: float) -> NestedFrame:
    """Return clusters with their parallaxes shifted (mas); the same object if nothing changes."""
    stars = stars_of(X)
    if shift == 0 or "parallax" not in stars:
        return X
    return with_stars(X, stars.with_column("parallax", stars["parallax"] + np.float32(shift)))


def parallax_shift(release: Release, zero_point: float | None) -> float:
    """Return the shift that brings parallaxes to the scale of EDR3 (mas)."""
    own = parallax_zero_point(release)
    if zero_point is not None:
        own = float(zero_point)
    if not np.isfinite(own):
        raise ValueError(f"zero_point must be a finite parallax in mas, not {zero_point!r}.")
    return parallax_zero_point("edr3") - own


def warn_of_releases(guesses: Iterable[tuple[str, str]]) -> None:
    """Warn of parallaxes that were shifted because a column, of a table, belongs to DR2."""
    tables: dict[str, list[str]] = {}
    for column, table in guesses:
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
    guess_release : The guess from the names of columns.
    to_edr3_parallaxes : The shift.

    Examples
    --------
    >>> from skcluster.io import ReleaseWarning
    >>> issubclass(ReleaseWarning, UserWarning)
    True
    """
