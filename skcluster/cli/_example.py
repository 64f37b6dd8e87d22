"""``skcluster example``."""

import argparse
from pathlib import Path

from skcluster.cli._options import add_overwrite, may_write

EXAMPLES = """\
  skcluster example -o members.ecsv
  skcluster example -o members.fits --labels parameters.csv
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="members to write: .csv, .tsv, .ecsv, .fits, .vot or .parquet",
    )
    command.add_argument(
        "--labels", type=Path, help="table of the clusters' parameters to write (default: none)"
    )
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Write the members, and the parameters if requested, of the example clusters."""
    import pandas as pd

    from skcluster.clusters import stars_of
    from skcluster.datasets import load_example
    from skcluster.io import write_estimates
    from skcluster.io._write import format_of

    files = [file for file in (options.output, options.labels) if file is not None]
    for file in files:
        may_write(file, options.overwrite)
        format_of(file)
    if len(set(files)) < len(files):
        raise ValueError(f"--output and --labels are the same file, {options.output}.")
    X, y = load_example()
    stars = stars_of(X)
    columns = {name: stars[name] for name in stars.columns}
    members = pd.DataFrame(columns, index=X.index[stars.cluster])
    for file, table in zip(files, (members, y), strict=False):
        write_estimates(table, file, overwrite=options.overwrite)
        print(file)
