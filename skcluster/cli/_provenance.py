"""What made a result: the model, the version, the call and its warnings, for files and pages."""

import argparse
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import skcluster
from skcluster.cli._console import printed_warnings


def provenance(options: argparse.Namespace, table: Any = None) -> dict[str, str]:
    """Return what made a result, as texts by name, in reading order.

    If the command has ``--coverage``, the model is described; if there is a table, the number of
    rows with each flag and each note is stated.
    """
    facts = _model_facts(options.model) if hasattr(options, "coverage") else {}
    cite = facts.pop("cite", "")
    facts |= {
        "skcluster": skcluster.__version__,
        "date": now(),
        "command": options.command_line,
        "coverage": f"{options.coverage:g}" if hasattr(options, "coverage") else "",
        "priors": _rows_with(table, "priors"),
        "flags": _rows_with(table, "flag"),
        "notes": _rows_with(table, "notes"),
        "warnings": " ".join(printed_warnings()),
        "cite": cite,
    }
    return {name: text for name, text in facts.items() if text}


def now() -> str:
    """Return date and time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _model_facts(path: Path | None) -> dict[str, str]:
    """Return which model it is; one from a file is never called like the pretrained one."""
    from skcluster.persistence import read_card

    card = read_card(path)
    about = card["card"]
    name = str(about.get("name", ""))
    if path is not None:
        name = f"{path.name} ({name})" if name else path.name
    citations = about.get("citations")
    return {
        "model": name,
        "fingerprint": card["fingerprint"],
        "fitted": str(about.get("fitted", "")),
        "trained on": str(about.get("data", "")),
        "cite": "; ".join(map(str, citations)) if isinstance(citations, list) else "",
    }


def counts_of(texts: Iterable[str]) -> list[tuple[str, int]]:
    """Return how many rows have each of the flags, or notes, in a column, the most common first."""
    return Counter(one for text in texts for one in text.split("; ") if one).most_common()


def _rows_with(table: Any, column: str) -> str:
    if table is None or column not in table:
        return ""
    texts = table[column]
    if column == "priors":  # the targets, without their values
        texts = ["; ".join(part.split()[0] for part in t.split("; ") if part) for t in texts]
    counts = "".join(f"; {text}: {number}" for text, number in counts_of(texts))
    return f"{(table[column] != '').sum()} of {len(table)} rows have one{counts}"
