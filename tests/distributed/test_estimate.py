"""Estimates of a partitioned catalogue are those of its clusters in memory, whatever happens."""

import pickle

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from slow_model import CountingModel

from skcluster.distributed import estimate
from skcluster.estimation import estimate as estimate_in_memory
from skcluster.io import read_clusters


@pytest.fixture(autouse=True)
def without_threads():
    with dask.config.set(scheduler="sync"):
        yield


def read(folder):
    return pd.read_parquet(folder).sort_index()


def assert_same(folder, estimates):
    pd.testing.assert_frame_equal(read(folder), estimates.sort_index(), rtol=1e-12)


def test_a_folder_of_files(catalogue, clusters, tmp_path):
    _, model, estimates = clusters
    files = estimate(catalogue, tmp_path / "out", model)
    assert [file.name for file in files] == [f"part-{i:06d}.parquet" for i in range(6)]
    assert_same(tmp_path / "out", estimates)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "_estimates.json",
        *(file.name for file in files),
    }


def test_the_row_groups_of_one_file(members, clusters, tmp_path):
    _, model, estimates = clusters
    file = tmp_path / "members.parquet"
    table = pa.Table.from_pandas(members, preserve_index=False)
    with pq.ParquetWriter(file, table.schema) as writer:
        for names in np.array_split(members["cluster"].unique(), 6):
            writer.write_table(table.filter(pc.is_in(table["cluster"], pa.array(names))))
    assert len(estimate(str(file), tmp_path / "out", model)) == 6
    assert_same(tmp_path / "out", estimates)


def test_files_of_nested_clusters(clusters, tmp_path):
    X, model, estimates = clusters
    (tmp_path / "nested").mkdir()
    for i in range(3):
        X.iloc[20 * i : 20 * i + 20].to_parquet(tmp_path / "nested" / f"{i}.parquet")
    estimate(tmp_path / "nested", tmp_path / "out", model)
    assert_same(tmp_path / "out", estimates)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Dask's own
def test_dask_frames_with_an_empty_partition(clusters, members, tmp_path):
    X, model, estimates = clusters
    parts = [dask.delayed(part) for part in (X[:20], X[:0], X[20:])]
    frame = dd.from_delayed(parts, meta=X[:0], verify_meta=False)
    assert len(estimate(frame, tmp_path / "nested", model)) == 3
    assert_same(tmp_path / "nested", estimates)
    # Stars, a row each, the first partition of them empty.
    parts = [dask.delayed(part) for part in (members[:0], members)]
    frame = dd.from_delayed(parts, meta=members[:0], verify_meta=False)
    estimate(frame, tmp_path / "stars", model)
    assert_same(tmp_path / "stars", estimates)
    again = dd.read_parquet(tmp_path / "stars").compute()
    assert len(again) == 60


@pytest.fixture(scope="module")
def lsdb():
    """LSDB, whose import sets an option of pandas: here, before the test's own state is noted."""
    return pytest.importorskip("lsdb")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_lsdb_catalogue(lsdb, clusters, tmp_path):
    X, model, estimates = clusters
    rng = np.random.default_rng(0)
    placed = X.reset_index().assign(ra=rng.uniform(0, 360, 60), dec=rng.uniform(-60, 60, 60))
    catalogue = lsdb.from_dataframe(
        placed, ra_column="ra", dec_column="dec", partition_rows=20, catalog_name="clusters"
    )
    files = estimate(catalogue, tmp_path / "out", model)
    assert len(files) == catalogue.npartitions > 1
    assert_same(tmp_path / "out", estimates)

    catalogue.write_catalog(tmp_path / "hats")
    estimate(lsdb.open_catalog(tmp_path / "hats"), tmp_path / "out of files", model)
    assert_same(tmp_path / "out of files", estimates)


def test_what_is_there_is_not_done_again(catalogue, clusters, tmp_path):
    log = tmp_path / "log"
    model = CountingModel(log=str(log)).fit([0], [0])
    files = estimate(catalogue, tmp_path / "out", model)
    assert len(log.read_text().split()) == 6
    files[2].unlink()
    estimate(catalogue, tmp_path / "out", pickle.loads(pickle.dumps(model)))
    assert len(log.read_text().split()) == 7
    assert len(read(tmp_path / "out")) == 60


@pytest.mark.parametrize("what", ["model", "catalogue", "coverage"])
def test_going_on_with_something_else_is_refused(what, catalogue, clusters, tmp_path):
    _, model, _ = clusters
    estimate(catalogue, tmp_path / "out", model)
    coverage = 0.68
    if what == "model":
        model = CountingModel().fit([0], [0])
    elif what == "catalogue":
        (catalogue / "5.parquet").unlink()
    else:
        coverage = 0.95
    with pytest.raises(ValueError, match=f"another {what}"):
        estimate(catalogue, tmp_path / "out", model, coverage=coverage)


def test_a_cluster_torn_apart_is_found(catalogue, clusters, tmp_path):
    part = pd.read_parquet(catalogue / "0.parquet")
    part.iloc[:50].to_parquet(catalogue / "0.parquet", index=False)
    part.iloc[50:].to_parquet(catalogue / "6.parquet", index=False)
    with pytest.raises(ValueError, match=r"'sim_000001' is in two partitions.*6.parquet"):
        estimate(catalogue, tmp_path / "out", clusters[1])


@pytest.mark.filterwarnings("ignore:Left out:UserWarning")
def test_a_cluster_without_usable_stars_is_nan(catalogue, clusters, tmp_path):
    _, model, estimates = clusters
    part = pd.read_parquet(catalogue / "0.parquet")
    lost = part["cluster"] == "sim_000001"
    part.loc[lost, "phot_g_mean_mag"] = np.nan
    part.to_parquet(catalogue / "0.parquet", index=False)
    estimate(catalogue, tmp_path / "out", model)
    table = read(tmp_path / "out")
    assert len(table) == 60
    assert table.loc["sim_000001", "n_stars"] == 0
    assert table.loc["sim_000001", ["log_age", "a_v", "distance_kpc"]].isna().all()
    assert table.loc["sim_000001", "flag"] == "cannot be measured"
    pd.testing.assert_frame_equal(
        table.drop("sim_000001"), estimates.drop("sim_000001").sort_index(), rtol=1e-12
    )


def test_clusters_in_memory_and_foreign_folders_are_refused(clusters, catalogue, tmp_path):
    X, model, _ = clusters
    with pytest.raises(TypeError, match="NestedFrame"):
        estimate(X, tmp_path / "out", model)
    with pytest.raises(ValueError, match="other Parquet files"):
        estimate(catalogue, catalogue, model)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="has no file"):
        estimate(tmp_path / "empty", tmp_path / "out", model)
    with pytest.raises(ValueError, match="name"):
        estimate(catalogue, tmp_path / "out2", model, cluster_column="name")


def test_the_reference_on_real_clusters(sample_folder, tmp_path):
    members = pd.read_parquet(sample_folder / "members.parquet").dropna(subset=["BP-RP"])
    names = members["Cluster"].unique()[:4]
    folder = tmp_path / "catalogue"
    folder.mkdir()
    for i in range(2):
        own = members["Cluster"].isin(names[2 * i : 2 * i + 2])
        members[own].to_parquet(folder / f"{i}.parquet", index=False)
    # A place on the sky without any cluster.
    members[:0].to_parquet(folder / "2.parquet", index=False)
    files = estimate(folder, tmp_path / "out")
    tables = [pd.read_parquet(file) for file in files]
    assert [len(table) for table in tables] == [2, 2, 0]
    for table in tables[1:]:
        pd.testing.assert_series_equal(table.dtypes, tables[0].dtypes)
    assert "reliability" in tables[0]
    X = read_clusters(members[members["Cluster"].isin(names)])
    assert_same(tmp_path / "out", estimate_in_memory(X))
