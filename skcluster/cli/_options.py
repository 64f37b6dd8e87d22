"""Arguments that several commands share, and what becomes of them."""

import argparse
import os
from pathlib import Path
from typing import Any


def add_members(command: argparse.ArgumentParser) -> None:
    """Arguments of `read_members`."""
    command.add_argument("members", type=Path, help="table of member stars, any usual file type")
    command.add_argument("--cluster-column", metavar="NAME", help="column that names the cluster")
    command.add_argument(
        "--one-cluster", metavar="NAME", help="all stars belong to one cluster of this name"
    )
    command.add_argument(
        "--columns",
        nargs="+",
        default=[],
        metavar="THEIRS=OURS",
        help="other column names, as in G_corrected=phot_g_mean_mag",
    )


def read_members(options: argparse.Namespace, labels: Path | None = None) -> Any:
    """Clusters, with labels if there are any, as `skcluster.io.read_clusters` gives them."""
    from skcluster.io import read_clusters, read_table

    columns = {}
    for pair in options.columns:
        theirs, equals, ours = pair.partition("=")
        if not (theirs and equals and ours):
            raise ValueError(f"--columns takes THEIRS=OURS, not {pair!r}.")
        columns[theirs] = ours
    members: Any = options.members
    if options.one_cluster is not None:
        if options.cluster_column is not None:
            raise ValueError("Give --one-cluster or --cluster-column, not both.")
        members = read_table(options.members)
        members["cluster"] = [options.one_cluster] * len(members)
    return read_clusters(
        members, labels, columns=columns or None, cluster_column=options.cluster_column
    )


def add_overwrite(command: argparse.ArgumentParser) -> None:
    """Arguments of `may_write` and `may_replace`."""
    command.add_argument("--overwrite", action="store_true", help="replace files that are there")


def may_write(file: Path, overwrite: bool) -> None:
    """Say before the work, not after it, that its result cannot be written."""
    may_replace(file, overwrite)
    if not file.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {file.parent} to write {file.name} into.")
    if not os.access(file.parent, os.W_OK):
        raise PermissionError(f"The folder {file.parent} cannot be written to.")


def may_replace(file: Path, overwrite: bool) -> None:
    """Say so if a file is there that must not be replaced."""
    if file.exists() and not overwrite:
        raise FileExistsError(f"{file} is already there; --overwrite replaces it.")
