"""One bar for everything that a call fetches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from skcluster.datasets.catalogues._errors import needed


@contextmanager
def progress_bar(show: bool | None, title: str, n_rows: int) -> Iterator[Callable[[int], None]]:
    """A bar on the standard error that counts rows.

    Parameters
    ----------
    show : bool or None
        Whether to show it; None shows it on a terminal only.
    title : str
        What is fetched.
    n_rows : int
        How many rows there are to fetch.

    Yields
    ------
    callable
        To be called with the number of rows that have come.
    """
    if not (sys.stderr.isatty() if show is None else show) or not n_rows:
        yield lambda rows: None
        return
    shown = needed("rich.progress")
    columns = (
        shown.TextColumn("{task.description}"),
        shown.BarColumn(),
        shown.MofNCompleteColumn(),
        shown.TextColumn("rows"),
        shown.TimeRemainingColumn(),
    )
    console = needed("rich.console").Console(stderr=True)
    with shown.Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=n_rows)
        yield lambda rows: bar.advance(task, rows)
