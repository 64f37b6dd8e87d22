"""Limits on the uncompressed size of a model file, checked before it is read."""

import ast
import struct
import zipfile
from pathlib import PurePosixPath
from typing import IO, Any, NamedTuple

import numpy as np

from skcluster.persistence._errors import ModelFileError

_MB = 10**6
_PARTS = 100_000
#: Parts of a model file.
MANIFEST, SCHEMA = "manifest.json", "schema.json"


class Limits(NamedTuple):
    """Limits for a file of a given size.

    They are much larger than models need. Within them, reading a file of up to 20 MB takes less
    than 2 GB of memory and 10 s.
    """

    #: Bytes of all parts.
    unpacked: int
    #: Bytes of the description of the objects, and their number.
    schema: int
    nodes: int

    @classmethod
    def of(cls, size: int) -> "Limits":
        """Return the limits for a file of `size` bytes."""
        return cls(max(500 * _MB, 25 * size), max(16 * _MB, size // 2), max(100_000, size // 200))


def check_archive(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Check the sizes of all parts, and that arrays are as large as their headers say.

    Raises
    ------
    ModelFileError
        If something exceeds the limits, or is not part of a model file.
    """
    parts = archive.infolist()
    if MANIFEST not in archive.namelist():
        raise ModelFileError(f"it is not a model file: it has no {MANIFEST}.")
    if len(parts) > _PARTS:
        raise ModelFileError(f"it has {len(parts)} parts, more than {_PARTS}.")
    if len({part.filename for part in parts}) < len(parts):
        raise ModelFileError("it has two parts of the same name.")
    _check_size("the whole", sum(part.file_size for part in parts), limits.unpacked)
    for part in parts:
        if part.flag_bits & 1 or part.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise ModelFileError(f"{part.filename} is encrypted, or compressed in another format.")
        if part.filename == MANIFEST:
            _check_size(MANIFEST, part.file_size, 2 * _MB)
        elif part.filename == SCHEMA:
            _check_size(SCHEMA, part.file_size, limits.schema)
        elif PurePosixPath(part.filename).suffix == ".npy":
            with archive.open(part) as file:
                _check_array(file, part)
        elif PurePosixPath(part.filename).suffix != ".bin":
            raise ModelFileError(
                f"it has a part {part.filename}, which does not belong to a model."
            )


def _check_size(what: str, size: int, most: int) -> None:
    if size > most:
        raise ModelFileError(
            f"the size of {what} is {size / _MB:.0f} MB; the limit is {most / _MB:.0f} MB."
        )


def _check_array(file: IO[bytes], part: zipfile.ZipInfo) -> None:
    """Check an array's header, because numpy allocates what it states before reading."""
    try:
        header, length = _header(file)
        dtype, shape = np.dtype(header["descr"]), header["shape"]
        whole = all(type(n) is int and n >= 0 for n in shape)
        size = dtype.itemsize
        for n in shape:
            size *= n
        sound = whole and dtype.itemsize > 0 and not dtype.hasobject
    except (ValueError, TypeError, KeyError, SyntaxError, MemoryError, RecursionError) as error:
        raise ModelFileError(f"{part.filename} is not an array of numbers or texts.") from error
    if not sound or length + size != part.file_size:
        raise ModelFileError(
            f"{part.filename} does not have the size in its header, or contains objects."
        )


def _header(file: IO[bytes]) -> tuple[dict[str, Any], int]:
    """Return the header of an array and the bytes up to its end."""
    start = file.read(8)
    if start[:6] != b"\x93NUMPY" or start[6:] not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        raise ValueError("not numpy's format")
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > 10_000:  # numpy's own limit
        raise ValueError("header too long")
    text = file.read(length).decode("utf-8" if start[6] == 3 else "latin-1")
    header = ast.literal_eval(text)
    if not isinstance(header, dict) or not isinstance(header["shape"], tuple):
        raise TypeError("header of another kind")
    return header, 8 + width + length


def open_archive(file: IO[bytes]) -> zipfile.ZipFile:
    """Open a zip archive.

    Raises
    ------
    ModelFileError
        If the file is not a zip archive.
    """
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error, OSError):
        raise ModelFileError("it is not a model file, or it is truncated.") from None
