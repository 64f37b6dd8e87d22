"""``skcluster fetch``."""

import argparse
from pathlib import Path

from skcluster.cli._by_name import CITATIONS, add_catalogue, fetched
from skcluster.cli._console import out
from skcluster.cli._options import FORMATS, add_overwrite, may_write

EXAMPLES = """\
  skcluster fetch "M 67" -o m67.ecsv
  skcluster fetch "NGC 188" "Pleiades" --catalogue cantat_gaudin_2020 -o two.fits
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument(
        "names", nargs="+", metavar="NAME", help="names of clusters, in any usual spelling"
    )
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="table to write: .csv, .tsv, .ecsv, .fits, .vot or .parquet",
    )
    command.add_argument("--output-format", choices=FORMATS, help="file type of --output")
    command.add_argument(
        "--strict", action="store_true", help="stop at the first cluster that cannot be fetched"
    )
    add_catalogue(command)
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Fetch the members of the clusters and write them."""
    from skcluster.clusters import concat_clusters
    from skcluster.io import write_clusters
    from skcluster.io._write import format_of

    may_write(options.output, options.overwrite)
    format_of(options.output, options.output_format)
    strict = options.strict or len(options.names) == 1
    found = fetched(options.names, options.catalogue, strict=strict)
    if not found:
        raise ValueError("None of the clusters can be fetched.")
    write_clusters(
        concat_clusters(list(found.values())),
        options.output,
        metadata={"catalogue": options.catalogue, "cite": CITATIONS[options.catalogue]},
        format=options.output_format,
        overwrite=options.overwrite,
    )
    out(str(options.output))
