"""Estimates as text: a table that fits a terminal, or JSON for programs."""

import json
import os
import shutil
import sys
import textwrap
from typing import Any, NamedTuple

from skcluster.cli._console import encodable, escaped, table_lines

#: Headings of the columns; the last ones are dropped first if the terminal is too narrow.
_HEADINGS = {
    "cluster": "cluster",
    "log_age": "log age [dex]",
    "a_v": "A_V [mag]",
    "distance_kpc": "distance [kpc]",
    "n_used": "used",
    "n_stars": "stars",
    "metallicity": "[M/H] [dex]",
    "reliability": "reliability",
}
#: Columns that are to the left of the parameters, although they are dropped before them.
_COUNTS = ("n_used", "n_stars")
#: Terminal cells of a shortened name.
_SHORT = 16


class EstimatesText(NamedTuple):
    """A table as text, and the headings of columns that did not fit."""

    text: str
    left_out: list[str]


def estimates_as_text(table: Any, width: int | None = None) -> EstimatesText:
    """Return the main columns of estimates, values with intervals in one column.

    Files contain all columns. These are the number of used stars (or, if the model does not
    state it, of all stars), the parameters and the reliability, as far as they fit;
    the flag of an estimate is in a line below it, its notes in the next.

    Parameters
    ----------
    table : DataFrame
        As `skcluster.estimate` returns it.
    width : int, optional
        Width of the terminal in columns; by default that of the standard output, and without
        limit if it is a file or a pipe.
    """
    from skcluster.schema import notes_for_display

    width = width or output_width()
    names = [name for name in _HEADINGS if name == "cluster" or name in table]
    if "n_used" in names:
        names = [name for name in names if name != "n_stars"]
    columns = {name: _cells(table, name) for name in names}
    left_out: list[str] = []
    while _width(columns) > width and len(columns) > 2:
        if _width({"cluster": columns["cluster"]}) > _SHORT:
            columns["cluster"] = [shortened(name) for name in columns["cluster"]]
            continue
        name = list(columns)[-1]
        left_out.insert(0, _HEADINGS[name].partition(" [")[0])
        del columns[name]
    order = ["cluster", *_COUNTS, *(name for name in columns if name != "cluster")]
    shown = {_HEADINGS[name]: columns[name] for name in dict.fromkeys(order) if name in columns}
    heading, *rows = table_lines(shown, _width(columns))
    lines = [heading]
    for row, flag, notes in zip(rows, table["flag"], notes_for_display(table), strict=True):
        lines.append(row)
        for head, text in (("doubtful", flag), ("notes", notes)):
            indent = f"    {head}: "
            lines += textwrap.wrap(
                escaped(text), width, initial_indent=indent, subsequent_indent=" " * len(indent)
            )
    return EstimatesText("\n".join(lines), left_out)


def output_width() -> int:
    """Return the terminal's number of columns; no limit for a file or a pipe without COLUMNS."""
    limited = sys.stdout.isatty() or "COLUMNS" in os.environ
    return shutil.get_terminal_size((80, 24)).columns if limited else sys.maxsize


def _cells(table: Any, name: str) -> list[str]:
    if name == "cluster":
        return [escaped(str(cluster)) for cluster in table.index]
    from skcluster.schema import INTERVAL_ENDS, estimate_column

    column = estimate_column(name)
    ends = [table[name + end] for end in INTERVAL_ENDS if name + end in table]
    return [encodable(column.as_text(*v)) for v in zip(table[name], *ends, strict=True)]


def _width(columns: dict[str, list[str]]) -> int:
    """Return the number of terminal cells that columns take; some letters take two."""
    from rich.cells import cell_len

    widths: list[int] = [
        max(map(cell_len, [_HEADINGS[name], *cells])) for name, cells in columns.items()
    ]
    return sum(widths) + 2 * len(widths) - 2


def shortened(name: str) -> str:
    """Return a name with its middle left out, because names differ at their ends."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(name) <= _SHORT:
        return name
    end = name[-_SHORT // 2 :]
    while cell_len(end) > _SHORT // 2:
        end = end[1:]
    start: str = set_cell_size(name, _SHORT // 2 - 1)
    return start.rstrip() + encodable("…") + end


def estimates_as_json(table: Any, provenance: dict[str, str]) -> str:
    """Return a table of estimates with its units, an object per cluster; NaN becomes null."""
    from skcluster.schema import estimate_column

    flat = table.reset_index()
    units = {str(n): unit for n in flat.columns if (unit := estimate_column(str(n)).unit)}
    records = flat.astype(object).where(flat.notna(), None).to_dict("records")
    head = {**provenance, "coverage": float(provenance["coverage"])}
    return as_json({**head, "units": units, "clusters": records})


def as_json(content: Any) -> str:
    """Return JSON in ASCII, so that any terminal shows it."""
    return json.dumps(content, indent=2, default=_as_number_or_text)


def _as_number_or_text(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
