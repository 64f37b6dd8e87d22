"""The content of a file, before it is read as a table.

Gzipped files are unpacked up to a limit, and what a file states about its own size is refused if
it cannot be true.
"""

import gzip
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypeAlias

#: Bytes of a megabyte.
MB = 10**6
#: Most columns of a table.
MAX_COLUMNS = 10_000
#: First bytes of compressed files, by type; readers would uncompress these themselves.
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x9d": "compress",
    b"\x28\xb5\x2f\xfd": "zstd",
}

#: What a reader takes: a file, or the content of a gzipped one.
Source: TypeAlias = Path | BytesIO


def unzipped(path: Path) -> Source:
    """Return the file, or if it is gzipped its content, read whole to detect truncation."""
    with path.open("rb") as file:
        kind = _compression(file.read(6))
    if kind is None and path.suffix.lower() != ".gz":
        return path
    if kind not in ("gzip", None):
        raise ValueError(f"it is compressed with {kind}; only gzip is supported.")
    most = max(100 * MB, 10 * path.stat().st_size)
    with gzip.open(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(
            f"its uncompressed size exceeds {most / MB:.0f} MB, for a file of this size."
        )
    if _compression(data[:6]):
        raise ValueError("it is compressed more than once.")
    return BytesIO(data)


def _compression(start: bytes) -> str | None:
    return next((kind for magic, kind in _COMPRESSED.items() if start.startswith(magic)), None)


def opened(source: Source) -> IO[bytes]:
    """Open a file, or bytes, at the beginning."""
    return source.open("rb") if isinstance(source, Path) else BytesIO(source.getbuffer())


def size(source: Source) -> int:
    """Return the size of a file, or of bytes."""
    return source.stat().st_size if isinstance(source, Path) else source.getbuffer().nbytes


def check_names(names: Sequence[str]) -> None:
    """Refuse thousands of columns, and two of the same name: one would be ignored or renamed."""
    if len(names) > MAX_COLUMNS:
        raise ValueError(f"it has {len(names)} columns; the limit is {MAX_COLUMNS}.")
    seen = set()
    for name in filter(None, map(str.strip, names)):
        if name in seen:
            raise ValueError(f"it has more than one column {name!r}.")
        seen.add(name)


def refuse_promises(number: int, what: str, source: Source) -> None:
    """Refuse a header that states so many rows or values that memory is taken for nothing."""
    if number > size(source):
        raise ValueError(f"it is truncated: it states {number} {what}, more than it has bytes.")


def read_astropy(source: Any, **options: Any) -> Any:
    """Read a table by astropy; a truncated file is an error, a unit unknown to astropy is not."""
    from astropy.table import Table
    from astropy.units import UnitsWarning

    with warnings.catch_warnings():
        # Non-standard units are frequent and harmless in columns of fluxes; in a column that is
        # used, they raise an error when the column is converted.
        warnings.simplefilter("ignore", UnitsWarning)
        warnings.filterwarnings("error", message="File may have been truncated")
        return Table.read(source, **options)
