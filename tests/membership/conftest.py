from pathlib import Path

import pandas as pd
import pytest

from skcluster.datasets import simulate_fields

CONES = Path(__file__).parents[3] / "shared" / "data" / "cones"


@pytest.fixture(scope="session")
def fields():
    """Six simulated fields with clusters of 150 members, and the labels of the clusters."""
    return simulate_fields(6, n_members=150, n_field=951, distance_kpc=1.0, random_state=0)


@pytest.fixture(scope="session")
def field(fields):
    """The stars of one of them as a table."""
    return fields[0].iloc[0]["stars"]


@pytest.fixture(scope="session")
def cones():
    """The folder of real cones."""
    if not CONES.is_dir():
        pytest.skip(f"the real cones are not at {CONES}: see CONTRIBUTING.md")
    return CONES


@pytest.fixture(scope="session")
def read_cone(cones):
    """A function that reads the stars of a real cone."""
    return lambda name: pd.read_parquet(cones / f"{name}.parquet")
