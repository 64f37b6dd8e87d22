"""The data sets that come with the package."""

import pandas as pd
import pytest

from skcluster.cli import main
from skcluster.clusters import as_clusters, stars_of
from skcluster.datasets import load_example, load_simulated_clusters
from skcluster.io import read_clusters

FORMATS = ["csv", "ecsv", "fits", "vot", "parquet"]


def test_they_are_clusters_with_parameters():
    X, y = load_example()
    assert X.index.equals(y.index)
    assert X.index.name == "cluster"
    assert y.columns.tolist() == ["log_age", "a_v", "distance_kpc"]
    assert stars_of(X).counts.tolist() == [150, 220, 280]
    as_clusters(X)


def test_two_calls_share_nothing():
    _, y = load_example()
    y.iloc[0] = 0
    assert load_example()[1].iloc[0].tolist() == [8.0, 0.3, 0.45]


def test_the_estimate_of_each_is_near_and_not_flagged():
    from skcluster import estimate

    X, y = load_example()
    table = estimate(X)
    assert table["flag"].eq("").all()
    assert (table["log_age"] - y["log_age"]).abs().max() < 0.3
    assert (table["distance_kpc"] / y["distance_kpc"] - 1).abs().max() < 0.1


@pytest.mark.parametrize("format", FORMATS)
def test_the_command_writes_what_can_be_read_again(format, tmp_path, capsys):
    members, labels = tmp_path / f"members.{format}", tmp_path / f"clusters.{format}"
    assert main(["example", "-o", str(members), "--labels", str(labels)]) == 0
    assert capsys.readouterr().out.split() == [str(members), str(labels)]
    X, y = read_clusters(members, labels)
    expected_X, expected_y = load_example()
    pd.testing.assert_frame_equal(y, expected_y, check_names=False)
    stars, expected = stars_of(X), stars_of(expected_X)
    assert stars.index.tolist() == expected.index.tolist()
    for column in expected.columns:
        assert (stars[column] == expected[column]).all(), column


def test_the_command_replaces_nothing_unasked(tmp_path, capsys):
    members = tmp_path / "members.csv"
    members.write_text("mine")
    assert main(["example", "-o", str(members)]) == 1
    assert "--overwrite replaces it" in capsys.readouterr().err
    assert members.read_text() == "mine"
    assert main(["example", "-o", str(members), "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("output", "labels", "reason"),
    [
        ("members.docx", "clusters.csv", "file type of"),
        ("same.csv", "same.csv", "another option writes"),
    ],
)
def test_the_command_refuses_before_it_writes(output, labels, reason, tmp_path, capsys):
    files = [str(tmp_path / name) for name in (output, labels)]
    assert main(["example", "-o", files[0], "--labels", files[1]]) == 1
    assert reason in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_the_catalogue_is_fixed():
    X, y = load_simulated_clusters(return_X_y=True)
    assert X.shape == (1867, 1)
    assert y.shape == (1867, 3)
    again, y_again = load_simulated_clusters(return_X_y=True)
    pd.testing.assert_frame_equal(y, y_again)
    assert (stars_of(X)["bp_rp"] == stars_of(again)["bp_rp"]).all()


def test_what_is_loaded_may_be_changed():
    _, y = load_simulated_clusters(return_X_y=True)
    y["log_age"] = 0.0
    assert (load_simulated_clusters().target["log_age"] > 6).all()


def test_bunch():
    data = load_simulated_clusters()
    assert data.target_names == ["log_age", "a_v", "distance_kpc"]
    assert "bp_rp" in data.feature_names
    assert data.frame.columns.tolist() == ["stars", *data.target_names]
    assert "1867" in data.DESCR
