"""Simulate clusters and write them to files block by block."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from skcluster._utils.files import whole_file
from skcluster._utils.progress import progress_bar
from skcluster.datasets.simulation._blocks import Block, simulate_blocks
from skcluster.datasets.simulation._effects import Effects
from skcluster.datasets.simulation._priors import Prior


def simulate_to_parquet(
    members: str | Path,
    labels: str | Path,
    n_clusters: int,
    *,
    random_state: Any = None,
    log_age: Prior = None,
    a_v: Prior = None,
    distance_kpc: Prior = None,
    metallicity: Prior = None,
    n_stars: Prior = None,
    effects: Effects | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> None:
    """Simulate clusters and write them to two Parquet files, block by block.

    The clusters are those of `simulate_clusters` for the same arguments.
    `skcluster.io.read_clusters` reads the files.

    Parameters
    ----------
    members : path
        File for the stars: one row per star, with its cluster's name in the column ``cluster``.
    labels : path
        File for the parameters: one row per cluster, ``cluster``, ``log_age``, ``a_v``,
        ``distance_kpc`` and ``metallicity``.
    n_clusters : int
        Number of clusters.
    random_state : int, RandomState instance or None, default=None
        Seed, as in `simulate_clusters`.
    log_age, a_v, distance_kpc, metallicity : float, array-like or distribution, default=None
        Parameters, as in `simulate_clusters`.
    n_stars : int, array-like or distribution, default=None
        Number of stars per cluster, as in `simulate_clusters`.
    effects : Effects, default=None
        Effects on the stars; None takes the defaults of `Effects`.
    n_jobs : int, default=None
        Number of processes, as in joblib.
    progress : bool, default=False
        Whether to show a progress bar.

    Raises
    ------
    ValueError
        As in `simulate_clusters`, and if both files are the same.

    See Also
    --------
    simulate_clusters : The same clusters in memory.

    Examples
    --------
    >>> import tempfile
    >>> from skcluster.datasets import simulate_to_parquet
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simulate_to_parquet(f"{folder}/members.parquet", f"{folder}/clusters.parquet", 10,
    ...                         random_state=0)
    """
    if Path(members).resolve() == Path(labels).resolve():
        raise ValueError(f"members and labels must be two files, not both {str(members)!r}.")
    priors: dict[str, Prior] = {
        "log_age": log_age,
        "a_v": a_v,
        "distance_kpc": distance_kpc,
        "metallicity": metallicity,
        "n_stars": n_stars,
    }
    blocks = simulate_blocks(n_clusters, priors, effects, random_state, n_jobs)
    with progress_bar("Simulating", n_clusters, show=progress, unit="clusters") as advance:
        _write(blocks, Path(members), Path(labels), advance)


def _write(
    blocks: Iterable[Block], members: Path, labels: Path, advance: Callable[[int], None]
) -> None:
    """Write the blocks to temporary files, which are renamed at the end."""
    with whole_file(labels, True) as half_labels, whole_file(members, True) as half_members:
        writers: list[pq.ParquetWriter] = []
        try:
            for block in blocks:
                tables = _tables(block)
                if not writers:
                    writers = [
                        pq.ParquetWriter(half, table.schema)
                        for half, table in zip((half_members, half_labels), tables, strict=True)
                    ]
                for writer, table in zip(writers, tables, strict=True):
                    writer.write_table(table)
                advance(len(block.counts))
            for writer in writers:
                writer.close()
        except BaseException:
            for writer in writers:
                with suppress(OSError):  # closing fails as well if the disk is full
                    writer.close()
            raise


def _tables(block: Block) -> tuple[pa.Table, pa.Table]:
    names = pa.array(block.labels.index)
    row = np.repeat(np.arange(len(names), dtype=np.int32), block.counts)
    cluster = pa.DictionaryArray.from_arrays(pa.array(row), names)
    stars = pa.table({"cluster": cluster, **block.stars})
    return stars, pa.Table.from_pandas(block.labels.reset_index(), preserve_index=False)
