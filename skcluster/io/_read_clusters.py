"""Read member stars and labels from files and tables.

`read_clusters` goes down once: each path or object becomes a table (`read_table`), its stars become
plain numbers under our names (`stars_of_table`); those of all are joined, checked (`whole_stars`),
brought to one scale of parallaxes, and nested.
"""

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.messages import counted_stars, some_names, warn_caller
from skcluster._utils.typing import BoolArray, TableLike
from skcluster.clusters import OneClusterWarning, Stars, stars_of
from skcluster.clusters._as_clusters import check_kinds, checked, whole_stars, without_incomplete
from skcluster.clusters._columns import Notes
from skcluster.clusters._magnitude_limits import state_magnitude_limit
from skcluster.clusters._meant_values import completed
from skcluster.clusters._stars import (
    clusters_with,
    concat_stars,
    is_nested,
    other_columns,
    stars_between,
)
from skcluster.clusters._tables import (
    are_names_of_stars,
    as_table,
    as_texts,
    is_table,
    renamed_clusters,
    stars_of_table,
)
from skcluster.gaia import Release
from skcluster.io._cluster_tables import labels_of, spelt_differently
from skcluster.io._read_table import EXTENSIONS, read_table, stem_and_extension
from skcluster.io._releases import column_of_dr2, parallax_shift, shifted, state_dr2, warn_of_dr2
from skcluster.io._write import state_units
from skcluster.schema import CLUSTER

Readable: TypeAlias = str | os.PathLike[str] | TableLike
Members: TypeAlias = Readable | Sequence[Readable] | Mapping[str, Readable]

#: Extensions of tables in a folder, where a ``.txt`` is often a note on the others.
_IN_FOLDERS = EXTENSIONS.keys() - {".txt"}


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
        A long table with a row per star, or a file of one: text of any usual layout (``.csv``,
        ``.tsv``, ``.txt``, ``.dat``, ``.mrt``, ``.tbl``; see `read_table`), ECSV, FITS, VOTable
        (``.vot``, ``.votable``, ``.xml``), each optionally gzipped (``.gz``), or Parquet; or a
        folder of such files (``.txt`` only by name). Tables are those of pandas, astropy, polars
        and Arrow. A NestedFrame, or a Parquet file of one, is accepted too. Columns are found by
        the names of the Gaia archive and of VizieR, in upper or lower case (see Notes); all others
        are kept.
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
    format : {"csv", "tsv", "text", "ecsv", "fits", "votable", "parquet"}, optional
        File type of ``members``. By default, it follows from the extension.
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
        members; clusters of one table that ``cluster``, or a key of ``members``, makes one;
        clusters whose names differ only in spaces, underscores and case; stars that a cluster lists
        twice, which are kept.

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
    parallax_shift(release or "edr3", zero_point)  # refuses wrong values before a table is read
    sources = _sources_of(members)
    if cluster is not None:
        if len(sources) > 1:
            raise ValueError(
                f"One name, {cluster!r}, cannot be that of {len(sources)} tables: without cluster= "
                "or --cluster, each is named after its file; a dict of tables gives each its name."
            )
        sources = [replace(sources[0], cluster=cluster)]
    leave_out = on_error == "warn" and len(sources) > 1
    notes = Notes()
    origins: dict[Any, str] = {}
    read: list[_Part] = []
    for source in sources:
        with _left_out_if_bad(source, leave_out):
            part = _read_source(source, given, format, notes)
            _refuse_repeated(part.stars.index, origins)
            read.append(part)
            origins.update(dict.fromkeys(part.stars.index, source.label))
    stars, parts = _checked(read, leave_out)
    notes.warn()
    _warn_of_one_cluster([part for part in parts if part.is_one_cluster])
    tells_dr2 = [release is None and zero_point is None and part.of_dr2 != "" for part in parts]
    shifts = [parallax_shift("dr2" if of else release or "edr3", zero_point) for of in tells_dr2]
    stars = shifted(stars, np.repeat(shifts, [len(part.stars.index) for part in parts]))
    X = checked(clusters_with(stars, [part.others for part in parts]))
    if magnitude_limit is not None:
        X = state_magnitude_limit(X, magnitude_limit)
    told = list(itertools.compress(parts, tells_dr2))
    are_dr2 = parts if release == "dr2" and zero_point is None else told
    state_dr2(X, [name for part in are_dr2 for name in part.stars.index])
    warn_of_dr2((part.of_dr2, part.source.label) for part in told)
    _warn_of_repeated(X)
    if labels is None:
        if message := spelt_differently(X.index):
            warn_caller(f"{message} Each is a cluster of its own.")
        return X
    y = labels_of(X.index, _load(labels, None, "labels"), columns=label_columns)
    return (X if len(y) == len(X) else X.loc[y.index]), state_units(y)


class BadTableWarning(UserWarning):
    """Warning that one of several tables of members cannot be used and is left out.

    `read_clusters` issues it with ``on_error="warn"``.

    See Also
    --------
    read_clusters : Read clusters from tables or files.

    Examples
    --------
    >>> from skcluster.io import BadTableWarning
    >>> issubclass(BadTableWarning, UserWarning)
    True
    """


@dataclass(frozen=True)
class _Source:
    """A table of members, or a file of one."""

    data: Any
    #: Name in messages: the path of a file; empty for a single table.
    label: str
    #: Name of its cluster if it has no column of cluster names.
    name: str
    #: Name of its cluster, whatever columns it has.
    cluster: str | None = None


@dataclass
class _Part:
    """The clusters of one source."""

    source: _Source
    stars: Stars
    #: Columns beside the stars, of clusters that were nested already.
    others: pd.DataFrame
    #: Whether no column names the cluster.
    is_one_cluster: bool
    #: The column because of which parallaxes are taken as those of DR2; "" if none.
    of_dr2: str


def _sources_of(members: Any) -> list[_Source]:
    """Return the sources to read, files of folders one by one."""
    if _is_path(members):
        files = _files(Path(members).expanduser())
        return [_Source(path, str(path), _cluster_of_file(path)) for path in files]
    sources: list[_Source] = []
    if is_table(members) or not isinstance(members, Mapping | Sequence):
        sources = [_Source(members, "", CLUSTER.name)]
    elif isinstance(members, Mapping):
        for key, item in members.items():
            label = str(item) if _is_path(item) else f"table {key!r}"
            sources.append(_Source(item, label, str(key), cluster=str(key)))
    else:
        for i, item in enumerate(members):
            of_path = _is_path(item)
            sources += _sources_of(item) if of_path else [_Source(item, f"table {i}", str(i))]
    if not sources:
        raise ValueError("There are no members to read.")
    return sources


def _is_path(data: Any) -> bool:
    return isinstance(data, str | os.PathLike)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = [f for f in sorted(path.iterdir()) if f.is_file() and not f.name.startswith(".")]
    files = [file for file in files if stem_and_extension(file)[1] in _IN_FOLDERS]
    if not files:
        raise ValueError(f"The folder {path} has no table; known types: {', '.join(EXTENSIONS)}.")
    return files


def _cluster_of_file(path: Path) -> str:
    """Return a file's name without the extensions of its type."""
    stem, extension = stem_and_extension(path)
    return stem if extension in EXTENSIONS else path.name


@contextmanager
def _left_out_if_bad(source: _Source, leave_out: bool) -> Iterator[None]:
    """Add the file's name to errors, and make them warnings if the file can be left out."""
    try:
        yield
    except (ValueError, OSError, TypeError) as error:
        named: Exception = error
        if type(error) in (ValueError, TypeError) and source.label not in str(error):
            named = type(error)(f"{source.label}: {error}")
        if leave_out:
            warn_caller(f"{str(named).rstrip('.')}. Left out.", BadTableWarning)
            return
        if named is error:
            raise
        raise named from error


def _load(data: Any, format: str | None, what: str) -> pd.DataFrame:
    """Return a table, read from a file if need be."""
    if _is_path(data):
        data = read_table(data, format)
    if not is_table(data):
        raise TypeError(
            f"The {what} must be a path, a DataFrame or an astropy Table, not "
            f"{type(data).__name__}."
        )
    return as_table(data)


def _read_source(
    source: _Source, given: Mapping[str, str], format: str | None, notes: Notes
) -> _Part:
    """Return the clusters of a table, not checked yet."""
    table = _load(source.data, format, "members")
    if is_nested(table):
        of_dr2 = column_of_dr2(stars_of(table).columns)
        X = renamed_clusters(table, given, notes)
        if source.cluster is not None and len(X) == 1:
            X = X.set_axis(pd.Index([source.cluster], name=CLUSTER.name))
        stars = stars_of(X)
        check_kinds(stars)  # before tables are put together, where texts win over numbers
        return _Part(source, stars, other_columns(X), False, of_dr2)
    stars, column = stars_of_table(table, given, source.cluster, source.name, notes)
    if column is not None and source.cluster is not None:
        _warn_of_merged(source, table, column)
    stars = replace(stars, index=stars.index.rename(CLUSTER.name))
    is_one_cluster = column is None and source.cluster is None
    others = pd.DataFrame(index=stars.index)
    return _Part(source, stars, others, is_one_cluster, column_of_dr2(table.columns))


def _checked(parts: list[_Part], leave_out: bool) -> tuple[Stars, list[_Part]]:
    """Return the stars of all parts that can be used, with complete and checked values."""
    if not parts:
        raise ValueError("None of the tables of members can be used.")
    ends = np.cumsum([0, *(len(part.stars.index) for part in parts)])
    tables = np.repeat(np.arange(len(parts)), np.diff(ends))
    stars = completed(concat_stars([part.stars for part in parts]), tables)
    good: list[_Part] = []
    whole: list[BoolArray] = []
    for part, (start, stop) in zip(parts, itertools.pairwise(ends), strict=True):
        with _left_out_if_bad(part.source, leave_out):
            whole.append(whole_stars(stars_between(stars, start, stop)))
            good.append(part)
    if len(good) < len(parts):  # what is left out must not change the types of the others
        return _checked(good, leave_out)
    return without_incomplete(stars, np.concatenate(whole)), parts


def _refuse_repeated(index: pd.Index, origins: Mapping[Any, str]) -> None:
    twice = next((name for name in index if name in origins), None)
    if twice is not None:
        raise ValueError(
            f"cluster {twice!r} is already in {origins[twice]}; two tables cannot have clusters of "
            "the same name."
        )


def _warn_of_one_cluster(parts: list[_Part]) -> None:
    """Warn once of all tables without a column that names the cluster."""
    if not parts:
        return
    if len(parts) > 1:
        what = "files" if all(_is_path(part.source.data) for part in parts) else "tables"
        warn_caller(
            f"{len(parts)} {what} have no column of cluster names: each is one cluster, "
            f"named after it: {some_names(part.source.name for part in parts)}.",
            OneClusterWarning,
        )
        return
    source, n_stars = parts[0].source, len(parts[0].stars)
    warn_caller(
        f"{source.label or 'The table'} has no column of cluster names: its "
        f"{counted_stars(n_stars, 'is', 'are')} one cluster, {source.name!r} (cluster= or "
        "--cluster sets another name; cluster_column= or --cluster-column names the column of a "
        "table of several clusters).",
        OneClusterWarning,
    )


def _warn_of_merged(source: _Source, table: pd.DataFrame, column: Any) -> None:
    """Warn if a name that is given makes one cluster of several that a column names."""
    names = as_texts(table[column].dropna()).unique()
    if len(names) > 1 and not are_names_of_stars(len(names), len(table)):
        warn_caller(
            f"{source.label or 'The table'} names {len(names)} clusters in column {column!r}; "
            f"with cluster={source.cluster!r} (--cluster) their {len(table)} stars are one cluster."
        )


def _warn_of_repeated(X: NestedFrame) -> None:
    """Warn if a cluster has a star twice, which makes its intervals too short."""
    stars = stars_of(X)
    if "source_id" not in stars:
        return
    # Arrow keeps all digits where some are missing; as floats, identifiers have lost the last ones.
    ids = pd.Series(pd.arrays.ArrowExtensionArray(stars.arrow("source_id")))
    if pd.api.types.is_float_dtype(ids.dtype):
        if (ids.abs() > 2**53).any():
            warn_caller(
                "source_id holds floating-point numbers, which have lost the last digits: repeated "
                "stars cannot be noticed. pandas reads integers of which some are missing with "
                "dtype={'source_id': 'Int64'}."
            )
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
