"""How much a table file may unpack to, checked before it is read.

For a file of up to 20 MB, whatever these limits allow is read in less than 10 s, with less than
2 GB of memory. They grow with the size of the file, so that large tables stay readable.
"""

import csv
import gzip
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO, NamedTuple

MB = 10**6
MAX_COLUMNS = 10_000
#: Beginnings of files, and what they are compressed as; readers would unpack these by themselves.
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x9d": "compress",
    b"\x28\xb5\x2f\xfd": "zstd",
}

#: What ends a line, for one reader or the other.
_LINE_ENDS = [b"\n", b"\r", b"\v", b"\f", b"\x1c", b"\x1d", b"\x1e", b"\x85", b"\xe2\x80"]


class TooLargeError(ValueError):
    """A file that would take too much memory or time."""


class Limits(NamedTuple):
    """What a file of a size may hold."""

    #: Bytes of a gzipped file, unpacked.
    unzipped: int
    #: Bytes of the table in memory.
    table: int
    #: Values that are read fast, and values and rows that are read one by one.
    cells: int
    slow_cells: int
    #: Bytes of text before the table that is read line by line.
    header: int = 200_000

    @classmethod
    def of(cls, size: int) -> "Limits":
        """Those for a file of `size` bytes."""
        return cls(
            unzipped=max(100 * MB, 10 * size),
            table=max(400 * MB, 25 * size),
            cells=max(20_000_000, size),
            slow_cells=size // 3 if size > 20 * MB else 2_000_000,
        )

    def check(self, what: str, value: int) -> None:
        """Compare a number of cells or bytes with the limit of its name.

        Raises
        ------
        TooLargeError
            If it is larger.
        """
        most = getattr(self, what)
        if value > most:
            says = {
                "unzipped": f"it unpacks to more than {most / MB:.0f} MB",
                "table": f"its table would take {value / MB:.0f} MB; the limit is {most / MB:.0f}",
                "cells": f"it has {value} values; the limit is {most}",
                "slow_cells": f"it has {value} values and rows of text, which are read one by one; "
                f"the limit is {most} (FITS and Parquet are read faster)",
                "header": f"its header has {value} bytes; the limit is {most}",
            }
            raise TooLargeError(f"{says[what]}, for a file of its size.")


def check_columns(number: int) -> None:
    """Refuse tables so wide that to name their columns takes too long.

    Raises
    ------
    TooLargeError
        If there are more than 10 000.
    """
    if number > MAX_COLUMNS:
        raise TooLargeError(f"it has {number} columns; the limit is {MAX_COLUMNS}.")


def unzipped(path: Path, limits: Limits) -> Path | BytesIO:
    """The file, or what is in it if it is gzipped: read whole, so that a cut one is noticed.

    Raises
    ------
    ValueError
        If it is compressed in another way.
    TooLargeError
        If it unpacks to more than the limit.
    """
    with path.open("rb") as file:
        kind = _compression(file.read(6))
    if kind is None and path.suffix.lower() != ".gz":
        return path
    if kind not in ("gzip", None):
        raise ValueError(f"it is compressed as {kind}; of compressed files, only gzip is read.")
    with gzip.open(path) as file:
        data = file.read(limits.unzipped + 1)
    limits.check("unzipped", len(data))
    if _compression(data[:6]):
        raise ValueError("it is compressed more than once.")
    return BytesIO(data)


def _compression(start: bytes) -> str | None:
    return next((kind for magic, kind in _COMPRESSED.items() if start.startswith(magic)), None)


def opened(source: Path | BytesIO) -> IO[bytes]:
    """A file or bytes, from the beginning."""
    return source.open("rb") if isinstance(source, Path) else BytesIO(source.getbuffer())


def check_text(source: Path | BytesIO, limits: Limits, delimiter: str = ",") -> None:
    """Count the columns and values of a table of text with a delimiter."""
    ends = [delimiter.encode(), *_LINE_ENDS]
    cells = 0
    with opened(source) as file:
        while chunk := file.read(4 * MB):
            cells += sum(map(chunk.count, ends))
    limits.check("cells", cells)
    with opened(source) as file:
        text = TextIOWrapper(file, encoding="latin-1", newline="")
        check_columns(len(next((row for row in csv.reader(text, delimiter=delimiter) if row), [])))


def check_ecsv(source: Path | BytesIO, limits: Limits) -> None:
    """Count the values of an ECSV file and the bytes of its YAML: both are read slowly."""
    header = cells = 0
    with opened(source) as file:
        for line in iter(lambda: file.readline(MB), b""):
            if line.startswith(b"#"):
                header += len(line)
                limits.check("header", header)
            else:
                cells += 1 + line.count(b",") + line.count(b" ")
    limits.check("slow_cells", cells)


def size_of(source: Path | BytesIO) -> int:
    """Bytes of a file, or bytes."""
    return source.stat().st_size if isinstance(source, Path) else source.getbuffer().nbytes
