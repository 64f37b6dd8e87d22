"""The cache: one Parquet file per table, with a manifest to verify it.

Files are written under a temporary name and renamed when they are complete, so that files in the
folder are always complete, even after an interruption. A writing process holds a lock.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from skcluster._utils.files import whole_file
from skcluster.datasets.catalogues._errors import extra_needed
from skcluster.datasets.catalogues._tables import Table


class CorruptFileError(Exception):
    """A file of the cache has changed since it was written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The cached file {path} {reason}")


@dataclass(frozen=True)
class Store:
    """The cached copy of one table.

    Parameters
    ----------
    folder : Path
        The catalogue's folder.
    name : str
        Name of the files, without extension.
    """

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        """The table."""
        return self.folder / f"{self.name}.parquet"

    @property
    def manifest(self) -> Path:
        """The path of the manifest: description of the table, and its checksum."""
        return self.folder / f"{self.name}.json"

    @property
    def parts(self) -> Path:
        """The folder of the parts that an interrupted fetch left."""
        return self.folder / f"{self.name}.parts"

    def read(self, table: Table) -> pd.DataFrame | None:
        """Return the cached table; None if there is none, or one with other columns.

        Raises
        ------
        CorruptFileError
            If the file has changed since it was written.
        """
        try:
            known = json.loads(self.manifest.read_text("utf-8"))
            wanted, n_rows, checksum = known["wanted"], known["n_rows"], known["sha256"]
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise CorruptFileError(self.manifest, "is not a manifest") from None
        if wanted != _wanted(table):
            return None
        try:
            found = _sha256(self.path)
        except FileNotFoundError:
            return None
        if found != checksum:
            raise CorruptFileError(self.path, f"does not match its checksum (SHA-256 {found})")
        frame: pd.DataFrame = pq.read_table(self.path).to_pandas()
        if len(frame) != n_rows:
            raise CorruptFileError(self.path, f"has {len(frame)} rows, not {n_rows}")
        return frame

    def write(self, rows: pa.Table, layout: Table, **provenance: Any) -> None:
        """Replace the cached table."""
        with whole_file(self.path, overwrite=True) as path:
            pq.write_table(rows, path, compression="zstd")
            checksum = _sha256(path)
        known = {"sha256": checksum, "n_rows": len(rows), "wanted": _wanted(layout), **provenance}
        with whole_file(self.manifest, overwrite=True) as path:
            path.write_text(json.dumps(known, indent=1), "utf-8")

    def remove(self) -> None:
        """Remove the cached table."""
        self.path.unlink(missing_ok=True)
        self.manifest.unlink(missing_ok=True)

    def read_part(self, first: int) -> pa.Table | None:
        """Return a part that an earlier fetch left; None without a complete one."""
        for path in self.parts.glob(f"{first:08d}-*.parquet"):
            if path.stem == f"{first:08d}-{_sha256(path)}":
                return pq.read_table(path)
            path.unlink()
        return None

    def write_part(self, first: int, rows: pa.Table) -> None:
        """Keep a part until the table is complete; its checksum is in its name."""
        self.parts.mkdir(exist_ok=True)
        content = pa.BufferOutputStream()
        pq.write_table(rows, content)
        checksum = hashlib.sha256(content.getvalue()).hexdigest()
        with whole_file(self.parts / f"{first:08d}-{checksum}.parquet", overwrite=True) as path:
            path.write_bytes(content.getvalue())

    def remove_parts(self) -> None:
        """Remove the parts, and incomplete files of killed processes."""
        shutil.rmtree(self.parts, ignore_errors=True)
        for path in self.folder.glob(f".{self.name}.*.half"):
            path.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one process at a time write; the lock of a process that has ended is released."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with extra_needed():
            from filelock import FileLock
        with FileLock(self.folder / f"{self.name}.lock"):
            yield


def _wanted(table: Table) -> list[list[str]]:
    return [[column.name, column.kind] for column in table.columns]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
