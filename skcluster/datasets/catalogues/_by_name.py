"""Fetch catalogues, and individual clusters of them, by name."""

import difflib
import os
import re
from typing import Any

import pandas as pd
from nested_pandas import NestedFrame
from sklearn.utils._param_validation import StrOptions, validate_params

from skcluster.clusters import as_clusters
from skcluster.datasets.catalogues._bossini_2019 import BOSSINI_2019
from skcluster.datasets.catalogues._cantat_gaudin_2020 import CANTAT_GAUDIN_2020
from skcluster.datasets.catalogues._cavallo_2024 import CAVALLO_2024
from skcluster.datasets.catalogues._dias_2021 import DIAS_2021
from skcluster.datasets.catalogues._docs import shared_docs
from skcluster.datasets.catalogues._fetch import FETCHING, fetch, load, store_of
from skcluster.datasets.catalogues._fetch_table import Options, fetch_rows, read_cached
from skcluster.datasets.catalogues._hunt_reffert_2023 import HUNT_REFFERT_2023
from skcluster.datasets.catalogues._names import folded_names, names_of
from skcluster.datasets.catalogues._store import Store
from skcluster.datasets.catalogues._tables import Catalogue, Table

#: All catalogues by name.
CATALOGUES: dict[str, Catalogue] = {
    catalogue.name: catalogue
    for catalogue in (
        CANTAT_GAUDIN_2020,
        HUNT_REFFERT_2023,
        DIAS_2021,
        CAVALLO_2024,
        BOSSINI_2019,
    )
}

_WITH_MEMBERS = {name for name, known in CATALOGUES.items() if known.members is not None}


@validate_params(
    {
        **FETCHING,
        "name": [StrOptions(set(CATALOGUES))],
        "return_X_y": ["boolean"],
        "members": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
@shared_docs
def fetch_catalogue(
    name: str,
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    members: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    progress: bool | None = None,
) -> Any:
    """Fetch a catalogue by name.

    Parameters
    ----------
    name : {catalogues}
        The catalogue. The last three have no member stars.
    {parameters}
    {X_y}
    {members}
    {network}

    Returns
    -------
    {returns}

    {problems}

    See Also
    --------
    fetch_cluster : Fetch the member stars of one cluster.
    cross_match : Find the clusters that two catalogues have in common.

    Examples
    --------
    >>> from skcluster.datasets import fetch_catalogue
    >>> labels = fetch_catalogue("dias_2021")  # doctest: +SKIP
    """
    return fetch(
        CATALOGUES[name],
        members=members,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        n_retries=n_retries,
        delay=delay,
        progress=progress,
    )


@validate_params(
    {**FETCHING, "name": [str], "catalogue": [StrOptions(_WITH_MEMBERS)]},
    prefer_skip_nested_validation=True,
)
@shared_docs
def fetch_cluster(
    name: str,
    catalogue: str = "cantat_gaudin_2020",
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    progress: bool | None = None,
) -> NestedFrame:
    """Fetch the member stars of one cluster.

    Only its own stars are fetched, unless the members of the catalogue are cached.

    Parameters
    ----------
    name : str
        Name of the cluster in any usual spelling: ``NGC 2682``, ``ngc_2682``, ``M67``.
    catalogue : {with_members}, default="cantat_gaudin_2020"
        The catalogue of members.
    {parameters}
    {network}

    Returns
    -------
    NestedFrame of one row
        The cluster. Its ``to_parquet`` writes a file for ``skcluster estimate``.

    Raises
    ------
    ValueError
        If the catalogue has no such cluster (the message suggests similar names), or no members of
        it.
    FetchError
        If it cannot be fetched.
    ImportError
        If the extra ``fetch`` is not installed and something has to be fetched.

    See Also
    --------
    fetch_catalogue : Fetch all clusters of a catalogue.

    Examples
    --------
    >>> from skcluster.datasets import fetch_cluster
    >>> X = fetch_cluster("NGC 2682")  # doctest: +SKIP
    >>> X.to_parquet("m67.parquet")  # doctest: +SKIP
    """
    known = CATALOGUES[catalogue]
    options = Options(download_if_missing, n_retries, delay)
    (clusters,) = load(known, [known.clusters], data_home, options, progress)
    spelled = _spelled(clusters.set_index("cluster"), name, catalogue)
    assert known.members is not None
    stars = _members(known, known.members, spelled, data_home, options)
    if stars.empty:
        raise ValueError(f"The catalogue {catalogue} lists no members of {spelled!r}.")
    return as_clusters(stars)


def _spelled(clusters: pd.DataFrame, name: str, catalogue: str) -> str:
    """Return a cluster's name as the catalogue spells it."""
    names = names_of(clusters)
    rows = names["row"][names["name"] == folded_names(pd.Index([name]))[0]]
    if len(rows):
        return str(clusters.index[rows.iloc[0]])
    similar = difflib.get_close_matches(name.replace(" ", "_"), clusters.index.astype(str), n=3)
    hint = f"; similar names: {', '.join(map(repr, similar))}" if similar else ""
    raise ValueError(f"The catalogue {catalogue} has no cluster {name!r}{hint}.")


def _members(
    catalogue: Catalogue, members: Table, cluster: str, data_home: Any, options: Options
) -> pd.DataFrame:
    """Return the rows of one cluster, from the cached table or else from a query of their own."""
    whole = store_of(catalogue, members, data_home)
    if whole.path.exists():
        everyone = read_cached(whole, members, options)
        if everyone is not None:
            return everyone[everyone["cluster"] == cluster].reset_index(drop=True)
    file = re.sub(r"[^\w.+-]", "_", cluster)
    own = Store(whole.folder / "members", file)
    frame = read_cached(own, members, options)
    if frame is not None:
        return frame
    with own.lock():
        rows = fetch_rows(members, "cluster", cluster, options)
        own.write(rows, members, cluster=cluster)
    fetched: pd.DataFrame = rows.to_pandas()
    return fetched
