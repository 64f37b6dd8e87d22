"""Speed and memory of a grid search."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV, KFold
from speed_timing import Table, compared

from skcluster import CMDRasterizer
from skcluster.features import CachedTransformer
from skcluster.pipelines import ann_pipeline, cnn_pipeline
from skcluster.regressors import ANNRegressor

#: 24 candidates.
GRID = {
    "hidden_layer_sizes": [(512, 256, 128), (256, 128, 64), (128, 64), (64,)],
    "learning_rate": [3e-4, 1e-3, 3e-3],
    "dropout": [0.0, 0.2],
}
FOLDS = 5


def search(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """24 candidates on 5 folds, with one and two jobs; and how often a picture is drawn."""
    prefix = "regressor__regressor__"
    grid = {prefix + name: values for name, values in GRID.items()}
    epochs = options.epochs or 60
    table = Table(
        f"Grid search of 24 ANN on {FOLDS} folds of {len(X)} clusters, {epochs} epochs a fit",
        ["jobs", "seconds", "times faster", "best R²"],
    )
    model = ann_pipeline(epochs=epochs, random_state=0)
    for n_jobs in (1, 2):
        looking = GridSearchCV(model, grid, cv=KFold(FOLDS), n_jobs=n_jobs, scoring="r2")
        start = time.perf_counter()
        looking.fit(X, y)
        seconds = time.perf_counter() - start
        first = table.lines[0][1] if table.lines else seconds
        table.lines.append([n_jobs, seconds, first / seconds, float(looking.best_score_)])
    yield table
    yield _drawn(X, y)
    yield _kept(X)


def _kept(X: Any) -> Table:
    """How long it takes to draw pictures, and to find those that are kept."""
    jobs: dict[str, Callable[[], Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for renderer in ("fast", "matplotlib"):
            plain = CMDRasterizer(renderer=renderer).fit(X)
            kept = CachedTransformer(CMDRasterizer(renderer=renderer), memory=folder).fit(X)
            kept.transform(X)
            jobs[f"{renderer}, drawn"] = partial(plain.transform, X)
            jobs[f"{renderer}, kept"] = partial(kept.transform, X)
        return compared(f"Pictures of {len(X)} clusters, drawn or kept", jobs, 7)


class CountingRasterizer(CMDRasterizer):
    """Writes down how many clusters it was asked to draw."""

    log: Path

    def transform(self, X: Any) -> Any:
        """Draw, and write down how many."""
        with open(type(self).log, "a") as file:
            file.write(f"{len(X)}\n")
        return super().transform(X)


def _drawn(X: Any, y: Any) -> Table:
    grid = {f"regressor__regressor__{n}": v for n, v in GRID.items()}
    grid["regressor__regressor__hidden_layer_sizes"] = [(16,), (8,), (4,), (2,)]
    small: dict[str, Any] = {"epochs": 1, "filters": (2,), "downsample": 6, "random_state": 0}
    table = Table(
        f"Pictures drawn in a search of 24 × {FOLDS} fits on {len(X)} clusters, one epoch a fit",
        ["", "clusters drawn", "times each", "seconds"],
    )
    with tempfile.TemporaryDirectory() as folder:
        CountingRasterizer.log = Path(folder) / "log"
        for name, features in {
            "CMDRasterizer": CountingRasterizer(),
            "CachedTransformer(CMDRasterizer)": CachedTransformer(
                CountingRasterizer(), memory=folder
            ),
        }.items():
            CountingRasterizer.log.write_text("")
            model = cnn_pipeline(features=features, **small)
            start = time.perf_counter()
            GridSearchCV(model, grid, cv=KFold(FOLDS), refit=False).fit(X, y)
            seconds = time.perf_counter() - start
            drawn = sum(map(int, CountingRasterizer.log.read_text().split()))
            table.lines.append([name, drawn, drawn / len(X), seconds])
    return table


def memory(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """Memory of a process over many fits of changing candidates."""
    command = [sys.executable, __file__, str(options.n_fits)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    pairs = [line.split() for line in run.stdout.splitlines()]
    after = {int(n): int(size) for n, size in pairs}
    early, late = after[max(1, options.n_fits // 10)], after[options.n_fits]
    yield Table(
        f"Memory of a process over {options.n_fits} fits of 24 candidates in turn",
        ["after fit", "resident (MB)"],
        [[n, size / 1e6] for n, size in after.items()] + [["growth", late / early - 1]],
    )


def _fit_many(n_fits: int) -> None:
    """Fit, and print the resident memory now and then."""
    import psutil
    from sklearn.model_selection import ParameterGrid

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 413)).astype(np.float32), rng.normal(size=(400, 3))
    candidates = list(ParameterGrid(GRID))
    process = psutil.Process()
    for i in range(1, n_fits + 1):
        ANNRegressor(epochs=5, random_state=i, **candidates[i % len(candidates)]).fit(X, y)
        if i % max(1, n_fits // 10) == 0:
            print(i, process.memory_info().rss, flush=True)


if __name__ == "__main__":
    _fit_many(int(sys.argv[1]))
