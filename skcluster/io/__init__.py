"""Read tables of member stars and labels, and write estimates."""

from skcluster.io._read_clusters import BadTableWarning, read_clusters
from skcluster.io._read_table import read_table
from skcluster.io._releases import ReleaseWarning
from skcluster.io._samp import send_table
from skcluster.io._write import to_astropy, write_clusters, write_estimates

__all__ = [
    "BadTableWarning",
    "ReleaseWarning",
    "read_clusters",
    "read_table",
    "send_table",
    "to_astropy",
    "write_clusters",
    "write_estimates",
]
