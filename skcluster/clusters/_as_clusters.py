"""Any table of stars -> clusters, checked."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.messages import some_names, warn_caller
from skcluster._utils.typing import BoolArray, ClustersLike
from skcluster.clusters._columns import missing_column
from skcluster.clusters._nest import nest_and_flatten
from skcluster.clusters._stars import STARS, Stars, stars_of
from skcluster.clusters._tables import MEASUREMENTS
from skcluster.schema import NEEDED_STAR_COLUMNS, STAR_COLUMNS, Column

_PERCENTAGES = (
    " Percentages are recognised where the largest lies between 10 and 100 and the median above 1."
)


def as_clusters(
    data: ClustersLike,
    *,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    cluster: str | None = None,
) -> NestedFrame:
    """Make clusters from any table of stars, and check them.

    Parameters
    ----------
    data : NestedFrame, DataFrame, Table, Arrow or polars table, mapping or sequence of such tables
        Clusters already made; or one long table of stars with a column that names the cluster;
        or a table for each cluster, in a dict under the cluster's name, in a list, or in a column
        of objects, which ``numpy.asarray`` makes of clusters. A table is
        one of pandas, of astropy (its units are converted), or any that has
        ``__arrow_c_stream__`` or ``__dataframe__``. A long table without a column that names the
        cluster is one cluster, named ``"cluster"`` unless ``cluster`` says otherwise.

        Columns are found under the names of the Gaia archive and of VizieR, in upper and lower
        case: ``phot_g_mean_mag`` and ``bp_rp`` (mag; or ``phot_bp_mean_mag`` and
        ``phot_rp_mean_mag`` in its stead) are needed, ``parallax`` and ``parallax_error`` (mas),
        ``probability`` (0 to 1), ``ra``, ``dec``, ``pmra``, ``pmdec`` … known; all others come
        along as they are.
    columns : mapping of str to str, optional
        For other names: from the table's names to those of the Gaia archive, as in
        ``{"G_corrected": "phot_g_mean_mag"}``. Such a column replaces one that has the name.
    cluster_column : str, optional
        The column of a long table, or level of its index, that names the cluster. Unless given:
        ``cluster``, ``Name`` or another of `skcluster.schema.CLUSTER`, in upper or lower case.
    cluster : str, optional
        The name of the cluster to which all stars of a long table belong, whatever columns it has.

    Returns
    -------
    NestedFrame
        One row a cluster, in the order of first appearance, the clusters' names as index, the
        stars in the nested column ``stars`` in their own order, under the names of the Gaia
        archive. Clusters already made and in order come back as they are.

    Raises
    ------
    ValueError
        If a needed column is missing or ambiguous, a unit does not fit, or a value is not in the
        range that `skcluster.schema.STAR_COLUMNS` allows (the message names the cluster, the
        column, the value and the rule).

    Warns
    -----
    OneClusterWarning
        If a table has no column that names the cluster, and ``cluster`` is not given.
    UserWarning
        If stars without magnitude or colour were left out (with counts). A cluster that loses all
        its stars stays, empty; estimators refuse it by name. If probabilities are in per cent: the
        largest lies between 10 and 100, and the median above 1.

    See Also
    --------
    skcluster.io.read_clusters : The same for files.

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

    A table for each cluster does as well, and so does one of a single cluster:

    >>> as_clusters({name: stars for name, stars in members.groupby("cluster")}).shape
    (2, 1)
    >>> as_clusters(members[["phot_g_mean_mag", "bp_rp"]], cluster="M 67").index.tolist()
    ['M 67']

    A value that cannot be right is refused by name:

    >>> as_clusters(members.assign(bp_rp=[0.8, 99.0, 0.3]))
    Traceback (most recent call last):
        ...
    ValueError: cluster 'NGC_2682' has a star with bp_rp = 99 mag, which must lie between -5 and
    15 (a missing value is NaN, masked or blank).
    """
    X, stars = nest_and_flatten(data, columns, cluster_column, cluster)
    whole = _checked(stars)
    if whole is stars:
        return X
    others = X.columns.drop(STARS)
    return X[others].assign(**{STARS: whole.to_clusters()[STARS]})[X.columns]


def check_stars(X: NestedFrame) -> None:
    """Check the values of stars, without leaving any out.

    Parameters
    ----------
    X : NestedFrame
        Clusters, as `nest_clusters` gives them.

    Raises
    ------
    ValueError
        As `as_clusters` does.
    """
    _whole(stars_of(X))


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
    stars = _checked(nest_and_flatten(X)[1])
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


def _checked(stars: Stars) -> Stars:
    """The stars whose values are whole; the very same object if all are."""
    whole = _whole(stars)
    if whole.all():
        return stars
    _warn_left_out(stars, whole)
    return stars.take(whole)


def _whole(stars: Stars) -> BoolArray:
    """Which stars have all that they need; what is wrong is refused."""
    for column in NEEDED_STAR_COLUMNS:
        if column not in stars:
            raise ValueError(missing_column("stars", STAR_COLUMNS[column], stars.columns))
    whole = np.ones(len(stars), dtype=bool)
    for name, rule in MEASUREMENTS.items():
        if name in stars and len(stars):
            _apply_rule(stars, name, rule, whole)
    return whole


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
            f"{_PERCENTAGES if name == 'probability' else ''}"
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
    warn_caller(text)
