"""From a table of stars its clusters and its numbers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from skcluster._utils.messages import warn_caller
from skcluster._utils.tables import column_names, parse_numbers, to_frame
from skcluster._utils.typing import FloatArray
from skcluster.clusters._columns import find_columns, missing_column, rename_columns
from skcluster.schema import CLUSTER, NEEDED_STAR_COLUMNS, STAR_COLUMNS

#: The known columns of stars that hold numbers, which are converted and checked.
MEASUREMENTS = {name: known for name, known in STAR_COLUMNS.items() if known.kind == "number"}
#: The columns of a star, and that of its cluster under its own name only.
_KNOWN = (replace(CLUSTER, synonyms=()), *STAR_COLUMNS.values())
_UNITS = {name: known.unit for name, known in MEASUREMENTS.items()}


class OneClusterWarning(UserWarning):
    """Stars without a column that names their clusters were taken for one cluster."""


def star_frame(table: Any, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return stars under the names of the Gaia archive, in its units.

    Parameters
    ----------
    table : DataFrame or astropy Table
        The stars, under any known names.
    columns : mapping of str to str
        From the table's names to those of the Gaia archive, for names that are not known.
    """
    found = find_columns(column_names(table), _KNOWN, columns)
    found = {theirs: ours for theirs, ours in found.items() if ours != CLUSTER.name}
    return _as_fractions(to_frame(rename_columns(table, found), _UNITS))


def check_needed(table: Any, frame: pd.DataFrame) -> None:
    """Refuse a table that lacks a needed column; the message lists the table's own columns.

    Raises
    ------
    ValueError
        If it does.
    """
    for name in NEEDED_STAR_COLUMNS:
        made = name == "bp_rp" and {"phot_bp_mean_mag", "phot_rp_mean_mag"} <= set(frame.columns)
        if name not in frame and not made:
            raise ValueError(missing_column("stars", STAR_COLUMNS[name], column_names(table)))


def cluster_column_of(table: Any) -> Any | None:
    """Return the column of a table that names the cluster of each star, if it has one.

    Parameters
    ----------
    table : DataFrame or astropy Table
        A long table. An index of that name counts as well.

    Returns
    -------
    str or None
        Its name in the table.

    Raises
    ------
    ValueError
        If several could be meant.
    """
    there = column_names(table)
    index = [n for n in getattr(getattr(table, "index", None), "names", []) if n is not None]
    found = find_columns(there, [CLUSTER]) or find_columns(index, [CLUSTER])
    return next(iter(found), None)


def take_cluster_column(frame: pd.DataFrame, wanted: Any) -> tuple[pd.DataFrame, pd.Series]:
    """Return the stars without the column or index level of cluster names, and that column.

    Raises
    ------
    ValueError
        If it is not there.
    """
    if wanted in frame.columns:
        return frame.drop(columns=wanted), frame[wanted]
    if wanted in frame.index.names:
        return frame, frame.index.get_level_values(wanted).to_series(index=frame.index)
    raise ValueError(
        f"No column {wanted!r} that names the cluster of each star; there are: "
        f"{', '.join(map(str, frame.columns))}."
    )


def _as_fractions(frame: pd.DataFrame) -> pd.DataFrame:
    """Return probabilities in per cent as fractions, if they are clearly in per cent."""
    if "probability" not in frame:
        return frame
    values, wrong = parse_numbers(frame["probability"])
    known = values[np.isfinite(values)]
    if len(wrong) or not len(known):
        return frame
    # One value beyond 1 is an error; percentages are beyond it nearly all.
    if not (known.min() >= 0 and 10 < known.max() <= 100 and np.median(known) > 1):
        return frame
    warn_caller(
        f"Probabilities of {len(known)} stars lie between {known.min():g} and {known.max():g}: "
        "taken for per cent, and divided by 100."
    )
    return frame.assign(probability=values / 100)


def to_numbers(column: pd.Series, cluster_of: Callable[[int], Any]) -> FloatArray:
    """Return a column of numbers as float32 or float64, missing values as NaN.

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
