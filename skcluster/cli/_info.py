"""``skcluster info``."""

import argparse
import textwrap
from pathlib import Path
from typing import Any

from skcluster.cli._console import out, plain

EXAMPLES = """\
  skcluster info
  skcluster info my.skcluster --json
"""
_WIDTH = 80


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument(
        "model", type=Path, nargs="?", help="model file (default: the pretrained model)"
    )
    command.add_argument("--json", action="store_true", help="print the card as JSON")


def run(options: argparse.Namespace) -> None:
    """Print the card of the model."""
    from skcluster.persistence import read_card

    found = read_card(options.model)
    if options.json:
        from skcluster.cli._json import as_json

        out(as_json(found))
        return
    out(f"model file: {options.model or 'the pretrained model'}, format {found['format']}")
    for name, content in found.sections().items():
        if content:
            out("\n".join(_lines(name, content, "")))


def _lines(name: str, value: Any, indent: str) -> list[str]:
    """Return the lines of a name and its value, nested ones indented."""
    deeper = f"{indent}  "
    name = plain(str(name))
    if isinstance(value, dict):
        return [
            f"{indent}{name}:",
            *(line for n, v in value.items() for line in _lines(n, v, deeper)),
        ]
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return [f"{indent}{name}:", *_table(value, deeper)]
    if _is_range(value):
        value = f"{_text(value[0])} to {_text(value[1])}"
    elif isinstance(value, list):
        return [f"{indent}{name}:", *(f"{deeper}{plain(_text(item))}" for item in value)]
    return textwrap.wrap(
        f"{name}: {plain(_text(value))}", _WIDTH, initial_indent=indent, subsequent_indent=deeper
    )


def _is_range(value: Any) -> bool:
    numbers = isinstance(value, list) and all(isinstance(v, int | float) for v in value)
    return numbers and len(value) == 2


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(rows: list[dict[str, Any]], indent: str) -> list[str]:
    """Return rows of the same columns as aligned lines; headings are wrapped in a wide table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[plain(_text(row.get(name, ""))) for row in rows] for name in names]
    heads = [[plain(name)] for name in names]
    widths = [max(map(len, column)) for column in map(list.__add__, heads, cells)]
    if len(indent) + sum(widths) + 2 * (len(widths) - 1) > _WIDTH:
        widths = [max(map(len, [*name.split(), *c])) for name, c in zip(names, cells, strict=True)]
        heads = [textwrap.wrap(plain(n), w) for n, w in zip(names, widths, strict=True)]
    tallest = max(map(len, heads))
    columns = [[""] * (tallest - len(h)) + h + c for h, c in zip(heads, cells, strict=True)]
    return [
        indent + "  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]
