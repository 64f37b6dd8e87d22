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
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sklearn.utils._param_validation import Interval

from skcluster._utils.files import file_names, get_data_home, whole_file
from skcluster._utils.messages import progress_bar
from skcluster.clusters._tables import frame_of_arrow
from skcluster.datasets.catalogues._catalogue import (
    Catalogue,
    CatalogueChangedError,
    Column,
    FetchError,
    Table,
)
from skcluster.io._read_table import read_votable

URL = "https://tapvizier.cds.unistra.fr/TAPVizieR/tap"
#: Timeouts (s) of the connection, and between bytes of an answer.
TIMEOUT = (10.0, 60.0)
#: VizieR's number of a row in its table: 1, 2, 3 … without gaps.
ROW_NUMBER = "recno"

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


Answer = TypeVar("Answer")


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

    def connect(self, table: Table, folder: Path) -> "VizierTable":
        """Return a table at VizieR that is not cached, if it may be fetched."""
        if not self.download_if_missing:
            raise FetchError(
                f"The table {table.name} is not in {folder}, and download_if_missing is False."
            )
        return VizierTable(table, self.n_retries, self.delay)


def load_tables(
    catalogue: Catalogue, download: Download, *, members: bool = False
) -> list[pd.DataFrame]:
    """Return the clusters of a catalogue and, if asked for, their members."""
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
    """Return the members of a cluster, fetched on their own unless all members are cached."""
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
                ) from error
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


class VizierTable:
    """A table at VizieR, which is asked until it gives a usable answer.

    Without one, the constructor and all methods raise a `FetchError`; if needed columns are
    missing, a `CatalogueChangedError`.
    """

    def __init__(self, table: Table, n_retries: int, delay: float) -> None:
        self._service = Service(n_retries, delay)
        self.name, self.columns = self._found(table)

    def _found(self, table: Table) -> tuple[str, dict[str, Column]]:
        """Return the name of the table, and the wanted columns by their names in it."""
        changes = []
        for name in self._tables_of(table.name) if table.is_catalogue else [table.name]:
            query = f"SELECT * FROM {_quoted(name)}"
            names = self._ask(query, 1, lambda rows: rows.colnames, f"The columns of {name}")
            try:
                return name, replace(table, name=name).find_columns(names)
            except CatalogueChangedError as error:
                changes.append(str(error))
        raise CatalogueChangedError(" ".join(changes) or f"VizieR has no tables of {table.name}.")

    def _tables_of(self, catalogue: str) -> list[str]:
        query = f"SELECT table_name FROM TAP_SCHEMA.tables WHERE table_name LIKE '%{catalogue}/%'"
        what = f"The names of the tables of {catalogue}"
        return self._ask(
            query, 100, lambda rows: [str(name).strip('"') for name in rows["table_name"]], what
        )

    def count(self, where: str | None = None) -> int:
        """Return the number of rows, of all or of those that fulfil a condition."""
        query = f"SELECT COUNT(*) AS n FROM {_quoted(self.name)}"
        query += "" if where is None else f" WHERE {where}"
        return self._ask(query, 1, lambda rows: int(rows["n"][0]), f"The size of {self.name}")

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
        wanted = {**self.columns, ROW_NUMBER: Column(ROW_NUMBER, ROW_NUMBER, kind="integer")}

        def check(answer: Any) -> pa.Table:
            typed = {ours.name: _typed(answer[theirs], ours) for theirs, ours in wanted.items()}
            rows = pa.table(typed).sort_by(ROW_NUMBER)
            if not len(rows) == len(rows[ROW_NUMBER].unique()) == n_rows:
                raise AnswerError(f"{len(rows)} rows, not {n_rows} different ones")
            return rows.drop_columns(ROW_NUMBER)

        names = ", ".join(map(_quoted, wanted))
        query = f"SELECT {names} FROM {_quoted(self.name)} WHERE {where}"
        # One row more than expected, so that an answer that is too long is noticed.
        return self._ask(query, n_rows + 1, check, what)

    def _ask(self, query: str, limit: int, read: Callable[[Any], Answer], what: str) -> Answer:
        """Return what a function makes of the answer of at most so many rows."""

        def read_table(answer: Any) -> Answer:
            try:
                rows = read_votable(answer.content)
            except Exception as error:  # parsing what a server sends may raise any error
                raise AnswerError(f"no table ({error}), {_quoted_text(answer)}") from error
            try:
                return read(rows)
            except (LookupError, TypeError, ValueError) as error:
                raise AnswerError(f"an unexpected table ({error})") from error

        options = {"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": query, "MAXREC": str(limit)}
        return self._service.ask(what, "post", f"{URL}/sync", read_table, data=options)


def _typed(values: Any, column: Column) -> pa.Array:
    """Return a column as texts (blank where missing), integers, or floats (NaN where missing)."""
    blank, data = np.ma.getmaskarray(values), np.asarray(values)
    if column.kind == "integer":
        if data.dtype.kind not in "iu" or blank.any():
            raise ValueError(f"a value of {values.name} is no integer")
        return pa.array(data.astype(np.int64))
    if column.kind == "text":
        texts = np.where(blank, "", data.astype(str))
        return pa.array(np.char.strip(texts), type=pa.string())
    if data.dtype == np.float32:  # the shortest decimal number, which was published
        data = data.astype(str)
    return pa.array(np.where(blank, np.nan, data.astype(np.float64)))


def _quoted(name: str) -> str:
    """Return the quoted name of a table or column in ADQL, with all its special characters."""
    return '"' + name.replace('"', '""') + '"'


class AnswerError(Exception):
    """An unusable answer, which the next attempt may improve unless it is final."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class Service:
    """A service on the web, whose requests are repeated until it gives a usable answer.

    The delay before the first retry (s) is doubled before each further one.
    """

    def __init__(self, n_retries: int, delay: float) -> None:
        import requests

        self.n_retries, self.delay = n_retries, delay
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "skcluster"

    def ask(
        self, what: str, method: str, url: str, read: Callable[[Any], Answer], **options: Any
    ) -> Answer:
        """Return what a function makes of the answer to a request, or raise a `FetchError`."""
        for attempt in range(self.n_retries + 1):
            if attempt:
                time.sleep(self.delay * 2 ** (attempt - 1))
            try:
                return read(self._answer(method, url, options))
            except AnswerError as error:
                fault = error
                if error.final:
                    break
        raise FetchError(f"{what} could not be fetched: {url} gave {fault}.") from fault

    def _answer(self, method: str, url: str, options: dict[str, Any]) -> Any:
        from requests import RequestException

        try:
            answer = self._session.request(method, url, timeout=TIMEOUT, **options)
        except RequestException as error:
            cause = error.args[0] if error.args else error
            reason = getattr(cause, "reason", cause)  # without the attempts of the library
            raise AnswerError(f"no complete answer ({reason})") from error
        status = answer.status_code
        if status >= 400:
            final = status < 500 and status not in (408, 425, 429)
            raise AnswerError(f"HTTP status {status}, {_quoted_text(answer)}", final=final)
        return answer


def text_of(answer: Any) -> str:
    """Return the beginning of the text of an answer, such as an error message, without its tags."""
    text = answer.content.decode("utf-8", errors="replace")
    return " ".join(re.sub(r"<!\[CDATA\[|\]\]>|<[^>]*>", " ", text).split())[:200]


def _quoted_text(answer: Any) -> str:
    return f"with the text {text!r}" if (text := text_of(answer)) else "without a text"
