"""Files and tables of member stars, and of labels, -> X and y."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, overload

import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.typing import TableLike
from skcluster.clusters import STARS, as_clusters, stars_of
from skcluster.io._columns import find_columns, missing_column, rename_columns
from skcluster.io._labels import labels_of
from skcluster.io._tables import read_table
from skcluster.schema import CLUSTER, STAR_COLUMNS

_KNOWN = (CLUSTER, *STAR_COLUMNS.values())


@overload
def read_clusters(
    members: str | os.PathLike[str] | TableLike,
    labels: None = None,
    *,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    label_columns: Mapping[str, str] | None = None,
    format: str | None = None,
    label_format: str | None = None,
) -> NestedFrame: ...
@overload
def read_clusters(
    members: str | os.PathLike[str] | TableLike,
    labels: str | os.PathLike[str] | TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    label_columns: Mapping[str, str] | None = None,
    format: str | None = None,
    label_format: str | None = None,
) -> tuple[NestedFrame, pd.DataFrame]: ...
def read_clusters(
    members: str | os.PathLike[str] | TableLike,
    labels: str | os.PathLike[str] | TableLike | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    label_columns: Mapping[str, str] | None = None,
    format: str | None = None,
    label_format: str | None = None,
) -> NestedFrame | tuple[NestedFrame, pd.DataFrame]:
    """Read clusters, and their labels, from tables.

    Parameters
    ----------
    members : str, PathLike, DataFrame, astropy Table or NestedFrame
        A long table, a row for each star, or a file of one: CSV, ECSV, FITS, VOTable (``.vot``,
        ``.votable``, ``.xml``), each of them also gzipped (``.gz``), or Parquet. A NestedFrame,
        and a Parquet file of one, are taken too. Columns are found under the names of the Gaia
        archive and of VizieR, in upper and lower case (see Notes); all others come along.
    labels : str, PathLike, DataFrame or astropy Table, optional
        A table with a row for each cluster, or a file of one, as for ``members``.
    columns : mapping of str to str, optional
        For other names: from the members' names to those of the Gaia archive, as in
        ``{"G_corrected": "phot_g_mean_mag"}``, or to ``"cluster"`` and ``"probability"``. Such a
        column replaces one that already has the name.
    cluster_column : str, optional
        The members' column that names the cluster; the same as ``columns={...: "cluster"}``.
    label_columns : mapping of str to str, optional
        For other names in ``labels``: to ``cluster``, ``log_age``, ``a_v``, and ``distance_kpc``,
        ``distance_modulus`` or ``distance_pc``.
    format, label_format : {"csv", "ecsv", "fits", "votable", "parquet"}, optional
        File type of ``members`` and of ``labels``. Unless given, the extension says it.

    Returns
    -------
    X : NestedFrame of n_clusters rows
        The clusters as `skcluster.clusters.as_clusters` gives them: index the names, the stars in
        the nested column ``stars`` under the names of the Gaia archive, ``bp_rp`` made from
        ``phot_bp_mean_mag`` and ``phot_rp_mean_mag`` if it is not there.
    y : DataFrame of shape (n_clusters, 3)
        Only with ``labels``: ``log_age`` (log10 of years), ``a_v`` (mag) and ``distance_kpc``
        (kpc), index like X.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If a path does not lead to a file.
    ValueError
        If a file is of unknown type, empty or damaged; a column is missing or ambiguous, has a unit
        that does not fit, or holds a value that breaks its rule (the message names cluster,
        column, value and rule); a cluster has two rows in ``labels``; or members and labels have
        no cluster in common.

    Warns
    -----
    UserWarning
        With counts: stars without magnitude or colour, which are left out; clusters without
        a row in ``labels`` or with a blank label, which are left out; rows of ``labels`` without
        members.

    Notes
    -----
    Where a table has a column under its Gaia archive's name and others that could be meant
    (``parallax`` and ``Plx``), the Gaia archive's is taken; where it has only such others
    (``Proba`` and ``Prob``), ``columns`` must say which.

    Labels may have the names of Cantat-Gaudin et al. [1]_ (``AgeNN``, ``AVNN``, ``DMNN``), with
    their blank strings. The distance comes from ``distance_kpc`` or else the distance modulus, as
    ``10**((DM + 5) / 5) / 1000``, or else the distance in pc.
    Clusters of members and labels belong together if their names are the same but for case, spaces
    and underscores: ``NGC_2682``, ``NGC 2682`` and ``NGC2682``. X keeps the members' spelling.

    References
    ----------
    .. [1] Cantat-Gaudin et al. 2020, A&A 640, A1.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.io import read_clusters
    >>> members = pd.DataFrame({"Cluster": ["NGC_2682", "NGC_2682", "Melotte_22"],
    ...     "Gmag": [12.1, 13.5, 9.8], "BP-RP": [0.8, 0.7, 0.3], "Plx": [1.15, 1.13, 7.4]})
    >>> labels = pd.DataFrame({"Cluster": ["NGC 2682", "Melotte 22"], "AgeNN": [" 9.63", " 7.89"],
    ...     "AVNN": [" 0.07", " 0.18"], "DMNN": [" 9.75", " 5.55"]})
    >>> X, y = read_clusters(members, labels)
    >>> y.round(3)
                log_age   a_v  distance_kpc
    cluster
    NGC_2682       9.63  0.07         0.891
    Melotte_22     7.89  0.18         0.129
    """
    given = dict(columns or {})
    if cluster_column is not None:
        given[cluster_column] = "cluster"
    table = _load(members, format, "members")
    if isinstance(table, NestedFrame) and table.nested_columns:
        X = as_clusters(_known_nested(table, given))
    else:
        X = as_clusters(_known_members(table, given), cluster_column="cluster")
    if labels is None:
        return X
    y = labels_of(X.index, _load(labels, label_format, "labels"), columns=label_columns)
    return (X if len(y) == len(X) else X.loc[y.index]), y


def _load(source: Any, format: str | None, what: str) -> Any:
    """A table from a file, or the table itself; a DataFrame's named index becomes columns."""
    table = read_table(source, format) if isinstance(source, str | os.PathLike) else source
    if isinstance(table, pd.DataFrame):
        levels = [n for n in table.index.names if n is not None and n not in table.columns]
        nested = isinstance(table, NestedFrame) and table.nested_columns
        return table.reset_index(level=levels) if levels and not nested else table
    if not hasattr(table, "colnames"):
        raise TypeError(
            f"The {what} must be a path, a DataFrame or an astropy Table, not "
            f"{type(source).__name__}."
        )
    return table


def _known_members(table: Any, given: Mapping[str, str]) -> Any:
    """A long table of stars with the names that `as_clusters` knows."""
    there = list(table.columns if isinstance(table, pd.DataFrame) else table.colnames)
    found = find_columns(there, _KNOWN, given)
    needed = [CLUSTER, STAR_COLUMNS["phot_g_mean_mag"]]
    if not {"phot_bp_mean_mag", "phot_rp_mean_mag"} <= set(found.values()):
        needed.append(STAR_COLUMNS["bp_rp"])
    for column in needed:
        if column.name not in found.values():
            raise ValueError(missing_column("members", column, there))
    return rename_columns(table, found)


def _known_nested(X: NestedFrame, given: Mapping[str, str]) -> NestedFrame:
    """Nested stars with the names that `as_clusters` knows, the cluster's name as index."""
    if STARS not in X.columns:
        raise ValueError(
            f"A nested table of members needs its stars in a column {STARS!r}; its nested columns "
            f"are: {', '.join(X.nested_columns)}."
        )
    others = [c for c in X.columns if c != STARS]
    of_stars = {n: o for n, o in given.items() if o != "cluster"}
    of_clusters = {n: o for n, o in given.items() if o == "cluster"}
    index_column = replace(CLUSTER, synonyms=(*CLUSTER.synonyms, "__index_level_0__"))
    # A file of nested-pandas keeps the index as a column.
    for column in find_columns(others, [index_column], of_clusters) if X.index.name is None else ():
        index = X[column] if pd.api.types.is_numeric_dtype(X[column]) else X[column].astype(str)
        name = None if column == "__index_level_0__" else "cluster"
        others.remove(column)
        X = X[[*others, STARS]].set_index(pd.Index(index.to_numpy(), name=name))
    stars = stars_of(X)
    found = find_columns(stars.columns, _KNOWN, of_stars)
    renamed = stars.rename({theirs: ours for theirs, ours in found.items() if ours != "cluster"})
    return renamed.to_clusters().assign(**{c: X[c] for c in others})[X.columns]
