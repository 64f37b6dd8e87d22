"""Make clusters from any table of stars, and check them."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.doc_links import documentation
from skcluster._utils.messages import some_names, warn_caller
from skcluster._utils.typing import BoolArray, ClustersLike
from skcluster.clusters._columns import missing_column
from skcluster.clusters._nest import nest_and_flatten
from skcluster.clusters._stars import STARS, Stars, stars_of
from skcluster.clusters._tables import MEASUREMENTS
from skcluster.schema import NEEDED_STAR_COLUMNS, STAR_COLUMNS, Column

_PERCENTAGES = (
    " Percentages are recognised if the largest lies between 10 and 100 and the median above 1."
)


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
    X, stars = nest_and_flatten(data, columns, cluster_column, cluster)
    whole = _checked(stars)
    if whole is stars:
        return X
    others = X.columns.drop(STARS)
    checked: NestedFrame = X[others].assign(**{STARS: whole.to_clusters()[STARS]})[X.columns]
    return checked


def check_stars(X: NestedFrame) -> None:
    """Check the values of stars, without leaving any out.

    Parameters
    ----------
    X : NestedFrame
        Clusters, as `nest_clusters` returns them.

    Raises
    ------
    ValueError
        As `as_clusters` does.
    """
    _whole(stars_of(X))


def validate_clusters(
    X: ClustersLike, *, columns: Iterable[str] = (), others: bool = True
) -> Stars:
    """Return clusters, each with at least one star, and their flat star arrays.

    Parameters
    ----------
    X : clusters
        Any input of `as_clusters`.
    columns : iterable of str
        Star columns needed besides magnitude and colour.
    others : bool, default=True
        Whether to check the values of the other columns of existing clusters as well. Those of
        other tables are always checked.

    Returns
    -------
    Stars
        The flat star arrays; every cluster has at least one star.

    Raises
    ------
    ValueError
        If there is no cluster, a cluster has no usable star, or a column is missing.
    """
    columns = tuple(columns)
    made = isinstance(X, NestedFrame) and STARS in X.columns
    read = (*NEEDED_STAR_COLUMNS, *columns) if made and not others else None
    stars = _checked(nest_and_flatten(X)[1], read)
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


def _checked(stars: Stars, columns: Iterable[str] | None = None) -> Stars:
    """Return the stars without missing needed values; the very same object if all are complete."""
    whole = _whole(stars, columns)
    if whole.all():
        return stars
    _warn_left_out(stars, whole)
    return stars.take(whole)


def _whole(stars: Stars, columns: Iterable[str] | None = None) -> BoolArray:
    """Return which stars have all needed values; refuse impossible values of the columns."""
    for column in NEEDED_STAR_COLUMNS:
        if column not in stars:
            raise ValueError(missing_column("stars", STAR_COLUMNS[column], stars.columns))
    whole = np.ones(len(stars), dtype=bool)
    for name in MEASUREMENTS if columns is None else columns:
        if name in stars and len(stars):
            _apply_rule(stars, name, MEASUREMENTS[name], whole)
    return whole


def _apply_rule(stars: Stars, name: str, rule: Column, whole: BoolArray) -> None:
    values = stars[name]
    if values.dtype.kind not in "fiu":
        first = int(np.argmax(pd.notna(values)))
        raise ValueError(
            f"cluster {stars.index[stars.cluster[first]]!r} has a star with {name} = "
            f"{values[first]!r}; nested columns that skcluster uses must hold numbers."
        )
    # The usual case. A NaN among the values is their minimum and maximum.
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
            f"{_PERCENTAGES if name == 'probability' else ''}"
        )
    if rule.missing == "leave out":
        whole &= ~missing


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
