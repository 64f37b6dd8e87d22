"""Tables of catalogues, from the cache or else from VizieR.

A table is fetched in parts, each of which is cached as a Parquet file. Files appear when they are
whole, so that an interrupted download continues where it stopped, and processes share the cache.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sklearn.utils._param_validation import Interval

from skcluster._utils.files import get_data_home, whole_file
from skcluster._utils.progress import progress_bar
from skcluster.clusters._names import file_names
from skcluster.clusters._tables import frame_of_arrow
from skcluster.datasets.catalogues._catalogue import (
    Catalogue,
    CatalogueChangedError,
    FetchError,
    Table,
)

#: Number of rows per part. A request takes seconds, so that little is lost if one fails.
CHUNK = 25_000

#: Constraints of the common parameters, for scikit-learn's ``validate_params``.
CONSTRAINTS = {
    "data_home": [str, os.PathLike, None],
    "download_if_missing": ["boolean"],
    "n_retries": [Interval(Integral, 0, None, closed="left")],
    "delay": [Interval(Real, 0, None, closed="left")],
    "progress": ["boolean", None],
}


@dataclass(frozen=True)
class Download:
    """The common options of fetchers: where tables are kept, and how hard to try."""

    data_home: Any
    download_if_missing: bool
    n_retries: int
    delay: float
    progress: bool | None

    def folder(self, catalogue: Catalogue) -> Path:
        """Return the folder of a catalogue in the cache."""
        return get_data_home(self.data_home) / catalogue.name

    def connect(self, table: Table, folder: Path) -> Any:
        """Return the `VizierTable` of a table that is not cached, if it may be fetched."""
        if not self.download_if_missing:
            raise FetchError(
                f"The table {table.name} is not in {folder}, and download_if_missing is False."
            )
        from skcluster.datasets.catalogues._vizier import VizierTable

        return VizierTable(table, self.n_retries, self.delay)


def load_tables(
    catalogue: Catalogue, download: Download, *, members: bool = False
) -> list[pd.DataFrame]:
    """Return the clusters of a catalogue and, if asked for, their members.

    Raises
    ------
    FetchError
        If a table is neither cached nor can be fetched.
    CatalogueChangedError
        If a table at VizieR is not the published one.
    """
    folder = download.folder(catalogue)
    tables = {folder / "clusters": catalogue.clusters}
    if members and catalogue.members is not None:
        tables[folder / "members"] = catalogue.members
    loaded = {of: _cached(of, table) for of, table in tables.items()}
    n_missing = sum(table.n_rows for of, table in tables.items() if loaded[of] is None)
    with progress_bar(catalogue.name, n_missing, show=download.progress, unit="rows") as advance:
        for of, table in tables.items():
            if loaded[of] is None:
                loaded[of] = _fetched(of, table, download, advance)
    return [frame_of_arrow(rows) for rows in loaded.values() if rows is not None]


def load_members(catalogue: Catalogue, cluster: str, download: Download) -> pd.DataFrame:
    """Return the members of a cluster: of all members if these are cached, or fetched on their own.

    Raises
    ------
    FetchError
        If they are neither cached nor can be fetched.
    CatalogueChangedError
        If the table at VizieR has other columns.
    """
    folder, table = download.folder(catalogue) / "members", catalogue.members
    assert table is not None
    rows = _cached(folder, table)
    if rows is not None:
        rows = rows.filter(pc.equal(rows["cluster"], cluster))
    else:
        file = file_names([cluster], folder, "parquet")[cluster]
        rows = _read(file, table)
    if rows is None:
        rows = download.connect(table, folder.parent).rows_of(cluster)
        _write(file, table, rows)
    members: pd.DataFrame = frame_of_arrow(rows)
    return members


def _parts(folder: Path, table: Table) -> dict[Path, tuple[int, int]]:
    """Return the files of a table's parts, with the first and last row of each."""
    firsts = range(1, table.n_rows + 1, CHUNK)
    rows = [(first, min(first + CHUNK - 1, table.n_rows)) for first in firsts]
    return {folder / f"{first}-{last}.parquet": (first, last) for first, last in rows}


def _cached(folder: Path, table: Table) -> pa.Table | None:
    """Return a table of which all parts are cached, or else None."""
    parts = []
    for file in _parts(folder, table):
        part = _read(file, table)
        if part is None:
            return None
        parts.append(part)
    return _joined(parts)


def _fetched(
    folder: Path, table: Table, download: Download, advance: Callable[[int], None]
) -> pa.Table:
    """Return a table, whose missing parts are fetched into the cache."""
    vizier = download.connect(table, folder.parent)
    n_rows = vizier.count()
    if n_rows != table.n_rows:
        raise CatalogueChangedError(
            f"The table {vizier.name} at VizieR has changed: {table.n_rows} rows were published, "
            f"but it has {n_rows} now. A newer version of skcluster may support it."
        )
    parts = []
    for file, (first, last) in _parts(folder, table).items():
        part = _read(file, table)
        if part is None:
            try:
                part = vizier.rows(first, last)
            except FetchError as error:
                raise FetchError(
                    f"{error} {first - 1} of {table.n_rows} rows are kept; the next call continues "
                    "there."
                ) from error.__cause__
            _write(file, table, part)
        parts.append(part)
        advance(last - first + 1)
    return _joined(parts)


def _joined(parts: list[pa.Table]) -> pa.Table:
    # Optional columns may be missing in some parts.
    return pa.concat_tables(parts, promote_options="default")


def _read(file: Path, table: Table) -> pa.Table | None:
    """Return the rows in a file; None if it is missing, damaged or of another table."""
    try:
        with pq.ParquetFile(file, page_checksum_verification=True) as parquet:
            rows = parquet.read()
    except (OSError, pa.ArrowException):
        return None
    return rows if rows.schema.metadata == _layout(table) else None


def _write(file: Path, table: Table, rows: pa.Table) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(file, overwrite=True) as half:
        rows = rows.replace_schema_metadata(_layout(table))
        pq.write_table(rows, half, compression="zstd", write_page_checksum=True)


def _layout(table: Table) -> dict[bytes, bytes]:
    """Return the metadata of files of a table, which tell if they have all wanted columns."""
    columns = ", ".join(column.name for column in table.columns)
    return {b"skcluster": f"{table.name}: {table.n_rows} rows, {columns}".encode()}
