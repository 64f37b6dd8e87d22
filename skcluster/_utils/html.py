"""Nested mappings and lists as HTML."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any


def as_html(value: Any, title: Callable[[str], str] = str) -> str:
    """Return mappings as description lists, lists of mappings as tables, other lists as lists.

    Two numbers are a range; ``title`` returns the title of a name.

    Examples
    --------
    >>> from skcluster._utils.html import as_html
    >>> as_html({"G (mag)": [2.5, 18.0], "cite": ["A & B"]})
    '<dl><dt>G (mag)</dt><dd>2.5 to 18</dd><dt>cite</dt><dd><ul><li>A &amp; B</li></ul></dd></dl>'
    """
    if isinstance(value, Mapping):
        items = (
            f"<dt>{escape(title(str(name)))}</dt><dd>{as_html(inner, title)}</dd>"
            for name, inner in value.items()
        )
        return f"<dl>{''.join(items)}</dl>"
    if isinstance(value, list | tuple):
        if is_range(value):
            return plain(value)
        if value and all(isinstance(row, Mapping) for row in value):
            return _table(list(value), title)
        return f"<ul>{''.join(f'<li>{as_html(item, title)}</li>' for item in value)}</ul>"
    return escape(plain(value))


def is_range(value: Any) -> bool:
    """Return whether a list is a range: two numbers."""
    return len(value) == 2 and all(isinstance(v, int | float) for v in value)


def plain(value: Any) -> str:
    """Return a value or a range as text; one that is rounded to zero has no sign."""
    if isinstance(value, list | tuple) and is_range(value):
        return " to ".join(map(plain, value))
    return f"{value:z.4g}" if isinstance(value, float) else str(value)


def _table(rows: list[Mapping[str, Any]], title: Callable[[str], str]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f'<th scope="col">{escape(title(name))}</th>' for name in names)
    lines = [[f"<td>{as_html(row.get(name, ''), title)}</td>" for name in names] for row in rows]
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
