"""A real Dask cluster of processes, and the death of one of them in the middle."""

import os
import signal
import time

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
from slow_model import CountingModel

from skcluster.distributed import estimate
from skcluster.regressors import ANNRegressor

pytestmark = [
    pytest.mark.slow,
    # Dask's own: sockets left to the garbage collector, ports in use, scripts without a signature.
    pytest.mark.filterwarnings("ignore"),
]


def pids(client):
    return set(client.run(os.getpid).values())


def kill_one_soon(client, after):
    """Kill a worker once the first work is done."""
    deadline = time.monotonic() + 60
    while not after() and time.monotonic() < deadline:
        time.sleep(0.05)
    victim = min(pids(client))
    os.kill(victim, signal.SIGKILL)
    return victim


def test_estimates_survive_the_death_of_a_worker(local_cluster, catalogue, clusters, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    log, out = tmp_path / "log", tmp_path / "out"
    model = CountingModel(log=str(log), seconds=1).fit([0], [0])
    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill_one_soon, local_cluster, lambda: any(out.glob("part-*")))
        estimate(catalogue, out, model)
        victim = killing.result()
    assert victim not in pids(local_cluster)
    table = pd.read_parquet(out)
    assert sorted(table.index) == sorted(clusters[0].index)
    assert (table["distance_kpc"] == table["n_stars"]).all()
    assert len(log.read_text().split()) >= 6


def test_a_search_over_networks_gives_what_it_gives_here(local_cluster):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    y = X[:, :3]
    network = ANNRegressor(hidden_layer_sizes=8, epochs=2, batch_size=20, random_state=0)
    search = GridSearchCV(network, {"learning_rate": [1e-3, 1e-2]}, cv=2)
    with parallel_config(backend="dask"):
        on_dask = search.fit(X, y)
        scores, predictions = on_dask.cv_results_["mean_test_score"], on_dask.predict(X)
    here = search.fit(X, y)
    np.testing.assert_array_equal(scores, here.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(predictions, here.predict(X))
