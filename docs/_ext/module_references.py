"""References that a module lists once, beside the functions of the module that cite them."""

import inspect
import re
import sys
from typing import Any

_HEADING = re.compile(r"^References\n-{3,}\n", re.MULTILINE)
_CITED = re.compile(r"\[\d+\]_")


def _complete(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    text = "\n".join(lines)
    if what == "module":
        found = _HEADING.search(text)
        if found and not _CITED.search(text[: found.start()]):
            lines[:] = text[: found.start()].splitlines()
    elif _CITED.search(text) and not _HEADING.search(text):
        module = sys.modules.get(getattr(thing, "__module__", None) or "")
        listed = _HEADING.search(inspect.getdoc(module) or "")
        if listed:
            references = inspect.getdoc(module)[listed.start() :].splitlines()
            # The examples come last in numpydoc's order.
            place = next((i for i, line in enumerate(lines) if line == "Examples"), len(lines))
            lines[place:place] = ["", *references, ""]


def setup(app: Any) -> dict[str, bool]:
    """Run before numpydoc reads the sections."""
    app.connect("autodoc-process-docstring", _complete, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
