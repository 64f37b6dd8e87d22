"""Tables in, tables out: member stars and labels under their catalogues' names, and estimates."""

from skcluster.io._columns import find_columns
from skcluster.io._read_clusters import read_clusters
from skcluster.io._tables import read_table
from skcluster.io._write_estimates import write_estimates

__all__ = ["find_columns", "read_clusters", "read_table", "write_estimates"]
