"""Convert a table with a row per cluster to y, in the order of the clusters."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from skcluster._utils.messages import some_names, warn_caller
from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import find_columns, missing_column, rename_columns
from skcluster.clusters._names import matching_names
from skcluster.clusters._raw import column_names, parse_numbers, to_frame
from skcluster.photometry import distance_from_modulus
from skcluster.schema import CLUSTER, CLUSTER_PARAMETERS, LABEL_COLUMNS

_KNOWN = (CLUSTER, *LABEL_COLUMNS.values())
#: Columns of the distance; the first one in the table is used.
_DISTANCES = ("distance_kpc", "distance_modulus", "distance_pc")


def labels_of(
    index: pd.Index, table: Any, *, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the labels of some clusters.

    Parameters
    ----------
    index : Index of length n_clusters
        The clusters' names.
    table : DataFrame or astropy Table
        A row per cluster; column names as in `skcluster.schema.LABEL_COLUMNS`.
    columns : mapping of str to str, optional
        Map from the table's names to those of `skcluster.schema.LABEL_COLUMNS`.

    Returns
    -------
    DataFrame
        ``log_age`` (dex of years), ``a_v`` (mag), ``distance_kpc`` (kpc) of the clusters that have
        all three, in the order and with the spelling of ``index``.

    Raises
    ------
    ValueError
        If a column is missing, no cluster is in both tables, a cluster has two rows, or a label is
        not a number or outside its range.

    Warns
    -----
    UserWarning
        With counts: clusters without a row, rows without a cluster, and blank labels.
    """
    frame, units = _label_columns(table, columns)
    rows = _match(index, frame.pop("cluster"))
    frame, names = frame.iloc[rows[rows >= 0]], index[rows >= 0]
    values = {c: _numbers(frame[c], names, units.get(c)) for c in frame.columns}
    values["distance_kpc"] = _distance_kpc(values)
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
    table: Any, given: Mapping[str, str] | None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the needed columns under our names, and their units."""
    there = column_names(table)
    found = {ours: theirs for theirs, ours in find_columns(there, _KNOWN, given).items()}
    for column in (CLUSTER, LABEL_COLUMNS["log_age"], LABEL_COLUMNS["a_v"]):
        if column.name not in found:
            raise ValueError(missing_column("labels", column, there))
    distance = next((name for name in _DISTANCES if name in found), None)
    if distance is None:
        message = missing_column("labels", LABEL_COLUMNS["distance_modulus"], there)
        raise ValueError(message.replace("' (", "', 'distance_kpc' or 'distance_pc' (", 1))
    needed = {found[ours]: ours for ours in ("cluster", "log_age", "a_v", distance)}
    table = rename_columns(table[list(needed)], needed)
    if isinstance(table, pd.DataFrame):
        return pd.DataFrame(table), {}
    return to_frame(table, {}), {c: getattr(table[c], "unit", None) for c in table.colnames}


def _match(index: pd.Index, clusters: pd.Series) -> IntArray:
    """Return the row of each cluster of the index, -1 for none."""
    wanted, there = matching_names(index), matching_names(pd.Index(clusters))
    twice = wanted.duplicated(keep=False)
    if twice.any():
        raise ValueError(
            f"The members have clusters whose names differ only in spaces, underscores and case, "
            f"so that their labels are ambiguous: {some_names(index[twice])}."
        )
    twice = there.duplicated(keep=False) & there.isin(wanted)
    if twice.any():
        raise ValueError(
            f"Clusters with more than one row in the labels: "
            f"{some_names(dict.fromkeys(clusters[twice]))}."
        )
    rows = np.full(len(wanted), -1)
    single = np.flatnonzero(~there.duplicated())
    at = there[single].get_indexer(wanted)
    rows[at >= 0] = single[at[at >= 0]]
    _report_unmatched(index[rows < 0], len(index), clusters[~there.isin(wanted)], len(clusters))
    return rows


def _report_unmatched(
    unlabelled: pd.Index, n_clusters: int, unmatched: pd.Series, n_rows: int
) -> None:
    if len(unlabelled) == n_clusters:
        raise ValueError(
            f"Members and labels have no cluster in common: the members have "
            f"{some_names(unlabelled)}, the labels {some_names(unmatched)}."
        )
    if len(unlabelled):
        warn_caller(
            f"Left out {len(unlabelled)} of {n_clusters} clusters without a row in the labels: "
            f"{some_names(unlabelled)}.",
        )
    if len(unmatched):
        warn_caller(
            f"{len(unmatched)} of {n_rows} clusters in the labels have no members: "
            f"{some_names(unmatched)}.",
        )


def _numbers(column: pd.Series, names: pd.Index, unit: Any) -> FloatArray:
    """Return a column of labels in its unit, checked."""
    rule = LABEL_COLUMNS[str(column.name)]
    values, wrong = parse_numbers(column)
    if len(wrong):
        raise ValueError(
            f"cluster {names[wrong[0]]!r} has {column.name} = {column.iloc[wrong[0]]!r}, which is "
            "not a number."
        )
    values = _convert(values, unit, rule.unit, str(column.name))
    outside = np.flatnonzero(~(np.isnan(values) | ((values >= rule.low) & (values <= rule.high))))
    if len(outside):
        raise ValueError(
            f"cluster {names[outside[0]]!r} has {column.name} = {values[outside[0]]:g} {rule.unit},"
            f" which {rule.rule()} (a missing value is NaN, masked or blank)."
        )
    checked: FloatArray = values.astype(np.float64)
    return checked


def _convert(values: Any, unit: Any, wanted: str, name: str) -> Any:
    # Logarithms have no agreed notation: VizieR's "[yr]" and "log(yr)" are unknown to astropy.
    if unit is None or (name == "log_age" and str(unit) in ("", "dex", "[yr]", "log(yr)")):
        return values
    from astropy import units

    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            return units.Unit(unit).to(units.Unit(wanted), values)
    except (TypeError, ValueError):
        raise ValueError(
            f"The label {name!r} is in {str(unit)!r}, which cannot be converted to {wanted!r}."
        ) from None


def _distance_kpc(values: Mapping[str, Any]) -> Any:
    if "distance_modulus" in values:
        return distance_from_modulus(values["distance_modulus"])
    return values["distance_kpc"] if "distance_kpc" in values else values["distance_pc"] / 1000
