"""Quantiles of many groups of stars at once."""

from collections.abc import Sequence

import numpy as np

from skcluster._utils.typing import FloatArray, IntArray


def quantiles_by_group(
    group: IntArray,
    values: FloatArray,
    n_groups: int,
    quantiles: Sequence[float] | FloatArray,
    fewest: int = 2,
) -> tuple[FloatArray, IntArray]:
    """Return quantiles of each group, linearly interpolated as numpy's are, and the groups' sizes.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
        Group of each value, from 0.
    values : ndarray of shape (n,)
        Finite values.
    n_groups : int
        Number of groups.
    quantiles : sequence of float
        Quantiles, from 0 to 1.
    fewest : int, default=2
        Minimum number of values of a group.

    Returns
    -------
    quantiles : ndarray of shape (n_groups, n_quantiles)
        The quantiles; NaN for groups with too few values.
    size : ndarray of int, shape (n_groups,)
        Number of values of each group.
    """
    ordered = values[np.lexsort((values, group))]
    size = np.bincount(group, minlength=n_groups)
    first = np.cumsum(size) - size
    enough = size >= fewest
    position = np.asarray(quantiles) * (size[enough, None] - 1)
    below = position.astype(int)
    above = np.minimum(below + 1, size[enough, None] - 1)
    low, high = (ordered[first[enough, None] + i] for i in (below, above))
    found = np.full((n_groups, len(quantiles)), np.nan)
    found[enough] = low + (position - below) * (high - low)
    return found, size
