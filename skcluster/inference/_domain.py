"""How far clusters are from those that a model has learned from."""

from typing import NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import RobustScaler

from skcluster._utils.typing import BoolArray, FloatArray

#: Neighbours whose mean distance says how far a cluster is from the training clusters.
_N_NEIGHBOURS = 5
#: Fraction of the training clusters within the domain.
_WITHIN = 0.995


class Domain(NamedTuple):
    """The training clusters in the space of some features, and how far from them is outside."""

    scaler: RobustScaler
    #: Scaled features of the training clusters.
    points: FloatArray
    limit: float

    @classmethod
    def learn(cls, features: FloatArray) -> "Domain":
        """The domain of training clusters with the given features."""
        scaler = RobustScaler().fit(features)
        points = scaler.transform(features)
        return cls(scaler, points, float(np.quantile(_distance(points, None), _WITHIN)))

    def excludes(self, features: FloatArray) -> BoolArray:
        """Which clusters are farther than the limit, or have a feature that is not finite."""
        known = np.asarray(np.isfinite(features).all(axis=1))
        outside = ~known
        if known.any():
            scaled = self.scaler.transform(features[known])
            outside[known] = _distance(self.points, scaled) > self.limit
        return outside


def _distance(known: FloatArray, points: FloatArray | None) -> FloatArray:
    """Mean distance to the nearest known points; without points, of these themselves."""
    k = min(_N_NEIGHBOURS, len(known) - 1)
    distance: FloatArray = (
        NearestNeighbors(n_neighbors=k).fit(known).kneighbors(points)[0].mean(axis=1)
    )
    return distance
