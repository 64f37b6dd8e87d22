"""A catalogue larger than memory: simulate, estimate, kill, resume, check.

    python benchmarks/scale/scale.py --n-clusters 100000

Simulates a catalogue into a Parquet file, estimates it with the pretrained model on the worker
processes of a Dask ``LocalCluster``, kills all processes after half of the partitions, runs again,
and checks that every cluster is present once and agrees with the estimate in memory. Prints the
number of clusters per second and the peak memory of a process. Needs the extra ``benchmarks``.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq

from skcluster.clusters import as_clusters
from skcluster.estimation import estimate as estimate_in_memory

sys.path.append(str(Path(__file__).parents[1] / "speed"))

from speed_timing import Table, machine

#: Number of clusters that are estimated in memory, too.
N_CHECKED = 5000


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n-clusters", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path, default=Path("out/scale"), metavar="FOLDER")
    # What the script asks of itself, in processes that can be watched and killed.
    parser.add_argument("--step", choices=["simulate", "estimate"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def simulate(options: argparse.Namespace) -> None:
    """Write the catalogue."""
    from skcluster.datasets import simulate_to_parquet

    simulate_to_parquet(
        options.folder / "members.parquet",
        options.folder / "labels.parquet",
        options.n_clusters,
        random_state=0,
        n_stars=200,
        n_jobs=options.workers,
    )


def estimate(options: argparse.Namespace) -> None:
    """Measure it on worker processes."""
    from distributed import Client, LocalCluster

    from skcluster import distributed

    with (
        LocalCluster(
            n_workers=options.workers, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        Client(cluster),
    ):
        distributed.estimate(options.folder / "members.parquet", options.folder / "estimates")


def run(step: str, options: argparse.Namespace, until: Any = None) -> tuple[float, float]:
    """Run a step in its own processes; seconds, and the most memory of any of them (GB).

    ``until`` says when to kill them all.
    """
    command = [sys.executable, __file__, "--step", step, "--folder", str(options.folder)]
    command += ["--n-clusters", str(options.n_clusters), "--workers", str(options.workers)]
    start = time.perf_counter()
    process = subprocess.Popen(command, start_new_session=True)
    most = 0
    while process.poll() is None:
        most = max([most, *_resident(process.pid)])
        if until is not None and until():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return time.perf_counter() - start, most / 1e9
        time.sleep(0.1)
    if process.returncode != 0:
        raise RuntimeError(f"The step {step} ended with {process.returncode}.")
    return time.perf_counter() - start, most / 1e9


def _resident(pid: int) -> list[int]:
    try:
        main = psutil.Process(pid)
        return [p.memory_info().rss for p in (main, *main.children(recursive=True))]
    except psutil.Error:
        return []


def check(options: argparse.Namespace) -> list[list[Any]]:
    """Every cluster once, and equal to the estimates in memory."""
    table = pd.read_parquet(options.folder / "estimates")
    labels = pd.read_parquet(options.folder / "labels.parquet", columns=["cluster"])
    with pq.ParquetFile(options.folder / "members.parquet") as file:
        parts: list[pd.DataFrame] = []
        n = 0
        while n < min(N_CHECKED, options.n_clusters):
            parts.append(file.read_row_group(len(parts)).to_pandas())
            n += parts[-1]["cluster"].nunique()
    some = as_clusters(pd.concat(parts))
    expected = estimate_in_memory(some)
    found = table.loc[expected.index]
    numbers = expected.select_dtypes("number").columns
    difference = np.nanmax(np.abs(found[numbers] - expected[numbers]))
    return [
        ["clusters missing", len(set(labels["cluster"]) - set(table.index))],
        ["clusters doubled", int(table.index.duplicated().sum())],
        [f"largest difference from memory, {len(some)} clusters", float(difference)],
        ["flags that differ", int((found["flag"] != expected["flag"]).sum())],
        ["not a number in one of the two", int((found.isna() != expected.isna()).sum().sum())],
    ]


def main(arguments: list[str] | None = None) -> Table:
    """Run all steps, and print the table."""
    options = parse(arguments)
    if options.step is not None:
        {"simulate": simulate, "estimate": estimate}[options.step](options)
        return Table(options.step, [])
    print(machine(), flush=True)
    with TemporaryDirectory() as folder:
        options.folder = Path(folder)
        made, made_memory = run("simulate", options)
        file = options.folder / "members.parquet"
        n_parts = pq.read_metadata(file).num_row_groups
        n_stars = pq.read_metadata(file).num_rows
        output = options.folder / "estimates"

        def done() -> int:
            return len(list(output.glob("part-*")))

        before, _ = run("estimate", options, until=lambda: done() >= n_parts // 2)
        n_done = done()
        after, memory = run("estimate", options)
        rest = options.n_clusters * (n_parts - n_done) / n_parts
        lines = [
            ["clusters", options.n_clusters],
            ["stars", n_stars],
            ["file (MB)", file.stat().st_size / 1e6],
            ["partitions", n_parts],
            ["simulated and written (s)", made],
            ["most memory of a process while simulating (GB)", made_memory],
            ["workers", options.workers],
            ["killed after (s)", before],
            ["partitions done by then", n_done],
            ["the rest (s), start of the workers included", after],
            ["clusters a second", rest / after],
            ["most memory of a process (GB)", memory],
            *check(options),
        ]
    table = Table("A catalogue in partitions", ["", ""], lines)
    print(f"\n{table.markdown()}")
    options.output.mkdir(parents=True, exist_ok=True)
    record = {"machine": machine(), "tables": [asdict(table)]}
    (options.output / "scale.json").write_text(json.dumps(record, indent=1))
    return table


if __name__ == "__main__":
    main()
