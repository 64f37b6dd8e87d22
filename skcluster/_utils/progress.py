"""Progress bars."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn(unit),
        progress.TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with progress.Progress(*columns, console=console, transient=console.is_terminal) as bar:
        task = bar.add_task(title, total=total)
        yield lambda n: bar.advance(task, n)
