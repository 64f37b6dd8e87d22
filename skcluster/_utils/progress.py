"""Progress bars."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(
    title: str, total: int, *, show: bool | None = None, unit: str = ""
) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on the standard error.

    On a terminal it disappears at the end; elsewhere its last state is printed.

    Parameters
    ----------
    title : str
        Title of the bar.
    total : int
        Number of items; without items there is no bar.
    show : bool, optional
        Whether to show the bar. By default, if the standard error is a terminal.
    unit : str, default=""
        Name of the items in the plural, such as "rows".

    Yields
    ------
    callable
        Function of the number of items just completed.
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
