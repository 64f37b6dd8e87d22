"""Speed of the components, compared with alternatives.

    python benchmarks/speed/speed.py
    python benchmarks/speed/speed.py --members members.parquet --clusters clusters.csv
    python benchmarks/speed/speed.py --only training prediction
    python benchmarks/speed/speed.py --against main~10

The last prints only what users wait for, side by side with an older revision, whose package is
kept in the output folder, and appends a line to ``history.jsonl``, as ``history.py`` does. For the
training of the older revision, run that part with ``PYTHONPATH`` set to the kept folder.

Each table gives medians of alternating repetitions (for training, the shortest of three), and the
ratio to the first row. Libraries for comparison are part of the extra ``benchmarks``. Takes about
half an hour on 2 cores, most of it for the training of plain Keras networks. Writes ``speed.json``
as well as the tables.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import speed_features
import speed_networks
import speed_search
import speed_waits
from speed_timing import Table, machine

from skcluster.datasets import load_simulated_clusters
from skcluster.io import read_clusters

PARTS = {
    "features": speed_features.features,
    "pictures": speed_features.pictures,
    "generators": speed_features.generators,
    "training": speed_networks.training,
    "prediction": speed_networks.prediction,
    "waits": speed_waits.waits,
    "search": speed_search.search,
    "memory": speed_search.memory,
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--members", type=Path, metavar="FILE", help="table of member stars of real clusters"
    )
    parser.add_argument("--clusters", type=Path, metavar="FILE", help="table of their parameters")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="by default, all")
    parser.add_argument("--against", metavar="REV", help="revision to compare waits with")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("out/speed"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    if (options.members is None) != (options.clusters is None):
        parser.error("--members and --clusters go together")
    if options.only is None:
        options.only = list(PARTS) if options.against is None else ["waits"]
    return options


def main(arguments: list[str] | None = None) -> list[Table]:
    """Run what is asked for, and write the tables."""
    options = parse(arguments)
    if options.members is None:
        X, y = load_simulated_clusters(return_X_y=True)
    else:
        X, y = read_clusters(options.members, labels=options.clusters)
    print(machine(), flush=True)
    tables = []
    for name in options.only:
        for table in PARTS[name](X, y, options):
            print(f"\n{table.markdown()}", flush=True)
            tables.append(table)
    options.output.mkdir(parents=True, exist_ok=True)
    record = {"machine": machine(), "tables": [asdict(table) for table in tables]}
    (options.output / "speed.json").write_text(json.dumps(record, indent=1))
    return tables


if __name__ == "__main__":
    main()
