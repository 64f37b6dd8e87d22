"""Quantiles of colour-magnitude diagrams, as features for boosted trees."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars
from skcluster.clusters._parallax import LEAST_PARALLAX, mean_parallaxes, modulus_at_least
from skcluster.features._base import (
    COLOUR,
    MAGNITUDE,
    PARALLAX,
    ClusterTransformer,
    fill_parallaxes,
    typical_parallax,
)

#: Bins from the brightest giants to the lower main sequence, wide where stars are rare, mag.
_EDGES = (-9.0, -3, -2, -1.25, *np.arange(-0.5, 8.1, 0.75).tolist(), 9.0, 10.5, 14.0)
#: Quantiles of all stars' magnitudes and colours.
_OF_G, _OF_COLOUR = (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9), (0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(kw_only=True, repr=False, eq=False)
class CMDSummary(ClusterTransformer):
    """Quantiles of colour along the sequence, and of the stars' magnitudes and colours.

    These features describe how blue, how red and how populated the sequence is at each magnitude.
    They suit tree ensembles that accept missing values: a bin with too few stars has no quantiles.

    Parameters
    ----------
    magnitude_edges : sequence of float or None, default=None
        Edges of the bins in magnitude corrected by the cluster's parallax, mag; stars outside
        count in the outermost bins. By default, 18 bins from −9 to 14.
    quantiles : sequence of float, default=(0.1, 0.25, 0.5, 0.75, 0.9)
        Quantiles of the colour in each bin; 0.1 traces the blue edge, which depends on extinction.
    faint_limit : float or None, default=18.0
        Stars of this G magnitude or fainter are left out, so that catalogues of different depth
        are comparable. None uses all stars.
    min_stars : int, default=2
        Minimum number of stars for the quantiles of a bin.
    zero_point : float, default=0.0
        Parallax zero point of the catalogue, mas (−0.029 in Gaia DR2).

    Attributes
    ----------
    fallback_parallax_ : float
        Median of the training clusters' mean parallaxes, mas, which replaces, with a warning, that
        of a cluster without any parallax.

    See Also
    --------
    CMDHistogram : Counts in bins of colour and magnitude.

    Notes
    -----
    The columns are the colour quantiles (mag) of each bin, the fraction of the stars in each bin,
    quantiles of G and colour of all stars (mag), the number of stars, the mean parallax and its
    error (mas). Bins and quantiles are choices of this package. The parallax is the inverse-
    variance weighted mean of the stars within three errors of the median, at least 0.05 mas (20
    kpc). Features have names such as ``bp_rp_q10_from_-9.00`` and ``share_from_-9.00``, where
    "from" is the bright edge of a bin.

    With few clusters, a bin may be empty in all of them. Random forests accept such a column;
    scikit-learn's `HistGradientBoostingRegressor` does not, so use wider bins or drop the column.

    References
    ----------
    Cantat-Gaudin et al. 2020, A&A 640, A1, whose A_V is that of the blue edge of the sequence.

    Examples
    --------
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.features import CMDSummary
    >>> X, y = simulate_clusters(3, random_state=0)
    >>> summary = CMDSummary().set_output(transform="pandas").fit_transform(X)
    >>> summary.shape
    (3, 124)
    >>> list(summary.columns[-3:])
    ['n_stars', 'parallax', 'parallax_error']
    """

    magnitude_edges: Sequence[float] | None = None
    quantiles: Sequence[float] = (0.1, 0.25, 0.5, 0.75, 0.9)
    faint_limit: float | None = 18.0
    min_stars: int = 2
    zero_point: float = 0.0

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "magnitude_edges": ["array-like", None],
        "quantiles": ["array-like"],
        "faint_limit": [Interval(Real, None, None, closed="neither"), None],
        "min_stars": [Interval(Integral, 1, None, closed="left")],
        "zero_point": [Interval(Real, None, None, closed="neither")],
    }

    def _columns(self) -> tuple[str, ...]:
        return (PARALLAX,)

    def _learn(self, stars: Stars) -> None:
        self._edges()
        self._quantiles()
        self.fallback_parallax_ = typical_parallax(mean_parallaxes(stars, self.zero_point)[0])

    def _compute(self, stars: Stars) -> FloatArray:
        parallax, error = mean_parallaxes(stars, self.zero_point)
        parallax = fill_parallaxes(parallax, stars, self.fallback_parallax_)
        if self.faint_limit is not None:
            stars = stars.take(stars[MAGNITUDE] < self.faint_limit)
        edges, quantiles = self._edges(), self._quantiles()
        n, n_bins = len(stars.index), len(edges) - 1
        g, colour = (stars[name].astype(np.float64) for name in (MAGNITUDE, COLOUR))
        magnitude = g - modulus_at_least(parallax)[stars.cluster]
        cell = stars.cluster * n_bins + np.searchsorted(edges[1:-1], magnitude, side="right")
        colours, count = quantiles_by_group(cell, colour, n * n_bins, quantiles, self.min_stars)
        shares = count.reshape(n, n_bins) / np.maximum(stars.counts, 1)[:, None]
        columns = [
            colours.reshape(n, -1),
            np.where(stars.counts[:, None] > 0, shares, np.nan),
            quantiles_by_group(stars.cluster, g, n, _OF_G, self.min_stars)[0],
            quantiles_by_group(stars.cluster, colour, n, _OF_COLOUR, self.min_stars)[0],
            np.column_stack([stars.counts, np.maximum(parallax, LEAST_PARALLAX), error]),
        ]
        return np.hstack(columns)

    def _feature_names(self) -> list[str]:
        bright = [f"from_{edge:.2f}" for edge in self._edges()[:-1]]
        return [
            *(f"bp_rp_q{100 * q:g}_{edge}" for edge in bright for q in self._quantiles()),
            *(f"share_{edge}" for edge in bright),
            *(f"g_q{100 * q:g}" for q in _OF_G),
            *(f"bp_rp_q{100 * q:g}" for q in _OF_COLOUR),
            *("n_stars", "parallax", "parallax_error"),
        ]

    def _edges(self) -> FloatArray:
        given = _EDGES if self.magnitude_edges is None else self.magnitude_edges
        edges = np.asarray(given, dtype=np.float64)
        if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
            raise ValueError(f"magnitude_edges must be increasing numbers, two or more: {given}.")
        return edges

    def _quantiles(self) -> FloatArray:
        quantiles = np.asarray(self.quantiles, dtype=np.float64)
        if quantiles.ndim != 1 or not ((quantiles >= 0) & (quantiles <= 1)).all():
            raise ValueError(f"quantiles must lie from 0 to 1: {self.quantiles}.")
        return quantiles


def quantiles_by_group(
    group: IntArray,
    values: FloatArray,
    n_groups: int,
    quantiles: Sequence[float] | FloatArray,
    fewest: int = 2,
) -> tuple[FloatArray, IntArray]:
    """Return quantiles of each group, linearly interpolated as numpy's are, and the groups' sizes.

    Groups are numbered from 0. The quantiles, shape (n_groups, n_quantiles), are NaN for groups
    with fewer values than the fewest.
    """
    ordered = values[np.lexsort((values, group))]
    size = np.bincount(group, minlength=n_groups)
    first = np.cumsum(size) - size
    enough = size >= fewest
    position = np.asarray(quantiles) * (size[enough, None] - 1)
    below = position.astype(int)
    above = np.minimum(below + 1, size[enough, None] - 1)
    low, high = (ordered[first[enough, None] + i] for i in (below, above))
    values = np.full((n_groups, len(quantiles)), np.nan)
    values[enough] = low + (position - below) * (high - low)
    return values, size
