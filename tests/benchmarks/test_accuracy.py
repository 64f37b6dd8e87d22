"""The scripts around the reference model, on few clusters."""

import json
from pathlib import Path
from typing import Any

import accuracy
import interval_coverage
import numpy as np
import pandas as pd
import pretrain
import pytest
import train_model
from accuracy_report import errors, rmse, subsets

from skcluster.datasets import simulate_to_parquet
from skcluster.metrics import error_table
from skcluster.persistence import load_model, read_card
from skcluster.pipelines import reference_pipeline, set_pipeline


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("clusters")
    members, labels = folder / "members.parquet", folder / "labels.parquet"
    simulate_to_parquet(members, labels, 90, random_state=0, n_stars=60)
    return ["--members", str(members), "--clusters", str(labels)]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The reference with one network, few epochs and few draws."""
    few = {"n_networks": 1, "epochs": 2, "cv": 2, "tempering": 0.3, "n_draws": 64}

    def pipeline(**overrides: Any) -> Any:
        return reference_pipeline(**{**few, **overrides})

    for module in (accuracy, interval_coverage, train_model):
        monkeypatch.setattr(module, "reference_pipeline", pipeline)
    monkeypatch.setitem(accuracy.MODELS, "reference", accuracy.fitted(pipeline))


@pytest.mark.usefixtures("quick")
def test_accuracy_coverage_and_the_model_with_their_scores(data, tmp_path, capsys):
    models = ["--models", "parallax", "trees", "reference"]
    accuracy.main([*data, *models, "--folds", "3", "--output", str(tmp_path / "a")])
    table = pd.read_csv(tmp_path / "a" / "predictions.csv", index_col=0)
    assert len(table) == 90
    assert table.notna().all(axis=None)
    truth, predicted = (
        table[[f"{name}_{target}" for target in accuracy.TARGETS]].to_numpy()
        for name in ("published", "reference")
    )
    assert error_table(truth, predicted).loc["mean", "r2"] > 0.7
    for figure in ("estimates.png", "residuals.png"):
        assert (tmp_path / "a" / figure).stat().st_size > 20_000

    interval_coverage.main(
        [*data, "--folds", "2", "--inner-folds", "2", "--output", str(tmp_path / "c")]
    )
    measured = json.loads((tmp_path / "c" / "coverage.json").read_text())
    shares = {line["interval"]: line["covered"] for line in measured["overall"]}
    assert 0.5 < shares["68%"] < 0.9
    assert len(measured["thirds"]) == 12

    model = tmp_path / "model.skcluster"
    folders = ["--accuracy", str(tmp_path / "a"), "--coverage", str(tmp_path / "c")]
    train_model.main([*data, *folders, "--output", str(model)])
    before = load_model(model).scores_
    train_model.main([*data, *folders, "--output", str(model), "--card-only"])
    np.testing.assert_array_equal(load_model(model).scores_, before)
    card = read_card(model)["card"]
    assert card["cross-validated scores"]["R2"].startswith("0.")
    assert len(card["coverage of held-out clusters"]) == 6


def test_pretraining_writes_weights_that_a_pipeline_takes(data, tmp_path):
    weights = tmp_path / "weights.npz"
    options = ["--n-train", "200", "--n-networks", "2", "--epochs", "1", "--output", str(weights)]
    pretrain.main([*options, *data])
    record = json.loads((tmp_path / "weights.json").read_text())
    assert record["simulated_clusters"] > 150
    assert record["real_clusters"].keys() == {"log_age", "a_v", "distance_kpc", "mean"}
    X, y = accuracy.read_clusters(data[1], labels=data[3])
    model = set_pipeline(pretrained=weights, n_networks=2, epochs=0, random_state=0)
    assert model.fit(X, y[accuracy.TARGETS]).predict(X).shape == (90, 3)


@pytest.mark.real
@pytest.mark.slow
def test_no_label_reaches_training(sample_folder: Path, tmp_path, capsys, monkeypatch):
    # The networks alone: isochrones need no labels.
    def pipeline(**overrides: Any) -> Any:
        return set_pipeline(n_networks=1, **overrides)

    monkeypatch.setitem(accuracy.MODELS, "reference", accuracy.fitted(pipeline))
    files = [str(sample_folder / name) for name in ("members.parquet", "clusters.csv")]
    options = ["--members", files[0], "--clusters", files[1], "--shuffle-labels", "--folds", "2"]
    with pytest.warns(UserWarning, match="Left out 1589"):
        accuracy.main([*options, "--models", "reference", "--output", str(tmp_path)])
    table = pd.read_csv(tmp_path / "predictions.csv", index_col=0)
    truth, predicted = (
        table[[f"{name}_{target}" for target in accuracy.TARGETS]].to_numpy()
        for name in ("published", "reference")
    )
    assert error_table(truth, predicted)["r2"].max() < 0.05


def test_tables_say_what_they_show():
    y = pd.DataFrame({"log_age": [7.0, 9.5], "a_v": [0.5, 2.5], "distance_kpc": [1.0, 4.0]})
    predicted = y.copy()
    predicted["distance_kpc"] = [10 ** (0.2 * 0.5), -1.0]
    found = errors(y, predicted)
    assert found["modulus"].iloc[0] == pytest.approx(0.5)
    assert np.isfinite(found["modulus"]).all()  # a negative distance counts as very near
    assert rmse(np.array([3.0, -3.0, 3.0])) == "3.000 ± 0.000"
    rows = subsets(y, np.array([20, 100]))
    assert rows["log age < 7.5"].tolist() == rows["< 40 stars"].tolist() == [True, False]
    assert rows["A_V > 2 mag"].tolist() == rows["> 3 kpc"].tolist() == [False, True]
