"""One parallax a cluster, and the magnitudes its stars would have at 10 pc."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars
from skcluster.features._base import PARALLAX
from skcluster.photometry import modulus_from_parallax

#: Numbers that fit, sorted row by row, into the cache of a core.
_CELLS = 2**15


def median_parallaxes(stars: Stars, zero_point: float = 0.0) -> FloatArray:
    """Median parallax of each cluster, in mas, zero point taken off.

    Parameters
    ----------
    stars : Stars
        All clusters.
    zero_point : float, default=0
        As in `skcluster.photometry.distance_from_parallax`.

    Returns
    -------
    ndarray of shape (n_clusters,)
        NaN for a cluster without any parallax. Parallaxes count in single precision, whose seven
        digits are more than Gaia gives.
    """
    parallax = stars[PARALLAX].astype(np.float32, copy=False)
    return _medians(parallax, stars.offsets[:-1], stars.counts) - zero_point


def _medians(values: npt.NDArray[np.float32], first: IntArray, counts: IntArray) -> FloatArray:
    """Median of each of several groups of consecutive values, NaN left out.

    Groups of like size are laid side by side, filled up with NaN, and their rows sorted: half the
    time of one sort of all values by group and value, as short rows stay in the cache.
    """
    medians = np.empty(len(counts))
    order = np.argsort(counts)
    end = len(order)
    while end:
        # The widest group left sets the width.
        width = max(int(counts[order[end - 1]]), 1)
        some = order[max(end - max(_CELLS // width, 1), 0) : end]
        medians[some] = _row_medians(values, first[some], counts[some], width)
        end -= len(some)
    return medians


def _row_medians(
    values: npt.NDArray[np.float32],
    first: IntArray,
    counts: IntArray,
    width: int,
) -> FloatArray:
    """Median of each of some groups of at most `width` values."""
    # Near the end of the values a row begins earlier than its group.
    start = np.minimum(first, len(values) - width)
    rows = sliding_window_view(values, width)[start]
    begin = (first - start)[:, None]
    column = np.arange(width)
    np.copyto(rows, np.nan, where=(column < begin) | (column >= begin + counts[:, None]))
    known = width - np.count_nonzero(np.isnan(rows), axis=1)
    rows.sort(axis=1)  # NaN comes last
    row = np.arange(len(rows))
    lower = rows[row, np.maximum(known - 1, 0) // 2].astype(np.float64)
    median: FloatArray = (lower + rows[row, known // 2]) / 2
    return median


def fill_parallaxes(parallax: FloatArray, stars: Stars, fallback: float) -> FloatArray:
    """Give clusters without any parallax that of a typical cluster, with a warning."""
    lost = np.isnan(parallax)
    if not lost.any():
        return parallax
    warn_caller(
        f"{np.count_nonzero(lost)} of {len(parallax)} clusters have no star with a parallax, the "
        f"first {stars.index[int(np.argmax(lost))]!r}; {fallback:.4g} mas, the median of the "
        "training clusters, stands in."
    )
    return np.where(lost, fallback, parallax)


def typical_parallax(parallax: FloatArray) -> float:
    """The median of the clusters' parallaxes.

    Raises
    ------
    ValueError
        If no cluster has a parallax.
    """
    if np.isnan(parallax).all():
        raise ValueError(
            f"No star has a parallax (column {PARALLAX!r} is all NaN), so that no distance "
            "can be taken off the magnitudes."
        )
    return float(np.nanmedian(parallax))


def modulus_at_least(parallax: FloatArray, min_parallax: float) -> FloatArray:
    """Distance modulus (mag) of parallaxes, those below a limit taken as the limit."""
    return np.asarray(modulus_from_parallax(np.maximum(parallax, min_parallax)), dtype=np.float64)
