"""Any table of stars -> clusters, their values not checked; and several clusters -> one X."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame

from skcluster._utils.messages import warn_caller
from skcluster._utils.tables import as_table, as_texts, column_names, is_table
from skcluster._utils.typing import IntArray
from skcluster.clusters._columns import find_columns
from skcluster.clusters._stars import STARS, Stars, clusters_from_flat, stars_of
from skcluster.clusters._tables import (
    MEASUREMENTS,
    OneClusterWarning,
    check_needed,
    cluster_column_of,
    star_frame,
    take_cluster_column,
    to_numbers,
)
from skcluster.schema import CLUSTER, STAR_COLUMNS

#: The name of a cluster that has none.
_NAMELESS = "cluster"


def nest_clusters(
    data: Any,
    *,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    cluster: str | None = None,
) -> NestedFrame:
    """Make clusters from any table of stars, as `as_clusters` does, without checking values.

    Parameters
    ----------
    data, columns, cluster_column, cluster
        As for `as_clusters`.

    Returns
    -------
    NestedFrame
        The clusters; stars without magnitude or colour are among them.

    Raises
    ------
    ValueError, TypeError
        As `as_clusters` does, but for the ranges of values.
    """
    return nest_and_flatten(data, columns, cluster_column, cluster)[0]


def nest_and_flatten(
    data: Any,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    cluster: str | None = None,
) -> tuple[NestedFrame, Stars]:
    """What `nest_clusters` gives, and its stars, which are reached only once."""
    given = dict(columns or {})
    if isinstance(data, NestedFrame) and STARS in data.columns:
        _refuse_name(cluster, "clusters that are already made")
        return _renamed(data, given)
    if is_table(data):
        X = _from_long_table(as_table(data), given, cluster_column, cluster)
    elif isinstance(data, Mapping):
        _refuse_name(cluster, "several tables")
        X = _from_tables(list(data.values()), pd.Index(list(data)), given)
    elif isinstance(data, Sequence) and not isinstance(data, str | bytes):
        _refuse_name(cluster, "several tables")
        X = _from_tables(list(data), pd.RangeIndex(len(data)), given)
    else:
        raise TypeError(
            "Clusters can be made from a DataFrame, an astropy Table, an Arrow or polars table, a "
            f"NestedFrame, or a dict or list of tables, not from {type(data).__name__}."
        )
    return X, stars_of(X)


def concat_clusters(parts: Sequence[NestedFrame]) -> NestedFrame:
    """Put the rows of several X one below the other.

    Parameters
    ----------
    parts : sequence of NestedFrame
        Clusters, as `as_clusters` gives them. Star columns may differ: a value that a part does
        not have is missing. A column that is of numbers here and of text there becomes text.

    Returns
    -------
    NestedFrame
        All clusters, in order.

    Examples
    --------
    >>> from skcluster.clusters import concat_clusters
    >>> from skcluster.datasets import simulate_clusters
    >>> X, y = simulate_clusters(3, random_state=0)
    >>> concat_clusters([X[:1], X[1:]]).equals(X)
    True
    """
    if len(parts) == 1:
        return parts[0]
    stars = [stars_of(X) for X in parts]
    tables = [pa.table({name: s.arrow(name) for name in s.columns}) for s in stars]
    try:
        flat = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:
        flat = pa.concat_tables(_of_one_kind(tables), promote_options="permissive")
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([s.counts for s in stars]))])
    index = parts[0].index.append([X.index for X in parts[1:]])
    fields = {name: flat[name] for name in flat.column_names}
    joined = clusters_from_flat(fields, offsets, index)
    others = pd.concat([pd.DataFrame(X[X.columns.drop(STARS)]) for X in parts])
    return joined.assign(**{str(name): others[name].array for name in others.columns})


def _of_one_kind(tables: list[pa.Table]) -> list[pa.Table]:
    """The tables with columns as text whose kinds cannot be reconciled."""
    kinds: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            kinds.setdefault(field.name, set()).add(field.type)
    texts = {
        name
        for name, found in kinds.items()
        if len(found) > 1
        and not all(pa.types.is_floating(t) or pa.types.is_integer(t) for t in found)
    }
    return [
        pa.table(
            {
                n: table[n].cast(pa.large_string()) if n in texts else table[n]
                for n in table.column_names
            }
        )
        for table in tables
    ]


def _refuse_name(cluster: str | None, what: str) -> None:
    if cluster is not None:
        raise ValueError(f"One name, {cluster!r}, cannot be that of {what}.")


def _renamed(X: NestedFrame, given: dict[str, str]) -> tuple[NestedFrame, Stars]:
    """Clusters whose stars have the names of the Gaia archive; the same object if they had."""
    stars = stars_of(X)
    names = _new_names(tuple(stars.columns), tuple(given.items()))
    if not names:
        return X, stars
    stars = stars.rename(dict(names))
    nested = stars.to_clusters()[STARS]
    return X[X.columns.drop(STARS)].assign(**{STARS: nested})[X.columns], stars


@lru_cache(maxsize=64)
def _new_names(
    there: tuple[str, ...], given: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    found = find_columns(there, tuple(STAR_COLUMNS.values()), dict(given))
    return tuple((theirs, ours) for theirs, ours in found.items() if theirs != ours)


def _from_long_table(
    table: Any, given: dict[str, str], cluster_column: str | None, cluster: str | None
) -> NestedFrame:
    if len(table) == 0:
        raise ValueError("The table of stars is empty.")
    of_cluster = [theirs for theirs, ours in given.items() if ours == CLUSTER.name]
    named = (of_cluster[0] if of_cluster else cluster_column) if cluster is None else None
    if named is None and cluster is None:
        named = cluster_column_of(table)
    frame = star_frame(table, given)
    check_needed(table, frame)
    if named is None:
        if cluster is None:
            _warn_of_one_cluster(len(frame))
        frame = frame.drop(columns=CLUSTER.name, errors="ignore")
        name = cluster or _NAMELESS
        return _nest(frame, np.array([0, len(frame)]), pd.Index([name], name=CLUSTER.name))
    frame, labels = take_cluster_column(frame, named)
    return _group(frame, labels)


def _warn_of_one_cluster(n_stars: int) -> None:
    names = ", ".join(dict.fromkeys((CLUSTER.name, *CLUSTER.synonyms)))
    warn_caller(
        f"The table has no column that names the cluster (looked for {names}): its {n_stars} stars "
        f"are taken for one cluster, {_NAMELESS!r}. cluster='…', or a dict of name and table, "
        "names it; cluster_column='…' says which column does.",
        OneClusterWarning,
    )


def _group(frame: pd.DataFrame, labels: pd.Series) -> NestedFrame:
    """Clusters from stars and the name of each star's cluster."""
    missing = labels.isna()
    if not pd.api.types.is_numeric_dtype(labels):
        labels = as_texts(labels).str.strip()
        missing |= labels == ""
    if missing.any():
        raise ValueError(
            f"{missing.sum()} stars have no cluster name (column {labels.name!r}, first in row "
            f"{np.argmax(missing)}); every star needs one."
        )
    codes, names = pd.factorize(labels)
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        frame, codes = frame.iloc[order], codes[order]
    offsets = np.searchsorted(codes, np.arange(len(names) + 1))
    return _nest(frame, offsets, pd.Index(names, name=labels.name))


def _from_tables(tables: list[Any], index: pd.Index, given: dict[str, str]) -> NestedFrame:
    if not tables:
        raise ValueError("There is no table to make clusters from.")
    for name, table in zip(index, tables, strict=True):
        if not is_table(table):
            raise TypeError(
                f"The stars of cluster {name!r} must be a DataFrame or an astropy Table, not "
                f"{type(table).__name__}."
            )
    tables = [as_table(table) for table in tables]
    # A column may be in some tables only, but not in none.
    nowhere = given.keys() - {name for table in tables for name in column_names(table)}
    frames = [
        star_frame(table, {n: given[n] for n in given if n in nowhere or n in column_names(table)})
        for table in tables
    ]
    offsets = np.concatenate([[0], np.cumsum([len(frame) for frame in frames])])
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        raise ValueError("No table holds a star.")
    return _nest(pd.concat(filled, ignore_index=True), offsets, index)


def _nest(frame: pd.DataFrame, offsets: IntArray, index: pd.Index) -> NestedFrame:
    """Nest sorted stars; numbers become numbers, and a missing colour is made."""

    def cluster_of(star: int) -> Any:
        return index[int(np.searchsorted(offsets, star, side="right")) - 1]

    fields = {
        str(name): to_numbers(column, cluster_of) if name in MEASUREMENTS else column.array
        for name, column in frame.items()
    }
    if "bp_rp" not in fields and {"phot_bp_mean_mag", "phot_rp_mean_mag"} <= fields.keys():
        fields["bp_rp"] = fields["phot_bp_mean_mag"] - fields["phot_rp_mean_mag"]
    return clusters_from_flat(fields, offsets, index)
