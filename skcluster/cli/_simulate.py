"""``skcluster simulate``."""

import argparse
import sys
from pathlib import Path

from skcluster.cli._options import add_overwrite, may_write


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    command.add_argument("-n", "--number", type=int, required=True, help="of clusters")
    command.add_argument(
        "-o", "--output", type=Path, required=True, help="members to write, .parquet"
    )
    command.add_argument("--labels", type=Path, help="parameters to write (default: beside it)")
    command.add_argument("--seed", type=int, default=0, help="of the clusters (default: 0)")
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Write members and parameters."""
    from skcluster.datasets import simulate_to_parquet

    if options.output.suffix != ".parquet":
        raise ValueError(f"Simulated clusters are written as .parquet, not {options.output.name}.")
    labels = options.labels or options.output.with_name(f"{options.output.stem}_labels.parquet")
    for file in (options.output, labels):
        may_write(file, options.overwrite)
    simulate_to_parquet(
        options.output,
        labels,
        options.number,
        random_state=options.seed,
        progress=sys.stderr.isatty(),
    )
    print(options.output, labels, sep="\n")
