"""What is to be read: the tables and files in what the caller gave, and the names of each."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skcluster.clusters._tables import is_table
from skcluster.io._read_table import EXTENSIONS
from skcluster.schema import CLUSTER

#: Extensions of tables in a folder, where a ``.txt`` is often a note on the others.
_IN_FOLDERS = EXTENSIONS.keys() - {".txt"}


@dataclass(frozen=True)
class Source:
    """A table of members, or a file of one."""

    data: Any
    #: Name in messages: the path of a file; empty for a single table.
    label: str
    #: Name of its cluster if it has no column of cluster names.
    name: str
    #: Name of its cluster, whatever columns it has.
    cluster: str | None = None


def sources_of(members: Any) -> list[Source]:
    """Return the sources to read, files of folders one by one."""
    if isinstance(members, str | os.PathLike):
        files = _files(Path(members).expanduser())
        return [Source(path, str(path), _cluster_of_file(path)) for path in files]
    if is_table(members):
        return [Source(members, "", CLUSTER.name)]
    sources: list[Source] = []
    if isinstance(members, Mapping):
        for key, item in members.items():
            name, is_path = str(key), isinstance(item, str | os.PathLike)
            data = Path(item).expanduser() if is_path else item
            label = str(item) if is_path else f"table {key!r}"
            sources.append(Source(data, label, name, cluster=name))
    elif isinstance(members, Sequence) and not isinstance(members, bytes):
        for i, item in enumerate(members):
            of_path = isinstance(item, str | os.PathLike)
            sources += sources_of(item) if of_path else [Source(item, f"table {i}", str(i))]
    else:
        refuse_other("members", members)
    for source in sources:
        if not isinstance(source.data, Path):
            refuse_other("members", source.data)
    if not sources:
        raise ValueError("There are no members to read.")
    return sources


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if _is_table_file(file))
    if not files:
        raise ValueError(f"The folder {path} has no table; known types: {', '.join(EXTENSIONS)}.")
    return files


def _is_table_file(file: Path) -> bool:
    name = file.name.lower().removesuffix(".gz")
    return file.is_file() and not name.startswith(".") and Path(name).suffix in _IN_FOLDERS


def _cluster_of_file(path: Path) -> str:
    """Return a file's name without the extensions of its type."""
    name = path.name
    for extension in (".gz", *EXTENSIONS):
        if name.lower().endswith(extension):
            name = name[: -len(extension)]
    return name or path.name


def only_one(sources: list[Source], cluster: str) -> Source:
    """Return the table that the user named; several cannot have one name."""
    if len(sources) > 1:
        raise ValueError(
            f"One name, {cluster!r}, cannot be that of {len(sources)} tables: without cluster= or "
            "--cluster, each is named after its file; a dict of names and tables names each one."
        )
    return sources[0]


def refuse_other(what: str, data: Any) -> None:
    """Refuse what is neither a file nor a table."""
    if not is_table(data):
        raise TypeError(
            f"The {what} must be a path, a DataFrame or an astropy Table, not "
            f"{type(data).__name__}."
        )
