"""Which bin a value falls into, as exactly as a comparison with every edge, but faster."""

from typing import Any

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray


def bin_edges(low: float, high: float, width: float) -> FloatArray:
    """Return the edges of bins of equal width that cover a range.

    Parameters
    ----------
    low, high : float
        The range.
    width : float
        Width of a bin. Where no whole number of bins fits, the last one reaches beyond `high`.

    Returns
    -------
    ndarray of shape (n_bins + 1,)
        The edges; where the bins fit, those of ``np.histogram`` with as many bins over the range.
    """
    exact = (high - low) / width
    n_bins = max(round(exact), 1)
    if abs(exact - n_bins) > 1e-6:
        n_bins = int(np.ceil(exact))
        high = low + n_bins * width
    return np.linspace(low, high, n_bins + 1)


class UniformBins:
    """Bins of equal width, with one more below and one above for what lies outside.

    As in ``np.histogram``, a bin holds its lower edge and not its upper one, except the last one,
    which holds both.

    Parameters
    ----------
    edges : ndarray of shape (n_bins + 1,)
        Equally spaced edges.
    """

    def __init__(self, edges: FloatArray) -> None:
        self.n_bins = len(edges) - 1
        self._scale = self.n_bins / (edges[-1] - edges[0])
        self._edges = edges
        # Single precision halves the time, where it tells the bins apart.
        self._single = self._rule(np.dtype(np.float32))
        self._double = self._rule(np.dtype(np.float64))

    def _rule(self, dtype: np.dtype[Any]) -> tuple[Any, Any, npt.NDArray[Any], bool]:
        """Scale, shift, upper edges, and whether numbers of this type tell the bins apart."""
        edges = self._edges
        # Bin 0 ends at the first edge. Rounding moves the guess by less than this part of a bin;
        # made so much too low, it is the right bin or the one below, never the one above.
        slack = 8 * np.finfo(dtype).eps * (np.abs(edges).max() * self._scale + 2)
        shift = 1 - slack - edges[0] * self._scale
        # The first number that is not below each edge, or beyond the last one.
        with np.errstate(under="ignore"):  # what follows 0 is smaller than normal numbers
            exact = np.append(edges[:-1], np.nextafter(edges[-1], np.inf))
            upper = exact.astype(dtype)
            upper = np.where(upper < exact, np.nextafter(upper, dtype.type(np.inf)), upper)
        return dtype.type(self._scale), dtype.type(shift), upper, slack < 0.1

    def number(self, values: FloatArray) -> npt.NDArray[np.int32]:
        """Return the bin of each value: 0 below the first edge, ``n_bins + 1`` above the last."""
        scale, shift, upper, told_apart = self._single
        if values.dtype != np.float32 or not told_apart:
            values = values.astype(np.float64, copy=False)
            scale, shift, upper, _ = self._double
        guess = values * scale
        guess += shift
        np.clip(guess, 0, self.n_bins, out=guess)
        number: npt.NDArray[np.int32] = guess.astype(np.int32)
        np.take(upper, number, out=guess, mode="clip")
        number += (values >= guess).view(np.int8)
        return number
