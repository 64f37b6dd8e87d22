"""Output of commands: messages, tables that fit the terminal, and JSON."""

import json
import os
import shutil
import sys
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

#: How warnings begin, by the names of their classes: importing these would slow each command down.
_BEGINNINGS = {"BadTableWarning": "error: ", "OneClusterWarning": ""}
#: The warnings that the command has printed, and the names of their classes.
PRINTED: list[tuple[str, str]] = []
#: Headings of the columns of estimates.
_HEADINGS = {
    "n_used": "used",
    "n_stars": "stars",
    "log_age": "log age [dex]",
    "a_v": "A_V [mag]",
    "distance_kpc": "distance [kpc]",
    "metallicity": "[M/H] [dex]",
    "reliability": "reliability",
}
#: Number of rows that are printed when the whole table is written to a file.
SHOWN = 20
#: Length of a shortened name.
_SHORT = 16


@contextmanager
def console() -> Iterator[None]:
    """Make the streams escape what they cannot encode, and print each warning as one line."""
    PRINTED.clear()

    def show(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        PRINTED.append((str(message), category.__name__))
        print_message(f"{_BEGINNINGS.get(category.__name__, 'warning: ')}{message}")

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell, as 2>&- does
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        # Set after catch_warnings, which restores the old one.
        warnings.showwarning = show
        yield


def escaped(text: str) -> str:
    """Return a text with control characters escaped, so that it cannot move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def print_result(text: str) -> None:
    """Print lines of a result, with hyphens if the encoding of the output has no minus sign.

    Encodings of files on Windows lack it.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if not "−".encode(encoding, "ignore"):
        text = text.replace("−", "-")
    print("\n".join(map(escaped, text.split("\n"))))


def print_message(text: str) -> None:
    """Print one line on the standard error."""
    print(f"skcluster: {escaped(' '.join(text.split()))}", file=sys.stderr, flush=True)


def estimates_as_text(table: Any, width: int | None = None) -> tuple[str, list[str]]:
    """Return the main columns of estimates as text, and the headings of those that do not fit.

    Files contain all columns. These are the number of used stars (or, if the model does not state
    it, of all stars), the parameters with their intervals and the reliability; the flag of an
    estimate is in a line below it, its notes in the next.
    """
    from skcluster.schema import INTERVAL_ENDS, estimate_column, notes_for_display

    unused = "n_stars" if "n_used" in table else "n_used"
    columns = {"cluster": list(map(str, table.index))}
    for name, heading in _HEADINGS.items():
        if name in table and name != unused:
            column = estimate_column(name)
            ends = [table[name + end] for end in INTERVAL_ENDS if name + end in table]
            rows = zip(table[name], *ends, strict=True)
            columns[heading] = [column.as_text(*values) for values in rows]
    notes = zip(table["flag"], notes_for_display(table), strict=True)
    below = [[f"doubtful: {flag}" if flag else "", f"notes: {n}" if n else ""] for flag, n in notes]
    return table_as_text(columns, below, width)


def table_as_text(
    columns: Mapping[str, Sequence[str]], below: Sequence[Sequence[str]], width: int | None = None
) -> tuple[str, list[str]]:
    """Return a table that fits the terminal, with lines below its rows, and what was left out.

    The first of the columns, cells by headings, has names, which are shortened if need be; the last
    ones are left out. The width is that of the terminal, without limit if the output is a file or a
    pipe.
    """
    if width is None:
        limited = sys.stdout.isatty() or "COLUMNS" in os.environ
        width = shutil.get_terminal_size((80, 24)).columns if limited else sys.maxsize
    shown = {escaped(head): list(map(escaped, cells)) for head, cells in columns.items()}
    names, left_out = next(iter(shown)), list[str]()
    if _total(shown) > width:
        shown[names] = list(map(_shortened, shown[names]))
    while _total(shown) > width and len(shown) > 2:
        left_out.insert(0, shown.popitem()[0].partition(" [")[0])
    lines = table_lines(shown, width)
    n_heads = len(lines) - len(below)
    text = lines[:n_heads]
    for row, texts in zip(lines[n_heads:], below, strict=True):
        text.append(row)
        for one in filter(None, texts):
            text += textwrap.wrap(
                escaped(one), width, initial_indent=" " * 4, subsequent_indent=" " * 8
            )
    return "\n".join(text), left_out


def table_lines(
    columns: Mapping[str, Sequence[str]], width: int, numbers: Literal["left", "right"] = "right"
) -> list[str]:
    """Return the lines of a table; headings are wrapped if it is wider than the width.

    ``numbers`` is the alignment of all columns but the first.
    """
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    widths = _widths(columns, wrapped=_total(columns, wrapped=False) > width)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head, cell_width in zip(columns, widths, strict=True):
        justify = numbers if table.columns else "left"
        table.add_column(Text(head), justify=justify, width=cell_width)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    # Neither colours nor the width of the terminal: the text may be written to a file.
    lines = StringIO()
    Console(file=lines, width=sum(widths) + 2 * len(widths), color_system=None).print(table)
    return [line.rstrip() for line in lines.getvalue().splitlines()]


def _widths(columns: Mapping[str, Sequence[str]], wrapped: bool) -> list[int]:
    """Return the number of terminal cells of each column; some letters take two."""
    from rich.cells import cell_len

    heads = (head.split() if wrapped else [head] for head in columns)
    cells = zip(heads, columns.values(), strict=True)
    return [max(map(cell_len, [*head, *column])) for head, column in cells]


def _total(columns: Mapping[str, Sequence[str]], wrapped: bool = True) -> int:
    return sum(_widths(columns, wrapped)) + 2 * (len(columns) - 1)


def _shortened(name: str) -> str:
    """Return a name with its middle left out, because names differ at their ends."""
    if len(name) <= _SHORT:
        return name
    return f"{name[: _SHORT // 2 - 1].rstrip()}…{name[-_SHORT // 2 :]}"


def estimates_as_json(table: Any, provenance: dict[str, str]) -> str:
    """Return a table of estimates with its units, an object per cluster; NaN becomes null."""
    from skcluster.schema import estimate_column

    flat = table.reset_index()
    units = {str(n): unit for n in flat.columns if (unit := estimate_column(str(n)).unit)}
    records = flat.astype(object).where(flat.notna(), None).to_dict("records")
    head = {**provenance, "coverage": float(provenance["coverage"])}
    content = {**head, "units": units, "clusters": records}
    return json.dumps(content, indent=2)  # in ASCII, so that any terminal shows it
