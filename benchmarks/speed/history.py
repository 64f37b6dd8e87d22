"""A small set of measurements, recorded as one line per run.

    python benchmarks/speed/history.py           # measure, append to history.jsonl, compare
    python benchmarks/speed/history.py --show    # only compare the recorded lines

`speed.py --against REV` appends what users wait for to the same file, in seconds.

Takes a few minutes on 2 cores. Times are processor times, so that other processes have little
effect, and are given in units of a fixed numpy calculation that is timed in between, so that
machines can be compared. Errors are those of held-out simulated clusters. A line also contains
versions and machine. Add a line when a change may affect speed or accuracy.
"""

import argparse
import json
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from speed_timing import machine

from skcluster import CMDHistogram, CMDRasterizer, GuessFeatures, estimate, simulate_clusters
from skcluster.metrics import error_table
from skcluster.pipelines import ann_pipeline

HISTORY = Path(__file__).with_name("history.jsonl")
TARGETS = ["log_age", "a_v", "distance_kpc"]


def unit() -> None:
    """A fixed piece of work: sorting and summing two million numbers."""
    values = np.random.default_rng(0).random(2_000_000)
    np.sort(values)
    np.exp(values).cumsum()


def seconds(job: Callable[[], Any], repeats: int) -> float:
    """The least processor time of a job (s)."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        job()
        found.append(time.process_time() - start)
    return min(found)


def measure(n_clusters: int, epochs: int, repeats: int) -> dict[str, float]:
    """Times in units of `unit`, and errors, by name."""
    X, y = simulate_clusters(n_clusters, random_state=0)
    half = n_clusters // 2
    model = ann_pipeline(epochs=epochs, random_state=0)
    some = max(half // 8, 2)
    estimate(X[:1])  # loads the model and the densities of populations
    jobs: dict[str, Callable[[], Any]] = {
        "simulate": lambda: simulate_clusters(n_clusters, random_state=0),
        "histogram": lambda: CMDHistogram().fit_transform(X),
        "guesses": lambda: GuessFeatures().fit_transform(X),
        "pictures": lambda: CMDRasterizer().fit_transform(X),
        "train ANN": lambda: model.fit(X[:half], y[:half]),
        "predict ANN": lambda: model.predict(X),
        "estimate": lambda: estimate(X[:some]),
    }
    base = seconds(unit, 2 * repeats)
    found = {f"{name} (units)": seconds(job, repeats) / base for name, job in jobs.items()}
    found["unit (s)"] = base
    found["estimate (s per cluster)"] = found["estimate (units)"] * base / some
    found["ANN R²"] = float(error_table(y[half:], model.predict(X[half:]))["r2"]["mean"])
    errors = error_table(y[:some], estimate(X[:some])[TARGETS])["rmse"]
    return {**found, **{f"estimate RMSE {name}": float(errors[name]) for name in TARGETS}}


def revision() -> str:
    """The commit that was measured, or nothing outside of a clone."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=HISTORY.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def append(size: list[int], measured: dict[str, float], file: Path = HISTORY) -> None:
    """Append a line of what was measured on clusters and settings of some size."""
    line = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(),
        "machine": machine(),
        "size": size,
        "measured": measured,
    }
    with file.open("a") as opened:
        opened.write(json.dumps(line, ensure_ascii=False) + "\n")


def table(file: Path, last: int) -> pd.DataFrame:
    """The last lines of the history as columns."""
    lines = [json.loads(line) for line in file.read_text().splitlines()][-last:]
    heads = [f"{line['date'][:10]} {line['revision']}" for line in lines]
    return pd.DataFrame([line["measured"] for line in lines], index=heads).T


def main(arguments: list[str] | None = None) -> None:
    """Measure and append, unless only shown; print the last lines side by side."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--show", action="store_true", help="only show the recorded lines")
    parser.add_argument("--file", type=Path, default=HISTORY, help="file of recorded lines")
    parser.add_argument("--n-clusters", type=int, default=800)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    if not options.show:
        size = [options.n_clusters, options.epochs, options.repeats]
        append(size, measure(*size), options.file)
    print(table(options.file, last=4).to_string(float_format="{:.4g}".format))


if __name__ == "__main__":
    main()
