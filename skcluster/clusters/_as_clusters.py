"""Make clusters from any table of stars, and check each star once.

`as_clusters` is the border of the package: it nests the stars of any table (`stars_of_table` for
one), checks their values and leaves out those that cannot be used. What it returns is trusted, and
recognised when it comes back.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame

from skcluster._utils.messages import counted_stars, documentation, some_names, warn_caller
from skcluster._utils.typing import BoolArray, ClustersLike
from skcluster.clusters._columns import Notes, check_needed
from skcluster.clusters._meant_values import completed
from skcluster.clusters._stars import Stars, is_nested, stars_of, storage_of, with_stars
from skcluster.clusters._tables import (
    as_table,
    is_table,
    renamed_clusters,
    stars_of_table,
    stars_of_tables,
)
from skcluster.schema import CLUSTER, CLUSTER_PARAMETERS, NEEDED_STAR_COLUMNS, STAR_COLUMNS

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
        astropy (its units are converted), or any with ``__arrow_c_stream__``. A long table
        without a column of cluster names is one cluster, named ``"cluster"`` unless ``cluster`` is
        given.

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
    given = dict(columns or {})
    if cluster_column is not None and CLUSTER.name not in given.values() and is_table(data):
        given[cluster_column] = CLUSTER.name
    X = nest_clusters(data, given, cluster)
    if cluster_column is not None and not is_table(data):
        raise ValueError(
            f"cluster_column={cluster_column!r} is for one table of stars; each of several tables "
            "is one cluster."
        )
    return whole_clusters(X)


def nest_clusters(
    data: Any, given: Mapping[str, str] = MappingProxyType({}), cluster: str | None = None
) -> NestedFrame:
    """Make clusters as `as_clusters` does, without checking values or leaving stars out."""
    notes = Notes()
    X = _nested(data, given, cluster, notes)
    notes.warn()
    if is_checked(X):
        return X
    stars = stars_of(X)
    is_single = isinstance(data, NestedFrame) or is_table(data)
    tables = np.zeros(len(X), dtype=int) if is_single else np.arange(len(X))
    values = completed(stars, tables)
    return X if values is stars else with_stars(X, values)


def _nested(data: Any, given: Mapping[str, str], cluster: str | None, notes: Notes) -> NestedFrame:
    """Return clusters with the Gaia archive's names; existing ones as they are, if possible."""
    if is_table(data):
        table = as_table(data)
        if is_nested(table):
            _refuse_name(cluster, "existing clusters")
            if is_checked(table) and not given:
                return table
            # Parts of clusters are told of nothing that was told of the whole.
            return renamed_clusters(table, given, Notes())
        stars, column = stars_of_table(table, given, cluster, CLUSTER.name, notes)
        if column is None and cluster is None:
            _warn_of_one_cluster(len(stars))
        return stars.to_clusters()
    _refuse_name(cluster, "several tables")
    if _is_pair(data):
        raise TypeError(
            "This is the pair (X, y) of clusters and their labels, where clusters are needed; "
            "give X."
        )
    if isinstance(data, Mapping):
        index = pd.Index(list(data))
        return stars_of_tables(list(data.values()), index, given, notes).to_clusters()
    if isinstance(data, np.ndarray) and data.size and all(map(is_table, data.ravel())):
        data = data.ravel().tolist()  # a column of clusters, as ensembles make it
    if not isinstance(data, Sequence) or isinstance(data, str | bytes):
        raise TypeError(
            "Clusters can be made from a DataFrame, an astropy Table, an Arrow or polars table, a "
            f"NestedFrame, or a dict or list of tables, not from {type(data).__name__}."
        )
    return stars_of_tables(list(data), pd.RangeIndex(len(data)), given, notes).to_clusters()


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
    return not is_table(data[1]) or set(CLUSTER_PARAMETERS) <= set(as_table(data[1]).columns)


def _refuse_name(cluster: str | None, what: str) -> None:
    if cluster is not None:
        raise ValueError(f"One name, {cluster!r}, cannot be that of {what}.")


def _warn_of_one_cluster(n_stars: int) -> None:
    names = ", ".join(CLUSTER.names)
    warn_caller(
        f"The table has no column of cluster names (looked for {names}): its "
        f"{counted_stars(n_stars, 'is', 'are')} taken as one cluster, {CLUSTER.name!r}. "
        "as_clusters(table, cluster='…') or a dict of name and table names it; "
        "as_clusters(table, cluster_column='…') makes several clusters.",
        OneClusterWarning,
    )


def is_checked(X: NestedFrame) -> bool:
    """Return whether the stars were checked, and are complete."""
    storage = storage_of(X)
    return _CHECKED.get(id(storage)) is storage


def checked(X: NestedFrame) -> NestedFrame:
    """Return the same clusters, whose stars need no further check."""
    storage = storage_of(X)
    _CHECKED[id(storage)] = storage
    return X


def whole_clusters(X: NestedFrame) -> NestedFrame:
    """Return clusters without stars that lack magnitude or colour, checked.

    They are the very same object if nothing is left out.
    """
    if is_checked(X):
        return X
    stars = stars_of(X)
    whole = without_incomplete(stars, whole_stars(stars))
    return checked(X if whole is stars else with_stars(X, whole))


def check_kinds(stars: Stars) -> None:
    """Refuse stars that lack a needed column, or have texts in one that skcluster uses."""
    check_needed(stars, stars.columns)
    for name, column in STAR_COLUMNS.items():
        if name not in stars or column.kind != "number" or column.carried or not len(stars):
            continue
        values = stars[name]
        if values.dtype.kind not in "fiu":
            first = int(np.argmax(pd.notna(values)))
            raise ValueError(
                f"cluster {stars.index[stars.cluster[first]]!r} has a star with {name} = "
                f"{values[first]!r}; nested columns that skcluster uses must hold numbers."
            )


def whole_stars(stars: Stars) -> BoolArray:
    """Return which stars have magnitude and colour; the border where each value is checked."""
    check_kinds(stars)
    whole = np.ones(len(stars), dtype=bool)
    for name, column in STAR_COLUMNS.items():
        if name not in stars or column.kind != "number" or not len(stars):
            continue
        values = stars[name]
        if values.dtype.kind not in "fiu":
            continue  # texts of a column that is only carried
        wrong = column.wrong(values)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise ValueError(
                f"cluster {stars.index[stars.cluster[first]]!r} has a star with "
                f"{column.refusal(values[first])}"
            )
        if name in NEEDED_STAR_COLUMNS:
            whole &= ~np.isnan(values)
    return whole


def without_incomplete(stars: Stars, whole: BoolArray) -> Stars:
    """Return the stars that `whole_stars` says are whole; the same object if nothing changes."""
    if whole.all():
        return stars
    lost = np.bincount(stars.cluster[~whole], minlength=len(stars.index))
    empty = stars.index[(lost > 0) & (lost == stars.counts)]
    text = (
        f"Left out {lost.sum()} of {len(stars)} stars, in {np.count_nonzero(lost)} of "
        f"{len(stars.index)} clusters, without magnitude or colour."
    )
    if len(empty):
        text += f" No star is left of {len(empty)} clusters: {some_names(empty)}."
    warn_caller(text)
    return stars.take(whole)
