"""Counts of stars in the bins of a colour-magnitude diagram."""

from numbers import Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import Stars
from skcluster.features._base import COLOUR
from skcluster.features._bins import UniformBins, bin_edges
from skcluster.features._blocks import blocks
from skcluster.features._magnitudes import DiagramTransformer, magnitudes_in_block

PROBABILITY = "probability"

#: Counters in a run of clusters, which should fit into the processor's cache.
_COUNTERS = 2**16


class CMDHistogram(DiagramTransformer):
    """Two-dimensional histogram of the colour-magnitude diagram per cluster.

    All clusters are counted in one pass over their stars. A row of the output is the diagram of one
    cluster, flattened, with the magnitude varying fastest.

    Parameters
    ----------
    colour_range : (float, float), default=(0.0, 4.1)
        BP−RP of the first and last edge, mag.
    magnitude_range : (float, float), default=None
        Magnitude of the first and last edge. None means (10, 18) for apparent and (−4, 12) for
        absolute magnitudes, in which 98 per cent of the stars of open clusters lie.
    colour_width, magnitude_width : float, default=0.1 and 0.8
        Width of the bins, mag. Where a range is no whole number of bins, the last bin reaches
        beyond it.
    magnitude : {"apparent", "absolute"}, default="apparent"
        Whether to count in apparent G, or in G less the distance modulus of the cluster's median
        parallax.
    normalize : {"sum", "max"} or None, default="sum"
        Divide the counts of a cluster by their sum (so by the number of stars within the
        ranges), by the largest of them, or leave them. A cluster without a star within the ranges
        is all zeros.
    weights : {"probability"} or None, default=None
        Count each star as one, or as its membership probability. A star without a probability
        then counts nothing, and a warning says how many there are.
    zero_point : float, default=0.0
        Parallax that the catalogue gives an infinitely far object, mas (−0.029 in Gaia DR2), for
        absolute magnitudes.
    min_parallax : float, default=0.05
        Smaller and negative median parallaxes are taken as this, mas, for absolute magnitudes.
        The default is 20 kpc, beyond every open cluster known.
    dtype : {"float32", "float64"}, default="float32"
        Type of the output; a network wants single precision.

    Attributes
    ----------
    colour_edges_, magnitude_edges_ : ndarray of float64
        Edges of the bins.
    histogram_shape_ : (int, int)
        Number of bins in colour and in magnitude: ``row.reshape(histogram_shape_)`` is the
        diagram.
    fallback_parallax_ : float
        For absolute magnitudes: the median parallax of the training clusters, which stands in,
        with a warning, for that of a cluster without any.

    See Also
    --------
    CMDRasterizer : The diagram as a picture.
    GuessFeatures : Three numbers that summarise the diagram.

    Notes
    -----
    Branco & Ferraz (2023) give 410 "normalised" counts, bins of 0.1 mag in colour and 0.8 mag in
    magnitude, and a diagram from 0 to 4 in colour and from 10 to 18 in magnitude. That makes 40 ×
    10 = 400 bins. The default here keeps their number and their widths: 41 × 10 bins, which
    reach to 4.1 in colour. How they normalised is not said; here, the counts sum to one, so that
    a rich cluster looks like a poor one of the same age.

    A bin holds its lower edge and not its upper one, except the last, which holds both: the
    counts are exactly those of `numpy.histogram2d`.

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

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **DiagramTransformer._parameter_constraints,
        "colour_width": [Interval(Real, 0, None, closed="neither")],
        "magnitude_width": [Interval(Real, 0, None, closed="neither")],
        "normalize": [StrOptions({"sum", "max"}), None],
        "weights": [StrOptions({"probability"}), None],
        "dtype": [StrOptions({"float32", "float64"})],
    }

    def __init__(
        self,
        *,
        colour_range: tuple[float, float] = (0.0, 4.1),
        magnitude_range: tuple[float, float] | None = None,
        colour_width: float = 0.1,
        magnitude_width: float = 0.8,
        magnitude: Literal["apparent", "absolute"] = "apparent",
        normalize: Literal["sum", "max"] | None = "sum",
        weights: Literal["probability"] | None = None,
        zero_point: float = 0.0,
        min_parallax: float = 0.05,
        dtype: Literal["float32", "float64"] = "float32",
    ) -> None:
        self.colour_range = colour_range
        self.magnitude_range = magnitude_range
        self.colour_width = colour_width
        self.magnitude_width = magnitude_width
        self.magnitude = magnitude
        self.normalize = normalize
        self.weights = weights
        self.zero_point = zero_point
        self.min_parallax = min_parallax
        self.dtype = dtype

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ClustersLike, y: Any = None) -> Self:
        """Lay out the bins and, for absolute magnitudes, learn the fallback parallax.

        Parameters
        ----------
        X : clusters
            Whatever `skcluster.clusters.as_clusters` takes.
        y : object
            Not used.

        Returns
        -------
        CMDHistogram
            Itself.
        """
        colours, magnitudes = self._ranges()
        self._fit_distances(self._validate_stars(X))
        self.colour_edges_ = bin_edges(*colours, self.colour_width)
        self.magnitude_edges_ = bin_edges(*magnitudes, self.magnitude_width)
        self.histogram_shape_ = (len(self.colour_edges_) - 1, len(self.magnitude_edges_) - 1)
        return self

    def transform(self, X: ClustersLike) -> FloatArray:
        """Count the stars.

        Parameters
        ----------
        X : clusters
            Whatever `skcluster.clusters.as_clusters` takes.

        Returns
        -------
        ndarray of shape (n_clusters, n_colour_bins * n_magnitude_bins)
            The counts, the bins of magnitude of the first bin of colour first.

        Warns
        -----
        UserWarning
            If a star without a probability, or a cluster without a parallax, is there where one
            is needed.
        """
        check_is_fitted(self)
        stars = self._validate_stars(X)
        values = np.empty((len(stars.index), *self.histogram_shape_), dtype=self.dtype)
        self._count(stars, self._moduli(stars), self._weights(stars), values)
        return self._output(values.reshape(len(values), -1), X, stars)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return names with the centre of each bin, such as "colour_0.75_magnitude_13.6".

        Parameters
        ----------
        input_features : object
            Not used.

        Returns
        -------
        ndarray of str, shape (n_colour_bins * n_magnitude_bins,)
            The names.
        """
        check_is_fitted(self)
        colours, magnitudes = (
            [f"{middle:.9g}" for middle in np.round((edges[:-1] + edges[1:]) / 2, 9) + 0.0]
            for edges in (self.colour_edges_, self.magnitude_edges_)
        )
        names = [f"colour_{c}_magnitude_{m}" for c in colours for m in magnitudes]
        return np.array(names, dtype=object)

    def _validate_stars(self, X: ClustersLike) -> Stars:
        return self._validate(X, (PROBABILITY,) if self.weights else ())

    def _weights(self, stars: Stars) -> FloatArray | None:
        if self.weights is None:
            return None
        weights = stars[PROBABILITY]
        lost = np.isnan(weights)
        if lost.any():
            warn_caller(
                f"{np.count_nonzero(lost)} of {len(weights)} stars have no probability and count "
                "nothing."
            )
            weights = np.where(lost, 0, weights)
        return weights

    def _count(
        self,
        stars: Stars,
        moduli: FloatArray | None,
        weights: FloatArray | None,
        out: FloatArray,
    ) -> None:
        """Fill `out`, a run of clusters at a time."""
        colours, magnitudes = UniformBins(self.colour_edges_), UniformBins(self.magnitude_edges_)
        # One more bin at each end catches what lies outside.
        n_colours, n_magnitudes = colours.n_bins + 2, magnitudes.n_bins + 2
        max_clusters = max(_COUNTERS // (n_colours * n_magnitudes), 1)
        # Counters used again and again: to get new ones takes longer than to count. Those of
        # single precision are exact to 2**24.
        single = weights is None and stars.counts.max() < 2**24
        counts = np.empty(
            (min(max_clusters, len(out)), n_colours, n_magnitudes),
            dtype=np.float32 if single else np.float64,
        )
        colour = stars[COLOUR]
        for clusters, members in blocks(stars, max_clusters):
            shape = (clusters.stop - clusters.start, n_colours, n_magnitudes)
            first = np.arange(shape[0], dtype=np.int32) * (n_colours * n_magnitudes)
            place = np.repeat(first, stars.counts[clusters])
            number = colours.number(colour[members])
            number *= n_magnitudes
            place += number
            place += magnitudes.number(magnitudes_in_block(stars, moduli, clusters, members))
            here = counts[: shape[0]]
            here.fill(0)
            one = counts.dtype.type(1) if weights is None else weights[members].astype(np.float64)
            np.add.at(here.reshape(-1), place, one)
            out[clusters] = here[:, 1:-1, 1:-1]
            self._normalize(out[clusters].reshape(shape[0], -1))

    def _normalize(self, counts: FloatArray) -> None:
        """Divide the counts of some clusters, in place."""
        if self.normalize is None:
            return
        if self.normalize == "sum":
            totals = counts.sum(axis=1, keepdims=True)
        else:
            totals = counts.max(axis=1, keepdims=True)
        counts /= np.where(totals > 0, totals, 1)
