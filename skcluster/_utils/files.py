"""Where the package keeps files of its own, how it writes files, and how it names them."""

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs

#: File systems allow names of 255 bytes; this leaves room for a number and an extension.
_MAX_BYTES = 200


def get_data_home(data_home: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder in which fetched catalogues and computed tables are kept.

    It is created when the first file is stored.

    Parameters
    ----------
    data_home : str or PathLike, optional
        The folder. By default, that in the environment variable ``SKCLUSTER_DATA``, or else the
        platform's cache folder (on Linux ``skcluster`` in ``$XDG_CACHE_HOME``, which is ``.cache``
        in the home folder by default).

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


@contextmanager
def whole_file(path: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a temporary path beside a file; it replaces the file if nothing fails.

    A process that is killed leaves its hidden temporary file ``.….half`` behind.
    """
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} already exists; overwrite=True replaces it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent} to write {path.name} into.")
    # Part of the name, so that any name that is allowed stays allowed (255 bytes).
    half = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex[:12]}.half")
    try:
        yield half
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def file_names(names: Any, folder: Path, format: str) -> dict[Any, Path]:
    """Return a file for each cluster; no two are alike, even where file names ignore case."""
    files: dict[Any, Path] = {}
    taken: set[str] = set()
    for name in names:
        stem = re.sub(r"[^\w.+-]+", "_", str(name)).lstrip(".") or "cluster"
        stem = stem.encode()[:_MAX_BYTES].decode(errors="ignore")
        numbers = (stem if i == 1 else f"{stem}_{i}" for i in range(1, len(names) + 2))
        stem = next(s for s in numbers if s.lower() not in taken)
        taken.add(stem.lower())
        files[name] = folder / f"{stem}.{format}"
    return files
