"""Files that appear only once they are whole."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path, overwrite: bool) -> Iterator[Path]:
    """Give a file beside the one wanted to write to; it takes its place if nothing fails.

    Raises
    ------
    FileExistsError
        If the file is there and may not be replaced.
    FileNotFoundError
        If there is no such folder.
    """
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is already there; overwrite=True replaces it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent} to write {path.name} into.")
    half = path.with_name(f".{path.name}.{uuid.uuid4().hex}.half")
    try:
        yield half
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
