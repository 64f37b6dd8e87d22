"""Columns and rows of the table of a page."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from skcluster.datasets import other_names
from skcluster.schema import INTERVAL_ENDS, estimate_column

#: Columns that are shown only beside the diagram if the table has many columns.
_BESIDE_DIAGRAM = ("n_stars", "differential_reddening", "field_fraction", "effective_samples")


def columns_of(estimates: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the description of each column of estimates for the page."""
    found = []
    unlisted = _BESIDE_DIAGRAM if "n_used" in estimates else ()
    for key in estimates.select_dtypes("number").columns:
        if not key.endswith(tuple(INTERVAL_ENDS)):
            column = estimate_column(key)
            # The page does not render mathtext.
            name = column.label.replace("$", "")
            found.append(
                {
                    "key": key,
                    "name": name[0].upper() + name[1:],
                    "unit": column.printed_unit,
                    "listed": key not in unlisted,
                    "interval": f"{key}_lower" in estimates,
                }
            )
    return found


def rows_of(estimates: pd.DataFrame, keys: list[str]) -> Iterator[dict[str, Any]]:
    """Yield names, flag and values of each cluster, with their intervals, as numbers and as text.

    A text is a value followed by the distances to the upper and lower end of its interval.
    """
    for name, row in zip(estimates.index, estimates.to_dict("records"), strict=True):
        values = {key: [row.get(key + end) for end in ("", *INTERVAL_ENDS)] for key in keys}
        yield {
            "name": str(name),
            "also": other_names(str(name)),
            "flag": str(row.get("flag", "")),
            "values": {key: [_number(value) for value in given] for key, given in values.items()},
            "texts": {key: _text(key, *given) for key, given in values.items()},
        }


def _text(key: str, *values: Any) -> str:
    if isinstance(values[0], int | np.integer):
        return str(values[0])
    return estimate_column(key).as_text(*(np.nan if v is None else float(v) for v in values))


def _number(value: Any) -> float | None:
    """Return a value rounded to six significant digits; None for NaN."""
    return None if value is None or np.isnan(value) else float(f"{value:.6g}")
