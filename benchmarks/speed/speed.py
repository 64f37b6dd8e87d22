"""Speed of the components, compared with alternatives.

    python benchmarks/speed/speed.py
    python benchmarks/speed/speed.py --members members.parquet --clusters clusters.csv
    python benchmarks/speed/speed.py --only training prediction

Each table gives medians of alternating repetitions (for training, the shortest of three), and the
ratio to the first row. Libraries for comparison are part of the extra ``benchmarks``. Takes about
half an hour on 2 cores, most of it for the training of plain Keras networks. Writes ``speed.json``
as well as the tables.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import speed_features
import speed_networks
import speed_search
from speed_timing import Table, compared, machine

from skcluster.datasets import load_simulated_clusters
from skcluster.io import read_clusters, write_clusters

#: What is imported; each line also needs what the ones above it need.
IMPORTS = {
    "import skcluster": "import skcluster",
    "import pandas": "import pandas",
    "import pandas, scikit-learn": "import pandas, sklearn.pipeline",
    "import pandas, scikit-learn, skops": "import pandas, sklearn.pipeline, skops.io",
}


def startup(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """The command for the first cluster, and what it must import."""
    with tempfile.TemporaryDirectory() as folder:
        file, output = Path(folder) / "members.csv", Path(folder) / "estimates.csv"
        write_clusters(X[:1], file)
        arguments = ["estimate", str(file), "-o", str(output), "--overwrite"]
        jobs: dict[str, Callable[[], Any]] = {
            "skcluster estimate": partial(_run, "-m", "skcluster", *arguments),
            **{what: partial(_run, "-c", code) for what, code in IMPORTS.items()},
        }
        jobs["skcluster estimate"]()  # what is computed once, and compiled files
        yield compared("Start to end of a process", jobs, options.repeats)


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


PARTS = {
    "features": speed_features.features,
    "pictures": speed_features.pictures,
    "generators": speed_features.generators,
    "training": speed_networks.training,
    "prediction": speed_networks.prediction,
    "startup": startup,
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
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument(
        "--n-large", type=int, default=100_000, help="number of clusters in the large sample"
    )
    parser.add_argument("--epochs", type=int, help="number of epochs, to shorten a test run")
    parser.add_argument(
        "--n-fits", type=int, default=200, help="number of fits for the memory test"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("out/speed"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    if (options.members is None) != (options.clusters is None):
        parser.error("--members and --clusters go together")
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
