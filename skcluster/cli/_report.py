"""``skcluster report``."""

import argparse
from pathlib import Path

from skcluster.cli._console import out
from skcluster.cli._model import add_model, estimates, facts, load
from skcluster.cli._options import add_members, add_overwrite, may_write, read_members

EXAMPLES = """\
  skcluster report members.fits -o report.html
  skcluster report "M 67" "NGC 188" -o two.html --title "Two old clusters"
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_members(command)
    command.add_argument(
        "-o", "--output", type=Path, required=True, help="HTML page to write, .html"
    )
    command.add_argument("--title", help="heading of the page (default: named after the members)")
    add_model(command)
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Write the report."""
    if options.output.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"The report is written as .html or .htm, not {options.output.name}.")
    may_write(options.output, options.overwrite)
    model, X = load(options), read_members(options)
    table, samples, members = estimates(options, model, X, diagrams=True)
    from skcluster.persistence import read_card
    from skcluster.report import write_report

    told = {name: fact for name, fact in facts(options).items() if name != "cite"}
    write_report(
        X,
        table,
        options.output,
        samples=samples,
        membership=members,
        coverage=options.coverage,
        title=options.title or f"Star clusters of {_named(options.members)}",
        metadata=told,
        card=read_card(options.model)["card"],
        overwrite=options.overwrite,
    )
    out(str(options.output))


def _named(members: list[str]) -> str:
    """Return the first of the members, and how many more there are."""
    more = f" and {len(members) - 1} more" if len(members) > 1 else ""
    return f"{Path(members[0]).name}{more}"
