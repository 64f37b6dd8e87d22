"""What X is: one row a cluster, its stars nested inside.

``as_clusters`` makes it from any table of stars, ``stars_of`` reaches the flat star arrays in it.
"""

from skcluster.clusters._as_clusters import as_clusters, validate_clusters
from skcluster.clusters._magnitude_limits import magnitude_limits
from skcluster.clusters._stars import STARS, Stars, clusters_from_flat, stars_of

__all__ = [
    "STARS",
    "Stars",
    "as_clusters",
    "clusters_from_flat",
    "magnitude_limits",
    "stars_of",
    "validate_clusters",
]
