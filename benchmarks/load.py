"""Many processes that share a cache, and many fits in one process.

    python benchmarks/load.py --processes 8 --fits 500

Starts processes simultaneously on an empty cache. Each downloads a catalogue from a local server,
and fits and predicts with cached pictures. All must give identical results and leave no incomplete
files. Then runs fits in one process, and prints memory, threads and open files at the beginning
(after a tenth of the fits) and at the end; none may increase by more than 10 per cent.
"""

import argparse
import gc
import multiprocessing
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kills_work
import psutil

#: How much memory, threads and open files may grow.
GROWTH = 1.1


def main(arguments: list[str] | None = None) -> int:
    """Run both; return 1 if one failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--fits", type=int, default=500)
    options = parser.parse_args(arguments)
    failures = sum(not together(name, options.processes) for name in ("fetch", "fit with a cache"))
    return int(failures + (not again_and_again(options.fits)) > 0)


def together(name: str, n: int) -> bool:
    """Whether processes that do the same work at once in one folder give the same bits."""
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        server = kills_work.serve(Path(folder)) if name == "fetch" else None
        kills_work.WORKS[name].prepare(Path(folder))
        barrier, answers = context.Barrier(n), context.Queue()
        processes = [
            context.Process(target=_one_of_many, args=(name, folder, barrier, answers))
            for _ in range(n)
        ]
        for process in processes:
            process.start()
        found = [answers.get() for _ in processes]
        for process in processes:
            process.join()
        torn = kills_work.WORKS[name].whole(Path(folder))
        left = list(Path(folder).rglob("*.half"))
        if server is not None:
            server.__exit__(None, None, None)
    good = len(set(found)) == 1 and isinstance(found[0], bytes) and not torn and not left
    print(f"{name}: {n} processes, {len(set(found))} different results, {len(left)} files left")
    if not good:
        print(set(found), torn, left)
    return good


def _one_of_many(name: str, folder: str, barrier: Any, answers: Any) -> None:
    kills_work.quiet()
    barrier.wait()
    try:
        answers.put(kills_work.WORKS[name].run(Path(folder)))
    except Exception as error:
        answers.put(repr(error))


def again_and_again(n_fits: int) -> bool:
    """Whether fits leave memory, threads and open files as they were."""
    from sklearn.preprocessing import StandardScaler

    from skcluster import ANNRegressor, CMDHistogram, make_pipeline
    from skcluster.datasets import simulate_clusters

    X, y = simulate_clusters(40, n_stars=30, random_state=0)
    network = ANNRegressor(hidden_layer_sizes=16, epochs=3, batch_size=16, random_state=0)
    before: dict[str, float] = {}
    for i in range(n_fits):
        make_pipeline(CMDHistogram(), StandardScaler(), network).fit(X, y).predict(X)
        if i == n_fits // 10:
            before = _measured()
    after = _measured()
    for name, value in after.items():
        print(f"{n_fits} fits, {name}: {before[name]:.0f} -> {value:.0f}")
    return all(value <= GROWTH * before[name] for name, value in after.items())


def _measured() -> dict[str, float]:
    gc.collect()
    process = psutil.Process(os.getpid())
    return {
        "memory (MB)": process.memory_info().rss / 1e6,
        "threads": process.num_threads(),
        "open files": process.num_fds(),
    }


if __name__ == "__main__":
    sys.exit(main())
