import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from global_state import changes, global_state
from hypothesis import settings
from nested_pandas import NestedFrame

from skcluster.clusters import as_clusters

SAMPLE = Path(__file__).parents[2] / "shared" / "data" / "open_clusters"

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("fuzz", deadline=None, max_examples=10_000)
settings.load_profile(os.environ.get("SKCLUSTER_HYPOTHESIS_PROFILE", "ci"))

pytest.register_assert_rewrite("common")


def pytest_configure(config: pytest.Config) -> None:
    """Let joblib warn of what depends on the load of the machine, and let processes be interrupted.

    A shell starts what it runs in the background with SIGINT ignored, which all processes inherit,
    and tests that interrupt one would wait for it.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # A worker that grows, as it does when TensorFlow is imported, is replaced. The warning comes
    # from the thread that leads the workers: as an error it would end that thread, and a search
    # would wait for it forever.
    config.addinivalue_line(
        "filterwarnings", "ignore:A worker stopped while some jobs were given:UserWarning"
    )
    # A Pipeline's memory notices when the disk is slow.
    config.addinivalue_line("filterwarnings", "ignore:Persisting input arguments took:UserWarning")


@pytest.fixture(autouse=True)
def global_state_is_left_alone() -> Iterator[None]:
    """Fail any test that changes random states, configurations, settings or filters."""
    before = global_state()
    yield
    assert changes(before, global_state()) == []


@pytest.fixture
def numpy_state() -> Iterator[None]:
    """scikit-learn's checks, not the estimators, seed numpy."""
    before = np.random.get_state()  # noqa: NPY002
    yield
    np.random.set_state(before)  # noqa: NPY002


@pytest.fixture(scope="session")
def sample_folder() -> Path:
    """Where the 978 real clusters lie."""
    if not SAMPLE.is_dir():
        pytest.skip(f"the sample of real clusters is not at {SAMPLE}: see CONTRIBUTING.md")
    return SAMPLE


@pytest.fixture(scope="session")
def real(sample_folder: Path) -> tuple[NestedFrame, pd.DataFrame]:
    """X and y of the 978 real clusters, stars without colour left out."""
    names = {
        "Gmag": "phot_g_mean_mag",
        "BP-RP": "bp_rp",
        "Plx": "parallax",
        "e_Plx": "parallax_error",
        "Proba": "probability",
    }
    members = pd.read_parquet(sample_folder / "members.parquet", columns=["Cluster", *names])
    X = as_clusters(members.rename(columns=names).dropna(subset=["bp_rp"]))
    table = pd.read_csv(sample_folder / "clusters.csv", index_col="Cluster").loc[X.index]
    y = pd.DataFrame(
        {
            "log_age": table["AgeNN"],
            "a_v": table["AVNN"],
            "distance_kpc": 10 ** ((table["DMNN"] + 5) / 5) / 1000,
        }
    )
    return X, y


@pytest.fixture
def toy() -> tuple[NestedFrame, pd.DataFrame]:
    """Twelve clusters of 1 to 60 invented stars: a sequence with scatter."""
    rng = np.random.default_rng(20)
    counts = np.array([1, 2, 5, 8, 13, 21, 34, 60, 3, 40, 30, 20])
    star = np.repeat(np.arange(12), counts)
    distance = np.linspace(0.3, 2.5, 12)
    bp_rp = rng.uniform(0.0, 2.2, star.size)
    members = pd.DataFrame(
        {
            "cluster": [f"Toy_{i}" for i in star],
            "phot_g_mean_mag": 10 + 3 * bp_rp + rng.normal(0, 0.3, star.size),
            "bp_rp": bp_rp,
            "parallax": 1 / distance[star] + rng.normal(0, 0.05, star.size),
            "parallax_error": np.full(star.size, 0.05),
            "probability": rng.uniform(0.5, 1.0, star.size),
        }
    )
    X = as_clusters(members)
    y = pd.DataFrame(
        {
            "log_age": np.linspace(7, 9.5, 12),
            "a_v": np.linspace(2, 0, 12),
            "distance_kpc": distance,
        },
        index=X.index,
    )
    return X, y
