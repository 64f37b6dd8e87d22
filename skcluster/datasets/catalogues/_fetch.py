"""Fetch a catalogue: its tables from the cache or from VizieR, as X and y."""

import os
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval

from skcluster._utils.data_home import get_data_home
from skcluster._utils.progress import progress_bar
from skcluster.clusters import as_clusters, stars_of
from skcluster.datasets.catalogues._fetch_table import Options, fetch_table, read_cached
from skcluster.datasets.catalogues._store import Store
from skcluster.datasets.catalogues._tables import Catalogue, Table
from skcluster.datasets.catalogues._targets import targets_of

#: Constraints of the common parameters, for scikit-learn's ``validate_params``.
FETCHING = {
    "data_home": [str, os.PathLike, None],
    "download_if_missing": ["boolean"],
    "n_retries": [Interval(Integral, 0, None, closed="left")],
    "delay": [Interval(Real, 0, None, closed="left")],
    "progress": ["boolean", None],
}


def fetch(
    catalogue: Catalogue,
    *,
    members: bool,
    data_home: Any,
    download_if_missing: bool,
    return_X_y: bool,
    n_retries: int,
    delay: float,
    progress: bool | None,
) -> Any:
    """Fetch a catalogue; `fetch_cantat_gaudin_2020` describes the parameters."""
    options = Options(download_if_missing, n_retries, delay)
    tables = [catalogue.clusters]
    if members and catalogue.members is not None:
        tables.append(catalogue.members)
    frames = load(catalogue, tables, data_home, options, progress)
    bunch = _bunch(catalogue, frames[0].set_index("cluster"), *frames[1:])
    return (bunch.data, bunch.target) if return_X_y else bunch


def load(
    catalogue: Catalogue,
    tables: list[Table],
    data_home: Any,
    options: Options,
    progress: bool | None,
) -> list[pd.DataFrame]:
    """Return some tables of a catalogue; fetch the missing ones under one progress bar."""
    stores = [store_of(catalogue, table, data_home) for table in tables]
    frames = [read_cached(s, t, options) for s, t in zip(stores, tables, strict=True)]
    to_fetch = sum(t.n_rows for t, frame in zip(tables, frames, strict=True) if frame is None)
    with progress_bar(catalogue.name, to_fetch, show=progress, unit="rows") as advance:
        return [
            fetch_table(store, table, options, advance) if frame is None else frame
            for store, table, frame in zip(stores, tables, frames, strict=True)
        ]


def store_of(catalogue: Catalogue, table: Table, data_home: Any) -> Store:
    """Return where a table of a catalogue is cached."""
    name = "clusters" if table is catalogue.clusters else "members"
    return Store(get_data_home(data_home) / catalogue.name, name)


def _bunch(
    catalogue: Catalogue, clusters: pd.DataFrame, members: pd.DataFrame | None = None
) -> Bunch:
    y, uncertainties = targets_of(clusters)
    known = y.notna().all(axis=1).to_numpy()
    reason = np.where(known, "", "no parameters")
    X = unlabelled = None
    if members is not None:
        everyone = as_clusters(members)
        with_stars = everyone.index[stars_of(everyone).counts > 0]
        seen = y.index.isin(with_stars)
        reason = np.where(known & ~seen, "no members with magnitude and colour", reason)
        X = _rows(everyone, y.index[known & seen])
        unlabelled = _rows(everyone, y.index[~known & seen])
        known = known & seen
    return Bunch(
        data=X,
        target=y[known],
        uncertainties=uncertainties[known],
        clusters=clusters,
        left_out=pd.Series(reason, index=y.index, name="reason")[~known],
        unlabelled=unlabelled,
        target_names=y.columns.tolist(),
        feature_names=None if X is None else X.all_columns["stars"],
        DESCR=catalogue.description,
    )


def _rows(X: NestedFrame, names: pd.Index) -> NestedFrame:
    return X.iloc[X.index.get_indexer(names)]
