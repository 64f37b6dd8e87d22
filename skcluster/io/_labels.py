"""Convert a table with a row per cluster to y, in the order of the clusters."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from skcluster._utils.messages import some_names, warn_caller
from skcluster._utils.order import matching_names
from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters._columns import find_columns, missing_column
from skcluster.clusters._meant_values import marked_values
from skcluster.clusters._tables import to_numbers, units_of
from skcluster.photometry import distance_from_modulus
from skcluster.schema import CLUSTER, CLUSTER_PARAMETERS, LABEL_COLUMNS, Column

_LABELS = (CLUSTER, *LABEL_COLUMNS.values())
#: Columns of the distance, and what makes kpc of them; the first one that a cluster has is used.
_DISTANCES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "distance_kpc": lambda kpc: kpc,
    "distance_modulus": distance_from_modulus,
    "distance_pc": lambda pc: pc / 1000,
}


def labels_of(
    index: pd.Index, table: pd.DataFrame, *, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the labels of clusters that have all three, in the order and spelling of ``index``.

    ``table`` has a row per cluster; ``columns`` maps its column names to those of
    `skcluster.schema.LABEL_COLUMNS`.
    """
    frame, units = _label_columns(table, columns)
    rows = match_rows(index, frame.pop("cluster"), "labels")
    unlabelled = index[rows < 0]
    if len(unlabelled):
        warn_caller(
            f"Left out {len(unlabelled)} of {len(index)} clusters without a row in the labels: "
            f"{some_names(unlabelled)}.",
        )
    frame, names = frame.iloc[rows[rows >= 0]], index[rows >= 0]
    markers: dict[str, int] = {}
    values = {
        c: checked_numbers(frame[c], LABEL_COLUMNS[c], names, units.get(c), markers)
        for c in frame.columns
        if c not in _DISTANCES
    }
    values["distance_kpc"] = _distances(frame, names, units, markers)
    warn_of_markers(markers, "labels")
    y = pd.DataFrame({name: values[name] for name in CLUSTER_PARAMETERS}, index=names)
    blank = y.isna().any(axis=1).to_numpy()
    if blank.all():
        raise ValueError(f"None of the {len(y)} clusters has values of log_age, a_v and distance.")
    if blank.any():
        warn_caller(
            f"Left out {blank.sum()} of {len(y)} clusters with a blank label: "
            f"{some_names(names[blank])}.",
        )
    return y[~blank]


def _label_columns(
    table: pd.DataFrame, given: Mapping[str, str] | None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the needed columns under our names, and their units."""
    columns, units = table.columns, units_of(table)
    theirs = {ours: name for name, ours in find_columns(columns, _LABELS, given).items()}
    for column in (CLUSTER, LABEL_COLUMNS["log_age"], LABEL_COLUMNS["a_v"]):
        if column.name not in theirs:
            raise ValueError(missing_column("labels", column, columns))
    distances = [name for name in _DISTANCES if name in theirs]
    if not distances:
        message = missing_column("labels", LABEL_COLUMNS["distance_modulus"], columns)
        raise ValueError(message.replace("' (", "', 'distance_kpc' or 'distance_pc' (", 1))
    needed = {theirs[ours]: ours for ours in ("cluster", "log_age", "a_v", *distances)}
    frame = table[list(needed)].rename(columns=needed)
    return frame, {ours: units.get(name) for name, ours in needed.items()}


def spelt_differently(index: pd.Index) -> str:
    """Return a sentence about clusters whose names may be spellings of one name, "" for none."""
    twice = matching_names(index).duplicated(keep=False)
    if not twice.any():
        return ""
    return (
        "The members have clusters whose names differ only in spaces, underscores and case: "
        f"{some_names(index[twice])}."
    )


def match_rows(index: pd.Index, clusters: pd.Series, what: str) -> IntArray:
    """Return the row of each cluster of the index, -1 for none.

    ``what`` the table holds, such as "labels", is for messages.
    """
    wanted, given = matching_names(index), matching_names(pd.Index(clusters))
    if message := spelt_differently(index):
        raise ValueError(f"{message} Their {what} are ambiguous.")
    twice = given.duplicated(keep=False) & given.isin(wanted)
    if twice.any():
        raise ValueError(
            f"Clusters with more than one row in the {what}: "
            f"{some_names(dict.fromkeys(clusters[twice]))}."
        )
    rows = np.full(len(wanted), -1)
    single = np.flatnonzero(~given.duplicated())
    at = given[single].get_indexer(wanted)
    rows[at >= 0] = single[at[at >= 0]]
    unmatched = clusters[~given.isin(wanted)]
    if (rows < 0).all():
        raise ValueError(
            f"Members and {what} have no cluster in common: the members have "
            f"{some_names(index)}, the {what} {some_names(unmatched)}."
        )
    if len(unmatched):
        warn_caller(
            f"{len(unmatched)} of {len(clusters)} clusters in the {what} have no members: "
            f"{some_names(unmatched)}.",
        )
    return rows


def _distances(
    frame: pd.DataFrame, names: pd.Index, units: Mapping[str, Any], markers: dict[str, int]
) -> FloatArray:
    """Return the distance of each cluster (kpc), from the first of its columns that has one."""
    distance = np.full(len(frame), np.nan)
    for column, in_kpc in _DISTANCES.items():
        rows = np.flatnonzero(np.isnan(distance))
        if column in frame and len(rows):
            labels = frame[column].iloc[rows]
            found = LABEL_COLUMNS[column], names[rows], units.get(column), markers
            distance[rows] = in_kpc(checked_numbers(labels, *found))
    return distance


def checked_numbers(
    values: pd.Series, column: Column, names: pd.Index, unit: Any, markers: dict[str, int]
) -> FloatArray:
    """Return a column of the named clusters in its unit, checked, and add the markers in it."""
    numbers = to_numbers(values, column, unit, lambda row: f"cluster {names[row]!r} has")
    for text, rows in marked_values(numbers, column):
        numbers = numbers.copy()
        numbers[rows] = np.nan
        markers[f"{column.name} = {text}"] = len(rows)
    wrong = np.flatnonzero(column.wrong(numbers))
    if len(wrong):
        first = wrong[0]
        raise ValueError(f"cluster {names[first]!r} has {column.refusal(numbers[first])}")
    return numbers.astype(np.float64)


def warn_of_markers(markers: Mapping[str, int], what: str) -> None:
    """Warn of markers of missing values that `checked_numbers` found in labels or priors."""
    if markers:
        shown = ", ".join(f"{value} ({n})" for value, n in markers.items())
        warn_caller(
            f"The {what} have markers of missing values, which several clusters share and which "
            f"are taken as blank: {shown}."
        )
