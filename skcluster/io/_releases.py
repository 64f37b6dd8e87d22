"""Convert parallaxes of other data releases, or other zero points, to the scale of EDR3."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from nested_pandas import NestedFrame

from skcluster._utils.messages import some_names, warn_caller
from skcluster.clusters import STARS, as_clusters, stars_of, state_magnitude_limit
from skcluster.gaia import Release, parallax_zero_point

#: The release whose zero point the models of this package are trained with.
_SCALE: Release = "edr3"
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
    >>> from skcluster.io import guess_release
    >>> guess_release(["GaiaDR2", "Gmag", "BP-RP", "Plx"])
    ('dr2', 'GaiaDR2')
    >>> guess_release(["Gmag", "BP-RP", "Plx"]) is None
    True
    """
    names = [str(name) for name in columns]
    found = {
        release: next((name for name in names if pattern.fullmatch(name)), None)
        for release, pattern in _ONLY_IN.items()
    }
    told = [(release, name) for release, name in found.items() if name is not None]
    return told[0] if len(told) == 1 else None


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
    >>> from skcluster.io import to_edr3_parallaxes
    >>> X, y = simulate_clusters(1, random_state=0)
    >>> shifted = to_edr3_parallaxes(X, "dr2")
    >>> round(float((stars_of(shifted)["parallax"] - stars_of(X)["parallax"]).mean()), 3)
    0.012
    """
    return _moved(as_clusters(X), _shift(release, zero_point))


def _moved(X: NestedFrame, shift: float) -> NestedFrame:
    stars = stars_of(X)
    if shift == 0 or "parallax" not in stars:
        return X
    shifted = stars.with_column("parallax", stars["parallax"] + np.float32(shift))
    moved: NestedFrame = X.assign(**{STARS: shifted.to_clusters()[STARS]})[X.columns]
    return moved


def _shift(release: Release, zero_point: float | None) -> float:
    """Return the shift that brings parallaxes to the scale of EDR3 (mas)."""
    own = parallax_zero_point(release)
    if zero_point is not None:
        own = float(zero_point)
    if not np.isfinite(own):
        raise ValueError(f"zero_point must be a finite parallax in mas, not {zero_point!r}.")
    return parallax_zero_point(_SCALE) - own


@dataclass(frozen=True)
class ListScale:
    """The parallax scale and magnitude limit of tables, as given or guessed.

    Parameters
    ----------
    release : {"edr3", "dr2"} or None
        Data release; None to infer it from the names of columns.
    zero_point : float or None
        Parallax zero point (mas), if it is not that of the release.
    magnitude_limit : float or None
        Magnitude limit in G (mag), if it is known.
    """

    release: Release | None
    zero_point: float | None
    magnitude_limit: float | None
    #: Columns that belong to DR2, and the tables that have them.
    guessed: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the parameters before any table is read."""
        _shift(self.release or _SCALE, self.zero_point)

    def applied_to(self, X: NestedFrame, columns: Iterable[Any], table: str) -> NestedFrame:
        """Return clusters with parallaxes on the scale of EDR3.

        Parameters
        ----------
        X : NestedFrame
            The clusters.
        columns : iterable of str
            Names of the columns of their table.
        table : str
            Name of the table in messages.
        """
        release = self.release
        if release is None and self.zero_point is None:
            told = guess_release(columns)
            if told is not None and told[0] != _SCALE:
                release = told[0]
                self.guessed.setdefault(told[1], []).append(table or "the table")
        return _moved(X, _shift(release or _SCALE, self.zero_point))

    def limited(self, X: NestedFrame) -> NestedFrame:
        """Return clusters with the magnitude limit stated, if it is known."""
        limit = self.magnitude_limit
        return X if limit is None else state_magnitude_limit(X, limit)

    def tell(self) -> None:
        """Warn of parallaxes that were shifted because of a guess."""
        shift = parallax_zero_point(_SCALE) - parallax_zero_point("dr2")
        for column, tables in self.guessed.items():
            warn_caller(
                f"The column {column!r} of {some_names(tables)} belongs to Gaia DR2, so parallaxes "
                f"are increased by {shift:.3f} mas to the zero point of EDR3; release= or "
                "--release sets another release.",
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
