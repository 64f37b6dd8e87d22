"""Read tables of member stars and labels, and write estimates."""

from skcluster.clusters import find_columns
from skcluster.io._read_clusters import read_clusters
from skcluster.io._releases import ReleaseWarning, guess_release, to_edr3_parallaxes
from skcluster.io._sources import BadTableWarning
from skcluster.io._tables import read_table
from skcluster.io._to_astropy import to_astropy
from skcluster.io._units import state_units
from skcluster.io._write_clusters import write_clusters
from skcluster.io._write_estimates import format_of, write_estimates

__all__ = [
    "BadTableWarning",
    "ReleaseWarning",
    "find_columns",
    "format_of",
    "guess_release",
    "read_clusters",
    "read_table",
    "state_units",
    "to_astropy",
    "to_edr3_parallaxes",
    "write_clusters",
    "write_estimates",
]
