"""Time from the start of a process to its end: imports, and the estimate of one cluster."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from speed_timing import Table, compared

from skcluster.io import write_clusters

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
