"""Cross-match catalogues of clusters."""

from typing import Any

import numpy as np
import pandas as pd

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.datasets.catalogues._names import names_of

#: Proper motions and parallaxes of nearby clusters are large and depend on the member list: they
#: may differ by this fraction, or by the absolute tolerance if that is larger.
_FRACTION = 0.05


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
    limits = {"separation": max_separation, "proper_motion": max_proper_motion}
    for name, limit in {**limits, "parallax": max_parallax}.items():
        if not limit >= 0:
            raise ValueError(f"max_{name} must be at least 0; got {limit!r}.")
    left, right = _clusters(a, "a"), _clusters(b, "b")
    i, j = _same_names(left, right)
    free_i = np.setdiff1d(np.arange(len(left)), i)
    free_j = np.setdiff1d(np.arange(len(right)), j)
    near_i, near_j = _near(left.iloc[free_i], right.iloc[free_j], max_separation)
    near_i, near_j = free_i[near_i], free_j[near_j]
    tolerances = (max_separation, max_proper_motion, max_parallax)
    near_i, near_j = _nearest(left, right, near_i, near_j, tolerances)
    pairs = np.concatenate([i, near_i]), np.concatenate([j, near_j])
    found = _differences(left, right, *pairs)
    found.insert(0, "a", left.index[pairs[0]])
    found.insert(1, "b", right.index[pairs[1]])
    found.insert(2, "matched_by", np.repeat(["name", "position"], [len(i), len(near_i)]))
    found["consistent"] = _excess(left, right, *pairs, tolerances) <= 1
    order = np.argsort(pairs[0], kind="stable")
    return found.iloc[order].reset_index(drop=True)


def _clusters(catalogue: Any, what: str) -> pd.DataFrame:
    clusters = getattr(catalogue, "clusters", catalogue)
    if not isinstance(clusters, pd.DataFrame):
        raise TypeError(
            f"{what} must be the result of a fetcher or a DataFrame of clusters, not "
            f"{type(catalogue).__name__}."
        )
    if not clusters.index.is_unique:
        twice = clusters.index[clusters.index.duplicated()][0]
        raise ValueError(f"{what} has the cluster {twice!r} more than once.")
    return clusters


def _same_names(left: pd.DataFrame, right: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """Return pairs of rows with a name in common, one to one; main names come before aliases."""
    tables = [names_of(clusters) for clusters in (left, right)]
    both = tables[0].merge(tables[1], on="name", suffixes=("_a", "_b"))
    both = both.sort_values(["rank_a", "rank_b", "row_a", "row_b"], kind="stable")
    # A cluster whose partner has a better match may still be matched by position.
    both = both.drop_duplicates("row_a").drop_duplicates("row_b")
    return both["row_a"].to_numpy(np.intp), both["row_b"].to_numpy(np.intp)


def _near(
    left: pd.DataFrame, right: pd.DataFrame, max_separation: float
) -> tuple[IntArray, IntArray]:
    """Return all pairs of rows that are near each other on the sky."""
    none = np.zeros(0, np.intp)
    if not all({"ra", "dec"} <= set(table.columns) for table in (left, right)):
        return none, none
    from scipy.spatial import cKDTree

    places = [_unit_vectors(table) for table in (left, right)]
    known = [np.flatnonzero(np.isfinite(place).all(axis=1)) for place in places]
    if not all(map(len, known)):
        return none, none
    trees = [cKDTree(place[rows]) for place, rows in zip(places, known, strict=True)]
    chord = 2 * np.sin(np.deg2rad(min(max_separation, 180.0)) / 2)
    near = trees[0].sparse_distance_matrix(trees[1], chord * (1 + 1e-9), output_type="coo_matrix")
    return known[0][near.row], known[1][near.col]


def _nearest(
    left: pd.DataFrame,
    right: pd.DataFrame,
    i: IntArray,
    j: IntArray,
    tolerances: tuple[float, float, float],
) -> tuple[IntArray, IntArray]:
    """Return the pairs within the tolerances in which each is the other's nearest."""
    pairs = pd.DataFrame({"i": i, "j": j, "excess": _excess(left, right, i, j, tolerances)})
    pairs = pairs[pairs["excess"] <= 1].sort_values(["excess", "i", "j"], kind="stable")
    mutual = ~pairs["i"].duplicated() & ~pairs["j"].duplicated()
    return pairs["i"][mutual].to_numpy(), pairs["j"][mutual].to_numpy()


def _excess(
    left: pd.DataFrame,
    right: pd.DataFrame,
    i: IntArray,
    j: IntArray,
    tolerances: tuple[float, float, float],
) -> FloatArray:
    """Return the largest difference of a pair in units of its tolerance; unknown values agree."""
    known = _differences(left, right, i, j)
    motion = np.hypot(_values(left, "pmra", i), _values(left, "pmdec", i))
    parallax = np.abs(_values(left, "parallax", i))
    limits = [
        np.full(len(i), tolerances[0]),
        np.fmax(tolerances[1], _FRACTION * motion),
        np.fmax(tolerances[2], _FRACTION * parallax),
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = known.to_numpy() / np.column_stack(limits)
    excess: FloatArray = np.nan_to_num(relative, nan=0.0, posinf=np.inf).max(axis=1, initial=0.0)
    return excess


def _differences(left: pd.DataFrame, right: pd.DataFrame, i: IntArray, j: IntArray) -> pd.DataFrame:
    chord = np.linalg.norm(_unit_vectors(left)[i] - _unit_vectors(right)[j], axis=1)
    delta = {c: _values(left, c, i) - _values(right, c, j) for c in ("pmra", "pmdec", "parallax")}
    return pd.DataFrame(
        {
            "separation": np.rad2deg(2 * np.arcsin(np.clip(chord / 2, 0, 1))),
            "proper_motion_difference": np.hypot(delta["pmra"], delta["pmdec"]),
            "parallax_difference": np.abs(delta["parallax"]),
        }
    )


def _values(table: pd.DataFrame, column: str, rows: IntArray) -> FloatArray:
    if column not in table.columns:
        return np.full(len(rows), np.nan)
    return table[column].to_numpy(dtype=float)[rows]


def _unit_vectors(table: pd.DataFrame) -> FloatArray:
    rows = np.arange(len(table))
    ra, dec = (np.deg2rad(_values(table, name, rows)) for name in ("ra", "dec"))
    return np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
