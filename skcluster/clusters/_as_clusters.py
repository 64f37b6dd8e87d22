"""Make clusters from any table of stars, and check each star once.

`as_clusters` is the border of the package: it nests the stars of any table (`clusters_of_table` for
one), checks their values and leaves out those that cannot be used. What it returns is trusted, and
recognised when it comes back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame

from skcluster._utils.doc_links import documentation
from skcluster._utils.messages import counted_stars, some_names, warn_caller
from skcluster._utils.typing import BoolArray, ClustersLike
from skcluster.clusters._stars import (
    STARS,
    Stars,
    clusters_from_flat,
    is_nested,
    joined,
    stars_of,
    storage_of,
    with_stars,
)
from skcluster.clusters._tables import (
    as_table,
    as_texts,
    check_needed,
    column_names,
    find_columns,
    index_as_columns,
    is_table,
    star_frame,
    to_frame,
)
from skcluster.schema import CLUSTER, CLUSTER_PARAMETERS, STAR_COLUMNS

#: The name of an unnamed cluster.
_NAMELESS = "cluster"
#: The stars that were checked. Arrow's arrays are immutable, so that one check holds as long as the
#: array does; slices and changed stars are other arrays.
_CHECKED: WeakValueDictionary[int, pa.ChunkedArray] = WeakValueDictionary()


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


def as_clusters(
    data: ClustersLike,
    *,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    cluster: str | None = None,
) -> NestedFrame:
    """Make clusters from any table of stars, and check them.

    Columns are recognised by the names of the Gaia archive and of VizieR, units are converted, and
    stars without magnitude or colour are left out.

    Parameters
    ----------
    data : NestedFrame, DataFrame, Table, Arrow or polars table, mapping or sequence of such tables
        Existing clusters; or one long table of stars with a column of cluster names; or a table
        per cluster, in a dict under the clusters' names, in a list, or in an array of objects with
        one column, as ``numpy.asarray`` makes it from clusters. A table is one of pandas, of
        astropy (its units are converted), or any with ``__arrow_c_stream__`` or
        ``__dataframe__``. A long table without a column of cluster names is one cluster, named
        ``"cluster"`` unless ``cluster`` is given.

        Columns are found by the names of the Gaia archive and of VizieR, in upper or lower case:
        ``phot_g_mean_mag`` and ``bp_rp`` (mag; or ``phot_bp_mean_mag`` and ``phot_rp_mean_mag``
        instead) are needed; ``parallax`` and ``parallax_error`` (mas), ``probability`` (0 to 1),
        ``ra``, ``dec``, ``pmra``, ``pmdec`` … are known; all others are kept unchanged.
    columns : mapping of str to str, optional
        Map from other names in the table to those of the Gaia archive, as in
        ``{"G_corrected": "phot_g_mean_mag"}``. A renamed column replaces one with that name.
    cluster_column : str, optional
        The column of a long table, or level of its index, with the cluster names. By default,
        ``cluster``, ``Name`` or another of `skcluster.schema.CLUSTER`, in upper or lower case.
    cluster : str, optional
        Name of the cluster if all stars of a long table belong to it, whatever its columns.

    Returns
    -------
    NestedFrame
        One row per cluster, in the order of first appearance, with the clusters' names as index
        and the stars in the nested column ``stars``, in their own order and with the column names
        of the Gaia archive. Existing clusters that need no change are returned unchanged.

    Raises
    ------
    ValueError
        If a needed column is missing or ambiguous, a unit is incompatible, or a value is outside
        its range in `skcluster.schema.STAR_COLUMNS` (the message names the cluster, the column,
        the value and the rule).

    Warns
    -----
    OneClusterWarning
        If a table has no column of cluster names, and ``cluster`` is not given.
    UserWarning
        If stars without magnitude or colour were left out (with counts); a cluster that loses all
        its stars is kept empty, and estimators refuse it by name. If probabilities are in per
        cent: the largest lies between 10 and 100, and the median above 1.

    See Also
    --------
    skcluster.io.read_clusters : Read clusters from files.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.clusters import as_clusters
    >>> members = pd.DataFrame({
    ...     "cluster": ["NGC_2682", "NGC_2682", "Melotte_22"],
    ...     "phot_g_mean_mag": [12.1, 13.5, 9.8],
    ...     "bp_rp": [0.8, 0.7, 0.3],
    ...     "parallax": [1.15, 1.13, 7.4],
    ... })
    >>> X = as_clusters(members)
    >>> X.index.tolist()
    ['NGC_2682', 'Melotte_22']
    >>> len(X.loc["NGC_2682", "stars"])
    2

    A table per cluster is accepted too, and so is that of a single cluster:

    >>> as_clusters({name: stars for name, stars in members.groupby("cluster")}).shape
    (2, 1)
    >>> as_clusters(members[["phot_g_mean_mag", "bp_rp"]], cluster="M 67").index.tolist()
    ['M 67']

    Impossible values are refused:

    >>> as_clusters(members.assign(bp_rp=[0.8, 99.0, 0.3]))
    Traceback (most recent call last):
        ...
    ValueError: cluster 'NGC_2682' has a star with bp_rp = 99 mag, which must lie between -5 and
    25 (a missing value is NaN, masked or blank).
    """
    return whole_clusters(nest_clusters(data, columns, cluster_column, cluster))


def nest_clusters(
    data: Any,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    cluster: str | None = None,
) -> NestedFrame:
    """Make clusters as `as_clusters` does, without checking values or leaving stars out."""
    given = dict(columns or {})
    if is_nested(data):
        _refuse_name(cluster, "existing clusters")
        if not is_checked(data) and isinstance(data.index, pd.RangeIndex):
            data = with_names_as_index(data, given)
            given = _of_stars(given)
        return with_our_names(data, given)
    if _is_pair(data):
        raise TypeError(
            "This is the pair (X, y) of clusters and their labels, where clusters are needed; "
            "give X."
        )
    if is_table(data):
        if cluster_column is not None and CLUSTER.name not in given.values():
            given[cluster_column] = CLUSTER.name
        table = as_table(data)
        if is_nested(table):
            return nest_clusters(table, given, None, cluster)
        X, column = clusters_of_table(table, given, cluster, _NAMELESS)
        if column is None and cluster is None:
            _warn_of_one_cluster(len(stars_of(X)))
        return X
    _refuse_name(cluster, "several tables")
    if isinstance(data, Mapping):
        return _of_tables(list(data.values()), pd.Index(list(data)), given)
    if _is_column_of_tables(data) or (
        isinstance(data, Sequence) and not isinstance(data, str | bytes)
    ):
        tables = data.ravel().tolist() if isinstance(data, np.ndarray) else list(data)
        return _of_tables(tables, pd.RangeIndex(len(tables)), given)
    raise TypeError(
        "Clusters can be made from a DataFrame, an astropy Table, an Arrow or polars table, a "
        f"NestedFrame, or a dict or list of tables, not from {type(data).__name__}."
    )


def validate_clusters(X: ClustersLike, *, columns: Iterable[str] = ()) -> Stars:
    """Return clusters, each with at least one star, as flat star arrays.

    Parameters
    ----------
    X : clusters
        Any input of `as_clusters`.
    columns : iterable of str
        Star columns needed besides magnitude and colour.

    Returns
    -------
    Stars
        The flat star arrays; every cluster has at least one star.

    Raises
    ------
    ValueError
        If there is no cluster, a cluster has no usable star, or a column is missing.
    """
    stars = stars_of(as_clusters(X))
    for column in columns:
        if column not in stars:
            raise ValueError(
                f"The star column {column!r} is needed, but X has only {', '.join(stars.columns)}. "
                f"See {documentation('member_lists#what-is-needed')}."
            )
    if len(stars.index) == 0:
        raise ValueError("X has no cluster.")
    if stars.counts.min() == 0:
        empty = stars.index[stars.counts == 0]
        raise ValueError(
            f"{len(empty)} of {len(stars.index)} clusters have no star with magnitude and colour: "
            f"{some_names(empty)}. Leave them out."
        )
    return stars


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


def _refuse_name(cluster: str | None, what: str) -> None:
    if cluster is not None:
        raise ValueError(f"One name, {cluster!r}, cannot be that of {what}.")


def _warn_of_one_cluster(n_stars: int) -> None:
    names = ", ".join(dict.fromkeys((CLUSTER.name, *CLUSTER.synonyms)))
    warn_caller(
        f"The table has no column of cluster names (looked for {names}): its "
        f"{counted_stars(n_stars, 'is', 'are')} taken as one cluster, {_NAMELESS!r}. "
        "as_clusters(table, cluster='…') or a dict of name and table names it; "
        "as_clusters(table, cluster_column='…') makes several clusters.",
        OneClusterWarning,
    )


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


def _of_stars(given: Mapping[str, str]) -> dict[str, str]:
    return {theirs: ours for theirs, ours in given.items() if ours != CLUSTER.name}


def with_our_names(X: NestedFrame, given: Mapping[str, str]) -> NestedFrame:
    """Return clusters with the Gaia archive's star columns; the same object if nothing changes."""
    if is_checked(X) and not given:
        return X
    stars = stars_of(X)
    names = find_columns(stars.columns, list(STAR_COLUMNS.values()), given)
    if all(theirs == ours for theirs, ours in names.items()):
        return X
    return with_stars(X, stars.rename(names))


def clusters_of_table(
    table: Any, given: Mapping[Any, str], cluster: str | None, otherwise: str
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
        stars = star_frame(frame, units, given, lambda row: name)
        check_needed(stars, frame.columns)
        stars = stars.drop(columns=CLUSTER.name, errors="ignore")
        return _nested(stars, [0, len(stars)], pd.Index([name], name=CLUSTER.name)), column
    names = _cluster_names(frame[column])
    stars = star_frame(frame, units, given, names.iloc.__getitem__).drop(columns=column)
    check_needed(stars, frame.columns)
    codes, clusters = pd.factorize(names)
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        stars, codes = stars.iloc[order], codes[order]
    offsets = np.searchsorted(codes, np.arange(len(clusters) + 1))
    return _nested(stars, offsets, pd.Index(clusters, name=column)), column


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


def _of_tables(tables: list[Any], index: pd.Index, given: dict[str, str]) -> NestedFrame:
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
        stars.append(star_frame(frame, units, own, partial(_same, name)))
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


def is_checked(X: NestedFrame) -> bool:
    """Return whether the stars were checked, and are complete."""
    storage = storage_of(X)
    return _CHECKED.get(id(storage)) is storage


def checked(X: NestedFrame) -> NestedFrame:
    """Return the same clusters, whose stars need no further check."""
    storage = storage_of(X)
    _CHECKED[id(storage)] = storage
    return X


def whole_clusters(X: NestedFrame, whole: BoolArray | None = None) -> NestedFrame:
    """Return clusters without stars that lack magnitude or colour, checked.

    Parameters
    ----------
    X : NestedFrame
        Clusters with our names of columns.
    whole : ndarray of bool, shape (n_stars,), optional
        What `whole_stars` returned, if it was called already.

    Returns
    -------
    NestedFrame
        The clusters; the very same object if nothing is left out.
    """
    if is_checked(X):
        return X
    stars = stars_of(X)
    whole = whole_stars(stars) if whole is None else whole
    if not whole.all():
        _warn_left_out(stars, whole)
        X = with_stars(X, stars.take(whole))
    return checked(X)


def whole_stars(stars: Stars) -> BoolArray:
    """Return which stars have magnitude and colour; the border where each value is checked.

    Raises
    ------
    ValueError
        If a needed column is missing, or a value is outside its range.
    """
    check_needed(stars, stars.columns)
    whole = np.ones(len(stars), dtype=bool)
    for name, column in STAR_COLUMNS.items():
        if name not in stars or column.kind != "number" or not len(stars):
            continue
        values = stars[name]
        if values.dtype.kind not in "fiu":
            first = int(np.argmax(pd.notna(values)))
            raise ValueError(
                f"cluster {stars.index[stars.cluster[first]]!r} has a star with {name} = "
                f"{values[first]!r}; nested columns that skcluster uses must hold numbers."
            )
        wrong = column.wrong(values)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise ValueError(
                f"cluster {stars.index[stars.cluster[first]]!r} has a star with "
                f"{column.refusal(values[first])}"
            )
        if column.missing == "leave out":
            whole &= ~np.isnan(values)
    return whole


def _warn_left_out(stars: Stars, whole: BoolArray) -> None:
    lost = np.bincount(stars.cluster[~whole], minlength=len(stars.index))
    empty = stars.index[(lost > 0) & (lost == stars.counts)]
    text = (
        f"Left out {lost.sum()} of {len(stars)} stars, in {np.count_nonzero(lost)} of "
        f"{len(stars.index)} clusters, without magnitude or colour."
    )
    if len(empty):
        text += f" No star is left of {len(empty)} clusters: {some_names(empty)}."
    warn_caller(text)
