import random
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from skcluster.datasets import simulate_clusters
from skcluster.estimation import estimate
from skcluster.features import GuessFeatures

N_CLUSTERS, N_FILES = 60, 6


@pytest.fixture(autouse=True)
def the_random_state_that_dask_draws_from():
    state = random.getstate()
    yield
    random.setstate(state)


@pytest.fixture(scope="session")
def clusters():
    """60 simulated clusters, one model fitted to them, and what it says of them in memory."""
    X, y = simulate_clusters(N_CLUSTERS, random_state=0, n_stars=40)
    X.index.name = "cluster"
    model = make_pipeline(GuessFeatures(), LinearRegression()).fit(X, y)
    return X, model, estimate(X, model)


@pytest.fixture(scope="session")
def members(clusters):
    X = clusters[0]
    return X["stars"].nest.to_flat().reset_index()


@pytest.fixture
def catalogue(tmp_path, members):
    """A folder of files of stars."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    names = members["cluster"].unique()
    for i, some in enumerate(np.array_split(names, N_FILES)):
        members[members["cluster"].isin(some)].to_parquet(folder / f"{i}.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def local_cluster():
    """Two worker processes of Dask."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        here = str(Path(__file__).parent)
        client.run(lambda: sys.path.append(here))
        yield client
