"""Training that starts from the networks of a model; models with types of one's own."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor

from skcluster import CMDHistogram, load_model, make_pipeline, save_model
from skcluster.io import read_clusters
from skcluster.persistence import read_card
from skcluster.pipelines import ann_pipeline, set_pipeline


@pytest.fixture(scope="module")
def labelled(members):
    return members, members.with_name("l.parquet")


def test_start_from_the_pretrained_model(run, labelled, tmp_path, capsys):
    output = tmp_path / "mine.skcluster"
    fit = ["fit", *labelled, "-o", output, "--pipeline", "set", "--no-intervals"]
    assert run(*fit, "--start-from", "pretrained", "--epochs", "0") == 0
    X = read_clusters(labelled[0])
    model = load_model(output)
    # Weights are passed on in half precision.
    expected = load_model().estimator_.predict(X)
    np.testing.assert_allclose(model.predict(X), expected, rtol=0.02, atol=0.02)
    simulated = set_pipeline(epochs=0, random_state=0).fit(*read_clusters(*labelled))
    assert np.abs(simulated.predict(X)[:, :3] - expected).max() > 0.1
    assert read_card(output)["card"]["settings"]["started from"] == "pretrained"
    # Fits of the model, and of its clones, start where it did, without a file.
    np.testing.assert_array_equal(
        clone(model).fit(*read_clusters(*labelled)).predict(X), model.predict(X)
    )
    # What comes out can be gone on with, and has learned then.
    again = tmp_path / "again.skcluster"
    fit[fit.index(output)] = again
    assert run(*fit, "--start-from", output, "--epochs", "1") == 0
    assert not np.array_equal(load_model(again).predict(X), model.predict(X))


def test_what_cannot_be_started_from(run, labelled, tmp_path, capsys):
    fit = ["fit", *labelled, "-o", tmp_path / "a.skcluster", "--start-from"]
    assert run(*fit, "pretrained", "--pipeline", "ann") == 1
    assert "--start-from is for --pipeline reference and set" in capsys.readouterr().err
    assert run(*fit, tmp_path / "nowhere.skcluster") == 1
    assert "There is no file" in capsys.readouterr().err
    X, y = read_clusters(*labelled)
    save_model(ann_pipeline(epochs=1, random_state=0).fit(X, y), tmp_path / "ann.skcluster")
    assert run(*fit, tmp_path / "ann.skcluster") == 1
    assert "contains no fitted SetRegressor" in capsys.readouterr().err


def test_types_of_ones_own(run, labelled, tmp_path, capsys):
    X, y = read_clusters(*labelled)
    y = y[["log_age", "a_v", "distance_kpc"]]
    forest = make_pipeline(CMDHistogram(), RandomForestRegressor(3, random_state=0)).fit(X, y)
    with pytest.warns(UserWarning, match=r"--trusted sklearn\.tree\._tree\.Tree"):
        save_model(forest, tmp_path / "forest.skcluster")
    estimate = ["estimate", labelled[0], "--json", "--model", tmp_path / "forest.skcluster"]
    assert run(*estimate) == 1
    assert "sklearn.tree._tree.Tree" in capsys.readouterr().err
    assert run(*estimate, "--trusted", "sklearn.tree._tree.Tree") == 0
