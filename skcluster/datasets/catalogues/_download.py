"""Tables of catalogues, from the cache or else from VizieR.

A table is fetched in parts, each of which is cached as a Parquet file. Files appear when they are
whole, so that an interrupted download continues where it stopped, and processes share the cache.

A query of the Table Access Protocol [1]_ is one request, answered with a VOTable. The answer may
be shorter than the table without a clear indication; therefore rows are counted.

References
----------
.. [1] Dowler, Rixon & Tody 2019, Table Access Protocol 1.1, IVOA Recommendation.
"""

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from skcluster._utils.files import file_names, get_data_home, whole_file
from skcluster._utils.messages import progress_bar
from skcluster.datasets.catalogues._published import Catalogue, Column, Table
from skcluster.io._read_table import read_votable

URL = "https://tapvizier.cds.unistra.fr/TAPVizieR/tap"
#: Timeouts (s) of the connection, and between bytes of an answer.
TIMEOUT = (10.0, 60.0)
#: Delays (s) before a request without a usable answer is repeated.
DELAYS = (1.0, 2.0, 4.0)
#: HTTP statuses of a service that is busy, besides those above 500.
BUSY = (408, 425, 429)
#: VizieR's number of a row in its table: 1, 2, 3 … without gaps.
ROW_NUMBER = "recno"

#: Number of rows per part. A request takes seconds, so that little is lost if one fails.
CHUNK = 25_000

#: Constraints of the common parameters, for scikit-learn's ``validate_params``.
CONSTRAINTS = {"data_home": [str, os.PathLike, None], "download_if_missing": ["boolean"]}

Answer = TypeVar("Answer")


class FetchError(OSError):
    """Raised when a catalogue is neither cached nor can be fetched.

    Complete parts are kept, and the next call continues from there.

    See Also
    --------
    CatalogueChangedError : Raised when a table at VizieR is not the published one.

    Examples
    --------
    >>> from skcluster.datasets import FetchError, fetch_cluster
    >>> try:
    ...     fetch_cluster("M 67", data_home="/nowhere", download_if_missing=False)
    ... except FetchError as error:
    ...     print(error)
    The table J/A+A/640/A1/table1 is not in /nowhere/..., and download_if_missing is False.
    """


class CatalogueChangedError(ValueError):
    """Raised when a table at VizieR is not the published one.

    Columns were renamed, or the number of rows has changed.

    See Also
    --------
    FetchError : Raised when a catalogue cannot be fetched.

    Examples
    --------
    >>> from skcluster.datasets import CatalogueChangedError, fetch_catalogue
    >>> try:
    ...     fetch_catalogue("dias_2021")  # doctest: +SKIP
    ... except CatalogueChangedError as error:
    ...     print(error)
    """


@dataclass(frozen=True)
class Download:
    """The common options of fetchers."""

    data_home: Any
    download_if_missing: bool
    progress: bool | None = None

    def folder(self, catalogue: Catalogue) -> Path:
        """Return the folder of a catalogue in the cache."""
        return get_data_home(self.data_home) / catalogue.name

    def connect(self, table: Table, folder: Path) -> "VizierTable":
        """Return a table at VizieR that is not cached, if it may be fetched."""
        if not self.download_if_missing:
            raise FetchError(
                f"The table {table.name} is not in {folder}, and download_if_missing is False."
            )
        return VizierTable(table)


def load_table(
    catalogue: Catalogue, which: Literal["clusters", "members"], download: Download
) -> pa.Table:
    """Return a table of a catalogue, whose missing parts are fetched into the cache."""
    folder, table = download.folder(catalogue) / which, getattr(catalogue, which)
    ranges = _parts(folder, table)
    parts = {file: _read(file, table) for file in ranges}
    missing = {file: ranges[file] for file, part in parts.items() if part is None}
    if missing:
        vizier = download.connect(table, folder.parent)
        n_rows = vizier.count()
        if n_rows != table.n_rows:
            raise CatalogueChangedError(
                f"The table {vizier.name} at VizieR has changed: {table.n_rows} rows were "
                f"published, but it has {n_rows} now. A newer version of skcluster may support it."
            )
        n_missing = sum(last - first + 1 for first, last in missing.values())
        title = f"{catalogue.name}, {which}"
        with progress_bar(title, n_missing, show=download.progress, unit="rows") as advance:
            for file, (first, last) in missing.items():
                parts[file] = vizier.rows(first, last)
                _write(file, table, parts[file])
                advance(last - first + 1)
    # Optional columns may be missing in some parts.
    return pa.concat_tables(parts.values(), promote_options="default")


def load_members(catalogue: Catalogue, cluster: str, download: Download) -> pa.Table:
    """Return the members of a cluster, fetched on their own unless all members are cached."""
    folder, table = download.folder(catalogue) / "members", catalogue.members
    assert table is not None
    if all(file.is_file() for file in _parts(folder, table)):
        members = load_table(catalogue, "members", download)
        return members.filter(pc.equal(members["cluster"], cluster))
    file = file_names([cluster], folder, "parquet")[cluster]
    rows = _read(file, table)
    if rows is None:
        rows = download.connect(table, folder.parent).rows_of(cluster)
        _write(file, table, rows)
    return rows


def _parts(folder: Path, table: Table) -> dict[Path, tuple[int, int]]:
    """Return the files of a table's parts, with the first and last row of each."""
    firsts = range(1, table.n_rows + 1, CHUNK)
    rows = [(first, min(first + CHUNK - 1, table.n_rows)) for first in firsts]
    return {folder / f"{first}-{last}.parquet": (first, last) for first, last in rows}


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


class AnswerError(Exception):
    """An unusable answer, which the next attempt may improve unless it is final."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class Service:
    """A service on the web, whose requests are repeated until it gives a usable answer."""

    def __init__(self) -> None:
        import requests

        self._session = requests.Session()
        self._session.headers["User-Agent"] = "skcluster"

    def ask(
        self, what: str, method: str, url: str, read: Callable[[Any], Answer], **options: Any
    ) -> Answer:
        """Return what a function makes of the answer to a request, or raise a `FetchError`."""
        from requests import RequestException

        for delay in (0.0, *DELAYS):
            time.sleep(delay)
            try:
                answer = self._session.request(method, url, timeout=TIMEOUT, **options)
                status = answer.status_code
                if status >= 400:
                    text = _quoted_text(answer)
                    final = status < 500 and status not in BUSY
                    raise AnswerError(f"HTTP status {status}, {text}", final=final)
                return read(answer)
            except RequestException as error:
                cause = error.args[0] if error.args else error
                reason = getattr(cause, "reason", cause)  # without the attempts of the library
                fault = AnswerError(f"no complete answer ({reason})")
            except AnswerError as error:
                fault = error
            if fault.final:
                break
        raise FetchError(
            f"{what} could not be fetched: {url} gave {fault}. The next call fetches only what is "
            "missing."
        ) from fault


class VizierTable(Service):
    """A table at VizieR.

    Without a usable answer, the constructor and all methods raise a `FetchError`; if needed columns
    are missing, a `CatalogueChangedError`.
    """

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.name, self.columns = self._found(table)

    def _found(self, table: Table) -> tuple[str, dict[str, Column]]:
        """Return the name of the table, and the wanted columns by their names in it."""
        names, changes = [table.name], []
        if table.name.count("/") == 3:  # that of a catalogue
            query = "SELECT table_name FROM TAP_SCHEMA.tables WHERE table_name LIKE "
            what = f"The names of the tables of {table.name}"
            listed = self._ask(f"{query}'%{table.name}/%'", 100, what)["table_name"]
            names = [str(name).strip('"') for name in listed]
        for name in names:
            theirs = self._ask(f"SELECT * FROM {_quoted(name)}", 1, f"The columns of {name}")
            columns, missing = _wanted(table.columns, theirs.colnames)
            if not missing:
                return name, columns
            changes.append(
                f"The table {name} at VizieR has changed: it has no column {', '.join(missing)}; "
                f"there are: {', '.join(theirs.colnames)}. A newer version of skcluster may "
                "support the new names."
            )
        raise CatalogueChangedError(" ".join(changes) or f"VizieR has no tables of {table.name}.")

    def count(self, where: str | None = None) -> int:
        """Return the number of rows, of all or of those that fulfil a condition."""
        query = f"SELECT COUNT(*) AS n FROM {_quoted(self.name)}"
        query += "" if where is None else f" WHERE {where}"
        return int(self._ask(query, 1, f"The size of {self.name}")["n"][0])

    def rows(self, first: int, last: int) -> pa.Table:
        """Return the wanted columns of some rows, in order."""
        number = _quoted(ROW_NUMBER)
        where = f"{number} >= {first} AND {number} <= {last}"
        return self._rows(where, last - first + 1, f"Rows {first} to {last} of {self.name}")

    def rows_of(self, cluster: str) -> pa.Table:
        """Return the wanted columns of the rows of one cluster, in order."""
        column = next(theirs for theirs, ours in self.columns.items() if ours.name == "cluster")
        text = cluster.replace("'", "''")
        where = f"{_quoted(column)} = '{text}'"
        return self._rows(where, self.count(where), f"The rows of {cluster!r} in {self.name}")

    def _rows(self, where: str, n_rows: int, what: str) -> pa.Table:
        names = ", ".join(map(_quoted, [*self.columns, ROW_NUMBER]))
        query = f"SELECT {names} FROM {_quoted(self.name)} WHERE {where}"
        # One row more than expected, so that an answer that is too long is noticed.
        rows = self._ask(query, n_rows + 1, what, n_rows)
        rows.sort(ROW_NUMBER)
        return pa.table(
            {ours.name: _typed(rows[name], ours) for name, ours in self.columns.items()}
        )

    def _ask(self, query: str, limit: int, what: str, n_rows: int | None = None) -> Any:
        """Return the table of at most so many rows, or just as many, that answers a query."""

        def read(answer: Any) -> Any:
            try:
                table = read_votable(answer.content)
            except Exception as error:  # parsing what a server sends may raise any error
                raise AnswerError(f"no table ({error}), {_quoted_text(answer)}") from error
            if n_rows is not None and not (
                len(table) == len(np.unique(table[ROW_NUMBER])) == n_rows
            ):
                raise AnswerError(f"{len(table)} rows, not {n_rows} different ones")
            return table

        options = {"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": query, "MAXREC": str(limit)}
        return self.ask(what, "post", f"{URL}/sync", read, data=options)


def _wanted(
    columns: Iterable[Column], theirs: Sequence[str]
) -> tuple[dict[str, Column], list[str]]:
    """Return the columns by their names in a table, and the needed ones that it has not."""
    wanted, missing = {}, []
    for column in columns:
        name = next((name for name in column.names if name in theirs), None)
        if name is not None:
            wanted[name] = column
        elif column.needed:
            missing.append(f"{' or '.join(map(repr, column.names))} ({column.name})")
    return wanted, missing


def _typed(values: Any, column: Column) -> pa.Array:
    """Return a column as texts (blank where missing), integers, or floats (NaN where missing)."""
    blank, data = np.ma.getmaskarray(values), np.asarray(values)
    if column.kind == "integer":
        if data.dtype.kind not in "iu" or blank.any():
            raise CatalogueChangedError(f"{values.name} at VizieR has a value that is no integer.")
        return pa.array(data.astype(np.int64))
    if column.kind == "text":
        texts = np.where(blank, "", data.astype(str))
        return pa.array(np.char.strip(texts), type=pa.string())
    if data.dtype == np.float32:  # the shortest decimal number, which was published
        data = data.astype(str)
    try:
        return pa.array(np.where(blank, np.nan, data.astype(np.float64)))
    except ValueError as error:
        raise CatalogueChangedError(
            f"{values.name} at VizieR has a value that is no number ({error})."
        ) from error


def _quoted(name: str) -> str:
    """Return the quoted name of a table or column in ADQL, with all its special characters."""
    return '"' + name.replace('"', '""') + '"'


def text_of(answer: Any) -> str:
    """Return the beginning of the text of an answer, such as an error message, without its tags."""
    text = answer.content.decode("utf-8", errors="replace")
    return " ".join(re.sub(r"<!\[CDATA\[|\]\]>|<[^>]*>", " ", text).split())[:200]


def _quoted_text(answer: Any) -> str:
    return f"with the text {text!r}" if (text := text_of(answer)) else "without a text"
