"""Nest the stars of tables in clusters, under our names, without checking values."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.messages import counted_stars
from skcluster.clusters._columns import check_needed, find_columns
from skcluster.clusters._notes import Notes
from skcluster.clusters._stars import STARS, clusters_from_flat, joined, stars_of, with_stars
from skcluster.clusters._tables import (
    as_table,
    as_texts,
    index_as_columns,
    is_dispensable,
    is_table,
    star_frame,
    to_frame,
)
from skcluster.schema import CLUSTER, STAR_COLUMNS

#: A column with nearly as many names as rows names stars: their least number, and share of names.
_FEWEST_ROWS, _NEARLY_ALL = 10, 0.9


def with_names_as_index(X: NestedFrame, given: Mapping[str, str]) -> NestedFrame:
    """Return nested stars with the cluster's name as index, which files keep as a column."""
    others = [c for c in X.columns if c != STARS]
    of_clusters = {n: o for n, o in given.items() if o == CLUSTER.name}
    index_column = replace(CLUSTER, synonyms=(*CLUSTER.synonyms, "__index_level_0__"))
    for column in find_columns(others, [index_column], of_clusters) if X.index.name is None else ():
        index = X[column] if pd.api.types.is_numeric_dtype(X[column]) else X[column].astype(str)
        name = None if column == "__index_level_0__" else CLUSTER.name
        others.remove(column)
        X = X[[*others, STARS]].set_index(pd.Index(index.to_numpy(), name=name))
    return X


def with_our_names(
    X: NestedFrame, given: Mapping[str, str], notes: Notes | None = None
) -> NestedFrame:
    """Return clusters with the Gaia archive's star columns; the same object if nothing changes."""
    stars = stars_of(X)
    names = find_columns(stars.columns, list(STAR_COLUMNS.values()), given, notes)
    texts = [theirs for theirs in names if stars[theirs].dtype.kind not in "fiu"]
    for theirs in texts:
        column = STAR_COLUMNS[names[theirs]]
        if column.kind != "number" or theirs in given:
            continue
        if is_dispensable(column.name, theirs, names.values()):
            del names[theirs]
            if notes is not None:
                notes.keep(theirs, f"{column.name} is not a number")
    if all(theirs == ours for theirs, ours in names.items()):
        return X
    return with_stars(X, stars.rename(names))


def clusters_of_table(
    table: Any, given: Mapping[Any, str], cluster: str | None, otherwise: str, notes: Notes
) -> tuple[NestedFrame, Any | None]:
    """Make clusters, not checked yet, of one table with a row per star.

    Parameters
    ----------
    table : DataFrame or astropy Table
        The stars.
    given : mapping of str to str
        Map from other names in the table to those of the Gaia archive, and to ``"cluster"``.
    cluster : str or None
        Name of the cluster, if all stars belong to one whatever the table's columns.
    otherwise : str
        Name of the cluster if no column names the clusters.
    notes : Notes
        Where it is noted which columns were chosen, not read, or not recognised.

    Returns
    -------
    X : NestedFrame
        The clusters.
    column : object
        The column of cluster names; None if there is none.
    """
    if len(table) == 0:
        raise ValueError("The table of stars is empty.")
    frame, units = to_frame(index_as_columns(table))
    of_cluster = {theirs: ours for theirs, ours in given.items() if ours == CLUSTER.name}
    try:
        column = next(iter(find_columns(frame.columns, [CLUSTER], of_cluster)), None)
    except ValueError:  # several; which one does not matter if the cluster has a name
        if cluster is None or of_cluster:
            raise
        column = None
    if column is None or cluster is not None:
        name = cluster or otherwise
        stars = star_frame(frame, units, given, lambda row: name, notes)
        check_needed(stars, frame.columns)
        stars = stars.drop(columns=CLUSTER.name, errors="ignore")
        return _nested(stars, [0, len(stars)], pd.Index([name], name=CLUSTER.name)), column
    names = _cluster_names(frame[column])
    codes, clusters = pd.factorize(names)
    stars = star_frame(frame, units, given, names.iloc.__getitem__, notes).drop(columns=column)
    check_needed(stars, frame.columns)
    if not of_cluster:
        _refuse_names_of_stars(column, len(clusters), len(names))
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        stars, codes = stars.iloc[order], codes[order]
    offsets = np.searchsorted(codes, np.arange(len(clusters) + 1))
    return _nested(stars, offsets, pd.Index(clusters, name=column)), column


def are_names_of_stars(n_names: int, n_rows: int) -> bool:
    """Return whether a column with that many different names seems to name stars."""
    return n_rows >= _FEWEST_ROWS and n_names > _NEARLY_ALL * n_rows


def _refuse_names_of_stars(column: Any, n_names: int, n_rows: int) -> None:
    if are_names_of_stars(n_names, n_rows):
        raise ValueError(
            f"The column {column!r} has {n_names} names in {n_rows} rows: it seems to name stars, "
            "not clusters. If all stars belong to one cluster, --cluster NAME or cluster='…' names "
            "it; if another column, or this one, names the clusters, --cluster-column or "
            "cluster_column= selects it."
        )


def _cluster_names(labels: pd.Series) -> pd.Series:
    """Return the name of each star's cluster; each star needs one."""
    missing = labels.isna()
    if not pd.api.types.is_numeric_dtype(labels):
        labels = as_texts(labels)
        missing |= labels == ""
    if missing.any():
        raise ValueError(
            f"{counted_stars(missing.sum(), 'has', 'have')} no cluster name (column "
            f"{labels.name!r}, first in row {np.argmax(missing)}); every star needs one."
        )
    return labels


def clusters_of_tables(
    tables: list[Any], index: pd.Index, given: Mapping[str, str], notes: Notes
) -> NestedFrame:
    """Make clusters, not checked yet, of a table per cluster."""
    if not tables:
        raise ValueError("There is no table to make clusters from.")
    for name, table in zip(index, tables, strict=True):
        if not is_table(table):
            raise TypeError(
                f"The stars of cluster {name!r} must be a DataFrame or an astropy Table, not "
                f"{type(table).__name__}."
            )
    frames = [to_frame(as_table(table)) for table in tables]
    # A given column may be missing in some tables, but not in all.
    nowhere = given.keys() - {name for frame, _ in frames for name in frame.columns}
    stars = []
    for name, (frame, units) in zip(index, frames, strict=True):
        own = {n: ours for n, ours in given.items() if n in nowhere or n in frame}
        stars.append(star_frame(frame, units, own, partial(_same, name), notes))
    offsets = np.concatenate([[0], np.cumsum([len(frame) for frame in stars])])
    filled = [frame for frame in stars if len(frame)]
    if not filled:
        raise ValueError("No table has a star.")
    parts = [{str(n): column.array for n, column in frame.items()} for frame in filled]
    return clusters_from_flat(joined(parts), offsets, index)


def _same(name: Any, row: int) -> Any:
    return name


def _nested(stars: pd.DataFrame, offsets: Any, index: pd.Index) -> NestedFrame:
    return clusters_from_flat({str(n): c.array for n, c in stars.items()}, offsets, index)
