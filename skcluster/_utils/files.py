"""Write files atomically."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a temporary path beside a file; it replaces the file if nothing fails.

    A process that is killed leaves its hidden temporary file ``.….half`` behind.

    Raises
    ------
    FileExistsError
        If the file exists and must not be replaced.
    FileNotFoundError
        If there is no such folder.
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
