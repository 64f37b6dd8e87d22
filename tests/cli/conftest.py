from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from skcluster.cli import main
from skcluster.datasets import simulate_to_parquet


@pytest.fixture(scope="session")
def members(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 simulated clusters; their labels lie beside them."""
    folder = tmp_path_factory.mktemp("clusters")
    simulate_to_parquet(folder / "m.parquet", folder / "l.parquet", 25, random_state=0)
    return folder / "m.parquet"


@pytest.fixture(scope="session")
def few(members: Path) -> Path:
    """Two of the clusters, with Gaia's identifiers, one of them missing."""
    file = members.with_name("few.parquet")
    stars = pd.read_parquet(members)
    stars = stars[stars["cluster"].isin(stars["cluster"].unique()[:2])].reset_index(drop=True)
    identifiers = pd.array(2**60 + stars.index.to_numpy(), dtype="Int64")
    identifiers[0] = pd.NA
    stars.assign(source_id=identifiers).to_parquet(file, index=False)
    return file


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command in this process, whose output is a pipe of any width; xdist sets one."""
    monkeypatch.delenv("COLUMNS", raising=False)
    return lambda *arguments: main([str(argument) for argument in arguments])
