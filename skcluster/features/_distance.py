"""Parallaxes of clusters, and distance moduli."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import as_strided

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars
from skcluster.features._base import PARALLAX
from skcluster.photometry import modulus_from_parallax

#: Number of values per block that fit into the cache of a core.
_CELLS = 2**15


def median_parallaxes(stars: Stars, zero_point: float = 0.0) -> FloatArray:
    """Return the median parallax of each cluster, in mas, corrected for the zero point.

    Parameters
    ----------
    stars : Stars
        All clusters.
    zero_point : float, default=0
        As in `skcluster.photometry.distance_from_parallax`.

    Returns
    -------
    ndarray of shape (n_clusters,)
        The medians, NaN for a cluster without any parallax. They are computed in single precision,
        whose seven digits exceed Gaia's precision.
    """
    parallax = stars[PARALLAX].astype(np.float32, copy=False)
    return _medians(parallax, stars.offsets[:-1], stars.counts) - zero_point


def _medians(values: npt.NDArray[np.float32], first: IntArray, counts: IntArray) -> FloatArray:
    """Return the median of each of several groups of consecutive values, ignoring NaN.

    Groups of similar size are stacked as rows, padded with NaN, and sorted: this takes half the
    time of sorting all values by group and value, because short rows stay in the cache.
    """
    medians = np.empty(len(counts))
    complete = len(values) > 0 and not np.isnan(values.min())
    order = np.argsort(counts)
    end = len(order)
    while end:
        # The largest remaining group sets the width.
        width = max(int(counts[order[end - 1]]), 1)
        some = order[max(end - max(_CELLS // width, 1), 0) : end]
        medians[some] = _row_medians(values, first[some], counts[some], width, complete)
        end -= len(some)
    return medians


def _row_medians(
    values: npt.NDArray[np.float32],
    first: IntArray,
    counts: IntArray,
    width: int,
    complete: bool,
) -> FloatArray:
    """Return the median of each of some groups of at most `width` values.

    `complete` means that there is no NaN among the values.
    """
    # Near the end of the values, a row begins before its group.
    start = np.minimum(first, len(values) - width)
    n_rows = len(values) - width + 1
    rows = as_strided(values, (n_rows, width), values.strides * 2, writeable=False)[start]
    begin = (first - start)[:, None]
    column = np.arange(width)
    if begin.any():
        rows[column < begin] = np.nan
    # Only the last columns hold values of other groups.
    shared = int(counts.min())
    beyond = column[shared:] >= begin + counts[:, None]
    np.copyto(rows[:, shared:], np.nan, where=beyond)
    known = counts if complete else width - np.count_nonzero(np.isnan(rows), axis=1)
    rows.sort(axis=1)  # NaN comes last
    row = np.arange(len(rows))
    lower = rows[row, np.maximum(known - 1, 0) // 2].astype(np.float64)
    median: FloatArray = (lower + rows[row, known // 2]) / 2
    return median


def fill_parallaxes(parallax: FloatArray, stars: Stars, fallback: float) -> FloatArray:
    """Fill in the parallax of a typical cluster for clusters without any, with a warning."""
    lost = np.isnan(parallax)
    if not lost.any():
        return parallax
    warn_caller(
        f"{np.count_nonzero(lost)} of {len(parallax)} clusters have no star with a parallax, the "
        f"first {stars.index[int(np.argmax(lost))]!r}; {fallback:.4g} mas, the median of the "
        "training clusters, is used.",
    )
    return np.where(lost, fallback, parallax)


def typical_parallax(parallax: FloatArray) -> float:
    """Return the median of the clusters' parallaxes.

    Raises
    ------
    ValueError
        If no cluster has a parallax.
    """
    if np.isnan(parallax).all():
        raise ValueError(
            f"No star has a parallax (column {PARALLAX!r} is all NaN), so magnitudes cannot "
            "be corrected for distance."
        )
    return float(np.nanmedian(parallax))


def modulus_at_least(parallax: FloatArray, min_parallax: float) -> FloatArray:
    """Return the distance modulus (mag) of parallaxes; those below a limit count as the limit."""
    return np.asarray(modulus_from_parallax(np.maximum(parallax, min_parallax)), dtype=np.float64)
