"""The distance of clusters from the training clusters."""

from typing import NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import RobustScaler

from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.features._star_set import CONTEXT

#: Number of nearest training clusters whose mean distance is used.
_N_NEIGHBOURS = 5
#: Fraction of the training clusters within the domain.
_WITHIN = 0.995


class Domain(NamedTuple):
    """The training clusters in feature space, and the largest distance from them."""

    scaler: RobustScaler
    #: Scaled features of the training clusters.
    points: FloatArray
    limit: float

    @classmethod
    def learn(cls, features: FloatArray) -> "Domain":
        """Learn the domain of training clusters with the given features."""
        scaler = RobustScaler().fit(features)
        points = scaler.transform(features)
        return cls(scaler, points, float(np.quantile(_distance(points, None), _WITHIN)))

    def excludes(self, features: FloatArray) -> BoolArray:
        """Return which clusters are beyond the limit, or have a feature that is not finite."""
        known = np.asarray(np.isfinite(features).all(axis=1))
        outside = ~known
        if known.any():
            scaled = self.scaler.transform(features[known])
            outside[known] = _distance(self.points, scaled) > self.limit
        return outside


def _distance(known: FloatArray, points: FloatArray | None) -> FloatArray:
    """Return the mean distance to the nearest known points; without points, of these themselves."""
    k = min(_N_NEIGHBOURS, len(known) - 1)
    distances, _ = NearestNeighbors(n_neighbors=k).fit(known).kneighbors(points)
    mean: FloatArray = distances.mean(axis=1)
    return mean


def describe_cluster(stars: FloatArray) -> FloatArray:
    """Return the cluster-level features of `skcluster.features.StarSet`.

    As ``domain`` of a `ConformalRegressor` around `skcluster.pipelines.set_pipeline`, it reuses
    the features that the pipeline computes.

    Parameters
    ----------
    stars : ndarray of shape (n_clusters, n_features)
        Output of `skcluster.features.StarSet`.

    Returns
    -------
    ndarray of shape (n_clusters, 16)
        Its first columns.

    Examples
    --------
    >>> from skcluster import StarSet
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.inference import describe_cluster
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> describe_cluster(StarSet().fit_transform(X)).shape
    (2, 16)
    """
    return stars[:, : len(CONTEXT)]
