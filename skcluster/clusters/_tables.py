"""From a table of stars its clusters and its numbers."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from skcluster._utils.tables import parse_numbers
from skcluster._utils.typing import FloatArray
from skcluster.schema import STAR_COLUMNS

#: The known columns of stars that hold numbers, which are converted and checked.
MEASUREMENTS = {name: known for name, known in STAR_COLUMNS.items() if known.kind == "number"}


def find_cluster_column(frame: pd.DataFrame, wanted: str | None) -> str:
    """The column that names the cluster; a named index becomes a column.

    Raises
    ------
    ValueError
        If there is none.
    """
    name = wanted or "cluster"
    if frame.index.name is not None and name not in frame.columns:
        same = frame.index.name if wanted else str(frame.index.name).lower()
        if same == name:
            frame.insert(0, frame.index.name, frame.index)
            return str(frame.index.name)
    for column in frame.columns:
        if column == wanted or (wanted is None and str(column).lower() == name):
            return str(column)
    raise ValueError(
        f"No column {name!r} that names the cluster of each star; there are: "
        f"{', '.join(map(str, frame.columns))}."
    )


def to_numbers(column: pd.Series, cluster_of: Callable[[int], Any]) -> FloatArray:
    """A column of numbers as float32 or float64, missing values as NaN.

    Raises
    ------
    ValueError
        If a text is not a number, naming its cluster.
    """
    numbers, wrong = parse_numbers(column)
    if len(wrong):
        raise ValueError(
            f"cluster {cluster_of(wrong[0])!r} has a star with {column.name} = "
            f"{column.iloc[wrong[0]]!r}, which is not a number."
        )
    return numbers
