"""``skcluster estimate``."""

import argparse
from pathlib import Path

from skcluster._utils.progress import progress_bar
from skcluster.cli._model import add_model, estimates, facts, load
from skcluster.cli._options import (
    add_members,
    add_overwrite,
    may_replace,
    may_write,
    read_members,
)

#: Lines of a table that are shown when the whole of it goes into a file.
_SHOWN = 20


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_members(command)
    command.add_argument(
        "-o", "--output", type=Path, help="table to write: .csv, .ecsv, .fits, .vot or .parquet"
    )
    command.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="draw each cluster's diagram into a file there"
    )
    command.add_argument("--plot-format", choices=["png", "pdf", "svg"], default="png")
    add_model(command)
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Print the table, and write it and the diagrams if files are given."""
    if options.output is not None:
        may_write(options.output, options.overwrite)
    model, X = load(options), read_members(options)
    if options.plots is not None:
        from skcluster._utils.names import file_names

        for file in file_names(X.index, options.plots, options.plot_format).values():
            may_replace(file, options.overwrite)
    table, samples = estimates(options, model, X, samples=options.plots is not None)
    if options.output is not None:
        from skcluster.io import write_estimates

        metadata = facts(options)
        write_estimates(table, options.output, metadata=metadata, overwrite=options.overwrite)
    if options.plots is not None:
        from skcluster.plotting import save_diagrams

        with progress_bar("Drawing", len(X)) as advance:
            save_diagrams(
                X,
                table,
                options.plots,
                samples=samples,
                coverage=options.coverage,
                format=options.plot_format,
                overwrite=options.overwrite,
                progress=advance,
            )
    shown = table if options.output is None else table.head(_SHOWN)
    print(shown.round(3).to_string())
    if len(shown) < len(table):
        print(f"… and {len(table) - len(shown)} more in {options.output}")
