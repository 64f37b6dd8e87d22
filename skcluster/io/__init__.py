"""Read tables of member stars and labels, and write estimates."""

from skcluster.io._read_clusters import BadTableWarning, read_clusters
from skcluster.io._read_table import read_table
from skcluster.io._releases import ReleaseWarning, guess_release, to_edr3_parallaxes
from skcluster.io._write import to_astropy, write_clusters, write_estimates

__all__ = [
    "BadTableWarning",
    "ReleaseWarning",
    "guess_release",
    "read_clusters",
    "read_table",
    "to_astropy",
    "to_edr3_parallaxes",
    "write_clusters",
    "write_estimates",
]
