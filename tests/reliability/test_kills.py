"""Work that is killed or interrupted at any moment leaves whole files, and can be done again."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skcluster import load_model
from skcluster.clusters import stars_of
from skcluster.datasets import simulate_clusters

pytestmark = pytest.mark.slow

#: Each tells on a line when it has imported all, and begins.
WORK = {
    "estimates.csv": """
import skcluster.cli, skcluster.inference, skcluster.estimation, skcluster.persistence
print(flush=True)
skcluster.cli.main(["estimate", "members", "-o", "estimates.csv", "--overwrite"])
""",
    "estimates": """
import dask.dataframe, sklearn.linear_model, skcluster.estimation
from skcluster import GuessFeatures, distributed, make_pipeline, read_clusters
print(flush=True)
X, y = read_clusters("members", labels="labels.csv")
model = make_pipeline(GuessFeatures(), sklearn.linear_model.LinearRegression()).fit(X, y)
with dask.config.set(scheduler="sync"):
    distributed.estimate("members", "estimates", model)
""",
    "model.skcluster": """
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from skcluster import CMDRasterizer, Pipeline, read_clusters, save_model
print(flush=True)
X, y = read_clusters("members", labels="labels.csv")
model = Pipeline([("pictures", CMDRasterizer()), ("ridge", Ridge())], memory="cache")
search = GridSearchCV(model, {"ridge__alpha": [0.1, 10.0]}, cv=2).fit(X, y)
save_model(search.best_estimator_.set_params(memory=None), "model.skcluster", overwrite=True)
""",
}
#: Moments at which each is killed, as shares of the time it takes.
MOMENTS = (0.1, 0.35, 0.6, 0.85, 0.98)


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """Stars of 12 clusters in four files, and their labels beside them."""
    X, y = simulate_clusters(12, n_stars=20, random_state=0)
    stars = stars_of(X)
    table = pd.DataFrame({name: stars[name] for name in stars.columns})
    table.insert(0, "cluster", stars.index.to_numpy()[stars.cluster])
    folder = tmp_path_factory.mktemp("clusters")
    (folder / "members").mkdir()
    for i, names in enumerate(np.array_split(X.index, 4)):
        some = table[table["cluster"].isin(names)]
        some.to_parquet(folder / "members" / f"{i}.parquet", index=False)
    y.to_csv(folder / "labels.csv", index_label="cluster")
    return folder, X


def contents(folder, name, X):
    """The numbers in what was written, which must be whole; None of nothing."""
    file = folder / name
    if not file.exists():
        return None
    if name == "model.skcluster":
        return load_model(file).predict(X)
    parts = [file] if file.is_file() else sorted(file.glob("part-*.parquet"))
    tables = [pd.read_csv(p) if p.suffix == ".csv" else pd.read_parquet(p) for p in parts]
    return pd.concat(tables).select_dtypes("number").to_numpy() if tables else None


def begin(name, folder):
    """A process that has begun with the work."""
    command = [sys.executable, "-W", "ignore", "-c", WORK[name]]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, text=True, **quiet)
    process.stdout.readline()
    return process


def finish(process):
    process.communicate(timeout=300)
    return process.returncode


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT], ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", WORK)
def test_work_that_ends_early_can_be_done_again(name, kind, members, tmp_path):
    source, X = members
    for part in ("members", "labels.csv"):
        (tmp_path / part).symlink_to(source / part)
    process = begin(name, tmp_path)
    started = time.monotonic()
    assert finish(process) == 0
    length = time.monotonic() - started
    expected = contents(tmp_path, name, X)
    for moment in MOMENTS:
        process = begin(name, tmp_path)
        try:
            process.wait(moment * length)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, kind)
        finish(process)
        found = contents(tmp_path, name, X)
        assert found is None or np.isin(np.nan_to_num(found), np.nan_to_num(expected)).all()
    assert finish(begin(name, tmp_path)) == 0
    assert_array_equal(contents(tmp_path, name, X), expected)


def test_processes_that_share_a_cache_give_the_same(members, tmp_path, monkeypatch):
    source, X = members
    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "home"))
    folders = [tmp_path / str(i) for i in range(4)]
    for folder in folders:
        folder.mkdir()
        (folder / "members").symlink_to(source / "members")
    processes = [begin("estimates.csv", folder) for folder in folders]
    assert [finish(process) for process in processes] == [0] * 4
    first, *others = [contents(folder, "estimates.csv", X) for folder in folders]
    for other in others:
        assert_array_equal(other, first)
    assert not list(tmp_path.rglob(".*.half"))
