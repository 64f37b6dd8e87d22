"""Requests through pyvo: a complete answer as a typed table, or an error.

pyvo [1]_ implements the protocols and reads the VOTables. However, it has no timeouts, opens
any file that a VOTable refers to, and reads text among numbers as blanks; therefore the session
defined here sets timeouts and refuses such tables. This module is imported on the first fetch,
because it needs the extra ``fetch``.

References
----------
.. [1] Graham et al. 2014, PyVO: Python access to the Virtual Observatory, ASCL 1402.004.
"""

import io
import re
import time
import warnings
from typing import Any

import requests
from astropy.table import Table
from astropy.utils.xml.iterparser import get_xml_iterator
from pyvo.dal import DALQuery, DALQueryError, TAPQuery
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from skcluster.datasets.catalogues._errors import AnswerError
from skcluster.datasets.catalogues._sites import Site

#: Timeouts (s) of the connection, and between bytes of an answer.
TIMEOUT = (10.0, 60.0)
#: Timeout (s) of a complete answer, against very slow servers.
DEADLINE = 300.0


class Session(requests.Session):
    """A session that returns only complete, timely and safe answers to pyvo.

    It keeps the HTTP status and the body of the last answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.headers["User-Agent"] = "skcluster"
        self.status, self.body = 0, b""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request and read the answer to it."""
        try:
            with super().request(*args, **{**kwargs, "timeout": TIMEOUT}) as response:
                self.status, self.body = response.status_code, _body(response)
        except requests.Timeout:
            raise AnswerError(f"no answer within {TIMEOUT[1]:g} s") from None
        except requests.ConnectionError as error:
            raise AnswerError(f"no connection ({_reason(error)})") from error
        except requests.RequestException as error:
            raise AnswerError(f"{type(error).__name__}: {error}") from error
        _inspect(self.body)
        response.raw = HTTPResponse(io.BytesIO(self.body), preload_content=False)
        return response


def ask(session: Session, site: Site, question: str | dict[str, str], limit: int) -> Table:
    """Ask a server for at most ``n_rows`` rows, by ADQL or by the parameters of a request.

    Raises
    ------
    AnswerError
        If the answer is no table.
    """
    if isinstance(question, str):
        query = TAPQuery(site.url, question, maxrec=limit, session=session)
    else:
        query = DALQuery(site.url, session=session)
        query.update(question)  # the constructor would convert the names to upper case
    try:
        with warnings.catch_warnings():
            # Unknown units, reached row limits: the rows are counted later.
            warnings.simplefilter("ignore")
            table = query.execute().to_table()
        said = "a table"
    except AnswerError:
        raise
    except DALQueryError as error:
        said = f"the error {_shortened(str(error.reason))!r}"
    except Exception as error:  # parsing untrusted XML may raise any error
        if isinstance(cause := getattr(error, "cause", None), AnswerError):
            raise cause from None
        said = f"text that starts with {_shortened(session.body)!r}" if session.body else "nothing"
    if session.status != 200:
        final = session.status < 500 and session.status not in (408, 425, 429)
        raise AnswerError(f"HTTP status {session.status}, {said}", final=final)
    if said != "a table":
        raise AnswerError(f"no table but {said}")
    return table


def _body(answer: requests.Response) -> bytes:
    """Return what a server sends; a truncated body, or one that passes the deadline, is a fault."""
    until = time.monotonic() + DEADLINE
    parts = []
    try:
        # Fewer bytes than announced by the server are an error.
        while part := answer.raw.read1(1 << 16, decode_content=True):
            parts.append(part)
            if time.monotonic() > until:
                raise AnswerError(f"no complete answer within {DEADLINE:g} s")
    except (HTTPError, OSError) as error:
        raise AnswerError(f"an answer that breaks off ({_reason(error)})") from error
    return b"".join(parts)


def _inspect(body: bytes) -> None:
    """Refuse a VOTable that cannot be read safely and without loss.

    The reader would open any address or file with the rows, and read text among numbers as blanks.
    """
    numbers: list[str | None] = []
    column = 0
    try:
        with get_xml_iterator(io.BytesIO(body)) as elements:
            for start, tag, content, _ in elements:
                match (tag.rpartition(":")[2], start):
                    case "STREAM", True if "href" in content:
                        link = _shortened(content["href"])
                        raise AnswerError(f"a table whose rows are elsewhere, at {link!r}")
                    case "TABLE", True:
                        numbers = []
                    case "FIELD", True:
                        single = content.get("arraysize", "1") == "1"
                        real = single and content.get("datatype") in ("float", "double")
                        numbers.append(content.get("name", "?") if real else None)
                    case "TR", True:
                        column = 0
                    case "TD", False:
                        name = numbers[column] if column < len(numbers) else None
                        if name is not None and not _is_number(content):
                            raise AnswerError(f"{name} = {content!r}, which is not a number")
                        column += 1
    except (OSError, ValueError):  # not XML: it will be refused as a table
        return


def _is_number(text: str) -> bool:
    try:
        float(text.strip() or "nan")
    except ValueError:
        return False
    return True


def _reason(error: BaseException) -> str:
    """Return the innermost cause, which is the readable one, without the connection's repr."""
    while error.args and isinstance(error.args[-1], BaseException):
        error = error.args[-1]
    inner = getattr(error, "reason", None)
    if isinstance(inner, BaseException):
        return _reason(inner)
    return re.sub(r"^\w+\(host=.*?\): ", "", str(error))


def _shortened(text: str | bytes) -> str:
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="replace")
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:200] + "…"
