"""Estimates for catalogues larger than memory, on one or several machines with Dask.

Dask runs the partitions, in this process, on one machine or on a cluster of machines; each is
estimated by `skcluster.estimation.estimate`.
"""

import json
import os
import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from nested_pandas import NestedFrame

from skcluster._utils.files import whole_file
from skcluster.clusters import as_clusters
from skcluster.clusters._columns import find_columns
from skcluster.clusters._stars import clusters_from_flat
from skcluster.clusters._tables import frame_of_arrow
from skcluster.estimation import estimate as estimate_in_memory
from skcluster.io import read_clusters
from skcluster.persistence import load_model
from skcluster.schema import CLUSTER

__all__ = ["estimate"]

_RECORD = "_estimates.json"


def estimate(
    catalogue: Any,
    output_folder: str | os.PathLike[str],
    model: Any = None,
    *,
    coverage: float = 0.68,
    cluster_column: str | None = None,
) -> list[Path]:
    """Estimate the parameters of the clusters of a partitioned catalogue, partition by partition.

    Each partition is read, estimated and written by one task of Dask; the number of partitions in
    memory is at most that of Dask's workers. An interrupted run continues where it stopped: written
    partitions are skipped.

    Parameters
    ----------
    catalogue : str, PathLike, LSDB catalogue or Dask DataFrame
        A folder of Parquet files or one such file, whose row groups are the partitions; or an LSDB
        catalogue (also one of HATS files, opened by ``lsdb.open_catalog``) or Dask DataFrame. It
        has a row per star, or a row per cluster with nested ``stars``; columns are found as in
        `skcluster.io.read_clusters`. All stars of a cluster must be in the same partition.
    output_folder : str or PathLike
        Folder for a file ``part-000000.parquet`` per partition, and a record of the run. All
        workers must access it by this path. ``pandas.read_parquet`` and Dask can read the whole
        folder. Only one run at a time may write to it.
    model : estimator, optional
        As for `skcluster.estimation.estimate`.
    coverage : float, default=0.68
        Probability that an interval contains the true value.
    cluster_column : str, optional
        The column of cluster names, if its name is unusual.

    Returns
    -------
    list of Path
        The files with the estimates, in the order of the partitions; their rows are those of
        `skcluster.estimation.estimate`.

    Raises
    ------
    ImportError
        If Dask is not installed (``python -m pip install '.[distributed]'`` in a clone).
    TypeError
        If the catalogue is in memory.
    FileNotFoundError
        If there is no such catalogue, or no Parquet file in it.
    ValueError
        If the folder contains estimates of another catalogue, model or coverage, or other Parquet
        files; if a cluster is in two partitions; or as in `skcluster.io.read_clusters`.

    Notes
    -----
    Models are compared by `joblib.hash`, catalogues by names and sizes of their files, or by
    columns and number of partitions of the DataFrame.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import pandas as pd
    >>> from skcluster import distributed
    >>> from skcluster.datasets import simulate_to_parquet
    >>> with TemporaryDirectory() as folder:
    ...     members = Path(folder) / "members.parquet"
    ...     simulate_to_parquet(members, Path(folder) / "labels.parquet", 5, random_state=0)
    ...     files = distributed.estimate(members, Path(folder) / "estimates")
    ...     table = pd.read_parquet(Path(folder) / "estimates")
    >>> [file.name for file in files]
    ['part-000000.parquet']
    >>> table.shape  # of all columns of the pretrained model
    (5, 20)
    """
    from dask.base import compute
    from dask.delayed import delayed

    folder = Path(output_folder)
    partitions, description = _partitions(catalogue)
    model = load_model() if model is None else model
    # The same after pickling, and in a new process.
    fingerprint = str(joblib.hash(pickle.loads(pickle.dumps(model))))
    asked = {"catalogue": description, "model": fingerprint, "coverage": coverage}
    _prepare(folder, asked)
    if isinstance(catalogue, str | os.PathLike):
        # Noticed before the work, because the row groups of a file are split by size.
        _refuse_torn(
            (f"row group {group.number} of {group.file}", group.names(cluster_column))
            for group in partitions
        )

    files = [folder / f"part-{i:06d}.parquet" for i in range(len(partitions))]
    shared = delayed(model, name=f"model-{fingerprint}", traverse=False)
    measure = delayed(_measure, pure=False)
    tasks = [
        measure(partition, shared, str(file), coverage, cluster_column)
        for partition, file in zip(partitions, files, strict=True)
        if not file.exists()
    ]
    run: Callable[..., Any] = compute  # Dask does not annotate it
    run(*tasks, optimize_graph=False)
    _refuse_torn((file.name, pd.read_parquet(file, columns=[]).index) for file in files)
    return files


@dataclass(frozen=True)
class _RowGroup:
    """A partition in a file, not read yet."""

    file: str
    number: int

    def read(self) -> pd.DataFrame:
        with pq.ParquetFile(self.file) as file:
            return frame_of_arrow(file.read_row_group(self.number))

    def names(self, cluster_column: str | None) -> Iterable[Any]:
        """Return the names of the clusters; empty if finding them takes reading the stars."""
        with pq.ParquetFile(self.file) as file:
            column = _cluster_column(file.schema_arrow.names, cluster_column)
            if column is None:
                return ()
            group = file.read_row_group(self.number, columns=[column])
        names: list[Any] = group[column].unique().to_pylist()
        return names


def _cluster_column(columns: Iterable[str], given: str | None) -> str | None:
    """Return the column that names the clusters, if there is one."""
    if given is not None:
        return given if given in columns else None
    return next(iter(find_columns(columns, [CLUSTER])), None)


def _partitions(catalogue: Any) -> tuple[list[Any], Any]:
    """Return the partitions, `_RowGroup` or lazy frames, and an identifier of the catalogue."""
    if isinstance(catalogue, str | os.PathLike):
        return _row_groups(Path(catalogue))
    if hasattr(catalogue, "to_delayed") and hasattr(catalogue, "npartitions"):
        frames = list(catalogue.to_delayed())
        return frames, {"columns": [str(c) for c in catalogue.columns], "partitions": len(frames)}
    raise TypeError(
        "The catalogue must be a folder or file of Parquet, an LSDB catalogue or a Dask frame, not "
        f"{type(catalogue).__name__}; for clusters in memory use skcluster.estimation.estimate."
    )


def _row_groups(path: Path) -> tuple[list[_RowGroup], Any]:
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    files = [file for file in files if not file.name.startswith((".", "_"))]
    if not files:
        raise FileNotFoundError(f"The folder {path} has no file *.parquet.")
    groups, description = [], {}
    for file in files:
        try:
            number = pq.read_metadata(file).num_row_groups
        except (OSError, ValueError) as error:
            raise ValueError(f"{file} cannot be read as Parquet: {error}") from error
        name = file.name if file == path else str(file.relative_to(path))
        description[name] = file.stat().st_size
        groups += [_RowGroup(str(file), i) for i in range(number)]
    return groups, description


def _prepare(folder: Path, asked: dict[str, Any]) -> None:
    """Make the folder, or check that it belongs to the same run."""
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / _RECORD
    if record.exists():
        recorded = json.loads(record.read_text())
        for what, value in asked.items():
            if recorded.get(what) != value:
                raise ValueError(
                    f"{folder} contains estimates of another {what}; choose another folder."
                )
    elif any(folder.glob("*.parquet")):
        raise ValueError(f"{folder} contains other Parquet files; choose another folder.")
    else:
        with whole_file(record, overwrite=False) as half:
            half.write_text(json.dumps(asked, indent=1))


def _measure(
    partition: Any, model: Any, file: str, coverage: float, cluster_column: str | None
) -> None:
    """Estimate the clusters of one partition, on a worker."""
    frame = partition.read() if isinstance(partition, _RowGroup) else partition
    X = _clusters(frame, cluster_column)
    table = estimate_in_memory(X, model, coverage=coverage)
    # Dask may repeat a partition if it lost its worker; the result is the same.
    with whole_file(Path(file), overwrite=True) as half:
        table.to_parquet(half)


def _clusters(frame: pd.DataFrame, cluster_column: str | None) -> NestedFrame:
    if len(frame) == 0:
        # A region of the sky without clusters.
        stars = {name: np.array([]) for name in ("phot_g_mean_mag", "bp_rp")}
        return clusters_from_flat(stars, np.array([0]), pd.Index([], dtype="str", name="cluster"))
    if isinstance(frame, NestedFrame) and "stars" in frame.columns:
        if _cluster_column(frame.columns, cluster_column) is not None:
            # The index is a position on the sky, or a number.
            frame = frame.reset_index(drop=True)
        elif frame.index.name is not None:
            return as_clusters(frame)
    return read_clusters(frame, cluster_column=cluster_column)


def _refuse_torn(names: Iterable[tuple[str, Iterable[Any]]]) -> None:
    """Refuse a cluster whose stars lie in two partitions."""
    places: dict[Any, str] = {}
    for place, clusters in names:
        for name in clusters:
            if name in places:
                raise ValueError(
                    f"cluster {name!r} is in two partitions, {places[name]} and {place}; all stars "
                    "of a cluster must be in the same one."
                )
            places[name] = place
