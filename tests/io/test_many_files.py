"""Several files, folders and tables of members, and files of one cluster."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from astropy.table import Table

from skcluster.clusters import OneClusterWarning, as_clusters, stars_of
from skcluster.io import BadTableWarning, read_clusters, write_clusters


def gaia_export(n: int = 3, **columns) -> pd.DataFrame:
    """What the Gaia archive gives: no column names a cluster."""
    rng = np.random.default_rng(n)
    return pd.DataFrame(
        {
            "solution_id": 1636148068921376768,
            "designation": [f"Gaia DR3 {i}" for i in range(n)],
            "source_id": 2**60 + np.arange(n),
            "ra": 132.8,
            "dec": 11.8,
            "parallax": rng.normal(1.15, 0.02, n),
            "parallax_error": 0.02,
            "phot_g_mean_mag": rng.uniform(9, 17, n),
            "phot_bp_mean_mag": 12.5,
            "phot_rp_mean_mag": 11.5,
            "bp_rp": 1.0,
            **columns,
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files of a cluster each, one of two clusters, and what is no table."""
    gaia_export(3).to_csv(tmp_path / "NGC 188.csv.gz", index=False)
    Table.from_pandas(gaia_export(4)).write(tmp_path / "m67.fits")
    gaia_export(5).to_parquet(tmp_path / "Alessi_1.2.parquet")
    gaia_export(2, cluster=["a", "b"]).to_csv(tmp_path / "two.csv", index=False)
    (tmp_path / "README.txt").write_text("not a table")
    return tmp_path


@pytest.mark.parametrize("name", ["NGC 188.csv.gz", "m67.fits", "Alessi_1.2.parquet"])
def test_a_file_without_a_cluster_column_is_one_cluster(folder, name):
    text = (
        "has no column of cluster names: its . stars are one cluster, '.*' .cluster= or --cluster "
        "sets another name; cluster_column= or --cluster-column names the column of a table of"
    )
    with pytest.warns(OneClusterWarning, match=text) as caught:
        X = read_clusters(folder / name)
    assert [warning.filename for warning in caught] == [__file__]
    assert X.index.tolist() == [
        name.partition(".csv")[0].partition(".fits")[0].partition(".par")[0]
    ]
    assert X.index.name == "cluster"
    named = read_clusters(folder / name, cluster="M 67")
    assert named.index.tolist() == ["M 67"]
    assert stars_of(named)["source_id"][1] == 2**60 + 1


def test_a_folder_has_a_row_for_each_cluster(folder):
    text = "3 files have no column .*: each is one cluster, named after it: 'Alessi_1.2', 'NGC 188'"
    with pytest.warns(OneClusterWarning, match=text) as caught:
        X = read_clusters(folder)
    assert len(caught) == 1
    assert X.index.tolist() == ["Alessi_1.2", "NGC 188", "m67", "a", "b"]
    assert stars_of(X).counts.tolist() == [5, 3, 4, 1, 1]


def test_a_list_of_files_and_tables(folder):
    files = [str(folder / "two.csv"), folder / "m67.fits", pa.Table.from_pandas(gaia_export(6))]
    with pytest.warns(OneClusterWarning, match="2 tables have no column"):
        X = read_clusters(files)
    assert X.index.tolist() == ["a", "b", "m67", "2"]


def test_a_dict_names_the_clusters(folder):
    X = read_clusters({"M 67": folder / "m67.fits", "other": gaia_export(6)})
    assert X.index.tolist() == ["M 67", "other"]


def test_clusters_already_made_may_be_among_them(folder):
    made = as_clusters(gaia_export(2, cluster=["x", "y"]))
    assert read_clusters([made, folder / "two.csv"]).index.tolist() == ["x", "y", "a", "b"]


def test_an_error_names_the_file(folder):
    gaia_export(3, cluster="bad", bp_rp=40).to_csv(folder / "bad.csv", index=False)
    files = [folder / "two.csv", folder / "bad.csv"]
    with pytest.raises(ValueError, match=r"bad\.csv: cluster 'bad' has a star with bp_rp = 40 mag"):
        read_clusters(files)
    with pytest.raises(ValueError, match=r"bad\.csv: cluster 'bad' has a star"):
        read_clusters(files[1])


def test_the_others_can_go_on(folder):
    (folder / "bad.csv").write_text("x,y\n1,2\n")
    files = [folder / "none.csv", folder / "two.csv", folder / "bad.csv"]
    with pytest.warns(BadTableWarning) as caught:
        X = read_clusters(files, on_error="warn")
    assert X.index.tolist() == ["a", "b"]
    first, second = (str(warning.message) for warning in caught)
    assert "There is no file" in first
    assert "bad.csv: The stars have no column 'phot_g_mean_mag'" in second
    (folder / "bad.csv").write_text('x,y\n1,"2\n')
    with pytest.warns(BadTableWarning, match=r"bad\.csv cannot be read as csv: .*[^.]\. Left out"):
        read_clusters(files[1:], on_error="warn")
    with (
        pytest.warns(BadTableWarning),
        pytest.raises(ValueError, match="None of the tables of members can be used"),
    ):
        read_clusters(files[::2], on_error="warn")


def test_a_cluster_in_two_files_is_refused(folder):
    gaia_export(3).to_csv(folder / "m67.csv", index=False)
    with pytest.raises(ValueError, match=r"m67\.fits: cluster 'm67' is already in .*m67\.csv"):
        read_clusters([folder / "m67.csv", folder / "m67.fits"])


def test_one_name_for_several_tables_is_refused(folder):
    with pytest.raises(ValueError, match="One name, 'M 67', cannot be that of 4 tables"):
        read_clusters(folder, cluster="M 67")


def test_stars_left_out_are_counted_once_over_all_files(folder):
    for name in ("p", "q"):
        gaia_export(4, cluster=name, bp_rp=[1, 1, 1, np.nan], phot_bp_mean_mag=np.nan).to_csv(
            folder / f"{name}.csv"
        )
    with pytest.warns(UserWarning, match="Left out 2 of 8 stars, in 2 of 2 clusters") as caught:
        read_clusters([folder / "p.csv", folder / "q.csv"])
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize("members", [[], {}])
def test_nothing_to_read(members, tmp_path):
    with pytest.raises(ValueError, match="There are no members to read"):
        read_clusters(members)
    with pytest.raises(ValueError, match=r"The folder .* has no table; known types: \.csv"):
        read_clusters(tmp_path)


def test_labels_go_with_many_files(folder):
    y = pd.DataFrame(
        {"log_age": [8.0, 9.0], "a_v": 0.1, "distance_kpc": 1.0},
        index=pd.Index(["a", "m67"], name="cluster"),
    )
    members = [folder / "two.csv", folder / "m67.fits"]
    with pytest.warns() as caught:
        X, labels = read_clusters(members, y)
    assert {warning.filename for warning in caught} == {__file__}
    assert "Left out 1 of 3 clusters without a row" in str(caught[-1].message)
    assert X.index.tolist() == labels.index.tolist() == ["a", "m67"]


def test_one_name_for_several_clusters_is_told(tmp_path):
    file = tmp_path / "m.fits"
    write_clusters(as_clusters(gaia_export(5, cluster=["a", "b", "c", "b", "a"])), file)
    text = (
        f"{file} names 3 clusters in column 'cluster'; with cluster='old' (--cluster) their 5 "
        "stars are one cluster."
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(text)}$") as caught:
        X = read_clusters(file, cluster="old")
    assert len(caught) == 1
    assert X.index.tolist() == ["old"]
    assert stars_of(X).counts.tolist() == [5]


def test_a_key_for_several_clusters_is_told():
    assert read_clusters(gaia_export(2, cluster=["a", "a "]), cluster="b").index.tolist() == ["b"]
    table = gaia_export(2, group=[1, 2])
    with pytest.warns(UserWarning, match="table 'b' names 2 clusters in column 'group'"):
        X = read_clusters({"b": table}, cluster_column="group")
    assert X.index.tolist() == ["b"]
