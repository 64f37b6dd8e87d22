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


def test_the_estimate_of_each_is_near_and_not_flagged():
    from skcluster import estimate

    X, y = load_example()
    table = estimate(X)
    assert table["flag"].eq("").all()
    assert (table["log_age"] - y["log_age"]).abs().max() < 0.3
    assert (table["distance_kpc"] / y["distance_kpc"] - 1).abs().max() < 0.1


@pytest.mark.parametrize("format", FORMATS)
def test_the_command_writes_what_can_be_read_again(format, tmp_path, capsys):
    members = tmp_path / f"members.{format}"
    assert main(["example", "-o", str(members)]) == 0
    assert capsys.readouterr().out.split() == [str(members)]
    stars, expected = stars_of(read_clusters(members)), stars_of(load_example()[0])
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


def test_the_catalogue_is_fixed():
    X, y = load_simulated_clusters(return_X_y=True)
    assert X.shape == (1867, 1)
    assert y.shape == (1867, 3)
    data = load_simulated_clusters()
    pd.testing.assert_frame_equal(y, data.target)
    assert (stars_of(X)["bp_rp"] == stars_of(data.data)["bp_rp"]).all()
    assert data.target_names == ["log_age", "a_v", "distance_kpc"]
    assert "bp_rp" in data.feature_names
    assert data.frame.columns.tolist() == ["stars", *data.target_names]
    assert "1867" in data.DESCR
