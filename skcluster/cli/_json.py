"""Estimates and cards as JSON."""

import json
from typing import Any


def estimates_as_json(table: Any, facts: dict[str, str]) -> str:
    """Return a table of estimates with its units, an object per cluster; NaN becomes null."""
    from skcluster.schema import estimate_column

    flat = table.reset_index()
    units = {str(n): unit for n in flat.columns if (unit := estimate_column(str(n)).unit)}
    records = flat.astype(object).where(flat.notna(), None).to_dict("records")
    told = {**facts, "coverage": float(facts["coverage"])}
    return as_json({**told, "units": units, "clusters": records})


def as_json(content: Any) -> str:
    """Return JSON in ASCII, so that any terminal shows it."""
    return json.dumps(content, indent=2, default=_plain)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)
