"""Sources of members: files, folders, tables, and several of them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.messages import counted_stars, some_names, warn_caller
from skcluster.clusters import OneClusterWarning
from skcluster.clusters._raw import as_table, as_texts, is_table, to_frame
from skcluster.io._tables import EXTENSIONS, read_table
from skcluster.schema import CLUSTER


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
class Source:
    """A table of members, or a file of one.

    Parameters
    ----------
    data : path or table
        The table or its path.
    label : str
        Name in messages: the path of a file; empty for a single table.
    name : str
        Name of its cluster if it has no column of cluster names.
    cluster : str or None
        Name of its cluster, whatever columns it has.
    """

    data: Any
    label: str
    name: str
    cluster: str | None = None

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Add the file's name to errors."""
        try:
            yield
        except (ValueError, TypeError) as error:
            if type(error) not in (ValueError, TypeError) or self.label in str(error):
                raise
            raise type(error)(f"{self.label}: {error}") from error


def sources_of(members: Any) -> list[Source]:
    """Return the sources to read, files of folders one by one.

    Raises
    ------
    ValueError
        If a folder has no table, or a sequence or mapping is empty.
    """
    if isinstance(members, str | os.PathLike):
        return [_of_file(path) for path in _files(Path(members).expanduser())]
    if is_table(members):
        return [Source(members, "", CLUSTER.name)]
    if isinstance(members, Mapping):
        return _filled([_of_named(name, source) for name, source in members.items()])
    if isinstance(members, Sequence) and not isinstance(members, bytes):
        return _filled([found for i, source in enumerate(members) for found in _of_item(i, source)])
    raise TypeError(_not_readable("members", members))


def _of_file(path: Path) -> Source:
    return Source(path, str(path), cluster_of_file(path))


def _of_item(position: int, source: Any) -> list[Source]:
    if isinstance(source, str | os.PathLike):
        return sources_of(source)
    _refuse_other("members", source)
    return [Source(source, f"table {position}", str(position))]


def _of_named(name: Any, source: Any) -> Source:
    if isinstance(source, str | os.PathLike):
        return Source(Path(source).expanduser(), str(source), str(name), cluster=str(name))
    _refuse_other("members", source)
    return Source(source, f"table {name!r}", str(name), cluster=str(name))


def _filled(sources: list[Source]) -> list[Source]:
    if not sources:
        raise ValueError("There are no members to read.")
    return sources


def _refuse_other(what: str, source: Any) -> None:
    if not is_table(source):
        raise TypeError(_not_readable(what, source))


def _not_readable(what: str, source: Any) -> str:
    return (
        f"The {what} must be a path, a DataFrame or an astropy Table, not {type(source).__name__}."
    )


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if _is_table_file(file))
    if not files:
        raise ValueError(f"The folder {path} has no table; known types: {', '.join(EXTENSIONS)}.")
    return files


def _is_table_file(file: Path) -> bool:
    name = file.name.lower().removesuffix(".gz")
    return file.is_file() and not name.startswith(".") and Path(name).suffix in EXTENSIONS


def cluster_of_file(path: Path) -> str:
    """Return a file's name without the extensions of its type."""
    name = path.name
    for extension in (".gz", *EXTENSIONS):
        if name.lower().endswith(extension):
            name = name[: -len(extension)]
    return name or path.name


def load(source: Any, format: str | None, what: str) -> Any:
    """Return a table, read from a file if need be; a DataFrame's named index becomes columns."""
    if isinstance(source, str | os.PathLike):
        table = read_table(source, format)
    else:
        _refuse_other(what, source)
        table = as_table(source)
    if not isinstance(table, pd.DataFrame):
        return table
    levels = [n for n in table.index.names if n is not None and n not in table.columns]
    nested = isinstance(table, NestedFrame) and table.nested_columns
    return table.reset_index(level=levels) if levels and not nested else table


def tell_of_one_cluster(sources: list[tuple[Source, int]]) -> None:
    """Warn once of all tables without a column that names the cluster."""
    if not sources:
        return
    if len(sources) > 1:
        what = "files" if all(isinstance(s.data, Path) for s, _ in sources) else "tables"
        warn_caller(
            f"{len(sources)} {what} have no column of cluster names: each is one cluster, "
            f"named after it: {some_names(source.name for source, _ in sources)}.",
            OneClusterWarning,
        )
        return
    (source, n_stars), *_ = sources
    warn_caller(
        f"{source.label or 'The table'} has no column of cluster names: its "
        f"{counted_stars(n_stars, 'is', 'are')} one cluster, {source.name!r} (cluster= or "
        "--cluster sets another name; cluster_column= or --cluster-column names the column of a "
        "table of several clusters).",
        OneClusterWarning,
    )


def tell_of_merged(source: Source, table: Any, column: Any) -> None:
    """Warn if a name that is given makes one cluster of several that a column names."""
    names = as_texts(to_frame(table[[column]], {})[column].dropna()).str.strip().unique()
    if len(names) > 1:
        warn_caller(
            f"{source.label or 'The table'} names {len(names)} clusters in column {column!r}; "
            f"with cluster={source.cluster!r} (--cluster) their {len(table)} stars are one cluster."
        )
