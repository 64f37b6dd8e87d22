"""Ask VizieR, and its mirror, until one of them gives a usable answer."""

import importlib.metadata
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pandas as pd

from skcluster.datasets.catalogues._errors import AnswerError, FetchError, needed
from skcluster.datasets.catalogues._sites import SITES, AsuSite, Query, TapSite, message_of

Answer = TypeVar("Answer")

#: Seconds for a connection, and for silence while an answer comes.
TIMEOUT = (10.0, 60.0)
#: Seconds for a whole answer: a server that dribbles is as good as none.
DEADLINE = 300.0


@dataclass
class Service:
    """Servers that hold the same tables, asked in turn.

    Parameters
    ----------
    n_retries : int
        How often all servers are asked again after none gave a usable answer.
    delay : float
        Seconds before the first retry; twice as many before each further one.
    """

    n_retries: int = 3
    delay: float = 1.0
    sites: Sequence[TapSite | AsuSite] = field(default_factory=lambda: SITES)
    _session: Any = None

    def table(self, query: Query, check: Callable[[pd.DataFrame], Answer], what: str) -> Answer:
        """What a check makes of the answer to a query.

        Parameters
        ----------
        query : Query
            What to ask.
        check : callable
            Makes something of a table of texts, or raises `AnswerError`: then it is asked again.
        what : str
            What is asked for, in words.

        Raises
        ------
        FetchError
            If no server gives an answer that passes.
        """
        return self._ask(self.sites, lambda site: site.parameters(query), check, what)

    def adql(
        self, query: str, check: Callable[[pd.DataFrame], Answer], limit: int, what: str
    ) -> Answer:
        """The same for a query in ADQL, which only servers of TAP understand."""
        sites = [site for site in self.sites if isinstance(site, TapSite)]
        return self._ask(sites, lambda site: site.adql(query, limit), check, what)

    def _ask(
        self,
        sites: Sequence[Any],
        parameters: Callable[[Any], dict[str, str]],
        check: Callable[[pd.DataFrame], Answer],
        what: str,
    ) -> Answer:
        faults: dict[str, AnswerError] = {}
        for attempt in range(self.n_retries + 1):
            left = [site for site in sites if site.url not in faults or not faults[site.url].final]
            if not left:
                break
            if attempt:
                time.sleep(self.delay * 2 ** (attempt - 1))
            for site in left:
                try:
                    answer = check(site.parse(self._get(site.url, parameters(site))))
                except AnswerError as fault:
                    faults[site.url] = fault
                else:
                    # Whoever answers is asked first from now on.
                    self.sites = sorted(self.sites, key=lambda other: other.url != site.url)
                    return answer
        said = "; ".join(f"{url} gave {fault}" for url, fault in faults.items())
        raise FetchError(f"{what} could not be fetched: {said}.")

    def _get(self, url: str, parameters: dict[str, str]) -> str:
        requests = needed("requests")
        if self._session is None:
            self._session = requests.Session()
            self._session.headers["User-Agent"] = f"skcluster/{_version()}"
        try:
            with self._session.get(url, params=parameters, timeout=TIMEOUT, stream=True) as answer:
                body = _body(answer).decode("utf-8", errors="replace")
        except requests.Timeout:
            raise AnswerError(f"no answer within {TIMEOUT[1]:g} s") from None
        except requests.ConnectionError as error:
            raise AnswerError(f"no connection ({_reason(error)})") from error
        except requests.RequestException as error:
            raise AnswerError(f"{type(error).__name__}: {error}") from error
        if answer.status_code != 200:
            final = answer.status_code < 500 and answer.status_code not in (408, 425, 429)
            raise AnswerError(f"HTTP status {answer.status_code}, {message_of(body)}", final=final)
        return body

    def close(self) -> None:
        """Close connections that are kept open."""
        if self._session is not None:
            self._session.close()


def _body(answer: Any) -> bytes:
    """What a server sends; a body that is cut off, or dribbles past the deadline, is a fault."""
    from urllib3.exceptions import HTTPError

    until = time.monotonic() + DEADLINE
    parts = []
    try:
        # Fewer bytes than the server promised are an error here.
        while part := answer.raw.read1(1 << 16, decode_content=True):
            parts.append(part)
            if time.monotonic() > until:
                raise AnswerError(f"no complete answer within {DEADLINE:g} s")
    except (HTTPError, OSError) as error:
        raise AnswerError(f"an answer that breaks off ({_reason(error)})") from error
    return b"".join(parts)


def _reason(error: BaseException) -> str:
    """The innermost cause, which is the readable one."""
    while error.args and isinstance(error.args[-1], BaseException):
        error = error.args[-1]
    inner = getattr(error, "reason", None)
    return _reason(inner) if isinstance(inner, BaseException) else str(error)


def _version() -> str:
    try:
        return importlib.metadata.version("skcluster")
    except importlib.metadata.PackageNotFoundError:
        return "0"
