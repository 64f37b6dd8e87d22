"""The container of clusters: one row per cluster, with nested stars.

`as_clusters` makes it from any table of stars, `stars_of` returns its flat star arrays.
"""

from skcluster.clusters._as_clusters import OneClusterWarning, as_clusters, validate_clusters
from skcluster.clusters._magnitude_limits import magnitude_limits
from skcluster.clusters._stars import Stars, concat_clusters, stars_of

__all__ = [
    "OneClusterWarning",
    "Stars",
    "as_clusters",
    "concat_clusters",
    "magnitude_limits",
    "stars_of",
    "validate_clusters",
]
