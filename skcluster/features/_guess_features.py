"""Guess features: slope, mean colour and median parallax."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import FloatArray, IntArray
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
    magnitudes_in_block,
    typical_parallax,
)

_NAMES = ("cmd_slope", "mean_colour", "median_parallax")
_DISTANCE = "parallax_distance"

#: Minimum scatter of magnitudes for a slope, mag.
_LEAST_SCATTER = 1e-3


@dataclass(kw_only=True, repr=False, eq=False)
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
    max_slope : float or None, default=None
        Slopes are clipped to ± this, because those of few stars are unreliable. None keeps them.
    max_distance : float or None, default=None
        If given, the third feature is not the parallax but its inverse, the distance, at most this
        (kpc), also for negative parallaxes. Networks approximate divisions poorly.

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
      its stars, as parallaxes of individual stars are too noisy; missing ones are left out, and a
      median below 0.05 mas counts as 0.05 mas, that is 20 kpc (not in the feature);
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

    slope_limit: float = 4.0
    mean_range: tuple[float, float] = (4.0, 5.0)
    min_stars: int = 3
    zero_point: float = 0.0
    max_slope: float | None = None
    max_distance: float | None = None

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "slope_limit": [Interval(Real, None, None, closed="neither")],
        "mean_range": ["array-like"],
        "min_stars": [Interval(Integral, 2, None, closed="left")],
        "zero_point": [Interval(Real, None, None, closed="neither")],
        "max_slope": [Interval(Real, 0, None, closed="left"), None],
        "max_distance": [Interval(Real, 0, None, closed="neither"), None],
    }

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
        features = features.astype(np.float32)
        if self.max_slope is not None:
            features[:, 0] = np.clip(features[:, 0], -self.max_slope, self.max_slope)
        if self.max_distance is not None:
            features[:, 2] = 1 / np.maximum(features[:, 2], 1 / self.max_distance)
        return features

    def _feature_names(self) -> list[str]:
        return [*_NAMES[:2], _NAMES[2] if self.max_distance is None else _DISTANCE]

    def _measure(self, stars: Stars, parallax: FloatArray) -> FloatArray:
        """Return the features of all clusters, NaN where there are too few stars."""
        low, high = self.mean_range
        features = np.empty((len(parallax), len(_NAMES)))
        features[:, 2] = parallax
        # Magnitudes are compared with the limits in their own precision.
        moduli = modulus_at_least(parallax).astype(stars[MAGNITUDE].dtype, copy=False)
        for clusters, members in blocks(stars):
            apparent, colour = stars[MAGNITUDE][members], stars[COLOUR][members]
            magnitude = magnitudes_in_block(stars, moduli, clusters, members)
            ends = stars.offsets[clusters.start : clusters.stop + 1] - members.start
            bright = np.flatnonzero(magnitude < self.slope_limit)
            features[clusters, 0] = _slopes(bright, ends, apparent, colour, self.min_stars)
            typical = np.flatnonzero((magnitude >= low) & (magnitude < high))
            n, total = _sums(typical, ends, colour[typical].astype(np.float64))
            features[clusters, 1] = np.where(n > 0, total / np.maximum(n, 1), np.nan)
        return features

    def _typical(self, features: FloatArray, i: int) -> float:
        measured = features[~np.isnan(features[:, i]), i]
        if len(measured):
            return float(np.median(measured))
        warn_caller(
            f"None of the {len(features)} training clusters has enough stars for {_NAMES[i]}; "
            "zero is used."
        )
        return 0.0


def _sums(
    selected: IntArray, ends: IntArray, *values: FloatArray
) -> tuple[IntArray | FloatArray, ...]:
    """Return the number of selected stars of each cluster, and the sums of their values.

    The stars of cluster i are ``ends[i]:ends[i + 1]``; ``values`` are those of selected stars.
    """
    bounds = np.searchsorted(selected, ends)
    n = np.diff(bounds)
    # A sum from each start to its end, and one from there to the next start, which is not used.
    pairs = np.repeat(bounds, 2)[1:-1]
    sums = (np.add.reduceat(np.append(column, 0.0), pairs)[::2] for column in values)
    return n, *(np.where(n > 0, total, 0.0) for total in sums)


def _slopes(
    selected: IntArray, ends: IntArray, x: FloatArray, y: FloatArray, min_stars: int
) -> FloatArray:
    """Return the slopes of least-squares lines of y over x, NaN where undefined."""
    x, y = x[selected].astype(np.float64), y[selected].astype(np.float64)
    count, sum_x, sum_y, sum_xx, sum_xy = _sums(selected, ends, x, y, x * x, x * y)
    n = np.maximum(count, 1)
    # In double precision this difference is accurate to 1e-13 mag² per star; the minimum scatter is
    # 1e-6 mag².
    scatter = sum_xx - sum_x**2 / n
    defined = (count >= min_stars) & (scatter > n * _LEAST_SCATTER**2)
    covariance = sum_xy - sum_x * sum_y / n
    return np.where(defined, covariance / np.where(defined, scatter, 1), np.nan)
