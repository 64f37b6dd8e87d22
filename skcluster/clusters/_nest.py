"""Make clusters from any table of stars without checking values, and concatenate clusters."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame

from skcluster._utils.messages import counted_stars, warn_caller
from skcluster._utils.typing import IntArray
from skcluster.clusters._columns import find_columns
from skcluster.clusters._raw import as_table, as_texts, column_names, is_table
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
from skcluster.schema import CLUSTER, CLUSTER_PARAMETERS, STAR_COLUMNS

#: The name of an unnamed cluster.
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
    data : NestedFrame, DataFrame, Table, Arrow or polars table, mapping or sequence of such tables
        Stars, as for `as_clusters`.
    columns : mapping of str to str, optional
        Map from other names in the table to those of the Gaia archive.
    cluster_column : str, optional
        The column of a long table, or level of its index, with the cluster names.
    cluster : str, optional
        Name of the cluster if all stars of a long table belong to it.

    Returns
    -------
    NestedFrame
        The clusters, including stars without magnitude or colour.

    Raises
    ------
    ValueError, TypeError
        As in `as_clusters`, except for values outside their ranges.
    """
    return nest_and_flatten(data, columns, cluster_column, cluster)[0]


def nest_and_flatten(
    data: Any,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    cluster: str | None = None,
) -> tuple[NestedFrame, Stars]:
    """Return what `nest_clusters` returns, and its flat star arrays."""
    given = dict(columns or {})
    if _is_pair(data):
        raise TypeError(
            "This is the pair (X, y) of clusters and their labels, where clusters are needed; "
            "give X."
        )
    if isinstance(data, NestedFrame) and STARS in data.columns:
        _refuse_name(cluster, "existing clusters")
        return _renamed(data, given)
    if is_table(data):
        X = _from_long_table(as_table(data), given, cluster_column, cluster)
    elif isinstance(data, Mapping):
        _refuse_name(cluster, "several tables")
        X = _from_tables(list(data.values()), pd.Index(list(data)), given)
    elif _is_column_of_tables(data) or (
        isinstance(data, Sequence) and not isinstance(data, str | bytes)
    ):
        data = data.ravel().tolist() if isinstance(data, np.ndarray) else data
        _refuse_name(cluster, "several tables")
        X = _from_tables(list(data), pd.RangeIndex(len(data)), given)
    else:
        raise TypeError(
            "Clusters can be made from a DataFrame, an astropy Table, an Arrow or polars table, a "
            f"NestedFrame, or a dict or list of tables, not from {type(data).__name__}."
        )
    return X, stars_of(X)


def _is_pair(data: Any) -> bool:
    """Return whether data are (X, y), as functions that load clusters return them."""
    if not isinstance(data, tuple) or len(data) != 2 or not is_table(data[0]):
        return False
    return not is_table(data[1]) or set(CLUSTER_PARAMETERS) <= set(column_names(as_table(data[1])))


def _is_column_of_tables(data: Any) -> bool:
    """Return whether data are clusters as an array of tables, as made by ensembles."""
    return (
        isinstance(data, np.ndarray)
        and data.dtype == object
        and data.shape in {(len(data),), (len(data), 1)}
        and len(data) > 0
        and all(is_table(item) for item in data.ravel())
    )


def concat_clusters(parts: Sequence[NestedFrame]) -> NestedFrame:
    """Concatenate the rows of several X.

    Parameters
    ----------
    parts : sequence of NestedFrame
        Clusters, as `as_clusters` returns them. Star columns may differ; values of columns that a
        part lacks are missing. A column of numbers in one part and of text in another becomes
        text.

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
    """Return the tables with columns as text where their types cannot be reconciled."""
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
    """Return clusters with the Gaia archive's star columns; the same object if nothing changes."""
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
        f"The table has no column of cluster names (looked for {names}): its "
        f"{counted_stars(n_stars, 'is', 'are')} taken as one cluster, {_NAMELESS!r}. "
        "as_clusters(table, cluster='…') or a dict of name and table names it; "
        "as_clusters(table, cluster_column='…') makes several clusters.",
        OneClusterWarning,
    )


def _group(frame: pd.DataFrame, labels: pd.Series) -> NestedFrame:
    """Return clusters from stars and the name of each star's cluster."""
    missing = labels.isna()
    if not pd.api.types.is_numeric_dtype(labels):
        labels = as_texts(labels).str.strip()
        missing |= labels == ""
    if missing.any():
        raise ValueError(
            f"{counted_stars(missing.sum(), 'has', 'have')} no cluster name (column "
            f"{labels.name!r}, first in row {np.argmax(missing)}); every star needs one."
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
    # A given column may be missing in some tables, but not in all.
    nowhere = given.keys() - {name for table in tables for name in column_names(table)}
    frames = [
        star_frame(table, {n: given[n] for n in given if n in nowhere or n in column_names(table)})
        for table in tables
    ]
    offsets = np.concatenate([[0], np.cumsum([len(frame) for frame in frames])])
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        raise ValueError("No table has a star.")
    return _nest(pd.concat(filled, ignore_index=True), offsets, index)


def _nest(frame: pd.DataFrame, offsets: IntArray, index: pd.Index) -> NestedFrame:
    """Nest sorted stars, parsing numbers and computing a missing colour."""

    def cluster_of(star: int) -> Any:
        return index[int(np.searchsorted(offsets, star, side="right")) - 1]

    fields = {
        str(name): to_numbers(column, cluster_of) if name in MEASUREMENTS else column.array
        for name, column in frame.items()
    }
    if "bp_rp" not in fields and {"phot_bp_mean_mag", "phot_rp_mean_mag"} <= fields.keys():
        fields["bp_rp"] = fields["phot_bp_mean_mag"] - fields["phot_rp_mean_mag"]
    return clusters_from_flat(fields, offsets, index)
