"""``skcluster info``: the card of a model."""

import argparse
import textwrap
from pathlib import Path
from typing import Any

from skcluster.cli._console import escaped, print_result, table_lines
from skcluster.cli._options import Command
from skcluster.cli._text import as_json

_WIDTH = 80


def _add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "model", type=Path, nargs="?", help="model file (default: the pretrained model)"
    )
    command.add_argument("--json", action="store_true", help="print the card as JSON")


def _run(options: argparse.Namespace) -> None:
    from skcluster.persistence import read_card

    card = read_card(options.model)
    if options.json:
        print_result(as_json(card))
        return
    print_result(f"model file: {options.model or 'the pretrained model'}, format {card['format']}")
    for name, content in card.sections().items():
        if content:
            print_result("\n".join(_lines(name, content, "")))


INFO = Command(
    "describe a model and its domain",
    """\
  skcluster info
  skcluster info my.skcluster --json
""",
    _add_arguments,
    _run,
)


def _lines(name: str, value: Any, indent: str) -> list[str]:
    """Return the lines of a name and its value, nested ones indented."""
    deeper = f"{indent}  "
    head = f"{indent}{escaped(str(name))}:"
    if isinstance(value, dict):
        return [head, *(line for n, v in value.items() for line in _lines(n, v, deeper))]
    if isinstance(value, list) and not _is_range(value):
        if value and all(isinstance(item, dict) for item in value):
            names = dict.fromkeys(name for row in value for name in row)
            columns = {str(n): [_text(row.get(n, "")) for row in value] for n in names}
            rows = table_lines(columns, _WIDTH - len(deeper), "left")
        else:
            rows = [escaped(_text(item)) for item in value]
        return [head, *(f"{deeper}{row}" for row in rows)]
    text = " to ".join(map(_text, value)) if _is_range(value) else _text(value)
    return textwrap.wrap(f"{head} {escaped(text)}", _WIDTH, subsequent_indent=deeper)


def _is_range(value: Any) -> bool:
    numbers = isinstance(value, list) and all(isinstance(v, int | float) for v in value)
    return numbers and len(value) == 2


def _text(value: Any) -> str:
    # z: a value that is rounded to zero has no sign.
    return f"{value:z.4g}" if isinstance(value, float) else str(value)
