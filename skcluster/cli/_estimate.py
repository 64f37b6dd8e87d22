"""``skcluster estimate``."""

import argparse
from pathlib import Path
from typing import Any

from skcluster._utils.progress import progress_bar
from skcluster.cli._model import Estimates, add_model, estimates, facts, load
from skcluster.cli._options import (
    add_members,
    add_overwrite,
    may_replace,
    may_write,
    read_members,
)
from skcluster.cli._printed import printed

#: Lines of a table that are shown when the whole of it goes into a file.
_SHOWN = 20


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_members(command)
    command.add_argument(
        "-o", "--output", type=Path, help="table to write: .csv, .ecsv, .fits, .vot or .parquet"
    )
    command.add_argument(
        "--members-output",
        type=Path,
        metavar="FILE",
        help="table of all stars to write, with the probability of each to be a member",
    )
    command.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="draw each cluster's diagram into a file there"
    )
    command.add_argument("--plot-format", choices=["png", "pdf", "svg"], default="png")
    add_model(command)
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Print the table, and write it, the stars and the diagrams if files are given."""
    from skcluster.io import format_of

    outputs = [options.output, options.members_output]
    for file in outputs:
        if file is not None:
            may_write(file, options.overwrite)
            format_of(file)
    if outputs[0] is not None and outputs[0] == outputs[1]:
        raise ValueError(f"--output and --members-output are the same file, {outputs[0]}.")
    model, X = load(options), read_members(options)
    if options.plots is not None:
        from skcluster._utils.names import file_names

        for file in file_names(X.index, options.plots, options.plot_format).values():
            may_replace(file, options.overwrite)
    found = estimates(
        options,
        model,
        X,
        diagrams=options.plots is not None,
        members=options.members_output is not None,
    )
    _write(options, found)
    if options.plots is not None:
        _draw(options, X, found)
    shown = found.table if options.output is None else found.table.head(_SHOWN)
    print(printed(shown))
    if len(shown) < len(found.table):
        print(f"… and {len(found.table) - len(shown)} more in {options.output}")


def _write(options: argparse.Namespace, found: Estimates) -> None:
    from skcluster.io import write_estimates

    keywords = {"metadata": facts(options), "overwrite": options.overwrite}
    if options.output is not None:
        write_estimates(found.table, options.output, **keywords)
    if options.members_output is not None:
        write_estimates(found.members.set_index("cluster"), options.members_output, **keywords)


def _draw(options: argparse.Namespace, X: Any, found: Estimates) -> None:
    from skcluster.plotting import save_diagrams

    with progress_bar("Drawing", len(X)) as advance:
        save_diagrams(
            X,
            found.table,
            options.plots,
            samples=found.samples,
            membership=found.members,
            coverage=options.coverage,
            format=options.plot_format,
            overwrite=options.overwrite,
            progress=advance,
        )
