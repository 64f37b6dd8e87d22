"""``skcluster report``."""

import argparse
from pathlib import Path

from skcluster.cli._model import add_model, estimates, facts, load
from skcluster.cli._options import add_members, add_overwrite, may_write, read_members


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_members(command)
    command.add_argument("-o", "--output", type=Path, required=True, help="page to write, .html")
    command.add_argument("--title", help="heading (default: the name of the members' file)")
    add_model(command)
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    may_write(options.output, options.overwrite)
    model, X = load(options), read_members(options)
    table, samples, members = estimates(options, model, X, diagrams=True)
    from skcluster.report import write_report

    write_report(
        X,
        table,
        options.output,
        samples=samples,
        membership=members,
        coverage=options.coverage,
        title=options.title or f"Star clusters of {options.members.name}",
        metadata=facts(options),
        overwrite=options.overwrite,
    )
    print(options.output)
