"""Fetch a table from the cache or from VizieR, complete and checked."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from skcluster._utils.messages import warn_caller
from skcluster.datasets.catalogues._errors import AnswerError, CatalogueChangedError, FetchError
from skcluster.datasets.catalogues._service import Service
from skcluster.datasets.catalogues._sites import quoted
from skcluster.datasets.catalogues._store import CorruptFileError, Store
from skcluster.datasets.catalogues._tables import ROW_NUMBER, Column, Table

#: Number of rows per request. A request takes seconds, so that little is lost if one fails.
CHUNK = 25_000


@dataclass(frozen=True)
class Options:
    """The common options of fetchers."""

    download_if_missing: bool
    n_retries: int
    delay: float


def read_cached(store: Store, table: Table, options: Options) -> pd.DataFrame | None:
    """Return the cached table, or None; warn of a corrupt file and remove it, if it can be fetched.

    Raises
    ------
    FetchError
        If the table is missing or corrupt and must not be fetched.
    """
    try:
        frame = store.read(table)
    except CorruptFileError as error:
        if not options.download_if_missing:
            raise FetchError(f"{error}, and download_if_missing is False.") from None
        with store.lock():  # another process may have replaced it
            try:
                return store.read(table)
            except CorruptFileError:
                warn_caller(f"{error}; it is removed and fetched again.")
                store.remove()
                return None
    if frame is None and not options.download_if_missing:
        raise FetchError(
            f"The table {table.name} is not in {store.folder}, and download_if_missing is False."
        )
    return frame


def fetch_table(
    store: Store, table: Table, options: Options, advance: Callable[[int], None]
) -> pd.DataFrame:
    """Fetch a table into the cache, part by part, and read it from there.

    Raises
    ------
    FetchError
        If no server returns it; complete parts are kept.
    CatalogueChangedError
        If needed columns are missing, or the table has other rows than published.
    """
    with store.lock():
        frame = store.read(table)  # another process may have fetched it meanwhile
        if frame is not None:
            advance(table.n_rows)
            return frame
        service = Service(options.n_retries, options.delay)
        try:
            rows, provenance = _fetch_parts(service, store, table, advance)
        finally:
            service.close()
        store.write(rows, table, **provenance)
        store.remove_parts()
        fetched: pd.DataFrame = rows.to_pandas()
        return fetched


def fetch_rows(table: Table, column: str, value: str, options: Options) -> pa.Table:
    """Return the rows of a table that have a text in a column, without the cache.

    Raises
    ------
    FetchError
        If no server that can count rows returns all of them.
    """
    service = Service(options.n_retries, options.delay)
    try:
        name, columns = _columns_of(service, table)
        theirs = next(n for n, wanted in columns.items() if wanted.name == column)
        text = value.replace("'", "''")
        source = f"FROM {quoted(name)} WHERE {quoted(theirs)} = '{text}'"
        what = f"The rows of {value!r} in {name}"
        count = service.adql(f"SELECT COUNT(*) AS n {source}", _count, 1, what)
        wanted = ", ".join(map(quoted, [*columns, ROW_NUMBER]))

        def check(answer: Any) -> pa.Table:
            rows = _checked(answer, columns)
            if len(set(rows[ROW_NUMBER].to_pylist())) != count:
                raise AnswerError(f"{len(rows)} of {count} rows")
            return rows.drop_columns(ROW_NUMBER)

        return service.adql(f"SELECT {wanted} {source}", check, count + 1, what)
    finally:
        service.close()


def _fetch_parts(
    service: Service, store: Store, table: Table, advance: Callable[[int], None]
) -> tuple[pa.Table, dict[str, Any]]:
    name, columns = _columns_of(service, table)
    names = [*(wanted.name for wanted in columns.values()), ROW_NUMBER]
    parts = []
    for first in range(1, table.n_rows + 1, CHUNK):
        # The last request asks for all remaining rows, so that additional rows are detected.
        last = min(first + CHUNK - 1, table.n_rows)
        part = store.read_part(first)
        if part is None or part.column_names != names or _wrong_rows(part, first, last):
            part = _fetch_part(service, replace(table, name=name), columns, (first, last))
            store.write_part(first, part)
        parts.append(part.drop_columns(ROW_NUMBER))
        advance(last - first + 1)
    provenance = {
        "table": name,
        "columns": {wanted.name: theirs for theirs, wanted in columns.items()},
        "fetched_from": service.sites[0].url,
        "fetched_on": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    return pa.concat_tables(parts), provenance


def _fetch_part(
    service: Service, table: Table, columns: dict[str, Column], rows: tuple[int, int]
) -> pa.Table:
    first, last = rows
    end = None if last == table.n_rows else last

    def check(answer: Any) -> pa.Table:
        part = _checked(answer, columns)
        if end is None and len(part) > last - first + 1:
            raise CatalogueChangedError(
                f"The table {table.name} at VizieR has changed: {table.n_rows} rows were "
                "published, but it has more now. A newer version of skcluster may support it."
            )
        wrong = _wrong_rows(part, first, last)
        if wrong:
            raise AnswerError(wrong)
        return part.sort_by(ROW_NUMBER)

    try:
        return service.table(
            table.name,
            check,
            f"Rows {first} to {last} of {table.name}",
            columns=(*columns, ROW_NUMBER),
            rows=(first, end),
            limit=CHUNK + 1,
        )
    except FetchError as error:
        raise FetchError(
            f"{error} {first - 1} of {table.n_rows} rows are kept; the next call continues there."
        ) from error.__cause__


def _columns_of(service: Service, table: Table) -> tuple[str, dict[str, Column]]:
    """Return the table's name, and the names of the wanted columns in it."""
    names = _tables_of(service, table.name) if table.is_catalogue else [table.name]
    refused = []
    for name in names:
        there = service.table(name, _names_there, f"The columns of {name}")
        try:
            return name, replace(table, name=name).find_columns(there)
        except CatalogueChangedError as error:
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    raise CatalogueChangedError(
        f"No table of the catalogue {table.name} at VizieR is the published one. "
        + " ".join(map(str, refused))
    )


def _tables_of(service: Service, catalogue: str) -> list[str]:
    def check(answer: Any) -> list[str]:
        if answer.colnames != ["table_name"]:
            raise AnswerError(f"a table of {', '.join(answer.colnames)}")
        return [str(name).strip('"') for name in answer["table_name"]]

    query = f"SELECT table_name FROM TAP_SCHEMA.tables WHERE table_name LIKE '%{catalogue}/%'"
    return service.adql(query, check, 100, f"The names of the tables of {catalogue}")


def _names_there(answer: Any) -> list[str]:
    if ROW_NUMBER not in answer.colnames:
        raise AnswerError(f"a table of {', '.join(answer.colnames[:5])}")
    return [name for name in answer.colnames if name != ROW_NUMBER]


def _count(answer: Any) -> int:
    if len(answer) != 1 or len(answer.colnames) != 1 or answer.dtype[0].kind not in "iu":
        raise AnswerError("no number of rows")
    return int(answer[0][0])


def _checked(answer: Any, columns: dict[str, Column]) -> pa.Table:
    """Return the answer as a table under our names, with row numbers."""
    missing = [name for name in (*columns, ROW_NUMBER) if name not in answer.colnames]
    if missing:
        raise AnswerError(f"a table without {', '.join(missing)}")
    typed = {c.name: _typed(answer[name], c) for name, c in columns.items()}
    number = Column(ROW_NUMBER, (ROW_NUMBER,), "integer")
    return pa.table({**typed, ROW_NUMBER: _typed(answer[ROW_NUMBER], number)})


def _typed(values: Any, column: Column) -> pa.Array:
    """Return a column as texts (blank where missing), integers, or floats (NaN where missing)."""
    blank, data = np.ma.getmaskarray(values), np.asarray(values)
    if column.kind == "integer":
        if data.dtype.kind not in "iu" or blank.any():
            raise AnswerError(f"a value of {values.name} that is no integer")
        return pa.array(data.astype(np.int64))
    if column.kind == "text":
        texts = np.where(blank, "", data.astype(str))
        return pa.array(np.char.strip(texts), type=pa.string())
    if data.dtype == np.float32:  # the shortest decimal number, which was published
        data = data.astype(str)
    try:
        return pa.array(np.where(blank, np.nan, data.astype(np.float64)))
    except ValueError as error:
        raise AnswerError(f"{values.name} with text among numbers ({error})") from None


def _wrong_rows(part: pa.Table, first: int, last: int) -> str:
    """Return what is wrong with the row numbers of a part, if anything."""
    numbers = np.sort(part[ROW_NUMBER].to_numpy())
    if np.array_equal(numbers, np.arange(first, last + 1)):
        return ""
    return f"{len(numbers)} rows, not the rows {first} to {last}"
