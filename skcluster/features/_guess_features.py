"""Guess features: slope, mean colour and median parallax."""

from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.clusters import Stars
from skcluster.clusters._parallax import median_parallaxes, modulus_at_least
from skcluster.features._base import (
    COLOUR,
    MAGNITUDE,
    PARALLAX,
    ClusterTransformer,
    blocks,
    check_range,
    fill_parallaxes,
    typical_parallax,
)

_NAMES = ("cmd_slope", "mean_colour", "median_parallax")
_DISTANCE = "parallax_distance"

#: Minimum scatter of magnitudes for a slope, mag.
_LEAST_SCATTER = 1e-3


class GuessFeatures(ClusterTransformer):
    """Slope of the colour-magnitude relation, mean colour and median parallax of each cluster.

    These three numbers (mag/mag, mag, mas), never NaN, indicate the parameters: the colour of the
    turn-off, the colour of unevolved stars, and the distance.

    Parameters
    ----------
    slope_limit : float, default=4.0
        Faint limit, in distance-corrected magnitude, of the stars for the slope, mag.
    mean_range : (float, float), default=(4.0, 5.0)
        Range of distance-corrected magnitudes, excluding its upper end, of the stars for the mean
        colour, mag.
    min_stars : int, default=3
        Minimum number of stars for a slope.
    zero_point : float, default=0.0
        Parallax zero point of the catalogue, mas (−0.029 in Gaia DR2), used for all three features.
    min_parallax : float, default=0.05
        Minimum parallax, mas, for distance moduli; smaller and negative median parallaxes are
        replaced by it (not in the feature ``median_parallax``). The default is 20 kpc, beyond every
        known open cluster.
    max_slope : float or None, default=None
        Slopes are clipped to ± this, because those of few stars are unreliable. None keeps them.
    max_distance : float or None, default=None
        If given, the third feature is not the parallax but its inverse, the distance, at most this
        (kpc), also for negative parallaxes. Networks approximate divisions poorly.
    dtype : {"float32", "float64"}, default="float32"
        Type of the output. Sums are computed in double precision.

    Attributes
    ----------
    fallback_features_ : ndarray of shape (3,)
        Median of slope, mean colour and parallax over the training clusters that have them. It
        replaces missing features of clusters with too few stars in the range (common, without a
        warning) or without any parallax (with a warning).

    See Also
    --------
    CMDHistogram : Histogram of the whole diagram.

    Notes
    -----
    The features and ranges follow Branco & Ferraz (2023), who specify neither the dependent
    variable of the slope nor the distance correction. Choices of this package:

    - the slope is that of a least-squares line of colour as a function of magnitude (mag per mag).
      The inverse slope is unbounded for the vertical sequence of a young cluster;
    - magnitudes are corrected by the distance modulus of the cluster's median parallax, one for all
      its stars, as parallaxes of individual stars are too noisy; missing ones are left out;
    - there is no correction for extinction, which is to be estimated.

    References
    ----------
    Branco & Ferraz 2023, *Neural networks approaches to star cluster studies: artificial neural
    networks, convolutional neural networks and mixed data models*.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster import GuessFeatures
    >>> stars = pd.DataFrame({
    ...     "phot_g_mean_mag": [11.0, 12.0, 13.0, 14.2, 14.4],
    ...     "bp_rp": [0.1, 0.3, 0.5, 0.8, 0.9],
    ...     "parallax": [1.02, 0.98, 1.0, 1.1, 0.9],
    ... })
    >>> guess = GuessFeatures().set_output(transform="pandas")
    >>> guess.fit_transform({"NGC 2682": stars}).round(3)
              cmd_slope  mean_colour  median_parallax
    NGC 2682        0.2         0.85              1.0

    For a network, the distance instead of the parallax:

    >>> GuessFeatures(max_slope=1, max_distance=0.8).fit_transform({"NGC 2682": stars}).round(3)
    array([[0.2 , 0.85, 0.8 ]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "slope_limit": [Interval(Real, None, None, closed="neither")],
        "mean_range": ["array-like"],
        "min_stars": [Interval(Integral, 2, None, closed="left")],
        "zero_point": [Interval(Real, None, None, closed="neither")],
        "min_parallax": [Interval(Real, 0, None, closed="neither")],
        "max_slope": [Interval(Real, 0, None, closed="left"), None],
        "max_distance": [Interval(Real, 0, None, closed="neither"), None],
        "dtype": [StrOptions({"float32", "float64"})],
    }

    def __init__(
        self,
        *,
        slope_limit: float = 4.0,
        mean_range: tuple[float, float] = (4.0, 5.0),
        min_stars: int = 3,
        zero_point: float = 0.0,
        min_parallax: float = 0.05,
        max_slope: float | None = None,
        max_distance: float | None = None,
        dtype: Literal["float32", "float64"] = "float32",
    ) -> None:
        self.slope_limit = slope_limit
        self.mean_range = mean_range
        self.min_stars = min_stars
        self.zero_point = zero_point
        self.min_parallax = min_parallax
        self.max_slope = max_slope
        self.max_distance = max_distance
        self.dtype = dtype

    def _columns(self) -> tuple[str, ...]:
        return (PARALLAX,)

    def _learn(self, stars: Stars) -> None:
        check_range("mean_range", self.mean_range)
        parallax = median_parallaxes(stars, self.zero_point)
        typical = typical_parallax(parallax)
        features = self._measure(stars, np.where(np.isnan(parallax), typical, parallax))
        self.fallback_features_ = np.array([self._typical(features, i) for i in range(len(_NAMES))])
        self.fallback_features_[2] = typical

    def _compute(self, stars: Stars) -> FloatArray:
        parallax = median_parallaxes(stars, self.zero_point)
        filled = fill_parallaxes(parallax, stars, float(self.fallback_features_[2]))
        features = self._measure(stars, filled)
        features[np.isnan(parallax)] = self.fallback_features_
        features = np.where(np.isnan(features), self.fallback_features_, features)
        features = features.astype(self.dtype, copy=False)
        if self.max_slope is not None:
            features[:, 0] = np.clip(features[:, 0], -self.max_slope, self.max_slope)
        if self.max_distance is not None:
            features[:, 2] = 1 / np.maximum(features[:, 2], 1 / self.max_distance)
        return features

    def _feature_names(self) -> list[str]:
        return [*_NAMES[:2], _NAMES[2] if self.max_distance is None else _DISTANCE]

    def _measure(self, stars: Stars, parallax: FloatArray) -> FloatArray:
        """Return the features of all clusters, NaN where there are too few stars."""
        moduli = modulus_at_least(parallax, self.min_parallax)
        features = np.empty((len(parallax), len(_NAMES)))
        features[:, 2] = parallax
        low, high = self.mean_range
        for clusters, members in blocks(stars):
            apparent, colour = stars[MAGNITUDE][members], stars[COLOUR][members]
            correction = moduli[clusters].astype(apparent.dtype, copy=False)
            magnitude = apparent - np.repeat(correction, stars.counts[clusters])
            ends = stars.offsets[clusters.start : clusters.stop + 1] - members.start
            bright = _Selection(magnitude < self.slope_limit, ends)
            features[clusters, 0] = bright.slope(apparent, colour, self.min_stars)
            typical = _Selection((magnitude >= low) & (magnitude < high), ends)
            features[clusters, 1] = typical.mean(colour)
        return features

    def _typical(self, features: FloatArray, i: int) -> float:
        measured = features[~np.isnan(features[:, i]), i]
        if len(measured):
            return float(np.median(measured))
        warn_caller(
            f"None of the {len(features)} training clusters has enough stars for {_NAMES[i]}; "
            "zero is used.",
        )
        return 0.0


class _Selection:
    """Sums over selected stars of consecutive groups: group i is ``ends[i]:ends[i + 1]``."""

    def __init__(self, selected: BoolArray, ends: IntArray) -> None:
        self.positions = np.flatnonzero(selected)
        bounds = np.searchsorted(self.positions, ends)
        self.n = np.diff(bounds)
        self.filled = self.n > 0
        self.starts = bounds[:-1][self.filled]

    def take(self, values: FloatArray) -> FloatArray:
        return values[self.positions].astype(np.float64, copy=False)

    def sum(self, values: FloatArray) -> FloatArray:
        """Return the sums of the selected values, zero without any."""
        sums = np.zeros(len(self.n))
        if len(values):
            sums[self.filled] = np.add.reduceat(values, self.starts)
        return sums

    def mean(self, values: FloatArray) -> FloatArray:
        """Return the means of the selected values, NaN without any."""
        sums = self.sum(self.take(values))
        return np.where(self.filled, sums / np.maximum(self.n, 1), np.nan)

    def slope(self, x: FloatArray, y: FloatArray, min_stars: int) -> FloatArray:
        """Return the slopes of least-squares lines of y over x, NaN where undefined."""
        n = np.maximum(self.n, 1)
        x, y = self.take(x), self.take(y)
        sum_x, sum_y = self.sum(x), self.sum(y)
        # In double precision this difference is accurate to 1e-13 mag² per star; the minimum
        # scatter is 1e-6 mag².
        scatter = self.sum(x * x) - sum_x**2 / n
        defined = (self.n >= min_stars) & (scatter > n * _LEAST_SCATTER**2)
        covariance = self.sum(x * y) - sum_x * sum_y / n
        return np.where(defined, covariance / np.where(defined, scatter, 1), np.nan)
