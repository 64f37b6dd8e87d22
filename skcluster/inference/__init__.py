"""From what a regressor says of a cluster to estimates whose intervals hold."""

from skcluster.inference._conformal import ConformalRegressor

__all__ = ["ConformalRegressor"]
