"""What users wait for, in processes of their own, for this tree and for an older revision of it.

Run as a script, it is such a process: it does one job with the package that it finds, and prints
what it measured.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
#: The least that the command must import.
FLOOR = ["-c", "import pandas, sklearn.base"]
#: Number of clusters whose posteriors are timed.
N_POSTERIORS = 60
#: For these rows, the least of several turns.
TURNS = ("first", "posterior")
START, OVER = "`skcluster estimate` of one cluster, CPU (s)", "of the time of its least imports"


def waits(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Any]:
    """Posterior, first use, start of the command, a catalogue, memory."""
    from history import append
    from speed_timing import Table

    from skcluster.io import write_clusters

    trees = {"this tree": ROOT}
    if options.against is not None:
        trees[options.against] = kept(options.against, options.output / "trees")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("members.parquet", "one.csv")]
        write_clusters(X, files[0])
        write_clusters(X[:1], files[1])
        measured = measure(trees, Path(folder), options)
    names = measured["this tree"]
    rows: list[list[Any]] = [[name, *(f[name] for f in measured.values())] for name in names]
    columns = ["", *trees]
    if options.against is not None:
        columns.append("ratio")
        rows = [[*row, row[1] / row[2]] for row in rows]
    yield Table(f"What users wait for, {len(X)} clusters", columns, rows)
    append([len(X), options.repeats], measured["this tree"])


def kept(revision: str, folder: Path) -> Path:
    """The package of a revision, in a folder that is kept."""
    git = ["git", "-C", str(ROOT)]
    name = subprocess.check_output([*git, "rev-parse", f"{revision}^{{commit}}"], text=True).strip()
    tree = (folder / name).resolve()
    if not tree.exists():
        archive = subprocess.check_output([*git, "archive", name, "skcluster"])
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(tree, filter="data")
    return tree


def measure(
    trees: dict[str, Path], folder: Path, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """What each tree takes, by name; the trees take turns."""
    one = ["estimate", str(folder / "one.csv"), "-o", str(folder / "o.csv"), "--overwrite"]
    measured: dict[str, dict[str, float]] = {name: {} for name in trees}
    for turn in range(options.repeats + 1):
        floor, _ = run(FLOOR, ROOT, folder)
        for name, tree in trees.items():
            found = {"least imports, CPU (s)": floor}
            found[START], _ = run(["-m", "skcluster", *one], tree, folder)
            for job in TURNS:
                found |= json.loads(run([__file__, job, str(folder)], tree, folder)[1])
            best = measured[name] if turn > 1 else {}  # the first compiles and fills caches
            measured[name] = {n: min(value, best.get(n, value)) for n, value in found.items()}
    for name, tree in trees.items():
        start, floor = (measured[name][row] for row in (START, "least imports, CPU (s)"))
        measured[name][OVER] = start / floor
        for job in ("catalogue", "memory"):
            measured[name] |= json.loads(run([__file__, job, str(folder)], tree, folder)[1])
    return measured


def run(arguments: list[str], tree: Path, folder: Path) -> tuple[float, str]:
    """Processor time and output of Python with the package of a tree, compiled as if installed."""
    settings = dict(os.environ, PYTHONPATH=str(tree), PYTHONPYCACHEPREFIX=str(folder / "compiled"))
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=settings, capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, done.stdout.decode()


def first(folder: Path) -> dict[str, float]:
    """The densities of populations, computed and stored."""
    with tempfile.TemporaryDirectory() as empty:
        os.environ["SKCLUSTER_DATA"] = empty
        from skcluster.isochrones import PopulationGrid

        seconds = _processor_time(PopulationGrid.load)
    return {"densities at the first use, CPU (s)": seconds}


def posterior(folder: Path) -> dict[str, float]:
    """Estimates in this process, after a first one."""
    from skcluster import estimate

    X = _clusters(folder)
    some = X[:: max(len(X) // N_POSTERIORS, 1)][:N_POSTERIORS]
    estimate(some)
    return {"posterior per cluster, CPU (s)": _processor_time(lambda: estimate(some)) / len(some)}


def catalogue(folder: Path) -> dict[str, float]:
    """All clusters, with one and two processes."""
    from skcluster import estimate

    X = _clusters(folder)
    estimate(X[:2])
    seconds: list[float] = []
    tables: list[Any] = []
    for n_jobs in (None, 2):
        start = time.perf_counter()
        tables.append(estimate(X, n_jobs=n_jobs))
        seconds.append(time.perf_counter() - start)
    assert tables[0].equals(tables[1])
    one, two = seconds
    return {"all, one process (s)": one, "all, two processes (s)": two, "times as fast": one / two}


def memory(folder: Path) -> dict[str, float]:
    """Memory of its own of a worker process."""
    import psutil

    from skcluster import estimate

    estimate(_clusters(folder), n_jobs=2)
    workers = psutil.Process().children(recursive=True)
    return {"memory of a worker (MB)": max(w.memory_full_info().uss for w in workers) / 1e6}


def _clusters(folder: Path) -> Any:
    from skcluster.io import read_clusters

    return read_clusters(folder / "members.parquet")


def _processor_time(job: Callable[[], Any]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](Path(sys.argv[2]))))
