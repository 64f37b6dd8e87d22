"""Arguments that several commands share."""

import argparse
import os
from pathlib import Path
from typing import Any

from skcluster.cli._by_name import add_catalogue, fetched, looks_like_a_file

#: File types that can be read and written.
FORMATS = ("csv", "tsv", "ecsv", "fits", "votable", "parquet")


def add_members(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `read_members`."""
    command.add_argument(
        "members",
        nargs="+",
        metavar="MEMBERS",
        help="tables of member stars in any usual file type, folders of such tables, or names of "
        "clusters whose members are fetched (which needs the extra fetch: pip install '.[fetch]')",
    )
    command.add_argument("--format", choices=FORMATS, help="file type of the tables")
    command.add_argument("--cluster-column", metavar="NAME", help="column that names the cluster")
    command.add_argument(
        "--cluster",
        metavar="NAME",
        help="name of the only cluster in the table (default: from the table's cluster column, "
        "or else the name of the file)",
    )
    command.add_argument(
        "--columns",
        nargs="+",
        action="extend",
        default=[],
        metavar="THEIRS=OURS",
        help="names of columns to rename, as in G_corrected=phot_g_mean_mag",
    )
    command.add_argument(
        "--release",
        choices=["edr3", "dr2"],
        help="data release of the parallaxes (default: from the column names, or else edr3)",
    )
    command.add_argument(
        "--zero-point",
        type=float,
        metavar="MAS",
        help="zero point of the parallaxes in mas; 0 if they are already corrected",
    )
    command.add_argument(
        "--magnitude-limit",
        type=float,
        metavar="G",
        help="magnitude limit of the lists in G (default: estimated from their faintest stars)",
    )
    command.add_argument(
        "--strict",
        action="store_true",
        help="stop at the first table that cannot be used, instead of leaving it out",
    )
    add_catalogue(command)


def read_members(options: argparse.Namespace, labels: Path | None = None) -> Any:
    """Return clusters, and labels if there are any, as `skcluster.io.read_clusters` does."""
    columns = {}
    for pair in options.columns:
        theirs, equals, ours = pair.partition("=")
        if not (theirs and equals and ours):
            raise ValueError(f"--columns takes THEIRS=OURS, not {pair!r}.")
        columns[theirs] = ours
    if options.cluster is not None and options.cluster_column is not None:
        raise ValueError("Give --cluster or --cluster-column, not both.")
    from skcluster.io import read_clusters

    members = _sources(options)
    cluster = options.cluster
    if cluster is not None and len(members) == 1 and not isinstance(members[0], Path):
        members, cluster = [members[0].set_axis([cluster])], None
    return read_clusters(
        members if len(members) > 1 else members[0],
        labels,
        columns=columns or None,
        cluster_column=options.cluster_column,
        cluster=cluster,
        format=options.format,
        on_error="raise" if options.strict else "warn",
        release=options.release,
        zero_point=options.zero_point,
        magnitude_limit=options.magnitude_limit,
    )


def _sources(options: argparse.Namespace) -> list[Any]:
    """Return the paths that exist, and the members of clusters given by name."""
    found: list[Any] = []
    names = []
    for text in options.members:
        path = Path(text).expanduser()
        if path.exists() or looks_like_a_file(text):
            found.append(path)
        else:
            names.append(text)
    alone = options.strict or len(options.members) == 1
    found += fetched(names, options.catalogue, strict=alone, or_files=True).values()
    if not found:
        raise ValueError("None of the clusters can be fetched.")
    return found


def add_trusted(command: argparse.ArgumentParser) -> None:
    """Add the argument for types in model files that are neither ours nor of scikit-learn."""
    command.add_argument(
        "--trusted",
        nargs="+",
        action="extend",
        default=[],
        metavar="TYPE",
        help="full names of types of your own that a model file holds, such as mine.Transformer; "
        "their code runs, so trust only what you know",
    )


def add_overwrite(command: argparse.ArgumentParser) -> None:
    """Add the argument of `may_write` and `may_replace`."""
    command.add_argument("--overwrite", action="store_true", help="replace existing files")


def may_write(file: Path, overwrite: bool) -> None:
    """Raise an error if a result cannot be written, before the work starts."""
    may_replace(file, overwrite)
    if not file.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {file.parent} to write {file.name} into.")
    if not os.access(file.parent, os.W_OK):
        raise PermissionError(f"The folder {file.parent} cannot be written to.")


def may_replace(file: Path, overwrite: bool) -> None:
    """Raise an error if a file exists and must not be replaced, or is a folder."""
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder; the name of a file is needed.")
    if file.exists() and not overwrite:
        raise FileExistsError(f"{file} already exists; --overwrite replaces it.")
