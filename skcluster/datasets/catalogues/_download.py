"""Tables of catalogues, from the cache or else from VizieR.

A table is fetched in parts, which are kept until it is complete, so that an interrupted download
continues where it stopped. Parts and tables are Parquet files whose names end with a checksum of
their content; they appear when they are whole, so that processes can share the cache.
"""

import datetime
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.utils._param_validation import Interval

from skcluster._utils.doc_links import documentation
from skcluster._utils.files import get_data_home, whole_file
from skcluster._utils.messages import warn_caller
from skcluster._utils.progress import progress_bar
from skcluster.clusters._tables import frame_of_arrow
from skcluster.datasets.catalogues._catalogue import Catalogue, FetchError, Table

if TYPE_CHECKING:
    from skcluster.datasets.catalogues._vizier import Vizier

#: Number of rows per request. A request takes seconds, so that little is lost if one fails.
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
    """The common options of fetchers: from where tables come, and how hard to try."""

    data_home: Any
    download_if_missing: bool
    n_retries: int
    delay: float
    progress: bool | None

    def folder(self, catalogue: Catalogue) -> Path:
        """Return the folder of a catalogue in the cache."""
        return get_data_home(self.data_home) / catalogue.name

    def connect(self) -> "Vizier":
        """Return a new connection to VizieR.

        Raises
        ------
        ImportError
            If a package of the extra ``fetch`` is not installed.
        """
        try:
            from skcluster.datasets.catalogues._vizier import Vizier
        except ModuleNotFoundError as error:
            raise ImportError(
                f"Fetching catalogues needs {(error.name or '').partition('.')[0]}; install it "
                f"with: pip install 'skcluster[fetch]'. See {documentation('catalogues')}."
            ) from error
        return Vizier(self.n_retries, self.delay)


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
    tables = {"clusters": catalogue.clusters}
    if members and catalogue.members is not None:
        tables["members"] = catalogue.members
    folder = download.folder(catalogue)
    loaded = {name: read_table(folder, name, table, download) for name, table in tables.items()}
    n_missing = sum(table.n_rows for name, table in tables.items() if loaded[name] is None)
    with progress_bar(catalogue.name, n_missing, show=download.progress, unit="rows") as advance:
        for name, table in tables.items():
            if loaded[name] is None:
                loaded[name] = _fetch_table(folder, name, table, download, advance)
    return [frame_of_arrow(rows) for rows in loaded.values() if rows is not None]


def read_table(folder: Path, name: str, table: Table, download: Download) -> pa.Table | None:
    """Return a cached table; None if there is none with the wanted columns, which may be fetched.

    Raises
    ------
    FetchError
        If it is missing or corrupt and must not be fetched.
    """
    try:
        rows = _read_file(folder, name)
    except _CorruptFileError as error:
        if not download.download_if_missing:
            raise FetchError(f"{error}, and download_if_missing is False.") from None
        warn_caller(f"{error}; it is removed and fetched again.")
        error.path.unlink(missing_ok=True)
        rows = None
    if rows is not None and json.loads(rows.schema.metadata[b"skcluster"])["of"] == _layout(table):
        return rows
    if not download.download_if_missing:
        raise FetchError(
            f"The table {table.name} is not in {folder}, and download_if_missing is False."
        )
    return None


def _fetch_table(
    folder: Path, name: str, table: Table, download: Download, advance: Callable[[int], None]
) -> pa.Table:
    """Fetch a table part by part into the cache.

    Raises
    ------
    FetchError
        If no server returns it; complete parts are kept.
    CatalogueChangedError
        If needed columns are missing, or the table has more rows than published.
    """
    kept, parts = folder / f"{name}.parts", []
    with closing(download.connect()) as vizier:
        named, columns = vizier.columns(table)
        for first in range(1, table.n_rows + 1, CHUNK):
            last = min(first + CHUNK - 1, table.n_rows)
            part = _read_part(kept, f"{first}-{last}")
            if part is None or part.column_names != [ours.name for ours in columns.values()]:
                try:
                    part = vizier.rows(named, columns, first, last)
                except FetchError as error:
                    raise FetchError(
                        f"{error} {first - 1} of {table.n_rows} rows are kept; the next call "
                        "continues there."
                    ) from error.__cause__
                with suppress(FileNotFoundError):  # a process that has the whole table removes them
                    _write_file(kept, f"{first}-{last}", part)
            parts.append(part)
            advance(last - first + 1)
    rows = pa.concat_tables(parts)
    theirs = {ours.name: theirs for theirs, ours in columns.items()}
    source = {"table": named.name, "columns": theirs, "fetched_from": vizier.sites[0].url}
    write_table(folder, name, rows, table, source)
    shutil.rmtree(kept, ignore_errors=True)
    return rows


def write_table(
    folder: Path, name: str, rows: pa.Table, table: Table, source: dict[str, Any]
) -> None:
    """Cache a table, with its source in the metadata of the file, instead of older ones."""
    older = _files(folder, name)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    source = {**source, "of": _layout(table), "fetched_on": now}
    _write_file(folder, name, rows.replace_schema_metadata({"skcluster": json.dumps(source)}))
    for file in older:
        file.unlink(missing_ok=True)


def _layout(table: Table) -> list[Any]:
    """Return what a cached table must have been made for to be used."""
    return [table.name, table.n_rows, *(column.name for column in table.columns)]


def is_cached(folder: Path, name: str) -> bool:
    """Return whether there is a file of a table."""
    return bool(_files(folder, name))


def _read_part(folder: Path, name: str) -> pa.Table | None:
    try:
        return _read_file(folder, name)
    except _CorruptFileError as error:
        error.path.unlink(missing_ok=True)
        return None


class _CorruptFileError(Exception):
    """A file of the cache has changed since it was written."""

    def __init__(self, path: Path, checksum: str) -> None:
        super().__init__(f"The cached file {path} does not match its checksum ({checksum})")
        self.path = path


def _read_file(folder: Path, name: str) -> pa.Table | None:
    for file in _files(folder, name):
        try:
            content = file.read_bytes()
        except FileNotFoundError:  # another process has just removed it
            continue
        if file.stem != f"{name}-{_checksum(content)}":
            raise _CorruptFileError(file, _checksum(content))
        return pq.read_table(pa.BufferReader(content))
    return None


def _write_file(folder: Path, name: str, rows: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd")
    content = sink.getvalue().to_pybytes()
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(folder / f"{name}-{_checksum(content)}.parquet", overwrite=True) as half:
        half.write_bytes(content)


def _files(folder: Path, name: str) -> list[Path]:
    return sorted(folder.glob(f"{name}-{'[0-9a-f]' * 16}.parquet"))


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
