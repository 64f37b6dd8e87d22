"""Progress of long work."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(
    title: str, total: int, *, show: bool | None = None, unit: str = ""
) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on the standard error.

    On a terminal it is gone when all is done; elsewhere its last state is printed.

    Parameters
    ----------
    title : str
        What is being done.
    total : int
        How many things there are to do; no bar for none.
    show : bool, optional
        Whether to show it. Unless given: if the standard error is a terminal.
    unit : str, default=""
        What is counted, in the plural, such as "rows".

    Yields
    ------
    callable
        To be called with the number of things that were just done.
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
