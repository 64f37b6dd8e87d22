"""What users are told: texts of messages, warnings that point at their line, progress bars."""

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

#: Packages whose frames are skipped between a warning and the line that caused it.
_BETWEEN = {"skcluster", "sklearn", "imblearn", "joblib"}
#: Largest number of names in a message.
_MOST = 5
#: The bar of `shown_stages` and its task.
_SHOWN: ContextVar[tuple[Any, Any] | None] = ContextVar("_SHOWN", default=None)


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


@contextmanager
def progress_bar(
    title: str, total: int, *, show: bool | None = None, unit: str = ""
) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on the standard error, if it is a terminal or ``show`` says so.

    It yields a function of the number of items just completed. ``unit`` is their name in the
    plural. On a terminal the bar disappears at the end; elsewhere its last state is printed.
    """
    if not (sys.stderr.isatty() if show is None else show) or not total:
        yield lambda n: None
        return
    with _bar(unit) as bar:
        task = bar.add_task(title, total=total)
        yield lambda n: bar.advance(task, n)


@contextmanager
def shown_stages(title: str) -> Iterator[None]:
    """Show the stages of the work within on a terminal, and its title before the first."""
    if not sys.stderr.isatty():
        yield
        return
    with _bar() as bar:
        token = _SHOWN.set((bar, bar.add_task(title, total=None)))
        try:
            yield
        finally:
            _SHOWN.reset(token)


def begin_stage(title: str, total: int) -> None:
    """Begin a stage of that many items, if `shown_stages` shows them."""
    if shown := _SHOWN.get():
        bar, task = shown
        bar.reset(task, total=total, description=title)
        bar.advance(task, 0)  # the time of the first item counts from here


def counted(items: Iterable[T]) -> Iterator[T]:
    """Yield items of a stage, each of which is done."""
    for item in items:
        if shown := _SHOWN.get():
            shown[0].advance(shown[1])
        yield item


def _bar(unit: str = "") -> Any:
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn(unit),
        progress.TimeElapsedColumn(),
        progress.TextColumn("remaining"),
        progress.TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    # The speed is that of all items so far, because one may take minutes.
    return progress.Progress(
        *columns, console=console, transient=console.is_terminal, speed_estimate_period=1e6
    )
