"""Common parts of the docstrings of fetchers."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Fetcher = TypeVar("Fetcher", bound=Callable[..., Any])

_SHARED = {
    "catalogues": (
        '{"cantat_gaudin_2020", "hunt_reffert_2023", "dias_2021", "cavallo_2024", "bossini_2019"}'
    ),
    "with_members": '{"cantat_gaudin_2020", "hunt_reffert_2023"}',
    "parameters": """\
data_home : str or PathLike, optional
    Folder of the cache; see `get_data_home`.
download_if_missing : bool, default=True
    Whether to fetch what is not cached. Otherwise an error is raised.""",
    "X_y": """\
return_X_y : bool, default=False
    Whether to return ``(X, y)`` instead of a `Bunch`.""",
    "members": """\
members : bool, default=True
    Whether to fetch the member stars; without them X is None.""",
    "network": """\
n_retries : int, default=3
    Number of further attempts after neither VizieR nor its mirror gave a usable answer.
delay : float, default=1.0
    Delay before the first retry (s), doubled before each further one.
progress : bool, optional
    Whether to show a progress bar. By default, if the standard error is a terminal.""",
    "returns": """\
data : Bunch
    With ``data`` (the clusters X: a NestedFrame, index like y; None without member stars),
    ``target`` (y: a DataFrame with ``log_age``, ``a_v``, ``distance_kpc``), ``uncertainties``
    (bounds ``log_age_low``, ``log_age_high`` … in the same units), ``clusters`` (every row of the
    catalogue, as published), ``left_out`` (the reason for each cluster that is not in y),
    ``unlabelled`` (members of clusters without parameters; None without member stars),
    ``target_names``, ``feature_names`` and ``DESCR``, which describes columns and caveats.
(X, y) : tuple
    If ``return_X_y`` is True.""",
    "problems": """\
Raises
------
FetchError
    If no server returns a complete table (an `OSError`; fetched parts are kept, and the next
    call continues from there), or it is not cached and ``download_if_missing`` is False.
CatalogueChangedError
    If needed columns are missing, or the table has other rows than published (a `ValueError`).
ImportError
    If the extra ``fetch`` is not installed and something has to be fetched.

Warns
-----
UserWarning
    If a cached file was corrupt and is fetched again; with counts, if stars have no colour.""",
}


def shared_docs(fetcher: Fetcher) -> Fetcher:
    """Fill in the parts of a docstring that all fetchers share, such as ``{returns}``."""
    fetcher.__doc__ = inspect.cleandoc(fetcher.__doc__ or "").format(**_SHARED)
    return fetcher
