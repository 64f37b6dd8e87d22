"""From the prediction of a regressor to estimates with calibrated intervals."""

from skcluster.inference._conformal import ConformalRegressor
from skcluster.inference._distribution import PredictiveDistribution
from skcluster.inference._domain import describe_cluster
from skcluster.inference._range import clip_targets

__all__ = ["ConformalRegressor", "PredictiveDistribution", "clip_targets", "describe_cluster"]
