"""Runs of whole clusters small enough for the processor's cache."""

from collections.abc import Iterator

import numpy as np

from skcluster._utils.typing import IntArray
from skcluster.clusters import Stars

#: A few arrays of this many numbers fit into the cache of a core.
STARS_IN_BLOCK = 2**15


def blocks(
    stars: Stars, max_clusters: int | None = None, within: slice | None = None
) -> Iterator[tuple[slice, slice]]:
    """Cut clusters into consecutive runs of about `STARS_IN_BLOCK` stars.

    Work on a whole catalogue needs temporary arrays as long as the catalogue and reads them from
    memory at each step; work on a run at a time needs neither.

    Parameters
    ----------
    stars : Stars
        All clusters.
    max_clusters : int, optional
        The most clusters in a run.
    within : slice, optional
        Which clusters to cut into runs, all unless given.

    Yields
    ------
    clusters, stars : slice
        Which clusters, and which stars are theirs. A larger cluster is a run of its own.
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
