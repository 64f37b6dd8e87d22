"""What is stated of whole clusters: labels to learn from, and priors from elsewhere.

Both are tables with a row per cluster, whose rows are matched with the clusters by name. Labels
become y. Priors, such as a metallicity from spectra, become star columns, the same for all stars of
a cluster, so that they stay with the cluster.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.messages import some_names, warn_caller
from skcluster._utils.order import matching_names
from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars, as_clusters, stars_of
from skcluster.clusters._as_clusters import checked
from skcluster.clusters._columns import find_columns, missing_column
from skcluster.clusters._meant_values import marked_values
from skcluster.clusters._stars import with_stars
from skcluster.clusters._tables import as_table, to_numbers, units_of
from skcluster.io._read_table import read_table
from skcluster.photometry import distance_from_modulus
from skcluster.schema import CLUSTER, LABEL_COLUMNS, PRIOR_COLUMNS, TARGETS, Column

#: Columns of the distance, and what makes kpc of them; the first one that a cluster has is used.
_DISTANCES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "distance_kpc": lambda kpc: kpc,
    "distance_modulus": distance_from_modulus,
    "distance_pc": lambda pc: pc / 1000,
}


class _Rows:
    """The rows of a table that belong to clusters, in the order of the clusters.

    ``columns`` maps names in the table to those of `skcluster.schema`; ``what`` the table holds,
    such as "labels", is for messages.
    """

    def __init__(self, index: pd.Index, table: Any, columns: Mapping[Any, str], what: str) -> None:
        frame, units = table[list(columns)].rename(columns=columns), units_of(table)
        rows = _match(index, frame.pop(CLUSTER.name), what)
        #: Positions of the clusters that have a row.
        self.at = np.flatnonzero(rows >= 0)
        self.index = index[self.at]
        self._rows = rows[self.at]
        self._table = frame
        #: Units of all columns but that of the names.
        self.units = {
            ours: units.get(theirs) for theirs, ours in columns.items() if ours in frame.columns
        }
        self.what = what
        self.markers: dict[str, int] = {}

    def numbers(self, column: Column, rows: Any = slice(None)) -> FloatArray:
        """Return the values of some rows in the unit of a column, checked; those missing as NaN."""
        name, index, at = column.name, self.index[rows], self._rows[rows]
        unit, whole = self.units[name], self._table[name]

        def where(row: int) -> str:
            return f"cluster {index[row]!r} has"

        numbers = to_numbers(whole.iloc[at], column, unit, where)
        # Whether several clusters share a value is seen in the whole table.
        of_all = to_numbers(pd.to_numeric(whole, errors="coerce"), column, unit, where)
        for text, marked in marked_values(of_all, column):
            blank = np.isin(at, marked)
            numbers = np.where(blank, np.nan, numbers)
            if blank.any():
                self.markers[f"{name} = {text}"] = int(np.count_nonzero(blank))
        wrong = np.flatnonzero(column.wrong(numbers))
        if len(wrong):
            raise ValueError(f"cluster {index[wrong[0]]!r} has {column.refusal(numbers[wrong[0]])}")
        return numbers.astype(np.float64)

    def warn_of_markers(self) -> None:
        """Warn of markers of missing values in the numbers that were asked for."""
        if self.markers:
            shown = ", ".join(f"{value} ({n})" for value, n in self.markers.items())
            warn_caller(
                f"The {self.what} have markers of missing values, which several clusters share and "
                f"which are taken as blank: {shown}."
            )


def spelt_differently(index: pd.Index) -> str:
    """Return a sentence about clusters whose names may be spellings of one name, "" for none."""
    twice = matching_names(index).duplicated(keep=False)
    if not twice.any():
        return ""
    return (
        "The members have clusters whose names differ only in spaces, underscores and case: "
        f"{some_names(index[twice])}."
    )


def _match(index: pd.Index, clusters: pd.Series, what: str) -> IntArray:
    """Return the row of each cluster of the index, -1 for none."""
    wanted, given = matching_names(index), matching_names(pd.Index(clusters))
    if message := spelt_differently(index):
        raise ValueError(f"{message} Their {what} are ambiguous.")
    is_wanted = given.isin(wanted)
    twice = given.duplicated(keep=False) & is_wanted
    if twice.any():
        raise ValueError(
            f"Clusters with more than one row in the {what}: "
            f"{some_names(dict.fromkeys(clusters[twice]))}."
        )
    unmatched = clusters[~is_wanted]
    if not is_wanted.any():
        raise ValueError(
            f"Members and {what} have no cluster in common: the members have "
            f"{some_names(index)}, the {what} {some_names(unmatched)}."
        )
    if len(unmatched):
        warn_caller(
            f"{len(unmatched)} of {len(clusters)} clusters in the {what} have no members: "
            f"{some_names(unmatched)}."
        )
    rows: IntArray = (
        pd.Series(np.flatnonzero(is_wanted), given[is_wanted])
        .reindex(wanted, fill_value=-1)
        .to_numpy()
    )
    return rows


# Labels


def labels_of(
    index: pd.Index, table: Any, *, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the labels of clusters that have all three, in the order and spelling of ``index``.

    ``table`` has a row per cluster; ``columns`` maps its column names to those of
    `skcluster.schema.LABEL_COLUMNS`.
    """
    rows = _Rows(index, table, _label_columns(list(table.columns), columns), "labels")
    unlabelled = index.delete(rows.at)
    if len(unlabelled):
        warn_caller(
            f"Left out {len(unlabelled)} of {len(index)} clusters without a row in the labels: "
            f"{some_names(unlabelled)}."
        )
    labels = {name: rows.numbers(LABEL_COLUMNS[name]) for name in ("log_age", "a_v")}
    labels["distance_kpc"] = _distances(rows)
    rows.warn_of_markers()
    y = pd.DataFrame(labels, index=rows.index)
    blank = y.isna().any(axis=1).to_numpy()
    if blank.all():
        raise ValueError(f"None of the {len(y)} clusters has values of log_age, a_v and distance.")
    if blank.any():
        warn_caller(
            f"Left out {blank.sum()} of {len(y)} clusters with a blank label: "
            f"{some_names(y.index[blank])}."
        )
    return y[~blank]


def _label_columns(names: list[Any], given: Mapping[str, str] | None) -> dict[Any, str]:
    """Return the columns that are needed, with our names."""
    columns = find_columns(names, (CLUSTER, *LABEL_COLUMNS.values()), given)
    for column in (CLUSTER, LABEL_COLUMNS["log_age"], LABEL_COLUMNS["a_v"]):
        if column.name not in columns.values():
            raise ValueError(missing_column("labels", column, names))
    if not _DISTANCES.keys() & columns.values():
        message = missing_column("labels", LABEL_COLUMNS["distance_modulus"], names)
        raise ValueError(message.replace("' (", "', 'distance_kpc' or 'distance_pc' (", 1))
    needed = {CLUSTER.name, "log_age", "a_v", *_DISTANCES}
    return {theirs: ours for theirs, ours in columns.items() if ours in needed}


def _distances(rows: _Rows) -> FloatArray:
    """Return the distance of each cluster (kpc), from the first of its columns that has one."""
    distance = np.full(len(rows.index), np.nan)
    for name, in_kpc in _DISTANCES.items():
        lacking = np.flatnonzero(np.isnan(distance))
        if name in rows.units and len(lacking):
            distance[lacking] = in_kpc(rows.numbers(LABEL_COLUMNS[name], lacking))
    return distance


# Priors


def state_priors(X: Any, priors: Any) -> NestedFrame:
    """Return clusters with what is known of them from elsewhere, instead of what was stated before.

    ``priors`` are those of `skcluster.estimation.estimate`.
    """
    X = as_clusters(X)
    if isinstance(priors, str | os.PathLike):
        priors = read_table(priors)
    values = (_of_all if isinstance(priors, Mapping) else _of_table)(priors, X.index)
    stars = stars_of(X)
    for name in PRIOR_COLUMNS:
        if name in values or f"prior_{name}" in stars:
            of_clusters = values.get(name, np.full(len(X), np.nan))
            stars = stars.with_column(f"prior_{name}", of_clusters[stars.cluster])
    stated_priors(stars)  # refuses values without errors
    return checked(with_stars(X, stars))


def _of_all(priors: Mapping[str, Any], index: pd.Index) -> dict[str, FloatArray]:
    """Return the columns of all clusters from pairs of value and error."""
    values: dict[str, FloatArray] = {}
    for target, pair in priors.items():
        if target not in TARGETS or np.shape(pair) != (2,):
            raise ValueError(
                f"priors must map names among {', '.join(TARGETS)} to a value and its standard "
                f"error; got {target!r}: {pair!r}."
            )
        for name, number in zip((target, f"{target}_error"), pair, strict=True):
            values[name] = np.full(len(index), number, dtype=np.float64)
            if PRIOR_COLUMNS[name].wrong(values[name]).any():
                raise ValueError(f"priors have {PRIOR_COLUMNS[name].refusal(number)}")
    return values


def _of_table(table: Any, index: pd.Index) -> dict[str, FloatArray]:
    """Return the columns of a table, in the order of the clusters."""
    table = as_table(table)
    names = list(table.columns)
    columns = find_columns(names, (CLUSTER, *PRIOR_COLUMNS.values()))
    if CLUSTER.name not in columns.values() or len(columns) == 1:
        raise ValueError(
            f"The priors must have a column 'cluster' with names, and any of "
            f"{', '.join(PRIOR_COLUMNS)}; there are: {', '.join(map(str, names))}."
        )
    rows = _Rows(index, table, columns, "priors")
    values = {name: np.full(len(index), np.nan) for name in rows.units}
    for name, of_clusters in values.items():
        of_clusters[rows.at] = rows.numbers(PRIOR_COLUMNS[name])
    rows.warn_of_markers()
    return values


def stated_priors(stars: Stars) -> FloatArray | None:
    """Return what is known of each cluster from elsewhere, shape (n_clusters, n_targets, 2).

    Values and standard errors are in the units of the targets; NaN where nothing is known. It is
    None if the stars have no such column.
    """
    if not any(f"prior_{name}" in stars for name in PRIOR_COLUMNS):
        return None
    stated = np.full((len(stars.index), len(TARGETS), 2), np.nan)
    for i, target in enumerate(TARGETS):
        pair = f"prior_{target}", f"prior_{target}_error"
        stated[:, i] = np.stack([_of_clusters(stars, name) for name in pair], axis=1)
        lacks = np.isnan(stated[:, i])
        for row in np.flatnonzero(lacks[:, 0] != lacks[:, 1])[:1]:
            given, lacking = pair[::-1] if lacks[row, 0] else pair
            raise ValueError(
                f"cluster {stars.index[row]!r} has {given} = {np.nanmax(stated[row, i]):g} but no "
                f"{lacking}; a prior needs both."
            )
    return stated


def _of_clusters(stars: Stars, name: str) -> FloatArray:
    """Return the value of a column that all stars of a cluster share; NaN for none."""
    shared = np.full(len(stars.index), np.nan)
    if name not in stars:
        return shared
    values = stars[name].astype(np.float64)
    np.fmax.at(shared, stars.cluster, values)
    differs = values < shared[stars.cluster]
    if differs.any():
        row = stars.cluster[np.argmax(differs)]
        raise ValueError(
            f"cluster {stars.index[row]!r} has stars with {name} = {values[differs][0]:g} and "
            f"{shared[row]:g}; it must be the same for all stars of a cluster."
        )
    return shared
