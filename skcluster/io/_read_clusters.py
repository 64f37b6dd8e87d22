"""Read member stars and labels from files and tables."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import TableLike
from skcluster.clusters import (
    STARS,
    as_clusters,
    check_stars,
    cluster_column_of,
    concat_clusters,
    find_columns,
    nest_clusters,
    stars_of,
)
from skcluster.gaia import Release
from skcluster.io._labels import labels_of
from skcluster.io._releases import ListScale
from skcluster.io._sources import (
    BadTableWarning,
    Source,
    load,
    sources_of,
    tell_of_merged,
    tell_of_one_cluster,
)
from skcluster.io._units import state_units
from skcluster.schema import CLUSTER

Readable: TypeAlias = str | os.PathLike[str] | TableLike
Members: TypeAlias = Readable | Sequence[Readable] | Mapping[str, Readable]


@overload
def read_clusters(
    members: Members,
    labels: None = None,
    *,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    cluster: str | None = None,
    label_columns: Mapping[str, str] | None = None,
    format: str | None = None,
    label_format: str | None = None,
    on_error: Literal["raise", "warn"] = "raise",
    release: Release | None = None,
    zero_point: float | None = None,
    magnitude_limit: float | None = None,
) -> NestedFrame: ...
@overload
def read_clusters(
    members: Members,
    labels: Readable,
    *,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    cluster: str | None = None,
    label_columns: Mapping[str, str] | None = None,
    format: str | None = None,
    label_format: str | None = None,
    on_error: Literal["raise", "warn"] = "raise",
    release: Release | None = None,
    zero_point: float | None = None,
    magnitude_limit: float | None = None,
) -> tuple[NestedFrame, pd.DataFrame]: ...
def read_clusters(
    members: Members,
    labels: Readable | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    cluster_column: str | None = None,
    cluster: str | None = None,
    label_columns: Mapping[str, str] | None = None,
    format: str | None = None,
    label_format: str | None = None,
    on_error: Literal["raise", "warn"] = "raise",
    release: Release | None = None,
    zero_point: float | None = None,
    magnitude_limit: float | None = None,
) -> NestedFrame | tuple[NestedFrame, pd.DataFrame]:
    """Read clusters, and optionally their labels, from tables or files.

    Columns are recognised by the names of the Gaia archive and of VizieR, units are converted and
    values are checked.

    Parameters
    ----------
    members : str, PathLike, table, or sequence or mapping of these
        A long table with a row per star, or a file of one: CSV, TSV as VizieR writes it, ECSV,
        FITS, VOTable (``.vot``, ``.votable``, ``.xml``), each optionally gzipped (``.gz``), or
        Parquet; or a folder of such files. Tables are those of pandas, astropy, polars and Arrow.
        A NestedFrame, or a Parquet file of one, is accepted too. Columns are found by the names
        of the Gaia archive and of VizieR, in upper or lower case (see Notes); all others are kept.
        Several files or tables, of one or several clusters each and of any types, are given as a
        list, or as a dict that maps names of clusters to them.
    labels : str, PathLike, DataFrame or astropy Table, optional
        A table with a row per cluster, or a file of one, as for ``members``.
    columns : mapping of str to str, optional
        Map from other names of the members' columns to those of the Gaia archive, as in
        ``{"G_corrected": "phot_g_mean_mag"}``, or to ``"cluster"`` and ``"probability"``. A
        renamed column replaces one that already has the name.
    cluster_column : str, optional
        The members' column of cluster names; the same as ``columns={...: "cluster"}``.
    cluster : str, optional
        Name of the cluster if all stars of a single table belong to it, whatever its columns. By
        default, a table without a column of cluster names is one cluster. Its name is that of the
        file, without extensions; ``"cluster"`` for a single table; or the position of the table
        in a list, ``"0"``, ``"1"`` ….
    label_columns : mapping of str to str, optional
        Map from other names of columns in ``labels`` to ``cluster``, ``log_age``, ``a_v``, and
        ``distance_kpc``, ``distance_modulus`` or ``distance_pc``.
    format, label_format : {"csv", "tsv", "ecsv", "fits", "votable", "parquet"}, optional
        File type of ``members`` and of ``labels``. By default, it follows from the extension.
    on_error : {"raise", "warn"}, default="raise"
        Whether one of several unusable tables of members raises an error, or is left out with a
        `BadTableWarning`. It is an error if none can be used.
    release : {"edr3", "dr2"}, optional
        Data release of the parallaxes. Those of DR2 are shifted to the zero point of EDR3, which
        the pretrained model expects. By default, it is inferred from names of columns such as
        ``GaiaDR2``.
    zero_point : float, optional
        Parallax zero point of the tables (mas), that is the parallax of an infinitely distant
        source, if it differs from that of the release; 0 for corrected parallaxes.
    magnitude_limit : float, optional
        Magnitude limit of the lists in G (mag), if known. It becomes the star column
        ``magnitude_limit``; models do not use fainter stars. By default, models estimate it from
        the faintest stars (`skcluster.clusters.magnitude_limits`).

    Returns
    -------
    X : NestedFrame of n_clusters rows
        The clusters as `skcluster.clusters.as_clusters` returns them: the index holds the names,
        the nested column ``stars`` the stars under the names of the Gaia archive. A missing
        ``bp_rp`` is computed from ``phot_bp_mean_mag`` and ``phot_rp_mean_mag``.
    y : DataFrame of shape (n_clusters, 3)
        Only with ``labels``: ``log_age`` (log10 of years), ``a_v`` (mag) and ``distance_kpc``
        (kpc), index like X.

    Raises
    ------
    FileNotFoundError
        If a path does not exist.
    ValueError
        If a file is of unknown type, empty or damaged; a column is missing or ambiguous, has an
        incompatible unit, or a value outside its range (the message names cluster, column, value,
        rule and file); two tables have a cluster of the same name; a cluster has two rows in
        ``labels``; or members and labels have no cluster in common.

    Warns
    -----
    OneClusterWarning
        If a table has no column of cluster names.
    ReleaseWarning
        If parallaxes were shifted because the name of a column belongs to DR2.
    UserWarning
        With counts: stars without magnitude or colour, which are left out; clusters without
        a row in ``labels`` or with a blank label, which are left out; rows of ``labels`` without
        members; clusters of one table that ``cluster``, or a key of ``members``, makes one; stars
        that a cluster lists twice (the same ``source_id``), which are kept.

    Notes
    -----
    If a table has a column with its name in the Gaia archive and others of the same meaning
    (``parallax`` and ``Plx``), the former is used; if it has only several others (``Proba`` and
    ``Prob``), ``columns`` must choose one.

    Labels may have the column names of Cantat-Gaudin et al. [1]_ (``AgeNN``, ``AVNN``, ``DMNN``),
    with their blank strings. The distance is taken from ``distance_kpc``, or else computed from
    the distance modulus, as ``10**((DM + 5) / 5) / 1000``, or else from the distance in pc.
    Members and labels are matched by name, ignoring case, spaces and underscores: ``NGC_2682``,
    ``NGC 2682`` and ``NGC2682`` are the same cluster. X keeps the members' spelling.

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
        given[cluster_column] = CLUSTER.name
    scale = ListScale(release, zero_point, magnitude_limit)
    sources = sources_of(members)
    X = scale.limited(as_clusters(_read_members(sources, given, cluster, format, on_error, scale)))
    scale.tell()
    _tell_of_repeated(X)
    if labels is None:
        return X
    y = labels_of(X.index, load(labels, label_format, "labels"), columns=label_columns)
    return (X if len(y) == len(X) else X.loc[y.index]), state_units(y)


def _read_members(
    sources: list[Source],
    given: Mapping[str, str],
    cluster: str | None,
    format: str | None,
    on_error: str,
    scale: ListScale,
) -> NestedFrame:
    """Return the clusters of all tables, including stars without magnitude or colour."""
    if cluster is not None and len(sources) > 1:
        raise ValueError(
            f"One name, {cluster!r}, cannot be that of {len(sources)} tables: without cluster= or "
            "--cluster, each is named after its file; a dict of names and tables names each one."
        )
    parts: list[NestedFrame] = []
    of_one: list[tuple[Source, int]] = []
    origin: dict[Any, str] = {}
    for source in sources:
        try:
            with source.named_in_errors():
                X, n_stars = _read_one(
                    replace(source, cluster=cluster or source.cluster), given, format, scale
                )
                _refuse_known(X.index, origin)
        except (ValueError, OSError, TypeError) as error:
            if on_error == "raise" or len(sources) == 1:
                raise
            warn_caller(f"{str(error).rstrip('.')}. Left out.", BadTableWarning)
            continue
        parts.append(X)
        origin.update(dict.fromkeys(X.index, source.label))
        if n_stars:
            of_one.append((source, n_stars))
    if not parts:
        raise ValueError(f"None of the {len(sources)} tables of members can be used.")
    tell_of_one_cluster(of_one)
    return concat_clusters(parts)


def _read_one(
    source: Source, given: Mapping[str, str], format: str | None, scale: ListScale
) -> tuple[NestedFrame, int]:
    """Return the clusters of a table, and its number of stars if no column names the cluster."""
    table = load(source.data, format, "members")
    if isinstance(table, NestedFrame) and table.nested_columns:
        X, n_stars = _with_names_as_index(table, given), 0
        names = stars_of(X).columns
        if source.cluster is not None and len(X) == 1:
            X = X.set_axis(pd.Index([source.cluster], name=CLUSTER.name))
        X = nest_clusters(X, columns=_of_stars(given))
    else:
        names = list(table.columns if isinstance(table, pd.DataFrame) else table.colnames)
        of_cluster = [theirs for theirs, ours in given.items() if ours == CLUSTER.name]
        column = of_cluster[0] if of_cluster else cluster_column_of(table)
        n_stars = 0 if column is not None or source.cluster is not None else len(table)
        name = source.cluster if column is not None else source.cluster or source.name
        X = nest_clusters(table, columns=given, cluster=name).rename_axis(CLUSTER.name)
        if column is not None and source.cluster is not None:
            tell_of_merged(source, table, column)
    check_stars(X)
    return scale.applied_to(X, names, source.label), n_stars


def _tell_of_repeated(X: NestedFrame) -> None:
    """Warn if a cluster has a star twice, which makes its intervals too short."""
    stars = stars_of(X)
    if "source_id" not in stars:
        return
    # Arrow keeps all digits where some are missing; as floats, identifiers have lost the last ones.
    ids = pd.Series(pd.arrays.ArrowExtensionArray(stars.arrow("source_id")))
    if pd.api.types.is_float_dtype(ids.dtype):
        return
    listed = pd.DataFrame({"cluster": stars.cluster, "star": ids})
    again = (listed.duplicated() & ids.notna()).to_numpy()
    if again.any():
        first = int(np.argmax(again))
        warn_caller(
            f"{np.count_nonzero(again)} of {len(stars)} stars are listed again in their cluster, "
            f"the first in cluster {X.index[stars.cluster[first]]!r} (source_id "
            f"{ids[first]}). Each is used as a star of its own."
        )


def _refuse_known(index: pd.Index, origin: Mapping[Any, str]) -> None:
    twice = next((name for name in index if name in origin), None)
    if twice is not None:
        raise ValueError(
            f"cluster {twice!r} is already in {origin[twice]}; two tables cannot have clusters of "
            "the same name."
        )


def _of_stars(given: Mapping[str, str]) -> dict[str, str]:
    return {theirs: ours for theirs, ours in given.items() if ours != CLUSTER.name}


def _with_names_as_index(X: NestedFrame, given: Mapping[str, str]) -> NestedFrame:
    """Return nested stars with the cluster's name as index, which files keep as a column."""
    if STARS not in X.columns:
        raise ValueError(
            f"A nested table of members needs its stars in a column {STARS!r}; its nested columns "
            f"are: {', '.join(X.nested_columns)}."
        )
    others = [c for c in X.columns if c != STARS]
    of_clusters = {n: o for n, o in given.items() if o == CLUSTER.name}
    index_column = replace(CLUSTER, synonyms=(*CLUSTER.synonyms, "__index_level_0__"))
    for column in find_columns(others, [index_column], of_clusters) if X.index.name is None else ():
        index = X[column] if pd.api.types.is_numeric_dtype(X[column]) else X[column].astype(str)
        name = None if column == "__index_level_0__" else CLUSTER.name
        others.remove(column)
        X = X[[*others, STARS]].set_index(pd.Index(index.to_numpy(), name=name))
    return X
