"""Limits on the uncompressed size of a table file, checked before it is read.

Within these limits a file of up to 20 MB is read in less than 10 s, with less than 2 GB of memory.
They grow with the size of the file, so that large tables stay readable.
"""

import csv
import gzip
from collections.abc import Iterable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO, NamedTuple

MB = 10**6
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

#: Line endings that readers accept.
_LINE_ENDS = [b"\n", b"\r", b"\v", b"\f", b"\x1c", b"\x1d", b"\x1e", b"\x85", b"\xe2\x80"]


class TooLargeError(ValueError):
    """A file whose reading would take too much memory or time."""


class Limits(NamedTuple):
    """Limits for a file of a given size."""

    #: Bytes of a gzipped file, uncompressed.
    unzipped: int
    #: Bytes of the table in memory.
    table: int
    #: Number of values in binary formats, and of values and rows that are parsed one by one.
    cells: int
    slow_cells: int
    #: Bytes of the text header.
    header: int = 200_000

    @classmethod
    def of(cls, size: int) -> "Limits":
        """Return the limits for a file of `size` bytes."""
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
            If it exceeds the limit.
        """
        most = getattr(self, what)
        if value > most:
            says = {
                "unzipped": f"its uncompressed size exceeds {most / MB:.0f} MB",
                "table": f"its table would take {value / MB:.0f} MB; the limit is {most / MB:.0f}",
                "cells": f"it has {value} values; the limit is {most}",
                "slow_cells": f"it has {value} values and rows of text; "
                f"the limit is {most} (FITS and Parquet are read faster)",
                "header": f"its header has {value} bytes; the limit is {most}",
            }
            raise TooLargeError(f"{says[what]}, for a file of this size.")


def check_columns(number: int) -> None:
    """Refuse tables with so many columns that naming them takes too long.

    Raises
    ------
    TooLargeError
        If there are more than 10 000.
    """
    if number > MAX_COLUMNS:
        raise TooLargeError(f"it has {number} columns; the limit is {MAX_COLUMNS}.")


def check_names(names: Iterable[str]) -> None:
    """Refuse tables of which one of two columns of the same name would be ignored.

    Raises
    ------
    ValueError
        If a name that is not blank stands twice.
    """
    seen = set()
    for name in filter(None, map(str.strip, names)):
        if name in seen:
            raise ValueError(f"it has more than one column {name!r}.")
        seen.add(name)


def unzipped(path: Path, limits: Limits) -> Path | BytesIO:
    """Return the file, or if it is gzipped its content, read whole to detect truncation.

    Raises
    ------
    ValueError
        If it is compressed in another format.
    TooLargeError
        If its uncompressed size exceeds the limit.
    """
    with path.open("rb") as file:
        kind = _compression(file.read(6))
    if kind is None and path.suffix.lower() != ".gz":
        return path
    if kind not in ("gzip", None):
        raise ValueError(f"it is compressed with {kind}; only gzip is supported.")
    with gzip.open(path) as file:
        data = file.read(limits.unzipped + 1)
    limits.check("unzipped", len(data))
    if _compression(data[:6]):
        raise ValueError("it is compressed more than once.")
    return BytesIO(data)


def _compression(start: bytes) -> str | None:
    return next((kind for magic, kind in _COMPRESSED.items() if start.startswith(magic)), None)


def opened(source: Path | BytesIO) -> IO[bytes]:
    """Open a file, or bytes, at the beginning."""
    return source.open("rb") if isinstance(source, Path) else BytesIO(source.getbuffer())


def check_text(source: Path | BytesIO, limits: Limits, delimiter: str = ",") -> list[str]:
    """Count the columns and values of a delimited text table, and return its first row."""
    ends = [delimiter.encode(), *_LINE_ENDS]
    cells = 0
    with opened(source) as file:
        while chunk := file.read(4 * MB):
            cells += sum(map(chunk.count, ends))
    limits.check("cells", cells)
    with opened(source) as file:
        text = TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        first = next((row for row in csv.reader(text, delimiter=delimiter) if row), [])
    check_columns(len(first))
    return first


def check_ecsv(source: Path | BytesIO, limits: Limits) -> None:
    """Check names, number of values and length of the YAML header, which are parsed slowly."""
    header = cells = 0
    with opened(source) as file:
        for line in iter(lambda: file.readline(MB), b""):
            if line.startswith(b"#"):
                header += len(line)
                limits.check("header", header)
            else:
                if not cells:
                    names, delimiter = line.decode(errors="replace"), "," if b"," in line else " "
                    check_names(next(csv.reader([names], delimiter=delimiter)))
                cells += 1 + line.count(b",") + line.count(b" ")
    limits.check("slow_cells", cells)
