"""Speed and memory of a grid search."""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV, KFold
from speed_timing import Table

from skcluster.pipelines import ann_pipeline
from skcluster.regressors import ANNRegressor

#: 24 candidates.
GRID = {
    "hidden_layer_sizes": [(512, 256, 128), (256, 128, 64), (128, 64), (64,)],
    "learning_rate": [3e-4, 1e-3, 3e-3],
    "dropout": [0.0, 0.2],
}
FOLDS, EPOCHS = 5, 60
#: Number of fits whose memory is measured.
N_FITS = 200


def search(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """24 candidates on 5 folds, with one and two jobs."""
    prefix = "regressor__regressor__"
    grid = {prefix + name: values for name, values in GRID.items()}
    table = Table(
        f"Grid search of 24 ANN on {FOLDS} folds of {len(X)} clusters, {EPOCHS} epochs a fit",
        ["jobs", "seconds", "times faster", "best R²"],
    )
    model = ann_pipeline(epochs=EPOCHS, random_state=0)
    for n_jobs in (1, 2):
        looking = GridSearchCV(model, grid, cv=KFold(FOLDS), n_jobs=n_jobs, scoring="r2")
        start = time.perf_counter()
        looking.fit(X, y)
        seconds = time.perf_counter() - start
        first = table.lines[0][1] if table.lines else seconds
        table.lines.append([n_jobs, seconds, first / seconds, float(looking.best_score_)])
    yield table


def memory(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """Memory of a process over many fits of changing candidates."""
    run = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in run.stdout.splitlines()]
    after = {int(n): int(size) for n, size in pairs}
    early, late = after[N_FITS // 10], after[N_FITS]
    yield Table(
        f"Memory of a process over {N_FITS} fits of 24 candidates in turn",
        ["after fit", "resident (MB)"],
        [[n, size / 1e6] for n, size in after.items()] + [["growth", late / early - 1]],
    )


def _fit_many() -> None:
    """Fit, and print the resident memory now and then."""
    import psutil
    from sklearn.model_selection import ParameterGrid

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 413)).astype(np.float32), rng.normal(size=(400, 3))
    candidates = list(ParameterGrid(GRID))
    process = psutil.Process()
    for i in range(1, N_FITS + 1):
        ANNRegressor(epochs=5, random_state=i, **candidates[i % len(candidates)]).fit(X, y)
        if i % (N_FITS // 10) == 0:
            print(i, process.memory_info().rss, flush=True)


if __name__ == "__main__":
    _fit_many()
