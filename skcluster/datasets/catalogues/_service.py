"""Query VizieR and its mirror until one of them gives a usable answer."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from skcluster.datasets.catalogues._errors import AnswerError, FetchError, extra_needed
from skcluster.datasets.catalogues._sites import SITES, Columns, Rows, Site, TapSite

Answer = TypeVar("Answer")


@dataclass
class Service:
    """Servers with the same tables, queried in turn.

    Parameters
    ----------
    n_retries : int
        Number of further attempts after no server gave a usable answer.
    delay : float
        Delay before the first retry (s), doubled before each further one.
    sites : sequence of TapSite and AsuSite
        The servers.
    """

    n_retries: int = 3
    delay: float = 1.0
    sites: Sequence[Site] = field(default_factory=lambda: SITES)
    _session: Any = None

    def table(
        self,
        name: str,
        check: Callable[[Any], Answer],
        what: str,
        *,
        columns: Columns = (),
        rows: Rows | None = None,
        limit: int = 1,
    ) -> Answer:
        """Return some columns (none for all) and rows (first and last) of a table, as checked.

        The check gets an astropy `Table`; if it raises `AnswerError`, the table is asked for again.

        Raises
        ------
        FetchError
            If no server gives an accepted answer.
        """
        return self._ask(
            self.sites, lambda site: site.question(name, columns, rows, limit), limit, check, what
        )

    def adql(self, query: str, check: Callable[[Any], Answer], limit: int, what: str) -> Answer:
        """Return the same for a query in ADQL, which only TAP servers understand."""
        sites = [site for site in self.sites if isinstance(site, TapSite)]
        return self._ask(sites, lambda site: query, limit, check, what)

    def _ask(
        self,
        sites: Sequence[Site],
        question: Callable[[Site], str | dict[str, str]],
        limit: int,
        check: Callable[[Any], Answer],
        what: str,
    ) -> Answer:
        with extra_needed():
            from skcluster.datasets.catalogues._network import Session, ask
        self._session = self._session or Session()
        faults: dict[str, AnswerError] = {}
        for attempt in range(self.n_retries + 1):
            left = [site for site in sites if site.url not in faults or not faults[site.url].final]
            if not left:
                break
            if attempt:
                time.sleep(self.delay * 2 ** (attempt - 1))
            for site in left:
                try:
                    answer = check(ask(self._session, site, question(site), limit))
                except AnswerError as fault:
                    faults[site.url] = fault
                else:
                    # The server that answers is queried first from now on.
                    self.sites = sorted(self.sites, key=lambda other: other.url != site.url)
                    return answer
        said = "; ".join(f"{url} gave {fault}" for url, fault in faults.items())
        raise FetchError(f"{what} could not be fetched: {said}.")

    def close(self) -> None:
        """Close the open connections."""
        if self._session is not None:
            self._session.close()
