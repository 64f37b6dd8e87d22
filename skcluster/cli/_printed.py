"""Print a table of estimates so that it fits a terminal."""

import shutil
import sys
import textwrap
import unicodedata
from typing import Any, NamedTuple

from skcluster.cli._console import plain

#: Headings of the columns; the last ones are dropped first if the terminal is too narrow.
_HEADS = {
    "cluster": "cluster",
    "log_age": "log age [dex]",
    "a_v": "A_V [mag]",
    "distance_kpc": "distance [kpc]",
    "n_used": "used",
    "n_stars": "stars",
    "metallicity": "[M/H] [dex]",
    "goodness_of_fit": "fit",
}
#: Order of the columns from left to right.
_ORDER = (
    "cluster",
    "n_used",
    "n_stars",
    "log_age",
    "a_v",
    "distance_kpc",
    "metallicity",
    "goodness_of_fit",
)
#: Width of a shortened name.
_NAME = 16


class Printed(NamedTuple):
    """A table as text, and the columns that did not fit."""

    text: str
    left_out: list[str]


def printed(table: Any, width: int | None = None) -> Printed:
    """Return the main columns of estimates, values with intervals in one column.

    Files contain all columns. These are the number of used stars (or, if the model does not
    state it, of all stars), the parameters and the goodness of fit, as far as they fit; the flag of
    an estimate is in a line below it.

    Parameters
    ----------
    table : DataFrame
        As `skcluster.estimate` returns it.
    width : int, optional
        Width of the terminal in columns; by default that of the standard output, 80 for a file.
    """
    width = width or shutil.get_terminal_size((80, 24)).columns
    names = [name for name in _HEADS if name == "cluster" or name in table]
    if "n_used" in names:
        names = [name for name in names if name != "n_stars"]
    columns = {name: _column(table, name) for name in names}
    left_out: list[str] = []
    while _width(columns) > width and len(columns) > 2:
        if _cells(columns["cluster"]) > _NAME:
            columns["cluster"] = [_shortened(name) for name in columns["cluster"]]
            continue
        name = list(columns)[-1]
        left_out.append(_HEADS[name].partition(" [")[0])
        del columns[name]
    shown = [columns[name] for name in _ORDER if name in columns]
    lines = []
    for cells, flag in zip(_aligned(shown), ["", *table["flag"]], strict=True):
        lines.append(cells.rstrip())
        if flag:
            indent = "    doubtful: "
            lines += textwrap.wrap(
                plain(flag), width, initial_indent=indent, subsequent_indent=" " * len(indent)
            )
    return Printed(_encodable("\n".join(lines)), left_out[::-1])


def _column(table: Any, name: str) -> list[str]:
    """Return the heading and cells of one column."""
    if name == "cluster":
        return ["cluster", *(plain(str(cluster)) for cluster in table.index)]
    from skcluster.schema import INTERVAL_ENDS, estimate_column

    column = estimate_column(name)
    ends = [table[name + end] for end in INTERVAL_ENDS if name + end in table]
    cells = [column.as_text(*values) for values in zip(table[name], *ends, strict=True)]
    return [_HEADS[name], *cells]


def _aligned(columns: list[list[str]]) -> list[str]:
    """Return the lines of a table, the first column to the left, others to the right."""
    widths = [_cells(column) for column in columns]
    lines = []
    for name, *others in zip(*columns, strict=True):
        padded = [f"{text:>{width}}" for text, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([name + " " * (widths[0] - _cells([name])), *padded]))
    return lines


def _width(columns: dict[str, list[str]]) -> int:
    return sum(_cells(column) + 2 for column in columns.values()) - 2


def _cells(texts: list[str]) -> int:
    """Return the largest number of terminal cells that a text takes; some letters take two."""
    return max(sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in t) for t in texts)


def _shortened(name: str) -> str:
    """Return a name with its middle left out, because names differ at their ends."""
    if _cells([name]) <= _NAME:
        return name
    half = _NAME // 2 if _cells([name]) == len(name) else _NAME // 4
    return f"{name[: half - 1]}…{name[-half:]}"


def _encodable(text: str) -> str:
    """Return the text with simple letters for signs that the standard output cannot encode."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    for sign, simple in {"−": "-", "–": "-", "…": "~"}.items():
        try:
            sign.encode(encoding)
        except UnicodeEncodeError:
            text = text.replace(sign, simple)
    return text
