"""Check the headers of a FITS file against its size before it is read."""

import math
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from skcluster.io._limits import Limits, TooLargeError, check_names, opened

_BLOCK = 2880
#: The standard allows column numbers of three digits.
_MAX_COLUMNS = 999
_MAX_HEADER = 4_000_000
_MAX_HDUS = 1000
#: Keywords that state the size of the data.
_SIZES = r"NAXIS\d*|BITPIX|[PG]COUNT|TFIELDS|TFORM\d+|XTENSION"
_BYTES = dict(zip("LXBIJKAEDCM", (1, 1, 1, 2, 4, 8, 1, 4, 8, 8, 16), strict=True))
#: Memory that a text takes besides its characters (bytes).
_OBJECT = 60

Header = dict[str, str]


def check_fits(source: Path | BytesIO, limits: Limits) -> None:
    """Check the headers of all tables and images of a file.

    Raises
    ------
    ValueError
        If a header violates the standard, or states more data than the file holds.
    TooLargeError
        If there is more than the limits allow.
    """
    cells = table = 0
    with opened(source) as file:
        size = file.seek(0, 2)
        file.seek(0)
        for number, header in enumerate(_headers(file, size)):
            if number >= _MAX_HDUS:
                raise TooLargeError(f"it has more than {_MAX_HDUS} HDUs.")
            if _text(header, "XTENSION") in ("BINTABLE", "TABLE", "A3DTABLE"):
                columns, row_bytes = _columns(header)
                rows = _number(header, "NAXIS2")
                cells += columns * rows
                table += row_bytes * rows
                limits.check("cells", cells)
                limits.check("table", table)


def _headers(file: IO[bytes], size: int) -> Iterator[Header]:
    """Yield the headers, one by one; the size of the data that they state is verified."""
    while file.tell() < size:
        header = _header(file)
        if header is None:
            return
        data = _data_size(header)
        if file.tell() + data > size:
            raise ValueError("it is truncated: a header states more data than the file holds.")
        yield header
        file.seek(-(-data // _BLOCK) * _BLOCK, 1)


def _header(file: IO[bytes]) -> Header | None:
    found: Header = {}
    n_bytes = 0
    while True:
        block = file.read(_BLOCK)
        if n_bytes == 0 and not block.strip(b"\0 "):
            return None  # padding after the last
        if n_bytes == 0 and not block.startswith((b"SIMPLE  =", b"XTENSION=")):
            raise ValueError("it contains bytes that are neither a header nor data of a FITS file.")
        n_bytes += len(block)
        if len(block) < _BLOCK or n_bytes > _MAX_HEADER:
            raise ValueError(f"a header has no END within {n_bytes} bytes.")
        for start in range(0, _BLOCK, 80):
            card = block[start : start + 80].decode("latin-1")
            name = card[:8].rstrip()
            if name == "END":
                return found
            twice = card[8:9] == "=" and found.setdefault(name, card[9:]) != card[9:]
            if twice and re.fullmatch(_SIZES, name):
                raise ValueError(f"a header has two values for {name}.")


def _text(header: Header, name: str) -> str:
    match = re.match(r"\s*'([^']*)'", header.get(name, ""))
    return match[1].strip() if match else ""


def _number(header: Header, name: str, default: int | None = None) -> int:
    match = re.match(r"\s*([+-]?\d{1,18})\s*(/|$)", header.get(name, ""))
    if match is None:
        if default is None or name in header:
            raise ValueError(f"a header has no number {name}.")
        return default
    return int(match[1])


def _data_size(header: Header) -> int:
    n_axes = _number(header, "NAXIS")
    if not 0 <= n_axes <= 99:
        raise ValueError(f"a header has NAXIS = {n_axes}.")
    axes = [_number(header, f"NAXIS{i + 1}") for i in range(n_axes)]
    more, groups = _number(header, "PCOUNT", 0), _number(header, "GCOUNT", 1)
    if min([*axes, more, groups]) < 0:
        raise ValueError("a header has a negative size.")
    if not axes:
        return 0
    if axes[0] == 0 and header.get("GROUPS", "").strip().startswith("T"):
        raise ValueError("it has random groups, which are not supported.")
    return abs(_number(header, "BITPIX")) // 8 * groups * (more + math.prod(axes))


def _columns(header: Header) -> tuple[int, int]:
    """Return the number of columns of a table, and the bytes of a row in memory."""
    number = _number(header, "TFIELDS")
    if not 0 <= number <= _MAX_COLUMNS:
        raise TooLargeError(f"a table has {number} columns; FITS allows {_MAX_COLUMNS}.")
    check_names(_text(header, f"TTYPE{i}") for i in range(1, number + 1))
    width = memory = 0
    for i in range(1, number + 1):
        form = _text(header, f"TFORM{i}")
        if _text(header, "XTENSION") == "TABLE":
            match = re.match(r"[AIFED](\d{1,6})", form)
            memory += 4 * int(match[1]) + _OBJECT if match else 0
            width = _number(header, "NAXIS1")
        else:
            match = re.match(r"(\d{0,9})([LXBIJKAEDCMPQ])", form)
            if match and match[2] in "PQ":
                name = _text(header, f"TTYPE{i}") or str(i)
                raise ValueError(
                    f"column {name} has arrays of variable length, which are not supported."
                )
            if match:
                repeat = int(match[1] or 1)
                bits = match[2] == "X"
                width += -(-repeat // 8) if bits else repeat * _BYTES[match[2]]
                text = 4 * repeat + _OBJECT
                memory += text if match[2] == "A" else 8 * repeat * max(_BYTES[match[2]] // 4, 1)
        if match is None:
            raise ValueError(f"a header has TFORM{i} = {form!r}, which is not a FITS type.")
    if width != _number(header, "NAXIS1"):
        raise ValueError("a header has columns that do not fill its rows.")
    return number, memory
