"""A table of estimates as lines of text that fit a screen."""

from math import isnan
from typing import Any

from skcluster.schema import INTERVAL_ENDS, TARGETS, estimate_column


def printed(table: Any) -> str:
    """The main columns of estimates: values with intervals in one column, others rounded.

    All columns go into files. Here are the number of stars used (of all stars, if the model does
    not tell), the parameters, the goodness of fit and the flag.
    """
    first = "n_used" if "n_used" in table else "n_stars"
    names = [n for n in (first, *TARGETS, "goodness_of_fit") if n in table]
    columns = [_column(table, name) for name in names]
    columns = [["cluster", *map(str, table.index)], *columns, ["flag", *table["flag"]]]
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for name, *values, flag in zip(*columns, strict=True):
        cells = [f"{value:>{width}}" for value, width in zip(values, widths[1:], strict=False)]
        lines.append("  ".join([f"{name:<{widths[0]}}", *cells, flag]).rstrip())
    return "\n".join(lines)


def _column(table: Any, name: str) -> list[str]:
    """Head and cells of one column."""
    column = estimate_column(name)
    head = f"{name} [{column.printed_unit}]" if column.unit else name
    ends = [table[name + end] for end in INTERVAL_ENDS if name + end in table]
    cells = []
    for value, *interval in zip(table[name], *ends, strict=True):
        n = column.decimals_of(value)
        texts = [f"{number:z.{n}f}" for number in (value, *interval)]
        if isnan(value):
            cells.append("–")
        else:
            cells.append("{} ({} to {})".format(*texts) if interval else texts[0])
    return [head, *cells]
