"""The scripts around the reference model, on few clusters."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import accuracy
import calibration
import flags
import numpy as np
import pandas as pd
import pretrain
import pytest
import rank_statistics
import references
import train_model
import well_known
from accuracy_report import compare, errors, rmse, subsets
from well_known_clusters import CLUSTERS

from skcluster.datasets import simulate_to_parquet
from skcluster.inference import IsochronePosterior
from skcluster.io import read_clusters
from skcluster.metrics import error_table
from skcluster.persistence import load_model, read_card
from skcluster.pipelines import reference_pipeline, set_pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("clusters")
    members, labels = folder / "members.parquet", folder / "labels.parquet"
    simulate_to_parquet(members, labels, 90, random_state=0, n_stars=60)
    return ["--members", str(members), "--clusters", str(labels)]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The reference with one network and few epochs."""

    def pipeline(**overrides: Any) -> Any:
        quick = {"n_networks": 1, "epochs": 2, "cv": 2, "n_draws": 64, "tempering": 0.3}
        return reference_pipeline(**{**quick, **overrides})

    for module in (references, train_model, well_known, flags):
        monkeypatch.setattr(module, "reference_pipeline", pipeline)
    monkeypatch.setitem(accuracy.MODELS, "reference", pipeline)
    monkeypatch.setattr(train_model, "set_pipeline", partial(set_pipeline, n_networks=1, epochs=2))
    alone = partial(IsochronePosterior, n_draws=64, tempering=0.3)
    monkeypatch.setitem(accuracy.MODELS, "isochrones", alone)
    monkeypatch.setattr(well_known, "IsochronePosterior", alone)


@pytest.mark.usefixtures("quick")
def test_accuracy_of_every_model(data, tmp_path, capsys):
    names = ["parallax", "trees", "set", "isochrones", "reference"]
    options = [*data, "--models", *names, "--folds", "3"]
    accuracy.main([*options, "--output", str(tmp_path / "a")])
    table = pd.read_csv(tmp_path / "a" / "predictions.csv", index_col=0)
    assert len(table) == 90
    assert table.notna().all(axis=None)
    truth, predicted = (
        table[[f"{name}_{target}" for target in references.TARGETS]].to_numpy()
        for name in ("published", "reference")
    )
    assert error_table(truth, predicted).loc["mean", "r2"] > 0.7
    for figure in ("estimates.png", "residuals.png"):
        assert (tmp_path / "a" / figure).stat().st_size > 20_000
    measured = json.loads((tmp_path / "a" / "accuracy.json").read_text())
    assert len(measured["reference less set"]) == len(measured["biases"]) == 18


@pytest.mark.usefixtures("quick")
def test_references_are_fitted_where_none_were_kept(data, tmp_path, capsys):
    options = [*data, "--folds", "2", "--simulations", "20", "--output", str(tmp_path)]
    calibration.main(options)
    assert "fold 2 done" in capsys.readouterr().out
    measured = json.loads((tmp_path / "calibration.json").read_text())
    shares = {line["interval"]: line["covered"] for line in measured["overall"]}
    assert 0.5 < shares["68%"] < 0.95
    assert len(measured["thirds"]) == 21
    assert len(measured["ranks"]) == 4
    assert (tmp_path / "ranks.png").stat().st_size > 5_000
    flags.main([*data, "--every", "9", "--output", str(tmp_path)])
    assert "random stars" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="holds no model"):
        references.kept_references(tmp_path)


@pytest.mark.usefixtures("quick")
def test_the_model_is_rebuilt_with_its_scores_and_continues_where_it_was(data, tmp_path, capsys):
    kept, file = tmp_path / "kept", tmp_path / "model.skcluster"
    command = [*data, "--folds", "3", "--simulations", "20", "--folder", str(kept)]
    train_model.main([*command, "--output", str(file)])
    card = read_card(file)["card"]
    assert card["cross-validated scores"]["R2"].startswith("0.")
    assert len(card["coverage of held-out clusters"]) == 6
    model = load_model(file)
    assert len(model.held_out_) == 90
    # The references of the folds have not seen their clusters.
    table = pd.read_csv(kept / "accuracy" / "predictions.csv", index_col=0)
    X = read_clusters(data[1])
    for (reference, unseen), i in zip(references.kept_references(kept), "012", strict=True):
        assert (len(unseen), len(reference.held_out_)) == (30, 60)
        network = load_model(kept / f"networks{i}.skcluster")
        columns = [f"set_{target}" for target in references.TARGETS]
        predicted = network.predict(X.loc[unseen])
        np.testing.assert_allclose(predicted, table.loc[unseen, columns], rtol=1e-4)
        assert not reference.outside_domain(X.loc[unseen]).all()

    (kept / "fold1.skcluster").unlink()
    capsys.readouterr()
    train_model.main([*command, "--output", str(file)])
    assert "fold1.skcluster: tempering" in (printed := capsys.readouterr().out)
    assert "fold0" not in printed
    assert "skcluster fitted" not in printed
    np.testing.assert_array_equal(load_model(file).predict(X[:5]), model.predict(X[:5]))
    with pytest.raises(SystemExit, match="other folds"):
        accuracy.main([*data, "--references", str(kept), "--folds", "2", "--seed", "1"])

    flags.main([*data, "--references", str(kept), "--every", "2", "--output", str(tmp_path)])
    measured = json.loads((tmp_path / "flags.json").read_text())
    flagged = {kind: line["flagged (%)"] for kind, line in measured["lists"].items()}
    assert flagged["random stars"] > flagged["clusters as they are"]
    assert sum(line["lists"] for line in measured["reliability"].values()) > 45


@pytest.fixture(scope="module")
def renamed(data: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Simulated clusters under the names of well-known ones."""
    folder = tmp_path_factory.mktemp("renamed")
    known = ["NGC_2682", "Melotte_22", "NGC_188"]
    names = dict(zip([f"sim_{i:06d}" for i in range(3)], known, strict=True))
    files = [folder / Path(data[i]).name for i in (1, 3)]
    for old, new in zip((data[1], data[3]), files, strict=True):
        table = pd.read_parquet(old)
        table["cluster"] = table["cluster"].astype(str).replace(names)
        table.to_parquet(new)
    return ["--members", str(files[0]), "--clusters", str(files[1])]


@pytest.mark.usefixtures("quick")
def test_well_known_clusters_are_compared_and_drawn(renamed, tmp_path, capsys):
    table = well_known.main([*renamed, "--output", str(tmp_path)])
    assert list(table.index) == ["Melotte_22", "NGC_2682", "NGC_188"]
    assert table["published_log_age"].round(2).tolist() == [8.05, 9.60, 9.79]
    text = capsys.readouterr().out
    assert "Dahm 2015" in text
    assert "isochrones alone" in text
    for figure in ("well_known.png", "m67.png"):
        assert (tmp_path / figure).stat().st_size > 20_000
    flags.main([*renamed, "--output", str(tmp_path)])
    assert "of 3 flagged" in capsys.readouterr().out


def test_published_values_are_plausible():
    assert len({known.name for known in CLUSTERS}) == len(CLUSTERS) >= 20
    for known in CLUSTERS:
        assert 7 < known.log_age < 10
        assert known.age_source
        assert (known.fe_h is None) == (known.fe_h_source == "")
        assert known.fe_h is None or abs(known.fe_h) < 0.6


def test_ranks_are_shares_and_the_same_for_a_seed():
    ranks = np.array([rank_statistics.simulate(seed, 512) for seed in range(3)])
    assert ((ranks[:, :-1] >= 0) & (ranks[:, :-1] <= 1)).all()
    np.testing.assert_array_equal(rank_statistics.simulate(0, 512), ranks[0])


def test_pretraining_writes_weights_that_a_pipeline_takes(data, tmp_path):
    weights = tmp_path / "weights.npz"
    options = ["--n-train", "200", "--n-networks", "2", "--epochs", "1", "--output", str(weights)]
    pretrain.main([*options, *data])
    record = json.loads((tmp_path / "weights.json").read_text())
    assert record["simulated_clusters"] > 150
    assert record["real_clusters"].keys() == {"log_age", "a_v", "distance_kpc", "mean"}
    X, y = read_clusters(data[1], labels=data[3])
    model = set_pipeline(pretrained=weights, n_networks=2, epochs=0, random_state=0)
    assert model.fit(X, y[references.TARGETS]).predict(X).shape == (90, 3)


@pytest.mark.real
def test_no_label_reaches_training(sample_folder: Path, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(accuracy.MODELS, "set", partial(set_pipeline, n_networks=1))
    files = [str(sample_folder / name) for name in ("members.parquet", "clusters.csv")]
    options = ["--members", files[0], "--clusters", files[1], "--shuffle-labels", "--folds", "2"]
    with pytest.warns(UserWarning, match="Left out 1589"):
        accuracy.main([*options, "--models", "set", "--output", str(tmp_path)])
    table = pd.read_csv(tmp_path / "predictions.csv", index_col=0)
    truth, predicted = (
        table[[f"{name}_{target}" for target in references.TARGETS]].to_numpy()
        for name in ("published", "set")
    )
    assert error_table(truth, predicted)["r2"].max() < 0.05


def test_worse_means_beyond_the_standard_error():
    rng = np.random.default_rng(0)
    y = pd.DataFrame({"log_age": np.full(50, 8.0), "a_v": 0.5, "distance_kpc": 1.0})
    near, far = (y.assign(log_age=8 + s * rng.normal(size=50)) for s in (0.1, 0.3))
    lines = compare(y, far, near, np.full(50, 100)).set_index(["clusters", "target"])
    assert lines.loc[("all (50)", "log_age (dex)"), "worse"] == "yes"
    assert lines.loc[("all (50)", "a_v (mag)"), "worse"] == ""


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
