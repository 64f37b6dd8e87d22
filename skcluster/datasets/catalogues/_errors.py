"""Errors of fetching catalogues."""

from collections.abc import Iterator
from contextlib import contextmanager

from skcluster._utils.doc_links import documentation


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
    >>> from skcluster.datasets import CatalogueChangedError, fetch_dias_2021
    >>> try:
    ...     fetch_dias_2021()  # doctest: +SKIP
    ... except CatalogueChangedError as error:
    ...     print(error)
    """


class AnswerError(Exception):
    """An unusable answer of a server; caught for the next attempt."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        #: Whether the server would give the same answer again.
        self.final = final


@contextmanager
def extra_needed() -> Iterator[None]:
    """Name the extra ``fetch`` if one of its packages cannot be imported.

    Raises
    ------
    ImportError
        If a package is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ImportError(
            f"Fetching catalogues needs {(error.name or '').partition('.')[0]}; install it with: "
            f"pip install 'skcluster[fetch]'. See {documentation('catalogues')}."
        ) from error
