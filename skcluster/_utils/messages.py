"""Helpers for messages, and warnings that point at the line of the caller."""

import sys
import warnings
from collections.abc import Iterable
from typing import Any

#: Packages whose frames are skipped between a warning and the line that caused it.
_BETWEEN = {"skcluster", "sklearn", "imblearn", "joblib"}
#: Largest number of names in a message.
_MOST = 5


def some_names(names: Iterable[Any]) -> str:
    """Return the first few of many names, as text."""
    names = [repr(name) for name in names]
    rest = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {rest} more" if rest > 0 else "")


def counted_stars(number: int, one: str, several: str) -> str:
    """Return a number of stars with the verb that agrees with it."""
    return f"{number} star {one}" if number == 1 else f"{number} stars {several}"


def documentation(page: str) -> str:
    """Return the path of a page of the documentation, with a section as in ``"posterior#output"``.

    Pages in capitals are beside the folder ``docs``.
    """
    name, mark, section = page.partition("#")
    return f"{'' if name.isupper() else 'docs/'}{name}.md{mark}{section}"


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, pointing at the calling line outside this package and scikit-learn."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and _package(frame) in _BETWEEN:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _package(frame: Any) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
