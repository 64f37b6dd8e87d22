"""First guesses at a cluster's parameters: slope, mean colour and median parallax."""

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import BoolArray, ClustersLike, FloatArray, IntArray
from skcluster.clusters import Stars, validate_clusters
from skcluster.features._base import COLOUR, PARALLAX, ClusterTransformer, check_range
from skcluster.features._blocks import blocks
from skcluster.features._distance import (
    fill_parallaxes,
    median_parallaxes,
    modulus_at_least,
    typical_parallax,
)
from skcluster.features._magnitudes import magnitudes_in_block

_NAMES = ("cmd_slope", "mean_colour", "median_parallax")

#: Magnitudes that scatter by less than this have no slope, mag.
_LEAST_SCATTER = 1e-3


class GuessFeatures(ClusterTransformer):
    """Slope of the colour-magnitude relation, mean colour and median parallax of each cluster.

    Three numbers from which the parameters can be guessed: how blue the turn-off is, how red the
    unevolved stars are, and how near the cluster is.

    Parameters
    ----------
    slope_limit : float, default=4.0
        The slope is that of stars with a distance-corrected magnitude brighter than this, mag.
    mean_range : (float, float), default=(4.0, 5.0)
        The mean colour is that of stars with a distance-corrected magnitude in this range, the
        first end included, the second not, mag.
    min_stars : int, default=3
        Fewer stars have no slope.
    zero_point : float, default=0.0
        Parallax that the catalogue gives an infinitely far object, mas (−0.029 in Gaia DR2); taken
        off all three.
    min_parallax : float, default=0.05
        Smaller and negative median parallaxes are taken as this, mas, where a distance is needed
        (the feature ``median_parallax`` itself stays as measured). The default is 20 kpc, beyond
        every open cluster known.

    Attributes
    ----------
    fallback_features_ : ndarray of shape (3,)
        Median of each feature over the training clusters that have it. It stands in where a
        cluster has not: no or too few stars in the range (which is common, so without a word), or
        no star with a parallax (with a warning).

    See Also
    --------
    CMDHistogram : The whole diagram.

    Notes
    -----
    After Branco & Ferraz (2023), who name the features and the ranges, but not which variable the
    slope is of, nor how distances were corrected for. Chosen here:

    - the slope is that of a least-squares line of colour as a function of magnitude (mag per mag).
      The other way round, the upright sequence of a young cluster has a slope without bound;
    - magnitudes are corrected by the distance modulus of the cluster's median parallax, one for all
      its stars, as parallaxes of individual stars are too noisy; missing ones are left out;
    - extinction is left in: it is one of the things to be guessed.

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
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "slope_limit": [Interval(Real, None, None, closed="neither")],
        "mean_range": ["array-like"],
        "min_stars": [Interval(Integral, 2, None, closed="left")],
        "zero_point": [Interval(Real, None, None, closed="neither")],
        "min_parallax": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        *,
        slope_limit: float = 4.0,
        mean_range: tuple[float, float] = (4.0, 5.0),
        min_stars: int = 3,
        zero_point: float = 0.0,
        min_parallax: float = 0.05,
    ) -> None:
        self.slope_limit = slope_limit
        self.mean_range = mean_range
        self.min_stars = min_stars
        self.zero_point = zero_point
        self.min_parallax = min_parallax

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ClustersLike, y: Any = None) -> Self:
        """Learn what stands in for features that a cluster does not have.

        Parameters
        ----------
        X : clusters
            Whatever `skcluster.clusters.as_clusters` takes, with parallaxes.
        y : object
            Not used.

        Returns
        -------
        GuessFeatures
            Itself.

        Raises
        ------
        ValueError
            If there is no column of parallaxes, or no parallax in it.

        Warns
        -----
        UserWarning
            If no training cluster has a slope or a mean colour, so that zero stands in.
        """
        check_range("mean_range", self.mean_range)
        stars = validate_clusters(X, columns=(PARALLAX,))
        parallax = median_parallaxes(stars, self.zero_point)
        typical = typical_parallax(parallax)
        features = self._measure(stars, np.where(np.isnan(parallax), typical, parallax))
        self.fallback_features_ = np.array([self._typical(features, i) for i in range(len(_NAMES))])
        self.fallback_features_[2] = typical
        return self

    def transform(self, X: ClustersLike) -> FloatArray:
        """Measure the features.

        Parameters
        ----------
        X : clusters
            Whatever `skcluster.clusters.as_clusters` takes, with parallaxes.

        Returns
        -------
        ndarray of shape (n_clusters, 3)
            Slope, mean colour (mag) and median parallax (mas), never NaN.

        Warns
        -----
        UserWarning
            If a cluster has no star with a parallax.
        """
        check_is_fitted(self)
        stars = validate_clusters(X, columns=(PARALLAX,))
        parallax = median_parallaxes(stars, self.zero_point)
        known = fill_parallaxes(parallax, stars, float(self.fallback_features_[2]))
        features = self._measure(stars, known)
        features[np.isnan(parallax)] = self.fallback_features_
        return self._output(
            np.where(np.isnan(features), self.fallback_features_, features), X, stars
        )

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """``cmd_slope``, ``mean_colour`` and ``median_parallax``.

        Parameters
        ----------
        input_features : object
            Not used.

        Returns
        -------
        ndarray of str, shape (3,)
            The names.
        """
        check_is_fitted(self)
        return np.array(_NAMES, dtype=object)

    def _measure(self, stars: Stars, parallax: FloatArray) -> FloatArray:
        """The features of all clusters, NaN where there are too few stars."""
        moduli = modulus_at_least(parallax, self.min_parallax)
        features = np.empty((len(parallax), len(_NAMES)))
        features[:, 2] = parallax
        low, high = self.mean_range
        for clusters, members in blocks(stars):
            magnitude = magnitudes_in_block(stars, moduli, clusters, members)
            colour = stars[COLOUR][members].astype(np.float64)
            groups = _Groups(stars.counts[clusters])
            bright = magnitude < self.slope_limit
            features[clusters, 0] = groups.slope(magnitude, colour, bright, self.min_stars)
            features[clusters, 1] = groups.mean(colour, (magnitude >= low) & (magnitude < high))
        return features

    def _typical(self, features: FloatArray, i: int) -> float:
        known = features[~np.isnan(features[:, i]), i]
        if len(known):
            return float(np.median(known))
        warn_caller(
            f"None of the {len(features)} training clusters has enough stars for {_NAMES[i]}; "
            "zero stands in."
        )
        return 0.0


class _Groups:
    """Sums over some members of each of several consecutive groups of stars."""

    def __init__(self, counts: IntArray) -> None:
        self.counts = counts
        self.starts = np.cumsum(counts) - counts

    def sum(self, values: npt.NDArray[Any]) -> FloatArray:
        return np.add.reduceat(values, self.starts, dtype=np.float64)

    def mean(self, values: FloatArray, chosen: BoolArray) -> FloatArray:
        """Mean of the chosen values, NaN where none is."""
        n = self.sum(chosen)
        return np.where(n > 0, self.sum(values * chosen) / np.maximum(n, 1), np.nan)

    def slope(
        self,
        x: FloatArray,
        y: FloatArray,
        chosen: BoolArray,
        min_stars: int,
    ) -> FloatArray:
        """Slope of the least-squares line of y over x, NaN where it has none."""
        n = np.maximum(self.sum(chosen), 1)
        x = x * chosen
        sum_x, sum_y = self.sum(x), self.sum(y * chosen)
        # In double precision this difference is good to 1e-14 mag² a star; the least scatter that
        # counts is 1e-6 mag².
        scatter = self.sum(x * x) - sum_x**2 / n
        has = (n >= min_stars) & (scatter > n * _LEAST_SCATTER**2)
        together = self.sum(x * y) - sum_x * sum_y / n
        return np.where(has, together / np.where(has, scatter, 1), np.nan)
