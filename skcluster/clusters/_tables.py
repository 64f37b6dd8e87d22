"""Extract clusters and numbers from a table of stars."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import FloatArray
from skcluster.clusters._columns import find_columns, missing_column, rename_columns
from skcluster.clusters._raw import column_names, parse_numbers, to_frame
from skcluster.schema import CLUSTER, NEEDED_STAR_COLUMNS, STAR_COLUMNS

#: The known columns of stars that hold numbers, which are converted and checked.
MEASUREMENTS = {name: known for name, known in STAR_COLUMNS.items() if known.kind == "number"}
#: The columns of a star, and that of its cluster under its own name only.
_KNOWN = (replace(CLUSTER, synonyms=()), *STAR_COLUMNS.values())
_UNITS = {name: known.unit for name, known in MEASUREMENTS.items()}


class OneClusterWarning(UserWarning):
    """Warning that stars without a column of cluster names were taken as one cluster.

    `as_clusters` and `skcluster.io.read_clusters` issue it if no name is given.

    See Also
    --------
    as_clusters : Make clusters from any table of stars.

    Examples
    --------
    >>> from skcluster.clusters import OneClusterWarning
    >>> issubclass(OneClusterWarning, UserWarning)
    True
    """


def star_frame(table: Any, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return stars under the names of the Gaia archive, in its units.

    Parameters
    ----------
    table : DataFrame or astropy Table
        The stars, with any known column names.
    columns : mapping of str to str
        Map from other names in the table to those of the Gaia archive.
    """
    found = find_columns(column_names(table), _KNOWN, columns)
    found = {theirs: ours for theirs, ours in found.items() if ours != CLUSTER.name}
    return _as_fractions(to_frame(rename_columns(table, found), _UNITS))


def check_needed(table: Any, frame: pd.DataFrame) -> None:
    """Refuse a table that lacks a needed column; the message lists the table's own columns.

    Raises
    ------
    ValueError
        If a column is missing.
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
        A long table. An index of that name is found too.

    Returns
    -------
    str or None
        The name of the column.

    Raises
    ------
    ValueError
        If several columns match.
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
        If the column does not exist.
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
    # One value above 1 is an error; percentages are nearly all above 1.
    if not (known.min() >= 0 and 10 < known.max() <= 100 and np.median(known) > 1):
        return frame
    warn_caller(
        f"Probabilities of {len(known)} stars lie between {known.min():g} and {known.max():g}: "
        "taken as per cent and divided by 100."
    )
    return frame.assign(probability=values / 100)


def to_numbers(column: pd.Series, cluster_of: Callable[[int], Any]) -> FloatArray:
    """Return a column of numbers as float32 or float64, missing values as NaN.

    Raises
    ------
    ValueError
        If a text is not a number; the message names its cluster.
    """
    numbers, wrong = parse_numbers(column)
    if len(wrong):
        raise ValueError(
            f"cluster {cluster_of(wrong[0])!r} has a star with {column.name} = "
            f"{column.iloc[wrong[0]]!r}, which is not a number."
        )
    return numbers
