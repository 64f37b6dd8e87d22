"""The four kinds of work that benchmarks/kills.py kills, with checks of their results.

Each runs in a process of its own, in a folder that persists. `run` does the work and returns a
digest of the result, which must be the same after any kill.
"""

import hashlib
import importlib
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Prepare = Callable[[Path], None]
Run = Callable[[Path], bytes]


@dataclass(frozen=True)
class Work:
    """A piece of work.

    Attributes
    ----------
    prepare : callable
        Puts into a folder what the work needs.
    run : callable
        Does the work in the folder and returns a digest of what it gives.
    whole : callable
        Says what in the folder is not whole, at any moment, as a list of texts.
    """

    prepare: Prepare
    run: Run
    whole: Callable[[Path], list[str]]


def _digest(*values: Any) -> bytes:
    joined = hashlib.sha256()
    for value in values:
        joined.update(value if isinstance(value, bytes) else np.ascontiguousarray(value).tobytes())
    return joined.digest()


def _clusters(folder: Path, n: int = 12, files: int = 4) -> None:
    """A folder of Parquet files of simulated stars."""
    from skcluster.clusters import stars_of
    from skcluster.datasets import simulate_clusters

    X, y = simulate_clusters(n, n_stars=20, random_state=0)
    stars = stars_of(X)
    table = pd.DataFrame({name: stars[name] for name in stars.columns})
    table.insert(0, "cluster", stars.index.to_numpy()[stars.cluster])
    (folder / "members").mkdir()
    for i, names in enumerate(np.array_split(X.index, files)):
        some = table[table["cluster"].isin(names)]
        some.to_parquet(folder / "members" / f"{i}.parquet", index=False)
    y.to_csv(folder / "labels.csv", index_label="cluster")


# Fetching


def serve(folder: Path) -> Any:
    """A server on loopback with a small catalogue; its address is left in the folder."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "datasets"))
    catalogue_tables = importlib.import_module("catalogue_tables")
    vizier_server = importlib.import_module("vizier_server")
    running = vizier_server.running()
    server = running.__enter__()
    server.tables = catalogue_tables.cantat_gaudin(8, 2, 60)
    (folder / "address").write_text(server.tap)
    return running


def _fetch(folder: Path) -> bytes:
    from skcluster.clusters import stars_of
    from skcluster.datasets import fetch_cantat_gaudin_2020
    from skcluster.datasets.catalogues import _download, _vizier
    from skcluster.datasets.catalogues._published import CATALOGUES

    # The tables of the server are smaller than the published ones.
    _vizier.SITES = (_vizier.Site((folder / "address").read_text()),)  # type: ignore[assignment]
    _download.CHUNK = 10
    published: Any = CATALOGUES["cantat_gaudin_2020"]
    CATALOGUES["cantat_gaudin_2020"] = replace(
        published,
        clusters=replace(published.clusters, n_rows=8),
        members=replace(published.members, n_rows=60),
    )
    X, y = fetch_cantat_gaudin_2020(data_home=folder / "home", return_X_y=True, delay=0.0)
    stars = stars_of(X)
    return _digest(str(list(X.index)).encode(), stars["source_id"], stars["bp_rp"], y)


def _fetched_is_whole(folder: Path) -> list[str]:
    import pyarrow.parquet as pq

    wrong = []
    for file in (folder / "home").rglob("*.parquet"):
        try:
            if file.suffix == ".parquet" and not file.name.startswith("."):
                pq.read_table(file)
        except (OSError, ValueError) as error:
            wrong.append(f"{file.name}: {error}")
    return wrong


# Fitting with a cache


def _fit(folder: Path) -> bytes:
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV

    from skcluster import CMDRasterizer, Pipeline, read_clusters, save_model

    X, y = read_clusters(folder / "members", labels=folder / "labels.csv")
    pictures = CMDRasterizer(image_size=100)
    model = Pipeline([("pictures", pictures), ("ridge", Ridge())], memory=str(folder / "cache"))
    search = GridSearchCV(model, {"ridge__alpha": [0.1, 10.0]}, cv=2).fit(X, y)
    save_model(search.best_estimator_, folder / "model.skcluster", overwrite=True)
    return _digest(search.predict(X), search.cv_results_["mean_test_score"])


def _model_is_whole(folder: Path) -> list[str]:
    from skcluster import load_model

    file = folder / "model.skcluster"
    try:
        if file.exists():
            load_model(file)
    except ValueError as error:
        return [f"{file.name}: {error}"]
    return []


# Estimating


def _estimate(folder: Path) -> bytes:
    from skcluster.cli import main

    output = folder / "estimates.csv"
    arguments = ["estimate", str(folder / "members"), "-o", str(output), "--overwrite"]
    if main(arguments):
        raise RuntimeError("skcluster estimate failed.")
    return _digest(output.read_bytes())


def _estimates_are_whole(folder: Path) -> list[str]:
    output = folder / "estimates.csv"
    if output.exists() and len(pd.read_csv(output)) != 12:
        return [f"{output.name} has not all clusters"]
    return []


def _distributed(folder: Path) -> bytes:
    import dask
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    from skcluster import GuessFeatures, distributed, read_clusters

    X, y = read_clusters(folder / "members", labels=folder / "labels.csv")
    model = make_pipeline(GuessFeatures(), LinearRegression()).fit(X, y)
    with dask.config.set(scheduler="sync"):
        files = distributed.estimate(folder / "members", folder / "estimates", model)
    tables = pd.concat(map(pd.read_parquet, files)).sort_index()
    left = [p.name for p in (folder / "estimates").glob(".*")]
    numbers = tables.select_dtypes("number")
    return _digest(str((left, list(tables.index), len(files))).encode(), numbers.to_numpy(float))


def _parts_are_whole(folder: Path) -> list[str]:
    wrong = []
    for file in (folder / "estimates").glob("part-*.parquet"):
        try:
            pd.read_parquet(file)
        except (OSError, ValueError) as error:
            wrong.append(f"{file.name}: {error}")
    return wrong


def _nothing(folder: Path) -> None:
    pass


# Training a network, which is interrupted rather than killed


def _train(folder: Path) -> bytes:
    from skcluster import pipelines, read_clusters, save_model

    X, y = read_clusters(folder / "members", labels=folder / "labels.csv")
    model = pipelines.ann_pipeline(epochs=30, random_state=0).fit(X, y)
    save_model(model, folder / "model.skcluster", overwrite=True)
    return _digest(model.predict(X))


WORKS = {
    "fetch": Work(_nothing, _fetch, _fetched_is_whole),
    "fit with a cache": Work(_clusters, _fit, _model_is_whole),
    "estimate to a file": Work(_clusters, _estimate, _estimates_are_whole),
    "distributed estimate": Work(_clusters, _distributed, _parts_are_whole),
    "train": Work(_clusters, _train, _model_is_whole),
}
#: Where what a run leaves is removed, so that the next one has something to do.
FRESH = {
    "fetch": "home",
    "fit with a cache": "cache",
    "estimate to a file": None,
    "distributed estimate": "estimates",
    "train": None,
}


def quiet() -> None:
    """Let no warning of a half-filled cache stop a run."""
    warnings.simplefilter("ignore")
