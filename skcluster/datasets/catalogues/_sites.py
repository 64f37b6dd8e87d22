"""The two protocols that VizieR's servers speak: how to ask, and how to read the answer.

TAP [1]_ takes a query in ADQL and gives CSV; CDS runs it. ASU [2]_ takes pairs of names and
values and gives TSV; CDS and its mirrors run it. Both get an explicit limit of rows: without it
VizieR stops after 50 and does not say so in a way that a reader of tables would notice.

References
----------
.. [1] Dowler, Rixon & Tody 2019, Table Access Protocol 1.1, IVOA Recommendation.
.. [2] VizieR's ASU summary, https://vizier.cds.unistra.fr/doc/asu-summary.htx
"""

import csv
import re
from dataclasses import dataclass
from html import unescape
from io import StringIO
from typing import Any, Protocol

import pandas as pd

from skcluster.datasets.catalogues._errors import AnswerError
from skcluster.datasets.catalogues._tables import ROW_NUMBER


@dataclass(frozen=True)
class Query:
    """Some columns of some rows of a table.

    Parameters
    ----------
    table : str
        Name of the table.
    columns : tuple of str
        VizieR's names; none for all.
    rows : tuple of int and int or None
        First and last row number.
    limit : int
        At most so many rows.
    """

    table: str
    columns: tuple[str, ...] = ()
    rows: tuple[int, int | None] | None = None
    limit: int = 1


class Site(Protocol):
    """A server."""

    url: str

    def parameters(self, query: Query) -> dict[str, str]:
        """The parameters of the request."""

    def parse(self, text: str) -> pd.DataFrame:
        """The answer as a table of texts."""


@dataclass(frozen=True)
class TapSite:
    """A server of the Table Access Protocol, synchronous."""

    url: str

    def parameters(self, query: Query) -> dict[str, str]:
        """The parameters of the request."""
        columns = ", ".join(map(quoted, query.columns)) or "*"
        where = ""
        if query.rows is not None:
            first, last = query.rows
            where = f" WHERE {quoted(ROW_NUMBER)} >= {first}"
            where += "" if last is None else f" AND {quoted(ROW_NUMBER)} <= {last}"
        return self.adql(f"SELECT {columns} FROM {quoted(query.table)}{where}", query.limit)

    def adql(self, query: str, limit: int) -> dict[str, str]:
        """The parameters of any query in ADQL."""
        return {
            "REQUEST": "doQuery",
            "LANG": "ADQL",
            "FORMAT": "csv",
            "MAXREC": str(limit),
            "QUERY": query,
        }

    def parse(self, text: str) -> pd.DataFrame:
        """The answer as a table of texts."""
        return _parse(text, sep=",")


@dataclass(frozen=True)
class AsuSite:
    """A server of the Astronomical Server URL protocol: VizieR itself and its mirrors."""

    url: str

    def parameters(self, query: Query) -> dict[str, str]:
        """The parameters of the request."""
        parameters = {"-source": query.table, "-out.max": str(query.limit), "-oc.form": "dec"}
        if query.columns:
            parameters["-out"] = ",".join(query.columns)
        else:
            parameters |= {"-out.all": "", "-out.add": ROW_NUMBER}
        if query.rows is not None:
            first, last = query.rows
            parameters[ROW_NUMBER] = f">={first}" if last is None else f"{first}..{last}"
        return parameters

    def parse(self, text: str) -> pd.DataFrame:
        """The answer as a table of texts: names, units and dashes come before the rows."""
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        dashes = [i for i, line in enumerate(lines) if re.fullmatch(r"[- \t]*-[- \t]*", line)]
        if not dashes:
            raise AnswerError(f"not a table in VizieR's TSV but {message_of(text)}")
        rows = (line for line in lines[dashes[0] + 1 :] if line.strip())
        return _parse("\n".join([lines[0], *rows]), sep="\t", quoting=csv.QUOTE_NONE)


#: Where to ask, the first first. The mirror is at the Center for Astrophysics, Cambridge (USA).
SITES: tuple[TapSite | AsuSite, ...] = (
    TapSite("https://tapvizier.cds.unistra.fr/TAPVizieR/tap/sync"),
    AsuSite("https://vizier.cfa.harvard.edu/viz-bin/asu-tsv"),
)


def message_of(text: str) -> str:
    """What an answer that is no table says: a TAP error, a web page, or its first words."""
    error = re.search(r'value="ERROR"[^>]*>(.*?)</INFO>', text, re.DOTALL)
    if error is not None:
        said = re.sub(r"<!\[CDATA\[|\]\]>", "", error.group(1))
        return "the error " + repr(_shortened(unescape(said)))
    if re.match(r"\s*<(!doctype )?html", text, re.IGNORECASE):
        title = re.search(r"<title>(.*?)</title>", text, re.DOTALL | re.IGNORECASE)
        return "a web page" + (f" titled {_shortened(title.group(1))!r}" if title else "")
    return _start_of(text)


def _parse(text: str, **dialect: Any) -> pd.DataFrame:
    if text.lstrip().startswith("<"):
        raise AnswerError(f"not a table but {message_of(text)}")
    try:
        table = pd.read_csv(
            StringIO(text), dtype=str, keep_default_na=False, skipinitialspace=True, **dialect
        )
    except (ValueError, OverflowError) as error:  # pandas' parser errors are ValueErrors
        raise AnswerError(
            f"not a table ({_shortened(str(error))}) but {_start_of(text)}"
        ) from error
    # A row that is cut off is filled up; a row that is too long becomes part of the index.
    if not isinstance(table.index, pd.RangeIndex) or table.isna().to_numpy().any():
        raise AnswerError("rows with too few or too many values")
    return table.rename(columns=lambda name: str(name).strip().strip('"'))


def quoted(name: str) -> str:
    """A name of a table or column in ADQL, with all its special characters."""
    return '"' + name.replace('"', '""') + '"'


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:200] + "…"


def _start_of(text: str) -> str:
    return f"text that starts with {text.strip()[:40]!r}" if text.strip() else "nothing"
