import matplotlib
import pytest
from matplotlib import pyplot as plt

from skcluster import load_model
from skcluster.datasets import simulate_clusters

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def no_open_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def sample():
    return simulate_clusters(60, random_state=0, n_stars=100)


@pytest.fixture(scope="session")
def model():
    return load_model()
