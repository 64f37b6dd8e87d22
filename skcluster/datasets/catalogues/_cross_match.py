"""Cross-match catalogues of clusters."""

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, validate_params

from skcluster._utils.typing import FloatArray
from skcluster.datasets.catalogues._names import names_of

#: Proper motions and parallaxes of nearby clusters are large and depend on the member list: they
#: may differ by this fraction, or by the absolute tolerance if that is larger.
_FRACTION = 0.05
_TOLERANCE = [Interval(Real, 0, None, closed="left")]


@validate_params(
    {
        "a": [Bunch, pd.DataFrame],
        "b": [Bunch, pd.DataFrame],
        "max_separation": _TOLERANCE,
        "max_proper_motion": _TOLERANCE,
        "max_parallax": _TOLERANCE,
    },
    prefer_skip_nested_validation=True,
)
def cross_match(
    a: Any,
    b: Any,
    *,
    max_separation: float = 0.25,
    max_proper_motion: float = 0.5,
    max_parallax: float = 0.1,
) -> pd.DataFrame:
    """Find the clusters that two catalogues have in common.

    Clusters are first matched by name: different spellings (``NGC_2682``, ``NGC 2682``, ``M67``)
    are equal, and names in the column ``aliases`` are used, if a catalogue has it. The others are
    matched by position, proper motion and parallax: two clusters match if each is the other's
    nearest, within all tolerances. Every cluster is matched at most once.

    Parameters
    ----------
    a, b : Bunch or DataFrame
        The result of a fetcher, or its ``clusters``: names as index; the columns ``ra`` and ``dec``
        (deg), ``pmra`` and ``pmdec`` (mas/yr), ``parallax`` (mas) and ``aliases`` (names separated
        by commas) are used if both catalogues have them (one for aliases).
    max_separation : float, default=0.25
        Largest distance on the sky (deg).
    max_proper_motion : float, default=0.5
        Largest difference of the proper motions (mas/yr), or 5 % of them if that is more.
    max_parallax : float, default=0.1
        Largest difference of the parallaxes (mas), or 5 % of them if that is more.

    Returns
    -------
    DataFrame
        One row per pair, in the order of ``a``: ``a`` and ``b`` (names), ``matched_by``
        (``"name"`` or ``"position"``), ``separation`` (deg), ``proper_motion_difference`` (mas/yr),
        ``parallax_difference`` (mas), NaN where unknown, and ``consistent``: whether they are
        within the tolerances. Inconsistent pairs by name should be checked.

    Raises
    ------
    ValueError
        If a tolerance is negative, or a name is twice in a catalogue.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.datasets import cross_match
    >>> a = pd.DataFrame({"ra": [132.85, 51.87], "dec": [11.81, 34.98]}, ["NGC_2682", "ASCC_10"])
    >>> b = pd.DataFrame({"ra": [132.84, 51.89], "dec": [11.83, 34.97]}, ["M 67", "New 1"])
    >>> cross_match(a, b)[["a", "b", "matched_by", "consistent"]]
              a      b matched_by  consistent
    0  NGC_2682   M 67       name        True
    1   ASCC_10  New 1   position        True
    """
    tolerances = {
        "separation": max_separation,
        "proper_motion": max_proper_motion,
        "parallax": max_parallax,
    }
    left, right = _clusters(a, "a"), _clusters(b, "b")
    same = _same_names(left, right)
    near = _neighbours(left, right, max_separation)
    near = near[~near["i"].isin(same["i"]) & ~near["j"].isin(same["j"])]
    pairs = pd.concat([same.assign(matched_by="name"), near.assign(matched_by="position")])
    pairs = _compared(left, right, pairs.reset_index(drop=True), tolerances)
    # Of neighbours within all tolerances, those match that are each other's nearest.
    nearest = pairs[(pairs["matched_by"] == "position") & (pairs["excess"] <= 1)]
    nearest = nearest.sort_values(["excess", "i", "j"], kind="stable")
    nearest = nearest[~nearest["i"].duplicated() & ~nearest["j"].duplicated()]
    pairs = pd.concat([pairs[pairs["matched_by"] == "name"], nearest])
    pairs = pairs.sort_values("i", kind="stable", ignore_index=True)
    pairs["consistent"] = pairs.pop("excess") <= 1
    pairs.insert(0, "a", left.index[pairs.pop("i")])
    pairs.insert(1, "b", right.index[pairs.pop("j")])
    return pairs


def _clusters(catalogue: Any, what: str) -> pd.DataFrame:
    clusters: pd.DataFrame = getattr(catalogue, "clusters", catalogue)
    if not clusters.index.is_unique:
        twice = clusters.index[clusters.index.duplicated()][0]
        raise ValueError(f"{what} has the cluster {twice!r} more than once.")
    return clusters


def _same_names(left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Return pairs of rows with a name in common, one to one; main names come before aliases."""
    both = names_of(left).merge(names_of(right), on="name", suffixes=("_a", "_b"))
    both = both.sort_values(["rank_a", "rank_b", "row_a", "row_b"], kind="stable")
    # A cluster whose partner has a better match may still be matched by position.
    both = both.drop_duplicates("row_a").drop_duplicates("row_b")
    return both[["row_a", "row_b"]].set_axis(["i", "j"], axis=1)


def _neighbours(left: pd.DataFrame, right: pd.DataFrame, max_separation: float) -> pd.DataFrame:
    """Return all pairs of rows that are near each other on the sky."""
    from astropy import units
    from astropy.coordinates import search_around_sky

    places = _places(left), _places(right)
    i, j = (np.flatnonzero(np.isfinite(place.ra) & np.isfinite(place.dec)) for place in places)
    limit = min(max_separation, 180.0) * (1 + 1e-9) * units.deg
    near = search_around_sky(places[0][i], places[1][j], limit)
    return pd.DataFrame({"i": i[near[0]], "j": j[near[1]]})


def _compared(
    left: pd.DataFrame, right: pd.DataFrame, pairs: pd.DataFrame, tolerances: dict[str, float]
) -> pd.DataFrame:
    """Add the differences of pairs, and the largest one in units of its tolerance.

    Values that are missing differ by NaN, and are within the tolerance.
    """
    i, j = pairs["i"].to_numpy(np.intp), pairs["j"].to_numpy(np.intp)
    pmra, pmdec, parallax = (_values(left, name)[i] for name in ("pmra", "pmdec", "parallax"))
    separation = _places(left)[i].separation(_places(right)[j]).deg
    motion = np.hypot(pmra - _values(right, "pmra")[j], pmdec - _values(right, "pmdec")[j])
    shift = np.abs(parallax - _values(right, "parallax")[j])
    limits = [
        np.full(len(i), tolerances["separation"]),
        np.fmax(tolerances["proper_motion"], _FRACTION * np.hypot(pmra, pmdec)),
        np.fmax(tolerances["parallax"], _FRACTION * np.abs(parallax)),
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.array([separation, motion, shift]) / limits
    return pairs.assign(
        separation=separation,
        proper_motion_difference=motion,
        parallax_difference=shift,
        excess=np.nan_to_num(relative, nan=0.0, posinf=np.inf).max(axis=0, initial=0.0),
    )


def _places(clusters: pd.DataFrame) -> Any:
    from astropy.coordinates import SkyCoord

    return SkyCoord(_values(clusters, "ra"), _values(clusters, "dec"), unit="deg")


def _values(clusters: pd.DataFrame, column: str) -> FloatArray:
    """Return a column of a catalogue, NaN if it has none."""
    if column not in clusters:
        return np.full(len(clusters), np.nan)
    values: FloatArray = clusters[column].to_numpy(dtype=float)
    return values
