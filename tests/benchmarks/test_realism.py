"""The script on few clusters."""

import json
import warnings
from pathlib import Path

import pandas as pd
import pytest
from realism import cmd_summary, main, tell_apart

from skcluster.datasets import simulate_clusters, simulate_to_parquet

pytestmark = pytest.mark.slow


def test_clusters_of_one_kind_cannot_be_told_apart() -> None:
    first, second = (
        cmd_summary(simulate_clusters(150, random_state=seed, n_stars=30)[0]) for seed in (0, 1)
    )
    assert tell_apart(first, second, 0) < 0.65
    assert tell_apart(first, second + 0.5, 0) > 0.95


def test_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    members, labels = tmp_path / "members.parquet", tmp_path / "labels.parquet"
    simulate_to_parquet(members, labels, 60, random_state=0, n_stars=40)
    options = ["--members", members, "--clusters", labels, "--n-train", "300", "--output", tmp_path]
    # Threads of scikit-learn may leave a filter behind.
    with warnings.catch_warnings():
        main([str(option) for option in options])
    result = json.loads((tmp_path / "realism.json").read_text())
    assert 0.2 < result["auc_same_parameters"] < 0.8
    for name in ("boosted trees", "ANN"):
        errors = pd.DataFrame(result["simulated_to_real"][name])
        assert errors.loc["r2", "mean"] > 0.5, name
    assert result["parallaxes"]["zero_point_mas"] == pytest.approx(0.016, abs=0.03)
    assert (tmp_path / "twins.png").stat().st_size > 10_000
    assert "AUC" in capsys.readouterr().out
