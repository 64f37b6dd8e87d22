"""Cards of models: targets, limits of validity, scores and citations."""

import copy
from collections.abc import Mapping
from typing import Any

from skcluster._utils.html import as_html
from skcluster.schema import estimate_column

#: Sections on the domain of the model come first.
_FIRST = ("name", "targets", "data", "limits", "cross-validated scores")
_STYLE = """
.skcluster-card { font-size: 0.9em; margin-bottom: 0.5em; }
.skcluster-card summary { font-weight: bold; cursor: pointer; }
.skcluster-card dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1em; margin: 0; }
.skcluster-card dt { font-weight: normal; opacity: 0.75; }
.skcluster-card dd, .skcluster-card ul { margin: 0; padding: 0; list-style: none; }
"""


class ModelCard(dict[str, Any]):
    """Card of a model, as stored in its file.

    A dict with ``format``, the version of the file format; ``versions``, the versions of the
    libraries that wrote the file; and ``card``, the targets of the model, its training clusters,
    limits of validity, scores and citations. Notebooks display it as text.

    See Also
    --------
    read_card : Read the card of a file.

    Examples
    --------
    >>> from skcluster.persistence import read_card
    >>> list(read_card().sections())[:3]
    ['name', 'targets', 'data']
    """

    def sections(self) -> dict[str, Any]:
        """Return the sections of the card in reading order, and the libraries that wrote the file.

        Returns
        -------
        dict
            Contents by the names of the sections.
        """
        card: Mapping[str, Any] = self["card"]
        last = len(_FIRST)
        names = sorted(card, key=lambda name: _FIRST.index(name) if name in _FIRST else last)
        versions = ", ".join(f"{library} {number}" for library, number in self["versions"].items())
        return {**{name: card[name] for name in names}, "made with": versions}

    def _repr_html_(self) -> str:
        sections = {name: content for name, content in self.sections().items() if content}
        name = as_html(sections.pop("name", "without a name"))
        return (
            f'<style>{_STYLE}</style><details open class="skcluster-card">'
            f"<summary>Model {name}</summary>{as_html(sections, _title)}</details>"
        )


def _title(name: str) -> str:
    return estimate_column(name).title


def give_card(model: Any, card: ModelCard) -> None:
    """Attach the card to a model whose class has the attribute ``card_``."""
    if hasattr(type(model), "card_"):
        model.card_ = card


def without_card(model: Any) -> tuple[Any, Mapping[str, Any]]:
    """Return the model without its card, and the content of the card, if any."""
    if "card_" not in getattr(model, "__dict__", {}):
        return model, {}
    bare = copy.copy(model)
    card: Mapping[str, Any] = bare.__dict__.pop("card_")["card"]
    return bare, card
