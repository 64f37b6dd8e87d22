"""Fetch published catalogues as clusters and labels, or the members of one cluster by its name."""

import difflib
import inspect
import os
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

from skcluster.clusters import as_clusters, stars_of
from skcluster.datasets.catalogues._download import CONSTRAINTS, Download, load_members, load_table
from skcluster.datasets.catalogues._names import folded_names, names_of
from skcluster.datasets.catalogues._published import CATALOGUES, Catalogue
from skcluster.photometry import distance_from_modulus

Options = ParamSpec("Options")

#: Columns of each target, and what converts them; the first one in the table is used.
_SOURCES: dict[str, dict[str, Callable[[Any], Any]]] = {
    "log_age": {"log_age": np.asarray},
    "a_v": {"a_v": np.asarray},
    "distance_kpc": {
        "distance_modulus": distance_from_modulus,
        "distance_pc": lambda parsecs: parsecs / 1000,
    },
}

_DESCR = """\
{catalogue.title}
{line}

{catalogue.description}
Cite {catalogue.reference}; and VizieR: Ochsenbein et al. 2000, A&AS 143, 23.
"""


@validate_params(
    {
        **CONSTRAINTS,
        "name": [StrOptions(set(CATALOGUES))],
        "members": ["boolean"],
        "return_X_y": ["boolean"],
        "progress": ["boolean", None],
    },
    prefer_skip_nested_validation=True,
)
def fetch_catalogue(
    name: str,
    *,
    members: bool = True,
    return_X_y: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    progress: bool | None = None,
) -> Any:
    """Fetch a published catalogue of star clusters by name.

    The first call fetches it from VizieR, in parts; later calls need no network.

    Parameters
    ----------
    name : str
        The catalogue: ``"bossini_2019"``, ``"cantat_gaudin_2020"``, ``"cavallo_2024"``,
        ``"dias_2021"`` or ``"hunt_reffert_2023"``.
    members : bool, default=True
        Whether to fetch the member stars, if there are any; without them X is None.
    return_X_y : bool, default=False
        Whether to return ``(X, y)`` instead of a `Bunch`.
    data_home : str or PathLike, optional
        Folder of the cache; see `get_data_home`.
    download_if_missing : bool, default=True
        Whether to fetch what is not cached. Otherwise an error is raised.
    progress : bool, optional
        Whether to show a progress bar. By default, if the standard error is a terminal.

    Returns
    -------
    data : Bunch
        With ``data`` (the clusters X: a NestedFrame, index like y; None without member stars),
        ``target`` (y: a DataFrame with ``log_age``, ``a_v``, ``distance_kpc``), ``uncertainties``
        (bounds ``log_age_low``, ``log_age_high`` … in the same units), ``clusters`` (every row of
        the catalogue, as published), ``left_out`` (the reason for each cluster that is not in y),
        ``unlabelled`` (members of clusters without parameters; None without member stars),
        ``target_names``, ``feature_names`` and ``DESCR``, which describes columns and caveats.
    (X, y) : tuple
        If ``return_X_y`` is True.

    Raises
    ------
    FetchError
        If VizieR does not return a complete table (an `OSError`; fetched parts are kept, and the
        next call continues from there), or it is not cached and ``download_if_missing`` is False.
    CatalogueChangedError
        If needed columns are missing, or the table has other rows than published (a `ValueError`).

    Warns
    -----
    UserWarning
        With counts, if stars have no colour.

    See Also
    --------
    fetch_cluster : Fetch the member stars of one cluster.
    cross_match : Find the clusters that two catalogues have in common.

    Examples
    --------
    >>> from skcluster.datasets import fetch_catalogue
    >>> labels = fetch_catalogue("dias_2021")  # doctest: +SKIP
    """
    catalogue = CATALOGUES[name]
    download = Download(data_home, download_if_missing, progress)
    clusters = load_table(catalogue, "clusters", download).to_pandas().set_index("cluster")
    stars = load_table(catalogue, "members", download) if members and catalogue.members else None
    bunch = _bunch(catalogue, clusters, stars)
    return (bunch.data, bunch.target) if return_X_y else bunch


def _fetcher(fetch: Callable[Concatenate[str, Options], Any], name: str) -> Callable[Options, Any]:
    """Return `fetch_catalogue` of one catalogue, whose docstring is that of both."""
    catalogue = CATALOGUES[name]

    def fetch_one(*args: Options.args, **options: Options.kwargs) -> Any:
        return fetch(name, *args, **options)

    signature = inspect.signature(fetch)
    _, *given = signature.parameters.values()
    fetch_one.__signature__ = signature.replace(parameters=given)  # type: ignore[attr-defined]
    fetch_one.__name__ = fetch_one.__qualname__ = f"fetch_{name}"
    contents, notes = catalogue.description.split("\n\n", 1)
    common = inspect.cleandoc(fetch.__doc__ or "")
    common = common[common.index("members :") : common.index("See Also")]
    fetch_one.__doc__ = f"""Fetch the clusters of {catalogue.title}.

{contents}

The catalogue [1]_ is fetched from VizieR by the first call; later calls need no network.

Parameters
----------
{common}See Also
--------
fetch_catalogue : Fetch any of the catalogues by name.
fetch_cluster : Fetch the member stars of one cluster.
cross_match : Find the clusters that two catalogues have in common.

Notes
-----
{notes}
References
----------
.. [1] {catalogue.reference}.

Examples
--------
>>> from skcluster.datasets import fetch_{name}
>>> data = fetch_{name}()  # doctest: +SKIP
>>> data.target.columns.tolist()  # doctest: +SKIP
['log_age', 'a_v', 'distance_kpc']
"""
    return fetch_one


fetch_cantat_gaudin_2020 = _fetcher(fetch_catalogue, "cantat_gaudin_2020")
fetch_hunt_reffert_2023 = _fetcher(fetch_catalogue, "hunt_reffert_2023")


def _bunch(catalogue: Catalogue, clusters: pd.DataFrame, members: pa.Table | None) -> Bunch:
    y, uncertainties = _targets_of(clusters)
    usable = y.notna().all(axis=1).to_numpy()
    reason = np.where(usable, "", "no parameters")
    X = unlabelled = None
    if members is not None:
        listed = as_clusters(members)
        has_stars = y.index.isin(listed.index[stars_of(listed).counts > 0])
        reason = np.where(usable & ~has_stars, "no members with magnitude and colour", reason)
        unlabelled = listed.iloc[listed.index.get_indexer(y.index[~usable & has_stars])]
        usable = usable & has_stars
        X = listed.iloc[listed.index.get_indexer(y.index[usable])]
    return Bunch(
        data=X,
        target=y[usable],
        uncertainties=uncertainties[usable],
        clusters=clusters,
        left_out=pd.Series(reason, index=y.index, name="reason")[~usable],
        unlabelled=unlabelled,
        target_names=y.columns.tolist(),
        feature_names=None if X is None else X.all_columns["stars"],
        DESCR=_DESCR.format(catalogue=catalogue, line="-" * len(catalogue.title)),
    )


def _targets_of(clusters: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the targets of a catalogue's clusters, and the bounds of their uncertainties.

    The bounds are ``log_age_low``, ``log_age_high`` and so on, NaN where the catalogue has none.
    """
    y, bounds = {}, {}
    for target, sources in _SOURCES.items():
        source, to_target = next(item for item in sources.items() if item[0] in clusters)
        value, error = clusters[source], clusters.get(f"{source}_error", np.nan)
        lower, upper = (
            np.abs(clusters.get(f"{source}_{side}_error", error)) for side in ("lower", "upper")
        )
        y[target] = to_target(value)
        bounds[f"{target}_low"] = to_target(clusters.get(f"{source}_low", value - lower))
        bounds[f"{target}_high"] = to_target(clusters.get(f"{source}_high", value + upper))
    return pd.DataFrame(y, index=clusters.index), pd.DataFrame(bounds, index=clusters.index)


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
    download = Download(data_home, download_if_missing)
    specification = CATALOGUES[catalogue]
    clusters = load_table(specification, "clusters", download).to_pandas().set_index("cluster")
    spelled = _spelled(clusters, name, catalogue)
    stars = load_members(specification, spelled, download)
    if not len(stars):
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
