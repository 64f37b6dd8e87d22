"""Where fetched catalogues are kept."""

import os
from pathlib import Path

from skcluster.datasets.catalogues._errors import needed


def get_data_home(data_home: str | os.PathLike[str] | None = None) -> Path:
    """The folder in which fetched catalogues are kept.

    It is not made until something is fetched.

    Parameters
    ----------
    data_home : str or PathLike, optional
        The folder. Unless given: what the environment variable ``SKCLUSTER_DATA`` says, or else
        the platform's folder for caches (on Linux ``$XDG_CACHE_HOME/skcluster`` or
        ``~/.cache/skcluster``).

    Returns
    -------
    pathlib.Path
        The folder, whether it exists or not.

    Examples
    --------
    >>> from skcluster.datasets import get_data_home
    >>> get_data_home("/data/skcluster").as_posix()
    '/data/skcluster'
    """
    chosen = data_home or os.environ.get("SKCLUSTER_DATA")
    if chosen:
        return Path(chosen).expanduser()
    return Path(needed("platformdirs").user_cache_dir("skcluster", appauthor=False))
