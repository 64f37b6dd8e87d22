"""Write clusters to a file with a row per star."""

import os
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from nested_pandas import NestedFrame

from skcluster.clusters import stars_of
from skcluster.clusters._raw import as_table
from skcluster.io._write_estimates import write_estimates
from skcluster.schema import CLUSTER


def write_clusters(
    X: NestedFrame,
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
    format: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write the stars of clusters as a long table that `read_clusters` can read.

    Parameters
    ----------
    X : NestedFrame of n_clusters rows
        Clusters, as `skcluster.clusters.as_clusters` returns them. Columns other than the stars
        are not written.
    path : str or PathLike
        The file, as for `write_estimates`.
    metadata : mapping of str to str, optional
        Entries of the file's header, as for `write_estimates`.
    format : {"csv", "tsv", "ecsv", "fits", "votable", "parquet"}, optional
        File type, if it differs from that of the extension.
    overwrite : bool, default=False
        Whether an existing file may be replaced.

    Raises
    ------
    FileExistsError, ValueError, OSError
        As `write_estimates` does.

    Examples
    --------
    >>> import tempfile
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.io import read_clusters, write_clusters
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_clusters(X, f"{folder}/members.ecsv")
    ...     read_clusters(f"{folder}/members.ecsv").index.tolist()
    ['sim_000000', 'sim_000001']
    """
    stars = stars_of(X)
    fields: dict[str, Any] = {name: stars.arrow(name) for name in stars.columns}
    table = as_table(pa.table(fields))
    names = X.index.take(stars.cluster).rename(CLUSTER.name)
    write_estimates(
        table.set_axis(names), path, metadata=metadata, format=format, overwrite=overwrite
    )
