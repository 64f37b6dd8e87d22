"""Progress bars."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

#: The bar of `shown_stages` and its task.
_SHOWN: ContextVar[tuple[Any, Any] | None] = ContextVar("_SHOWN", default=None)


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
