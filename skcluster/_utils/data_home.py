"""The cache folder."""

import os
from pathlib import Path

import platformdirs


def get_data_home(data_home: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder in which fetched catalogues and computed tables are kept.

    It is created when the first file is stored.

    Parameters
    ----------
    data_home : str or PathLike, optional
        The folder. By default, that in the environment variable ``SKCLUSTER_DATA``, or else the
        platform's cache folder (on Linux ``$XDG_CACHE_HOME/skcluster`` or ``~/.cache/skcluster``).

    Returns
    -------
    pathlib.Path
        The folder, which may not exist.

    Examples
    --------
    >>> from skcluster.datasets import get_data_home
    >>> get_data_home("/data/skcluster").as_posix()
    '/data/skcluster'
    """
    chosen = data_home or os.environ.get("SKCLUSTER_DATA")
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_cache_dir("skcluster", appauthor=False))
