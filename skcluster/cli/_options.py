"""What several commands share: members, models, and the files to write."""

import argparse
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from skcluster._utils.messages import warn_caller
from skcluster.cli._console import print_message

#: File types that can be written.
FORMATS = ("csv", "tsv", "ecsv", "fits", "votable", "parquet")
#: File types that can be read: in a text, the layout is recognised.
READ_FORMATS = (*FORMATS, "text")
#: Catalogues of members; listed here, because importing their specifications takes a second.
CATALOGUES = ("hunt_reffert_2023", "cantat_gaudin_2020")


class Command(NamedTuple):
    """A command: the parts of its help, and the functions that define its arguments and run it."""

    summary: str
    examples: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


def add_members(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `read_members`."""
    command.add_argument(
        "members",
        nargs="+",
        metavar="MEMBERS",
        help="tables of member stars in any usual file type, folders of such tables, or names of "
        "clusters whose members are fetched",
    )
    add_tables(command)
    add_catalogue(command)


def add_tables(command: argparse.ArgumentParser) -> None:
    """Add the arguments that tell how tables are read."""
    command.add_argument("--format", choices=READ_FORMATS, help="file type of the tables")
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


def add_catalogue(command: argparse.ArgumentParser) -> None:
    """Add the argument that selects the catalogue."""
    command.add_argument(
        "--catalogue",
        choices=CATALOGUES,
        default="hunt_reffert_2023",
        help="catalogue for the members of clusters given by name (default: %(default)s)",
    )


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

    members, cluster = _sources(options), options.cluster
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
    """Return the paths that exist, and the members, or the fields, of clusters given by name."""
    paths = [Path(text).expanduser() for text in options.members]
    # What looks like a file, but does not exist, is an error of reading, not the name of a cluster.
    are_files = [
        path.exists() or bool(re.search(r"[\\/]|\.[A-Za-z][A-Za-z0-9]*$", text))
        for path, text in zip(paths, options.members, strict=True)
    ]
    names = [text for text, is_file in zip(options.members, are_files, strict=True) if not is_file]
    strict = options.strict or len(options.members) == 1
    fetched: list[Any] = []
    if names and getattr(options, "from_gaia", False):
        fetched = _fetch_fields(names, options.radius, strict)
    elif names and getattr(options, "find_members", False):
        raise FileNotFoundError(
            f"There is no file or folder {names[0]!r}; with --from-gaia, the stars around a "
            "cluster of that name are fetched."
        )
    elif names:
        fetched = fetch_members(names, options.catalogue, strict=strict, or_files=True)
    sources = [path for path, is_file in zip(paths, are_files, strict=True) if is_file]
    if not sources and not fetched:
        raise ValueError("None of the clusters can be fetched.")
    return [*sources, *fetched]


def fetch_members(
    names: Iterable[str], catalogue: str, *, strict: bool, or_files: bool = False
) -> list[Any]:
    """Return clusters under the names that the catalogue gives them, and print these.

    Clusters that cannot be fetched are left out with a warning, unless ``strict``. With
    ``or_files``, the message says that there is no file of that name either.
    """
    from skcluster.datasets.catalogues._published import CATALOGUES as PUBLISHED

    published = PUBLISHED[catalogue]
    source = f"{published.title} (VizieR {published.clusters.name.rpartition('/')[0]})"

    def fetch(name: str) -> Any:
        X = _fetch(name, catalogue, or_files)
        (theirs,) = X.index
        also = "" if theirs == name else f", where it is {theirs}"
        print_message(f"{name}: {len(X['stars'].iloc[0])} members from {source}{also}")
        return X

    return _each(names, fetch, strict)


def _fetch_fields(names: list[str], radius: float, strict: bool) -> list[Any]:
    """Return the stars around clusters, from the Gaia archive."""
    from skcluster.datasets import fetch_gaia_cone

    def fetch(name: str) -> Any:
        X = fetch_gaia_cone(name, radius)
        n_stars = len(X["stars"].iloc[0])
        print_message(f"{name}: {n_stars} stars within {radius:g} degrees, from Gaia DR3")
        return X

    return _each(names, fetch, strict)


def _each(names: Iterable[str], fetch: Callable[[str], Any], strict: bool) -> list[Any]:
    """Return what can be fetched, with a warning for each that cannot, unless ``strict``."""
    fetched = []
    for name in names:
        try:
            fetched.append(fetch(name))
        except (ValueError, OSError) as error:
            if strict:
                raise
            from skcluster.io import BadTableWarning

            warn_caller(f"{str(error).rstrip('.')}. Left out.", BadTableWarning)
    return fetched


def _fetch(name: str, catalogue: str, or_files: bool) -> Any:
    from skcluster.datasets import fetch_cluster

    try:
        return fetch_cluster(name, catalogue)
    except (ValueError, OSError) as error:
        subject = (
            f"There is no file or folder {name!r}; taken as the name of a cluster, its members"
            if or_files
            else f"The members of {name!r}"
        )
        # The errors that callers tell apart, without the arguments of their subclasses.
        kind = ValueError if isinstance(error, ValueError) else OSError
        raise kind(f"{subject} cannot be fetched: {error}") from error


def add_model(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `load`."""
    command.add_argument("--model", type=Path, help="model file (default: the pretrained model)")
    command.add_argument(
        "--coverage", type=float, default=0.68, help="coverage of the intervals (default: 0.68)"
    )
    add_trusted(command)


def add_jobs(command: argparse.ArgumentParser) -> None:
    """Add the number of processes."""
    command.add_argument(
        "--jobs",
        type=int,
        default=-1,
        metavar="N",
        help="number of processes for many clusters (default: one per core)",
    )


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


def load(options: argparse.Namespace) -> Any:
    """Load the model, after checking the options."""
    if options.jobs == 0:
        raise ValueError("--jobs must be at least 1, or -1 for one per core, not 0.")
    if not 0 < options.coverage < 1:
        raise ValueError(f"--coverage must lie between 0 and 1, not {options.coverage:g}.")
    from skcluster.persistence import load_model

    return load_model(options.model, trusted=options.trusted)


def add_output(
    command: argparse.ArgumentParser, content: str, *, required: bool = True, format: bool = True
) -> None:
    """Add the arguments of a table to write."""
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        required=required,
        help=f"{content} to write: .csv, .tsv, .ecsv, .fits, .vot or .parquet",
    )
    if format:
        command.add_argument("--output-format", choices=FORMATS, help="file type of --output")
    add_overwrite(command)


def add_plots(command: argparse.ArgumentParser, content: str) -> None:
    """Add the arguments of figures, of which `check_outputs` checks the folder."""
    command.add_argument("--plots", type=Path, metavar="FOLDER", help=f"folder for a {content}")
    command.add_argument(
        "--plot-format",
        choices=["png", "pdf", "svg"],
        default="png",
        help="file type of the figures (default: %(default)s)",
    )


def add_samp(command: argparse.ArgumentParser, content: str) -> None:
    """Add the argument of `send`."""
    command.add_argument(
        "--samp",
        action="store_true",
        help=f"send the {content} to TOPCAT, Aladin and other programs that are open, by SAMP",
    )


def send(options: argparse.Namespace, content: str, table: Any, facts: dict[str, str]) -> None:
    """Send a table, or the stars of clusters, to the programs that are open, if it is wanted."""
    if not options.samp:
        return
    from skcluster.io import send_table

    programs = send_table(table, f"{content} of {name_of(options)}", metadata=facts)
    print_message(f"{content} sent to {', '.join(programs)}")


def name_of(options: argparse.Namespace) -> str:
    """Return the name of the first file of members, and the number of the others."""
    first, *others = (Path(text).stem for text in options.members)
    return first + (f" and {len(others)} more" if others else "")


def add_overwrite(command: argparse.ArgumentParser) -> None:
    """Add the argument of `check_outputs`."""
    command.add_argument("--overwrite", action="store_true", help="replace existing files")


def check_outputs(
    options: argparse.Namespace,
    *inputs: str | Path | None,
    are_tables: bool = True,
    **outputs: Path | None,
) -> None:
    """Raise an error if results cannot be written, before the work starts.

    ``inputs`` are files and folders that are read, and so must not be replaced; names are ignored.
    ``outputs`` are files to write, by the names of their options; they are tables, whose types must
    be known, unless ``are_tables`` is False.
    """
    if getattr(options, "samp", False):
        from skcluster.io._samp import check_samp

        check_samp()
    plots = getattr(options, "plots", None)
    if plots is not None and plots.exists() and not plots.is_dir():
        raise NotADirectoryError(f"--plots takes a folder, but {plots} is a file.")
    read = {Path(text).expanduser().resolve() for text in inputs if text is not None}
    options_of: dict[Path, str] = {}
    for option, file in outputs.items():
        if file is None:
            continue
        check_replaceable(file, options.overwrite)
        if not file.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {file.parent} to write {file.name} into.")
        if not os.access(file.parent, os.W_OK):
            raise PermissionError(f"The folder {file.parent} cannot be written to.")
        name, place = f"--{option.replace('_', '-')}", file.resolve()
        if place in read or (file.exists() and place.parent in read):
            raise ValueError(f"{name}, {file}, would replace one of the files that are read.")
        if place in options_of:
            raise ValueError(f"{options_of[place]} and {name} are the same file, {file}.")
        options_of[place] = name
        if are_tables:
            from skcluster.io._write import format_of

            format_of(file, getattr(options, "output_format", None) if option == "output" else None)


def check_replaceable(file: Path, overwrite: bool) -> None:
    """Raise an error if a file exists and must not be replaced, or is a folder."""
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder; the name of a file is needed.")
    if file.exists() and not overwrite:
        raise FileExistsError(f"{file} already exists; --overwrite replaces it.")
