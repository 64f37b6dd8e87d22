"""Posterior distributions and calibrated intervals from a regressor's prediction and the stars."""

from skcluster.inference._conformal import ConformalRegressor
from skcluster.inference._distribution import PredictiveDistribution, describe_cluster
from skcluster.inference._likelihood import StarLikelihood
from skcluster.inference._posterior import IsochronePosterior
from skcluster.inference._potential import Potential
from skcluster.inference._prior import Parameters

__all__ = [
    "ConformalRegressor",
    "IsochronePosterior",
    "Parameters",
    "Potential",
    "PredictiveDistribution",
    "StarLikelihood",
    "describe_cluster",
]
