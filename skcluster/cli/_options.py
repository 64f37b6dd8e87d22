"""What several commands share: members, models, the files to write, and what made them."""

import argparse
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import skcluster
from skcluster._utils.messages import warn_caller
from skcluster.cli._console import PRINTED, print_message

#: File types that can be read: in a text, the layout is recognised.
FORMATS = ("csv", "tsv", "ecsv", "fits", "votable", "parquet", "text")
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
    command.add_argument("--format", choices=FORMATS, help="file type of the tables")
    names = command.add_mutually_exclusive_group()
    names.add_argument("--cluster-column", metavar="NAME", help="column that names the cluster")
    names.add_argument(
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
    from skcluster.io import read_clusters

    members = _sources(options)
    return read_clusters(
        members if len(members) > 1 else members[0],
        labels,
        columns=columns or None,
        cluster_column=options.cluster_column,
        cluster=options.cluster,
        format=options.format,
        on_error="raise" if options.strict else "warn",
        release=options.release,
        zero_point=options.zero_point,
        magnitude_limit=options.magnitude_limit,
    )


def _sources(options: argparse.Namespace) -> list[Any]:
    """Return the paths that exist, and the members, or the fields, of clusters given by name."""
    names = [text for text in options.members if not _is_file(text)]
    files = [Path(text).expanduser() for text in options.members if _is_file(text)]
    if not names:
        return list(files)
    if getattr(options, "from_gaia", False):
        from skcluster.datasets import fetch_gaia_cone

        what = f"stars within {options.radius:g} degrees, from Gaia DR3"
        fetch = partial(fetch_gaia_cone, radius=options.radius)
        return [*files, *_fetch(options, names, fetch, what, "The stars around {!r}")]
    if getattr(options, "find_members", False):
        raise FileNotFoundError(
            f"There is no file or folder {names[0]!r}; with --from-gaia, the stars around a "
            "cluster of that name are fetched."
        )
    subject = "There is no file or folder {!r}; taken as the name of a cluster, its members"
    return [*files, *fetch_members(options, names, subject)]


def _is_file(text: str) -> bool:
    """Return whether it is a path; what looks like one, but does not exist, is no cluster."""
    looks_like_one = re.search(r"[\\/]|\.[A-Za-z][A-Za-z0-9]*$", text)
    return bool(looks_like_one) or Path(text).expanduser().exists()


def fetch_members(options: argparse.Namespace, names: list[str], subject: str) -> list[Any]:
    """Return the members of clusters from the catalogue; ``subject`` begins messages of errors."""
    from skcluster.datasets import fetch_cluster
    from skcluster.datasets.catalogues._published import CATALOGUES as PUBLISHED

    published = PUBLISHED[options.catalogue]
    source = f"{published.title} (VizieR {published.clusters.name.rpartition('/')[0]})"
    fetch = partial(fetch_cluster, catalogue=options.catalogue)
    return _fetch(options, names, fetch, f"members from {source}", subject)


def _fetch(
    options: argparse.Namespace,
    names: list[str],
    fetch: Callable[[str], Any],
    what: str,
    subject: str,
) -> list[Any]:
    """Return clusters or fields under the names that their source gives them, and print these.

    Those that cannot be fetched are left out with a warning, if there is anything else.
    """
    fetched = []
    for name in names:
        try:
            X = fetch(name)
        except (ValueError, OSError) as error:
            message = f"{subject.format(name)} cannot be fetched: {error}"
            if options.strict or len(options.members) == 1:
                raise ValueError(message) from error
            from skcluster.io import BadTableWarning

            warn_caller(f"{message.rstrip('.')}. Left out.", BadTableWarning)
            continue
        fetched.append(X)
        (theirs,) = X.index
        also = "" if theirs == name else f", where it is {theirs}"
        print_message(f"{name}: {len(X['stars'].iloc[0])} {what}{also}")
    if not fetched and len(names) == len(options.members):
        raise ValueError("None of the clusters can be fetched.")
    return fetched


def add_model(command: argparse.ArgumentParser) -> None:
    """Add the model, and how it estimates."""
    command.add_argument("--model", type=Path, help="model file (default: the pretrained model)")
    command.add_argument(
        "--coverage", type=_coverage, default=0.68, help="coverage of the intervals (default: 0.68)"
    )
    add_trusted(command)
    command.add_argument(
        "--jobs",
        type=_n_jobs,
        default=-1,
        metavar="N",
        help="number of processes for many clusters (default: one per core)",
    )


def _coverage(text: str) -> float:
    if not 0 < (value := float(text)) < 1:
        raise argparse.ArgumentTypeError(f"must lie between 0 and 1, not {text}")
    return value


def _n_jobs(text: str) -> int:
    if (value := int(text)) == 0:
        raise argparse.ArgumentTypeError("must be at least 1, or -1 for one per core, not 0")
    return value


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


def add_output(command: argparse.ArgumentParser, content: str, *, required: bool = True) -> None:
    """Add the arguments of a table to write."""
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        required=required,
        help=f"{content} to write: .csv, .tsv, .ecsv, .fits, .vot or .parquet",
    )
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
    taken = {Path(text).expanduser().resolve() for text in inputs if text is not None}
    for option, file in outputs.items():
        if file is None:
            continue
        check_replaceable(options, file)
        if not file.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {file.parent} to write {file.name} into.")
        if not os.access(file.parent, os.W_OK):
            raise PermissionError(f"The folder {file.parent} cannot be written to.")
        place = file.resolve()
        if place in taken or (file.exists() and place.parent in taken):
            raise ValueError(
                f"--{option.replace('_', '-')}, {file}, would replace a file that is read, or that "
                "another option writes."
            )
        taken.add(place)
        if are_tables:
            from skcluster.io._write import format_of

            format_of(file)


def check_replaceable(options: argparse.Namespace, *files: Path) -> None:
    """Raise an error if a file exists and must not be replaced, or is a folder."""
    for file in files:
        if file.is_dir():
            raise IsADirectoryError(f"{file} is a folder; the name of a file is needed.")
        if file.exists() and not options.overwrite:
            raise FileExistsError(f"{file} already exists; --overwrite replaces it.")


def provenance(options: argparse.Namespace, table: Any) -> dict[str, str]:
    """Return what made a result, as texts by name, in reading order.

    If the command has ``--coverage``, the model is described. Of a table, the numbers of rows with
    each flag and each note are stated.
    """
    facts = _model_facts(options.model) if hasattr(options, "coverage") else {}
    cite = facts.pop("cite", "")
    facts |= {
        "skcluster": skcluster.__version__,
        "date": now(),
        "command": options.command_line,
        "coverage": f"{options.coverage:g}" if hasattr(options, "coverage") else "",
        "flags": _rows_with(table, "flag"),
        "notes": _rows_with(table, "notes"),
        "warnings": " ".join(text for text, _ in PRINTED),
        "cite": cite,
    }
    return {name: text for name, text in facts.items() if text}


def now() -> str:
    """Return date and time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _model_facts(path: Path | None) -> dict[str, str]:
    """Return which model it is; one from a file is never called like the pretrained one."""
    from skcluster.persistence import read_card

    card = read_card(path)
    about = card["card"]
    name = str(about.get("name", ""))
    if path is not None:
        name = f"{path.name} ({name})" if name else path.name
    citations = about.get("citations")
    return {
        "model": name,
        "fingerprint": card["fingerprint"],
        "fitted": str(about.get("fitted", "")),
        "trained on": str(about.get("data", "")),
        "cite": "; ".join(map(str, citations)) if isinstance(citations, list) else "",
    }


def counts_of(texts: Iterable[str]) -> list[tuple[str, int]]:
    """Return how many rows have each of the flags, or notes, in a column, the most common first."""
    return Counter(one for text in texts for one in text.split("; ") if one).most_common()


def _rows_with(table: Any, column: str) -> str:
    if column not in table:
        return ""
    counts = "".join(f"; {text}: {number}" for text, number in counts_of(table[column]))
    return f"{(table[column] != '').sum()} of {len(table)} rows have one{counts}"
