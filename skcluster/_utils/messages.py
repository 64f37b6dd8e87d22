"""Words for messages."""

from collections.abc import Iterable
from typing import Any


def some_names(names: Iterable[Any], most: int = 5) -> str:
    """The first few of many names."""
    names = [repr(name) for name in names]
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
