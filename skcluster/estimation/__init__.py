"""From clusters to a table of estimates with intervals and flags, in one pass."""

from skcluster.estimation._estimate import estimate

__all__ = ["estimate"]
