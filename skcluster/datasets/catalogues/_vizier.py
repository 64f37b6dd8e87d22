"""Ask VizieR for rows of a table: all of them, typed, or an error.

A query of the Table Access Protocol [1]_ is one request, answered with a VOTable. The answer may
be shorter than the table without a clear indication; therefore rows are counted. This module is
imported by the first download.

References
----------
.. [1] Dowler, Rixon & Tody 2019, Table Access Protocol 1.1, IVOA Recommendation.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import requests

from skcluster.datasets.catalogues._catalogue import (
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

Answer = TypeVar("Answer")


class _AnswerError(Exception):
    """An unusable answer, which the next attempt may improve unless it is final."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class VizierTable:
    """A table at VizieR, which is asked until it gives a usable answer.

    Without one, the constructor and all methods raise a `FetchError`.

    Parameters
    ----------
    table : Table
        The table, of which the wanted columns are looked for.
    n_retries : int
        Number of further attempts.
    delay : float
        Delay before the first retry (s), doubled before each further one.

    Raises
    ------
    CatalogueChangedError
        If needed columns are missing.
    """

    def __init__(self, table: Table, n_retries: int, delay: float) -> None:
        self.n_retries, self.delay = n_retries, delay
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
                raise _AnswerError(f"{len(rows)} rows, not {n_rows} different ones")
            return rows.drop_columns(ROW_NUMBER)

        names = ", ".join(map(_quoted, wanted))
        query = f"SELECT {names} FROM {_quoted(self.name)} WHERE {where}"
        # One row more than expected, so that an answer that is too long is noticed.
        return self._ask(query, n_rows + 1, check, what)

    def _ask(self, query: str, limit: int, read: Callable[[Any], Answer], what: str) -> Answer:
        """Return what a function makes of the answer of at most so many rows."""
        for attempt in range(self.n_retries + 1):
            if attempt:
                time.sleep(self.delay * 2 ** (attempt - 1))
            try:
                return _read(_answer(query, limit), read)
            except _AnswerError as error:
                fault = error
                if error.final:
                    break
        raise FetchError(f"{what} could not be fetched: {URL} gave {fault}.") from fault.__cause__


def _read(answer: Any, read: Callable[[Any], Answer]) -> Answer:
    try:
        return read(answer)
    except (LookupError, TypeError, ValueError) as error:
        raise _AnswerError(f"an unexpected table ({error})") from error


def _answer(query: str, limit: int) -> Any:
    """Return the answer to a query, an astropy Table of at most so many rows."""
    options = {"REQUEST": "doQuery", "LANG": "ADQL", "QUERY": query, "MAXREC": str(limit)}
    try:
        response = requests.post(
            f"{URL}/sync", data=options, headers={"User-Agent": "skcluster"}, timeout=TIMEOUT
        )
    except requests.RequestException as error:
        cause = error.args[0] if error.args else error
        reason = getattr(cause, "reason", cause)  # without the attempts of the library
        raise _AnswerError(f"no complete answer ({reason})") from error
    status, body = response.status_code, response.content
    if status != 200:
        final = status < 500 and status not in (408, 425, 429)
        raise _AnswerError(f"HTTP status {status}, {_text_of(body)}", final=final)
    try:
        return read_votable(BytesIO(body))
    except Exception as error:  # parsing what a server sends may raise any error
        raise _AnswerError(f"no table ({error}), {_text_of(body)}") from error


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


def _text_of(body: bytes) -> str:
    """Return the beginning of the text of an answer, such as an error message, without its tags."""
    text = body.decode("utf-8", errors="replace")
    text = " ".join(re.sub(r"<!\[CDATA\[|\]\]>|<[^>]*>", " ", text).split())
    return f"with the text {text[:200]!r}" if text else "without a text"
