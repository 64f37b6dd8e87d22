"""What can go wrong on the way to a catalogue."""

from collections.abc import Iterator
from contextlib import contextmanager


class FetchError(OSError):
    """A catalogue cannot be had: not cached and not wanted from the network, or no answer from it.

    Whatever arrived whole before is kept, and the next call goes on from there.
    """


class CatalogueChangedError(ValueError):
    """A table at VizieR is not what was published: columns were renamed, or it has other rows."""


class AnswerError(Exception):
    """One answer of one server that cannot be used; caught by whoever asks again."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        #: Whether this server would answer the same again.
        self.final = final


@contextmanager
def extra_needed() -> Iterator[None]:
    """Name the extra ``fetch`` where an import of one of its packages fails.

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
            "pip install 'skcluster[fetch]'"
        ) from error
