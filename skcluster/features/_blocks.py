"""Blocks of whole clusters that fit into the processor's cache."""

from collections.abc import Iterator

import numpy as np

from skcluster._utils.typing import IntArray
from skcluster.clusters import Stars

#: Number of stars per block: a few such arrays fit into the cache of a core.
STARS_IN_BLOCK = 2**15


def blocks(
    stars: Stars, max_clusters: int | None = None, within: slice | None = None
) -> Iterator[tuple[slice, slice]]:
    """Divide clusters into consecutive blocks of about `STARS_IN_BLOCK` stars.

    Processing block by block avoids temporary arrays of the length of the catalogue, which would be
    read from memory at each step.

    Parameters
    ----------
    stars : Stars
        All clusters.
    max_clusters : int, optional
        Maximum number of clusters per block.
    within : slice, optional
        The clusters to divide; by default all.

    Yields
    ------
    clusters, stars : slice
        The clusters of a block, and their stars. A larger cluster is a block of its own.
    """
    offsets = stars.offsets
    start, end = (0, len(stars.index)) if within is None else (within.start, within.stop)
    while start < end:
        stop = int(np.searchsorted(offsets, offsets[start] + STARS_IN_BLOCK, side="right")) - 1
        stop = min(max(stop, start + 1), end)
        if max_clusters is not None:
            stop = min(stop, start + max_clusters)
        yield slice(start, stop), slice(int(offsets[start]), int(offsets[stop]))
        start = stop


def cluster_in_block(stars: Stars, clusters: slice) -> IntArray:
    """Return the row number of each star's cluster within the block."""
    return np.repeat(np.arange(clusters.stop - clusters.start), stars.counts[clusters])
