import numpy as np
import pytest

from skcluster.datasets import simulate_clusters
from skcluster.pipelines import reference_pipeline

TARGETS = ["log_age", "a_v", "distance_kpc"]


@pytest.fixture(scope="session")
def clusters():
    """X and y of 16 simulated clusters of 25 to 60 stars."""
    spread = np.linspace(0, 1, 16)
    X, y = simulate_clusters(
        16,
        n_stars=(25 + 35 * spread).astype(int),
        a_v=0.1 + 1.9 * spread,
        distance_kpc=0.8 + spread,
        random_state=0,
    )
    return X, y[TARGETS]


@pytest.fixture(scope="session")
def fitted(clusters):
    """The reference with networks that have seen simulated clusters only."""
    model = reference_pipeline(epochs=0, cv=2, tempering=0.3, n_draws=256, random_state=0)
    return model.fit(*clusters)


@pytest.fixture(scope="session")
def distribution(fitted, clusters):
    """What it says of the clusters that it has learned from."""
    return fitted.predict_distribution(clusters[0])
