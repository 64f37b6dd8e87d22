"""Fetch the member stars of one cluster by its name."""

import difflib
import os

import pandas as pd
from nested_pandas import NestedFrame
from sklearn.utils._param_validation import StrOptions, validate_params

from skcluster.clusters import as_clusters
from skcluster.datasets.catalogues._download import (
    CONSTRAINTS,
    Download,
    load_members,
    load_tables,
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
        Number of further attempts after VizieR gave no usable answer.
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
    stars = load_members(specification, spelled, download)
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
