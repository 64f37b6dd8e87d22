"""Tables in: files and tables of member stars and cluster labels, under their catalogues' names."""

from skcluster.io._read_clusters import read_clusters

__all__ = ["read_clusters"]
