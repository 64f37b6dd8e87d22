"""Ask VizieR, and its mirror, for rows of a table: all of them, typed, or an error.

The Table Access Protocol [1]_ of CDS accepts ADQL; VizieR's own protocol, ASU [2]_, of CDS and its
mirrors accepts pairs of names and values. Both need an explicit limit: otherwise VizieR returns 50
rows without a clear indication. Rows are therefore asked for by number, and counted.

pyvo [3]_ implements the protocols and reads the VOTables. However, it sets no timeouts, and opens
any file that a VOTable refers to; therefore the session defined here sets timeouts and refuses such
tables. This module is imported on the first fetch, because it needs the extra ``fetch``.

References
----------
.. [1] Dowler, Rixon & Tody 2019, Table Access Protocol 1.1, IVOA Recommendation.
.. [2] VizieR's ASU summary, https://vizier.cds.unistra.fr/doc/asu-summary.htx
.. [3] Graham et al. 2014, PyVO: Python access to the Virtual Observatory, ASCL 1402.004.
"""

import io
import re
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np
import pyarrow as pa
import requests
from astropy.utils.xml.iterparser import get_xml_iterator
from pyvo.dal import DALQuery, DALQueryError, TAPQuery
from urllib3 import HTTPResponse
from urllib3.exceptions import ReadTimeoutError

from skcluster.datasets.catalogues._catalogue import (
    CatalogueChangedError,
    Column,
    FetchError,
    Table,
)

#: Timeouts (s) of the connection, and between bytes of an answer.
TIMEOUT = (10.0, 60.0)

#: VizieR's number of a row in its table: 1, 2, 3 … without gaps.
ROW_NUMBER = "recno"
_ROW_NUMBER = Column(ROW_NUMBER, (ROW_NUMBER,), "integer")

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Site:
    """A server of VizieR's tables."""

    url: str
    protocol: Literal["TAP", "ASU"] = "TAP"


#: The servers, in order. The mirror is at the Center for Astrophysics, Cambridge (USA).
SITES = (
    Site("https://tapvizier.cds.unistra.fr/TAPVizieR/tap"),
    Site("https://vizier.cfa.harvard.edu/viz-bin/votable", "ASU"),
)


@dataclass(frozen=True)
class _Query:
    """Columns of a table (all, if none are named), from a first row to a last one or the end."""

    table: str
    columns: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None

    def adql(self) -> str:
        query = f"SELECT {_listed(self.columns) or '*'} FROM {_quoted(self.table)}"
        if self.first is not None:
            query += f" WHERE {_quoted(ROW_NUMBER)} >= {self.first}"
            query += "" if self.last is None else f" AND {_quoted(ROW_NUMBER)} <= {self.last}"
        return query

    def asu(self, limit: int) -> dict[str, str]:
        query = {"-source": self.table, "-out.max": str(limit), "-oc.form": "dec"}
        if self.columns:
            query["-out"] = ",".join(self.columns)
        else:
            query |= {"-out.all": "", "-out.add": ROW_NUMBER}
        if self.first is not None:
            last = self.last
            query[ROW_NUMBER] = f">={self.first}" if last is None else f"{self.first}..{last}"
        return query


class AnswerError(Exception):
    """An unusable answer of a server; caught for the next attempt."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        #: Whether the server would give the same answer again.
        self.final = final


class Vizier:
    """VizieR and its mirror, asked in turn until one of them gives a usable answer.

    Parameters
    ----------
    n_retries : int
        Number of further attempts after no server gave a usable answer.
    delay : float
        Delay before the first retry (s), doubled before each further one.
    """

    def __init__(self, n_retries: int, delay: float) -> None:
        self.n_retries, self.delay = n_retries, delay
        self.sites, self._session = list(SITES), _Session()

    def columns(self, table: Table) -> tuple[Table, dict[str, Column]]:
        """Return a table under its own name, and the names of the wanted columns in it.

        Raises
        ------
        FetchError
            If no server tells them.
        CatalogueChangedError
            If needed columns are missing.
        """
        names = self._tables_of(table.name) if table.is_catalogue else [table.name]
        refused = []
        for name in names:
            answer = self._ask(_Query(name), _column_names, 1, f"The columns of {name}")
            try:
                named = replace(table, name=name)
                return named, named.find_columns(answer)
            except CatalogueChangedError as error:
                refused.append(error)
        if len(refused) == 1:
            raise refused[0]
        raise CatalogueChangedError(
            f"No table of the catalogue {table.name} at VizieR is the published one. "
            + " ".join(map(str, refused))
        )

    def rows(self, table: Table, columns: dict[str, Column], first: int, last: int) -> pa.Table:
        """Return the wanted columns of some rows, in order.

        Raises
        ------
        FetchError
            If no server returns all of them.
        CatalogueChangedError
            If the table has more rows than were published.
        """
        # The last rows are asked for without an end, so that additional rows are noticed.
        end = None if last == table.n_rows else last
        expected = np.arange(first, last + 1)

        def check(answer: Any) -> pa.Table:
            rows = _typed_rows(answer, columns)
            numbers = np.sort(rows[ROW_NUMBER].to_numpy())
            if end is None and len(rows) > len(expected):
                raise CatalogueChangedError(
                    f"The table {table.name} at VizieR has changed: {table.n_rows} rows were "
                    "published, but it has more now. A newer version of skcluster may support it."
                )
            if not np.array_equal(numbers, expected):
                raise AnswerError(f"{len(rows)} rows, not the rows {first} to {last}")
            return rows.sort_by(ROW_NUMBER).drop_columns(ROW_NUMBER)

        query = _Query(table.name, (*columns, ROW_NUMBER), first, end)
        what = f"Rows {first} to {last} of {table.name}"
        return self._ask(query, check, len(expected) + 1, what)

    def rows_of(self, table: Table, cluster: str) -> pa.Table:
        """Return the rows of one cluster.

        Raises
        ------
        FetchError
            If no server that can count rows returns all of them.
        """
        table, columns = self.columns(table)
        name = next(theirs for theirs, ours in columns.items() if ours.name == "cluster")
        text = cluster.replace("'", "''")
        source = f"FROM {_quoted(table.name)} WHERE {_quoted(name)} = '{text}'"
        what = f"The rows of {cluster!r} in {table.name}"
        count = self._ask(f"SELECT COUNT(*) AS n {source}", _count, 1, what)

        def check(answer: Any) -> pa.Table:
            rows = _typed_rows(answer, columns)
            if len(set(rows[ROW_NUMBER].to_pylist())) != count:
                raise AnswerError(f"{len(rows)} of {count} rows")
            return rows.drop_columns(ROW_NUMBER)

        query = f"SELECT {_listed((*columns, ROW_NUMBER))} {source}"
        return self._ask(query, check, count + 1, what)

    def _tables_of(self, catalogue: str) -> list[str]:
        def check(answer: Any) -> list[str]:
            if answer.colnames != ["table_name"]:
                raise AnswerError(f"a table of {', '.join(answer.colnames)}")
            return [str(name).strip('"') for name in answer["table_name"]]

        query = f"SELECT table_name FROM TAP_SCHEMA.tables WHERE table_name LIKE '%{catalogue}/%'"
        return self._ask(query, check, 100, f"The names of the tables of {catalogue}")

    def _ask(
        self, query: _Query | str, check: Callable[[Any], Answer], limit: int, what: str
    ) -> Answer:
        """Return what a check makes of the answer, an astropy `Table`, or ask again if it raises.

        A query in ADQL is asked of TAP servers only.
        """
        faults: dict[Site, AnswerError] = {}
        for attempt in range(self.n_retries + 1):
            sites = [
                site
                for site in self.sites
                if (site.protocol == "TAP" or isinstance(query, _Query))
                and not (site in faults and faults[site].final)
            ]
            if attempt and sites:
                time.sleep(self.delay * 2 ** (attempt - 1))
            for site in sites:
                try:
                    answer = check(self._session.ask(site, query, limit))
                except AnswerError as fault:
                    faults[site] = fault
                else:
                    # The server that answers is asked first from now on.
                    self.sites.sort(key=lambda other: other != site)
                    return answer
        faults_by_site = "; ".join(f"{site.url} gave {fault}" for site, fault in faults.items())
        raise FetchError(f"{what} could not be fetched: {faults_by_site}.")

    def close(self) -> None:
        """Close the open connections."""
        self._session.close()


class _Session(requests.Session):
    """A session that passes only complete, timely and safe answers to pyvo."""

    def __init__(self) -> None:
        super().__init__()
        self.headers["User-Agent"] = "skcluster"
        self._last: requests.Response | None = None

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request and read the answer to its end, which pyvo does not."""
        self._last = None
        response = super().request(*args, **{**kwargs, "timeout": TIMEOUT, "stream": False})
        _refuse_references(response.content)
        response.raw = HTTPResponse(io.BytesIO(response.content), preload_content=False)
        self._last = response
        return response

    def ask(self, site: Site, query: _Query | str, limit: int) -> Any:
        """Return the answer of a server as an astropy `Table` of at most ``limit`` rows.

        Raises
        ------
        AnswerError
            If the answer is no table.
        """
        if site.protocol == "TAP":
            adql = query.adql() if isinstance(query, _Query) else query
            request = TAPQuery(site.url, adql, maxrec=limit, session=self)
        else:
            assert isinstance(query, _Query)
            request = DALQuery(site.url, session=self)
            request.update(query.asu(limit))  # the constructor would convert names to upper case
        try:
            with warnings.catch_warnings():
                # Unknown units, reached row limits: the rows are counted later.
                warnings.simplefilter("ignore")
                return request.execute().to_table()
        except DALQueryError as error:
            raise self._fault(f"the error {_shortened(str(error.reason))!r}") from None
        except Exception as error:  # parsing what a server sends may raise any error
            cause = getattr(error, "cause", None) or error
            if isinstance(cause, AnswerError):
                raise cause from None
            if isinstance(cause, requests.RequestException) and self._last is None:
                raise _without_answer(cause) from cause
            body = self._last.content if self._last is not None else b""
            reason = f"text that starts with {_shortened(body)!r}" if body else "nothing"
            raise self._fault(reason) from None

    def _fault(self, reason: str) -> AnswerError:
        status = 200 if self._last is None else self._last.status_code
        if status == 200:
            return AnswerError(f"no table but {reason}")
        final = status < 500 and status not in (408, 425, 429)
        return AnswerError(f"HTTP status {status}, {reason}", final=final)


def _without_answer(error: requests.RequestException) -> AnswerError:
    cause: BaseException = error
    while cause.args and isinstance(cause.args[-1], BaseException):  # the innermost is readable
        cause = cause.args[-1]
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return AnswerError(f"no answer within {TIMEOUT[1]:g} s")
    inner = getattr(cause, "reason", None)
    # Without the representation of the connection, which repeats host and port.
    reason = re.sub(r"^\w+\(host=.*?\): ", "", str(inner or cause))
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return AnswerError(f"an answer that breaks off ({reason})")
    return AnswerError(f"no connection ({reason})")


def _refuse_references(body: bytes) -> None:
    """Refuse a VOTable whose rows are elsewhere: the reader would open any address or file."""
    with suppress(OSError, ValueError), get_xml_iterator(io.BytesIO(body)) as elements:
        for start, tag, attributes, _ in elements:
            if start and tag.rpartition(":")[2] == "STREAM" and "href" in attributes:
                link = _shortened(attributes["href"])
                raise AnswerError(f"a table whose rows are elsewhere, at {link!r}")


def _column_names(answer: Any) -> list[str]:
    if ROW_NUMBER not in answer.colnames:
        raise AnswerError(f"a table of {', '.join(answer.colnames[:5])}")
    return [name for name in answer.colnames if name != ROW_NUMBER]


def _count(answer: Any) -> int:
    if len(answer) != 1 or len(answer.colnames) != 1 or answer.dtype[0].kind not in "iu":
        raise AnswerError("no number of rows")
    return int(answer[0][0])


def _typed_rows(answer: Any, columns: dict[str, Column]) -> pa.Table:
    """Return an answer as a table under our names, with row numbers."""
    wanted = {**columns, ROW_NUMBER: _ROW_NUMBER}
    missing = [name for name in wanted if name not in answer.colnames]
    if missing:
        raise AnswerError(f"a table without {', '.join(missing)}")
    return pa.table({ours.name: _typed(answer[theirs], ours) for theirs, ours in wanted.items()})


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


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(map(_quoted, columns))


def _quoted(name: str) -> str:
    """Return the quoted name of a table or column in ADQL, with all its special characters."""
    return '"' + name.replace('"', '""') + '"'


def _shortened(text: str | bytes) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="replace")
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:200] + "…"
