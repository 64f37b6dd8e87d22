"""Fetch the member stars of one cluster by its name."""

import difflib
import os
import re
from contextlib import closing

import pandas as pd
from nested_pandas import NestedFrame
from sklearn.utils._param_validation import StrOptions, validate_params

from skcluster.clusters import as_clusters
from skcluster.clusters._tables import frame_of_arrow
from skcluster.datasets.catalogues._catalogue import Catalogue
from skcluster.datasets.catalogues._download import (
    CONSTRAINTS,
    Download,
    is_cached,
    load_tables,
    read_table,
    write_table,
)
from skcluster.datasets.catalogues._names import folded_names, names_of
from skcluster.datasets.catalogues._published import CATALOGUES


@validate_params(
    {
        **CONSTRAINTS,
        "name": [str],
        "catalogue": [StrOptions({c.name for c in CATALOGUES.values() if c.members})],
    },
    prefer_skip_nested_validation=True,
)
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
    catalogue : {"cantat_gaudin_2020", "hunt_reffert_2023"}, default="cantat_gaudin_2020"
        The catalogue of members.
    data_home : str or PathLike, optional
        Folder of the cache; see `get_data_home`.
    download_if_missing : bool, default=True
        Whether to fetch what is not cached. Otherwise an error is raised.
    n_retries : int, default=3
        Number of further attempts after neither VizieR nor its mirror gave a usable answer.
    delay : float, default=1.0
        Delay before the first retry (s), doubled before each further one.
    progress : bool, optional
        Whether to show a progress bar. By default, if the standard error is a terminal.

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
    download = Download(data_home, download_if_missing, n_retries, delay, progress)
    specification = CATALOGUES[catalogue]
    (clusters,) = load_tables(specification, download)
    spelled = _spelled(clusters.set_index("cluster"), name, catalogue)
    stars = _members(specification, spelled, download)
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


def _members(catalogue: Catalogue, cluster: str, download: Download) -> pd.DataFrame:
    """Return the members of a cluster, from the cached table, or else fetched on their own."""
    table, folder = catalogue.members, download.folder(catalogue)
    assert table is not None
    if is_cached(folder, "members"):
        listed = read_table(folder, "members", table, download)
        if listed is not None:
            members: pd.DataFrame = frame_of_arrow(listed)
            return members[members["cluster"] == cluster].reset_index(drop=True)
    folder, name = folder / "members", re.sub(r"[^\w.+-]", "_", cluster)
    rows = read_table(folder, name, table, download)
    if rows is None:
        with closing(download.connect()) as vizier:
            rows = vizier.rows_of(table, cluster)
        write_table(folder, name, rows, table, {"cluster": cluster})
    own: pd.DataFrame = frame_of_arrow(rows)
    return own
