"""A server on loopback that speaks the part of VizieR's protocol that is used, and misbehaves.

It answers ADQL (TAP) under ``/tap/sync`` with VOTables of the tables that tests give it.
`Server.misbehave` queues faults: each request takes one, until none is left.
"""

import html
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pandas as pd

HTML = (
    "<!DOCTYPE html><html><head><title>Service under maintenance</title></head>"
    "<body><p>We will be back soon.</p></body></html>"
)
TAP_ERROR = (
    '<?xml version="1.0"?><VOTABLE version="1.3"><RESOURCE type="results">'
    '<INFO name="QUERY_STATUS" value="ERROR"><![CDATA[{}]]></INFO></RESOURCE></VOTABLE>'
)
#: Faults that are the same answer to all: status and text.
ALWAYS = {
    "error_500": (500, "Internal Server Error"),
    "error_404": (404, HTML),
    "too_many": (429, "Too many requests"),
    "html": (200, HTML),
    "tap_error": (200, TAP_ERROR.format("Too many jobs & users")),
    "nothing": (200, ""),
}


class Server:
    """The tables, the faults to come, and what was asked."""

    def __init__(self) -> None:
        self.tables: dict[str, pd.DataFrame] = {}
        self.faults: list[str] = []
        self.always: str | None = None
        self.requests: list[str] = []
        self.lock = threading.Lock()
        self.url = ""

    @property
    def tap(self) -> str:
        return f"{self.url}/tap"

    def misbehave(self, *faults: str) -> None:
        self.faults.extend(faults)

    def next_fault(self, request: str) -> str | None:
        with self.lock:
            self.requests.append(request)
            return self.faults.pop(0) if self.faults else self.always

    def asked_for_rows(self) -> list[str]:
        """The requests for rows of a table, not for its columns or size."""
        return [request for request in self.requests if "recno" in request]


def numbered(table: pd.DataFrame) -> pd.DataFrame:
    """A table with VizieR's row numbers."""
    return table.assign(recno=range(1, len(table) + 1))


def votable(table: pd.DataFrame) -> str:
    """A table as a VOTable, the types as VizieR has them: numbers with blanks are single."""
    fields = []
    for name, values in table.items():
        kind = {"i": "long", "f": "double"}.get(values.dtype.kind)
        if kind is None:
            numbers = pd.to_numeric(values.str.strip().replace("", np.nan), errors="coerce")
            kind = "float" if numbers.notna().any() else 'char" arraysize="*'
        fields.append(f'<FIELD name="{html.escape(str(name))}" datatype="{kind}"/>\n')
    lines = html.escape(table.to_csv(index=False, header=False, sep="\t"), quote=False)
    cells = lines.replace("\t", "</TD><TD>").splitlines()
    rows = "".join(f"<TR><TD>{line}</TD></TR>\n" for line in cells)
    return (
        '<?xml version="1.0"?>\n<VOTABLE version="1.3">\n<RESOURCE type="results">\n'
        f'<INFO name="QUERY_STATUS" value="OK"/>\n<TABLE>\n{"".join(fields)}'
        f"<DATA><TABLEDATA>\n{rows}</TABLEDATA></DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n"
    )


def answer_adql(tables: dict[str, pd.DataFrame], adql: str, limit: int) -> str:
    """The answer to one of the queries that are used."""
    if "TAP_SCHEMA" in adql:
        like = re.search(r"LIKE '%(.*)%'", adql).group(1)
        return votable(pd.DataFrame({"table_name": [f'"{n}"' for n in tables if like in n]}))
    query = re.fullmatch(r'SELECT (?P<what>.*?) FROM "(?P<table>.*?)"( WHERE (?P<where>.*))?', adql)
    table = tables.get(query["table"])
    if table is None:
        raise LookupError(f"Unknown table {query['table']}")
    for condition in (query["where"] or "").split(" AND ") if query["where"] else ():
        name, operator, value = re.fullmatch(r'"(.*?)" (=|>=|<=) (.*)', condition).groups()
        values = table[name]
        if operator == "=":
            table = table[values.str.strip() == value[1:-1].replace("''", "'")]
        else:
            table = table[values >= int(value) if operator == ">=" else values <= int(value)]
    if query["what"].startswith("COUNT"):
        return votable(pd.DataFrame({"n": [len(table)]}))
    names = list(table.columns)
    if query["what"] != "*":
        names = re.findall(r'"(.*?)"(?:, |$)', query["what"])
    unknown = [name for name in names if name not in table.columns]
    if unknown:
        raise LookupError(f"Unknown column {unknown[0]}")
    return votable(table[names].head(limit))


class QuietHandler(BaseHTTPRequestHandler):
    """What the handlers of all services on loopback do alike."""

    server: "HttpServer"

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Handler(QuietHandler):
    """Answers, and the faults."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        state = self.server.state
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = {name: values[0] for name, values in parse_qs(asked).items()}
        fault = state.next_fault(query["QUERY"])
        status, text = 200, ""
        try:
            text = answer_adql(state.tables, query["QUERY"], int(query["MAXREC"]))
        except LookupError as error:
            status, text = 400, TAP_ERROR.format(error.args[0])
        if fault is None or fault in ALWAYS:
            status, text = ALWAYS.get(fault, (status, text))
            self.send(status, text.encode())
        else:
            getattr(self, f"_{fault}")(status, text.encode())

    def _cut(self, status: int, body: bytes) -> None:
        """Break off in the middle of the answer."""
        self.send(status, body[: len(body) // 2], **{"Content-Length": str(len(body))})
        self.close_connection = True

    def _few_rows(self, status: int, body: bytes) -> None:
        """An answer that is whole but has too few rows, as under a limit of 50."""
        lines = body.splitlines(keepends=True)
        rows = [i for i, line in enumerate(lines) if line.startswith(b"<TR>")]
        self.send(status, b"".join(line for i, line in enumerate(lines) if i not in rows[4:]))

    def _renumbered(self, status: int, body: bytes) -> None:
        self.send(status, body.replace(b"<TD>3</TD></TR>", b"<TD>4</TD></TR>"))

    def _hang(self, status: int, body: bytes) -> None:
        """Say nothing for longer than the client waits, however busy the machine is."""
        self.server.closing.wait(60)
        self.close_connection = True


class HttpServer(ThreadingHTTPServer):
    """With the state that handlers share."""

    daemon_threads = True
    state: Any
    closing: threading.Event

    def handle_error(self, *args: object) -> None:
        """A client that went away is no error here."""


@contextmanager
def running(state: Any, handler: type[BaseHTTPRequestHandler]) -> Iterator[Any]:
    """A server that runs, with a state that tests change."""
    with HttpServer(("127.0.0.1", 0), handler) as http:
        http.state, http.closing = state, threading.Event()
        state.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            http.closing.set()
            http.shutdown()
            thread.join()
