"""Output of commands, robust against closed streams and limited encodings."""

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, TextIO

#: How warnings begin, by the names of their classes: importing these would slow each command down.
_BEGINNINGS = {"BadTableWarning": "error: ", "OneClusterWarning": ""}
#: Simple letters for signs that the standard output cannot encode.
_SIMPLE = {"−": "-", "–": "-", "…": "~", "±": "+-"}
#: The warnings that the command has printed, for `printed_warnings`.
_PRINTED: list[str] = []


@contextmanager
def console() -> Iterator[list[str]]:
    """Make the streams accept any text, and print each warning as one line.

    Yields
    ------
    list of str
        Warnings about tables that were left out, which change the exit code.
    """
    left_out: list[str] = []
    _PRINTED.clear()

    def show(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        if category.__name__ == "BadTableWarning":
            left_out.append(str(message))
        _PRINTED.append(str(message))
        print_message(f"{_BEGINNINGS.get(category.__name__, 'warning: ')}{message}")

    with ExitStack() as stack:
        for name in ("stdout", "stderr"):
            _make_safe(name, stack)
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("default", UserWarning)
        # Set after catch_warnings, which restores the old one.
        warnings.showwarning = show
        yield left_out


def printed_warnings() -> list[str]:
    """Return the warnings that the command has printed so far."""
    return list(_PRINTED)


def _make_safe(name: str, stack: ExitStack) -> None:
    """Make a stream exist, and escape what it cannot encode."""
    stream: Any = getattr(sys, name)
    if stream is None:  # closed by the parent process
        setattr(sys, name, stack.enter_context(_nowhere()))
        stack.callback(setattr, sys, name, None)
    elif hasattr(stream, "reconfigure"):
        stack.callback(_set_errors, stream, stream.errors)
        _set_errors(stream, "backslashreplace")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")


def _set_errors(stream: Any, errors: str | None) -> None:
    if not stream.closed:
        stream.reconfigure(errors=errors)


def escaped(text: str) -> str:
    """Return a text with control characters escaped, so that it cannot move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def encodable(text: str) -> str:
    """Return the text with simple letters for signs that the standard output cannot encode."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    for sign, simple in _SIMPLE.items():
        try:
            sign.encode(encoding)
        except UnicodeEncodeError:
            text = text.replace(sign, simple)
    return text


def print_result(text: str) -> None:
    """Print lines of a result on the standard output."""
    print("\n".join(escaped(encodable(line)) for line in text.split("\n")))


def print_message(text: str) -> None:
    """Print one line on the standard error."""
    print(f"skcluster: {escaped(' '.join(text.split()))}", file=sys.stderr, flush=True)


def width_of(columns: Mapping[str, Sequence[str]]) -> int:
    """Return the number of terminal cells that a table needs if its headings are wrapped."""
    widths = _narrow_widths({escaped(head): cells for head, cells in columns.items()})
    return sum(widths) + 2 * len(widths) - 2


def _narrow_widths(columns: Mapping[str, Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    return [max(map(cell_len, [*head.split(), *cells])) for head, cells in columns.items()]


def table_lines(
    columns: Mapping[str, Sequence[str]],
    width: int,
    numbers: Literal["left", "right"] = "right",
) -> list[str]:
    """Return the lines of a table; headings are wrapped if it is wider than the width.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        Headings and cells of the columns.
    width : int
        Maximum number of terminal cells.
    numbers : {"left", "right"}, default="right"
        Alignment of all columns but the first.
    """
    from io import StringIO

    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    safe = {escaped(head): list(map(escaped, cells)) for head, cells in columns.items()}
    widths = [max(map(cell_len, [head, *cells])) for head, cells in safe.items()]
    if sum(widths) + 2 * (len(widths) - 1) > width:
        widths = _narrow_widths(safe)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head, cell_width in zip(safe, widths, strict=True):
        justify = numbers if table.columns else "left"
        table.add_column(Text(head), justify=justify, width=cell_width)
    for row in zip(*safe.values(), strict=True):
        table.add_row(*map(Text, row))
    # Neither colours nor the width of the terminal: the text may be written to a file.
    lines = StringIO()
    Console(file=lines, width=width, color_system=None).print(table)
    return [line.rstrip() for line in lines.getvalue().splitlines()]
