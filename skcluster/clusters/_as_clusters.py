"""Any table of stars -> clusters, checked."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.messages import some_names
from skcluster._utils.tables import to_frame
from skcluster._utils.typing import BoolArray, ClustersLike, IntArray
from skcluster.clusters._stars import STARS, Stars, clusters_from_flat, stars_of
from skcluster.clusters._tables import MEASUREMENTS, find_cluster_column, to_numbers
from skcluster.schema import NEEDED_STAR_COLUMNS, Column

_UNITS = {name: known.unit for name, known in MEASUREMENTS.items()}


def as_clusters(data: ClustersLike, *, cluster_column: str | None = None) -> NestedFrame:
    """Make clusters from any table of stars, and check them.

    Parameters
    ----------
    data : NestedFrame, DataFrame, astropy Table or QTable, mapping or sequence of such tables
        Clusters already made; or one long table of stars with a column that names the cluster;
        or a table for each cluster, in a dict under the cluster's name or in a list. Columns have
        the names of the Gaia archive: ``phot_g_mean_mag`` and ``bp_rp`` (mag; or
        ``phot_bp_mean_mag`` and ``phot_rp_mean_mag`` in its stead) are needed, ``parallax`` and
        ``parallax_error`` (mas), ``probability`` (0 to 1), ``ra``, ``dec``, ``pmra``, ``pmdec`` …
        known; all others come along as they are. Columns with units are converted.
    cluster_column : str, optional
        The column of a long table that names the cluster. Unless given: ``cluster``, in upper or
        lower case, or the index if that is its name.

    Returns
    -------
    NestedFrame
        One row a cluster, in the order of first appearance, the clusters' names as index, the
        stars in the nested column ``stars`` in their own order. Clusters already made and in
        order come back as they are.

    Raises
    ------
    ValueError
        If a needed column is missing, a unit does not fit, or a value is not in the range that
        `skcluster.schema.STAR_COLUMNS` allows (the message names the cluster, the column, the value
        and the rule).

    Warns
    -----
    UserWarning
        If stars without magnitude or colour were left out (with counts). A cluster that loses all
        its stars stays, empty; estimators refuse it by name.

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

    A table for each cluster does as well:

    >>> as_clusters({name: stars for name, stars in members.groupby("cluster")}).shape
    (2, 1)

    A value that cannot be right is refused by name:

    >>> as_clusters(members.assign(bp_rp=[0.8, 99.0, 0.3]))
    Traceback (most recent call last):
        ...
    ValueError: cluster 'NGC_2682' has a star with bp_rp = 99 mag, which must lie between -5 and
    15 (a missing value is NaN, masked or blank).
    """
    X = _nested(data, cluster_column)
    stars = stars_of(X)
    whole = _checked(stars)
    if whole is stars:
        return X
    columns = X.columns.drop(STARS)
    return X[columns].assign(**{STARS: whole.to_clusters()[STARS]})[X.columns]


def validate_clusters(X: ClustersLike, *, columns: Iterable[str] = ()) -> Stars:
    """What every estimator does with its X: clusters, each with stars, and their flat arrays.

    Parameters
    ----------
    X : clusters
        Whatever `as_clusters` takes.
    columns : iterable of str
        Star columns that the estimator needs besides magnitude and colour.

    Returns
    -------
    Stars
        The flat star arrays; every cluster has at least one star.

    Raises
    ------
    ValueError
        If there is no cluster, a cluster has no usable star, or a column is missing.
    """
    stars = _checked(stars_of(_nested(X)))
    for column in columns:
        if column not in stars:
            raise ValueError(
                f"The star column {column!r} is needed here, and X has only "
                f"{', '.join(stars.columns)}."
            )
    if len(stars.index) == 0:
        raise ValueError("X holds no cluster.")
    empty = stars.index[stars.counts == 0]
    if len(empty):
        raise ValueError(
            f"{len(empty)} of {len(stars.index)} clusters have no star with magnitude and colour: "
            f"{some_names(empty)}. Leave them out."
        )
    return stars


def _nested(data: Any, cluster_column: str | None = None) -> NestedFrame:
    """Clusters from any table of stars, their values not checked."""
    if isinstance(data, NestedFrame) and STARS in data.columns:
        return data
    if isinstance(data, Mapping) and not _is_table(data):
        names, tables = list(data), list(data.values())
        return _from_tables(tables, pd.Index(names))
    if _is_table(data):
        return _from_long_table(data, cluster_column)
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _from_tables(list(data), pd.RangeIndex(len(data)))
    raise TypeError(
        "Clusters can be made from a DataFrame, an astropy Table, a NestedFrame, or a dict or "
        f"list of tables, not from {type(data).__name__}."
    )


def _is_table(data: Any) -> bool:
    if isinstance(data, pd.DataFrame):
        return True
    # astropy's tables, known without importing astropy; a dict of columns is no table here.
    return any(base.__module__.startswith("astropy.table") for base in type(data).__mro__)


def _from_long_table(data: Any, cluster_column: str | None) -> NestedFrame:
    frame = to_frame(data, _UNITS)
    if frame.empty:
        raise ValueError("The table of stars is empty.")
    name = find_cluster_column(frame, cluster_column)
    labels = frame[name]
    missing = labels.isna()
    if not pd.api.types.is_numeric_dtype(labels):
        labels = labels.astype(str).str.strip()
        missing |= labels == ""
    if missing.any():
        raise ValueError(
            f"{missing.sum()} stars have no cluster name (column {name!r}, first in row "
            f"{np.argmax(missing)}); every star needs one."
        )
    codes, names = pd.factorize(labels)
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        frame, codes = frame.iloc[order], codes[order]
    offsets = np.searchsorted(codes, np.arange(len(names) + 1))
    return _nest(frame.drop(columns=name), offsets, pd.Index(names, name=name))


def _from_tables(tables: list[Any], index: pd.Index) -> NestedFrame:
    if not tables:
        raise ValueError("There is no table to make clusters from.")
    for name, table in zip(index, tables, strict=True):
        if not _is_table(table):
            raise TypeError(
                f"The stars of cluster {name!r} must be a DataFrame or an astropy Table, not "
                f"{type(table).__name__}."
            )
    frames = [to_frame(table, _UNITS) for table in tables]
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


def _checked(stars: Stars) -> Stars:
    """The stars whose values are whole; the very same object if all are."""
    for column in NEEDED_STAR_COLUMNS:
        if column not in stars:
            raise ValueError(
                f"The stars have no column {column!r} (in the Gaia archive's names); there are: "
                f"{', '.join(stars.columns)}. skcluster.io.read_clusters knows the names of other "
                "catalogues."
            )
    whole = np.ones(len(stars), dtype=bool)
    for name, rule in MEASUREMENTS.items():
        if name in stars and len(stars):
            _apply_rule(stars, name, rule, whole)
    if whole.all():
        return stars
    _warn_left_out(stars, whole)
    return stars.take(whole)


def _apply_rule(stars: Stars, name: str, rule: Column, whole: BoolArray) -> None:
    values = stars[name]
    if values.dtype.kind not in "fiu":
        first = int(np.argmax(pd.notna(values)))
        raise ValueError(
            f"cluster {stars.index[stars.cluster[first]]!r} has a star with {name} = "
            f"{values[first]!r}; nested columns that skcluster uses must hold numbers."
        )
    # The ordinary case. A NaN among the values is their least and largest.
    low, high = values.min(), values.max()
    if rule.low <= low and high <= rule.high and np.isfinite(low) and np.isfinite(high):
        return
    missing = np.isnan(values)
    wrong = ~missing & ~((values >= rule.low) & (values <= rule.high) & np.isfinite(values))
    if wrong.any():
        first = int(np.argmax(wrong))
        cluster = stars.index[stars.cluster[first]]
        unit = f" {rule.unit}" if rule.unit else ""
        raise ValueError(
            f"cluster {cluster!r} has a star with {name} = {values[first]:g}{unit}, which "
            f"{rule.rule()} (a missing value is NaN, masked or blank)."
        )
    if rule.missing == "leave out":
        whole &= ~missing


def _warn_left_out(stars: Stars, whole: BoolArray) -> None:
    lost = np.bincount(stars.cluster[~whole], minlength=len(stars.index))
    empty = stars.index[(lost > 0) & (lost == stars.counts)]
    text = (
        f"Left out {lost.sum()} of {len(stars)} stars, in {np.count_nonzero(lost)} of "
        f"{len(stars.index)} clusters, that have no magnitude or no colour."
    )
    if len(empty):
        text += f" No star is left of {len(empty)} clusters: {some_names(empty)}."
    warnings.warn(text, UserWarning, stacklevel=4)
