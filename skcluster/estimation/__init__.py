"""Estimate the parameters of clusters, with intervals and flags, in one pass."""

from skcluster.estimation._estimate import estimate

__all__ = ["estimate"]
