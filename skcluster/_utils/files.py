"""Write files atomically."""

import hashlib
import os
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

#: Bytes of the name in that of its temporary file; file names have at most 255.
_KEPT = 100


@contextmanager
def whole_file(path: Path, overwrite: bool) -> Iterator[Path]:
    """Yield a temporary path beside a file; it replaces the file if nothing fails.

    Temporary files of killed processes in the folder are removed, unless the process may be alive,
    here or on another machine.

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
    _remove_left_over(path.parent.resolve())
    name = path.name.encode()[:_KEPT].decode(errors="ignore")
    half = path.with_name(f".{name}.{_place()}-{os.getpid()}-{uuid.uuid4().hex[:12]}.half")
    try:
        yield half
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


@cache
def _remove_left_over(folder: Path) -> None:
    """Remove temporary files of dead processes in a folder, once per process."""
    with suppress(OSError):
        for file in folder.glob(".*.half"):
            owner = re.search(r"\.([0-9a-f]{12})-(\d{1,10})-[0-9a-f]{12}\.half$", file.name)
            if owner and owner[1] == _place() and not _may_be_alive(int(owner[2])):
                file.unlink(missing_ok=True)


def _may_be_alive(process: int) -> bool:
    if sys.platform == "win32":  # where signal 0 would terminate it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@cache
def _place() -> str:
    """Return an identifier of the machine, or container, whose process numbers are comparable."""
    facts = [os.uname().nodename if hasattr(os, "uname") else ""]
    with suppress(OSError):
        facts.append(Path("/etc/machine-id").read_text())
    with suppress(OSError):
        facts.append(str(os.stat("/proc/self/ns/pid").st_ino))
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]
