"""The footer of a page: limits of validity and citations."""

from collections.abc import Mapping
from typing import Any

from skcluster._utils.html import as_html
from skcluster.schema import estimate_column

#: Isochrones are drawn for every model.
_ALWAYS = "isochrones: PARSEC, Bressan et al. 2012, MNRAS 427, 127"


def footer(card: Mapping[str, Any] | None) -> str:
    """Return the limits and citations in the card of a model as HTML."""
    card = card or {}
    citations = [str(text) for text in card.get("citations", ())]
    if not any("Bressan" in text for text in citations):
        citations.append(_ALWAYS)
    parts = {"Limits of the estimates": card.get("limits"), "Citations": citations}
    return "".join(
        f"<section><h2>{title}</h2>{as_html(content, _title)}</section>"
        for title, content in parts.items()
        if content
    )


def _title(name: str) -> str:
    return estimate_column(name).title
