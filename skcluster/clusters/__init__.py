"""The container of clusters: one row per cluster, with nested stars.

`as_clusters` makes it from any table of stars, `stars_of` returns its flat star arrays.
"""

from skcluster.clusters._as_clusters import as_clusters, check_stars, validate_clusters
from skcluster.clusters._columns import find_columns, missing_column, rename_columns
from skcluster.clusters._magnitude_limits import magnitude_limits, state_magnitude_limit
from skcluster.clusters._nest import concat_clusters, nest_clusters
from skcluster.clusters._stars import STARS, Stars, clusters_from_flat, stars_of
from skcluster.clusters._tables import OneClusterWarning, cluster_column_of

__all__ = [
    "STARS",
    "OneClusterWarning",
    "Stars",
    "as_clusters",
    "check_stars",
    "cluster_column_of",
    "clusters_from_flat",
    "concat_clusters",
    "find_columns",
    "magnitude_limits",
    "missing_column",
    "nest_clusters",
    "rename_columns",
    "stars_of",
    "state_magnitude_limit",
    "validate_clusters",
]
