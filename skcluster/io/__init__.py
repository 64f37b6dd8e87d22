"""Tables in, tables out: member stars and labels under their catalogues' names, and estimates."""

from skcluster.io._read_clusters import read_clusters
from skcluster.io._write_estimates import write_estimates

__all__ = ["read_clusters", "write_estimates"]
