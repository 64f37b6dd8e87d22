"""The script as its users run it, on few clusters and for one epoch."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from nested_pandas import NestedFrame
from table1 import main, parse

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "table1.py"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Members and labels of 40 simulated clusters, under a catalogue's names."""
    from skcluster.datasets import simulate_clusters

    folder = tmp_path_factory.mktemp("table1")
    X, y = simulate_clusters(40, random_state=0)
    members, labels = folder / "members.parquet", folder / "clusters.csv"
    NestedFrame(X).to_parquet(members)
    y.rename_axis("Cluster").to_csv(labels)
    return members, labels


def test_writes_table_and_figures(files: tuple[Path, Path], tmp_path: Path) -> None:
    members, labels = files
    done = run("--members", members, "--clusters", labels, "--epochs", "1", "--folds", "2",
               "--augment", "--output", tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "| MDM " in done.stdout
    assert "| A_V: RMSE (mag) " in done.stdout
    assert "to go" in done.stderr
    table = json.loads((tmp_path / "table1.json").read_text())
    for model, paper in {"ann": 0.176, "cnn": 0.841, "mdm": 0.167}.items():
        row = table[model]
        assert row["mse"] > 0
        assert row["r2"] < 1
        assert row["mse_standard_error"] > 0
        assert row["paper"]["mse"] == paper
        assert set(row["targets"]) == {"log_age", "a_v", "distance_kpc"}
        mean = pd.DataFrame(row["targets"]).loc["mse"].mean()
        assert row["mse"] == pytest.approx(mean)
    assert "ann, augmented" in table
    assert table["run"]["clusters"] == 40
    assert (tmp_path / "table1.md").read_text() in done.stdout
    assert len(pd.read_csv(tmp_path / "table1.csv")) == 5 * 4
    for number in range(1, 10):
        assert (tmp_path / f"figure{number}.png").stat().st_size > 10_000


def test_both_presets_have_rows_of_their_own(files: tuple[Path, Path], tmp_path: Path) -> None:
    members, labels = files
    done = run("--members", members, "--clusters", labels, "--epochs", "1", "--models", "ann",
               "--preset", "both", "--output", tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = json.loads((tmp_path / "table1.json").read_text())
    assert table["ann"]["preset"] == "tuned"
    assert table["ann (paper)"]["preset"] == "paper"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--members", "members.parquet"], "--members and --clusters go together"),
        (
            ["--members", "a.fits", "--clusters", "a.csv", "--catalogue", "cantat_gaudin_2020"],
            "not both",
        ),
        (["--folds", "1"], "--folds must be at least 2"),
    ],
)
def test_refuses_wrong_options(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(arguments)
    assert reason in capsys.readouterr().err


def test_unreadable_clusters_end_in_one_line() -> None:
    with pytest.raises(SystemExit, match=r"table1.py: .*nowhere.csv"):
        main(["--members", "nowhere.csv", "--clusters", "nowhere.csv"])
