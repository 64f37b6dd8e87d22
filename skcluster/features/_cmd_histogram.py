"""Histograms of colour-magnitude diagrams."""

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from sklearn.utils._param_validation import Interval, StrOptions

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import FloatArray
from skcluster.clusters import Stars
from skcluster.features._base import (
    COLOUR,
    DiagramTransformer,
    blocks,
    cluster_in_block,
    magnitudes_in_block,
)

PROBABILITY = "probability"

#: Number of bins per block, which should fit into the processor's cache.
_BINS_IN_BLOCK = 2**18


@dataclass(kw_only=True, repr=False, eq=False)
class CMDHistogram(DiagramTransformer):
    """Two-dimensional histogram of the colour-magnitude diagram of each cluster.

    A row of the output is the flattened histogram of one cluster, with the magnitude varying
    fastest.

    Parameters
    ----------
    colour_range : (float, float), default=(0.0, 4.1)
        BP−RP of the first and last edge, mag.
    magnitude_range : (float, float), default=None
        Magnitude of the first and last edge. None means (10, 18) for apparent and (−4, 12) for
        absolute magnitudes, in which 98 per cent of the stars of open clusters lie.
    magnitude : {"apparent", "absolute"}, default="apparent"
        Whether to use apparent G, or G minus the distance modulus of the cluster's median
        parallax. Parallaxes below 0.05 mas count as 0.05 mas, that is 20 kpc.
    zero_point : float, default=0.0
        Parallax zero point of the catalogue, mas (−0.029 in Gaia DR2), for absolute magnitudes.
    colour_width, magnitude_width : float, default=0.1 and 0.8
        Width of the bins, mag. If a range is not a multiple of it, the last bin extends beyond the
        range.
    normalize : {"sum", "max"} or None, default="sum"
        Whether to divide the counts of a cluster by their sum (the number of stars within the
        ranges) or by their maximum, or to keep the counts. A cluster without a star within the
        ranges is all zeros.
    weights : {"probability"} or None, default=None
        Whether to weight stars by their membership probability. Stars without a probability then
        have zero weight, and a warning gives their number.

    Attributes
    ----------
    colour_edges_, magnitude_edges_ : ndarray of float64
        Edges of the bins.
    histogram_shape_ : (int, int)
        Number of bins in colour and in magnitude: ``row.reshape(histogram_shape_)`` is the
        diagram.
    fallback_parallax_ : float
        For absolute magnitudes: the median parallax of the training clusters, which replaces, with
        a warning, that of a cluster without any.

    See Also
    --------
    CMDRasterizer : Picture of the diagram.
    GuessFeatures : Three numbers that summarise the diagram.

    Notes
    -----
    Branco & Ferraz (2023) give 410 "normalised" counts, bins of 0.1 mag in colour and 0.8 mag in
    magnitude, and a diagram from 0 to 4 in colour and from 10 to 18 in magnitude. That makes 40 ×
    10 = 400 bins. The default here keeps their number and widths: 41 × 10 bins, which extend to 4.1
    in colour. The normalisation is not given there; here, the counts sum to one, so that rich and
    poor clusters of the same age look alike.

    Features are named after the centres of the bins, such as "colour_0.75_magnitude_13.6".

    A bin includes its lower edge and excludes its upper one, except the last, which includes both:
    the counts equal those of `numpy.histogram2d`.

    References
    ----------
    Branco & Ferraz 2023, *Neural networks approaches to star cluster studies: artificial neural
    networks, convolutional neural networks and mixed data models*.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster import CMDHistogram
    >>> stars = pd.DataFrame({"phot_g_mean_mag": [12.1, 13.5, 13.6], "bp_rp": [0.8, 0.71, 0.78]})
    >>> histogram = CMDHistogram()
    >>> counts = histogram.fit_transform({"NGC 2682": stars})
    >>> counts.shape
    (1, 410)
    >>> names = histogram.get_feature_names_out()
    >>> {str(names[i]): round(float(counts[0, i]), 3) for i in counts[0].nonzero()[0]}
    {'colour_0.75_magnitude_13.6': 0.667, 'colour_0.85_magnitude_12': 0.333}
    """

    colour_range: tuple[float, float] = (0.0, 4.1)
    colour_width: float = 0.1
    magnitude_width: float = 0.8
    normalize: Literal["sum", "max"] | None = "sum"
    weights: Literal["probability"] | None = None

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **DiagramTransformer._parameter_constraints,
        "colour_width": [Interval(Real, 0, None, closed="neither")],
        "magnitude_width": [Interval(Real, 0, None, closed="neither")],
        "normalize": [StrOptions({"sum", "max"}), None],
        "weights": [StrOptions({"probability"}), None],
    }

    def _columns(self) -> tuple[str, ...]:
        return (*super()._columns(), *((PROBABILITY,) if self.weights else ()))

    def _learn(self, stars: Stars) -> None:
        colours, magnitudes = self._ranges()
        super()._learn(stars)
        self.colour_edges_ = bin_edges(*colours, self.colour_width)
        self.magnitude_edges_ = bin_edges(*magnitudes, self.magnitude_width)
        self.histogram_shape_ = (len(self.colour_edges_) - 1, len(self.magnitude_edges_) - 1)

    def _feature_names(self) -> list[str]:
        colours, magnitudes = (
            [f"{middle:.9g}" for middle in np.round((edges[:-1] + edges[1:]) / 2, 9) + 0.0]
            for edges in (self.colour_edges_, self.magnitude_edges_)
        )
        return [f"colour_{c}_magnitude_{m}" for c in colours for m in magnitudes]

    def _weights(self, stars: Stars) -> FloatArray | None:
        if self.weights is None:
            return None
        weights = stars[PROBABILITY]
        missing = np.isnan(weights)
        if missing.any():
            warn_caller(
                f"{np.count_nonzero(missing)} of {len(weights)} stars have no probability and zero "
                "weight."
            )
            weights = np.where(missing, 0, weights)
        return weights

    def _compute(self, stars: Stars) -> FloatArray:
        """Count the stars of a block of clusters at a time.

        All bins of the clusters of a block are numbered consecutively, so that one call of
        ``np.bincount`` counts them. Each diagram has a border of bins for the stars outside.
        """
        moduli, weights = self._moduli(stars), self._weights(stars)
        n_colours, n_magnitudes = self.histogram_shape_
        shape = n_colours + 2, n_magnitudes + 2
        n_bins = shape[0] * shape[1]
        # Single precision is exact for counts, not for sums of weights.
        dtype = np.float32 if weights is None else np.float64
        out = np.empty((len(stars.index), n_colours, n_magnitudes), dtype=dtype)
        for clusters, members in blocks(stars, max(_BINS_IN_BLOCK // n_bins, 1)):
            magnitude = magnitudes_in_block(stars, moduli, clusters, members)
            number = cluster_in_block(stars, clusters) * shape[0]
            number += bin_numbers(stars[COLOUR][members], self.colour_edges_)
            number *= shape[1]
            number += bin_numbers(magnitude, self.magnitude_edges_)
            counts = np.bincount(
                number,
                None if weights is None else weights[members],
                minlength=(clusters.stop - clusters.start) * n_bins,
            )
            out[clusters] = counts.reshape(-1, *shape)[:, 1:-1, 1:-1]
            self._normalize(out[clusters])
        return out.reshape(len(out), -1).astype(np.float32, copy=False)

    def _normalize(self, counts: FloatArray) -> None:
        """Divide the counts of some clusters, in place."""
        if self.normalize is None:
            return
        reduce = np.sum if self.normalize == "sum" else np.max
        totals = reduce(counts, axis=(1, 2), keepdims=True)
        counts /= np.where(totals > 0, totals, 1)


def bin_edges(low: float, high: float, width: float) -> FloatArray:
    """Return the edges of bins of equal width that cover a range.

    If the range is not a multiple of the width, the last bin extends beyond it; otherwise the edges
    equal those of ``np.histogram``.
    """
    exact = (high - low) / width
    n_bins = max(round(exact), 1)
    if abs(exact - n_bins) > 1e-6:
        n_bins = int(np.ceil(exact))
        high = low + n_bins * width
    return np.linspace(low, high, n_bins + 1)


def bin_numbers(values: FloatArray, edges: FloatArray) -> npt.NDArray[np.int32]:
    """Return the bin of each value: 0 below the first edge, ``n_bins + 1`` above the last.

    As in ``np.histogram``, a bin includes its lower edge and excludes its upper one, except the
    last bin, which includes both. Equal widths make this faster than ``np.searchsorted``, which
    decides only for the few values that rounding may have moved to a neighbouring bin.
    """
    n_bins = len(edges) - 1
    scale = n_bins / (edges[-1] - edges[0])
    # Rounding changes a position, which is in units of bins, by less than this.
    slack = 8 * np.finfo(values.dtype).eps * (np.abs(edges).max() * scale + 2)
    if slack > 0.1:  # bins too narrow for single precision
        values = values.astype(np.float64)
        slack = 8 * np.finfo(np.float64).eps * (np.abs(edges).max() * scale + 2)
    # Shifted down by it, a position is in the correct bin or, close to the next bin, one below.
    position = values * values.dtype.type(scale)
    position += values.dtype.type(1 - edges[0] * scale - slack)
    np.clip(position, 0, n_bins + 1, out=position)
    number: npt.NDArray[np.int32] = position.astype(np.int32)
    position -= np.floor(position)
    doubtful = np.flatnonzero(position > 1 - 2 * slack)
    exact = values[doubtful]
    number[doubtful] = np.searchsorted(edges, exact, side="right") - (exact == edges[-1])
    return number
