"""Check the content of a VOTable before it is read."""

import math
import re
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.parsers import expat

from skcluster.io._limits import MB, Limits, TooLargeError, check_columns, check_names, opened

#: Bytes of a value in a binary table; other types have at least one.
_BYTES = {
    "short": 2,
    "unicodeChar": 2,
    "int": 4,
    "float": 4,
    "long": 8,
    "double": 8,
    "floatComplex": 8,
    "doubleComplex": 16,
}
#: Largest number of XML elements besides rows, and largest nesting depth.
_MAX_ELEMENTS = 50_000
_MAX_DEPTH = 100


def check_votable(source: Path | BytesIO, limits: Limits) -> None:
    """Refuse references to other files, and count columns, rows and values.

    Raises
    ------
    ValueError
        If the data are in another file or of an unsupported kind, or the XML is not well-formed.
    TooLargeError
        If there is more of something than the limits allow.
    """
    scan = _Scan(limits)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = scan.start
    parser.EndElementHandler = scan.end
    parser.EntityDeclHandler = scan.entity
    scan.parser = parser
    with opened(source) as file:
        while chunk := file.read(MB):
            parser.Parse(chunk)
    parser.Parse(b"", True)


class _Scan:
    """Counters of a scan through the XML."""

    parser: Any

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._elements = self._depth = self._columns = self._cells = self._table_bytes = 0
        self._text = self._widest = 0
        self._start_table({})

    def entity(self, name: str, *_: Any) -> None:
        raise ValueError(f"it defines the entity {name!r}; XML entities are not supported.")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise TooLargeError(f"its elements are nested more than {_MAX_DEPTH} deep.")
        if name == "TD":
            self._cells += 1
            return
        if name == "TR":
            self._rows += 1
            self._cells += 1
            return
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise TooLargeError(f"it has more than {_MAX_ELEMENTS} elements besides its rows.")
        if name == "TABLE":
            self._start_table(attributes)
        elif name in ("FIELD", "PARAM"):
            self._field(name, attributes)
        elif name in ("FITS", "PARQUET"):
            raise ValueError(f"its data are {name} within a VOTable, which is not supported.")
        elif name == "STREAM":
            self._stream(attributes)

    def end(self, name: str) -> None:
        name = name.rpartition(" ")[2]
        self._depth -= 1
        if name == "STREAM":
            self.parser.CharacterDataHandler = None
        elif name in ("TABLE", "DATA"):
            self._end_table()

    def _start_table(self, attributes: dict[str, str]) -> None:
        self._rows = self._fields = 0
        self._names: list[str] = []
        #: Bytes of a row in memory, and its minimum in the file.
        self._row_bytes = self._shortest = 0
        if "ref" in attributes:  # its columns are those of another table
            self._row_bytes, self._fields, self._shortest = self._widest, self._columns, 1
        try:
            self._rows_promised = int(attributes.get("nrows", 0))
        except ValueError:
            self._rows_promised = 0

    def _end_table(self) -> None:
        check_names(self._names)
        if self._text:
            if not self._shortest:
                raise ValueError("it has binary data, but no column.")
            self._rows = 3 * self._text // 4 // self._shortest
            self._cells += self._rows * (1 + self._fields)
            self._text = 0
        self._widest = max(self._widest, self._row_bytes)
        self._table_bytes += max(self._rows, self._rows_promised) * self._row_bytes
        self._rows = self._rows_promised = 0
        self._limits.check("table", self._table_bytes)
        self._limits.check("slow_cells", self._cells)

    def _field(self, name: str, attributes: dict[str, str]) -> None:
        self._columns += 1
        check_columns(self._columns)
        size = _BYTES.get(attributes.get("datatype", "").strip(), 1)
        shape = attributes.get("arraysize", "1").strip()
        numbers = [int(n) for n in re.findall(r"\d+", shape[:100])]
        fixed = math.prod(numbers) if "*" not in shape else 1
        self._limits.check("table", 16 * fixed)
        if name == "FIELD":
            self._names.append(attributes.get("name", ""))
            self._fields += 1
            self._row_bytes += 16 * fixed
            self._shortest += 4 if "*" in shape else size * max(fixed, 1)

    def _stream(self, attributes: dict[str, str]) -> None:
        place = attributes.get("href")
        if place is not None:
            raise ValueError(
                f"its data are elsewhere, at {place!r}; only data within the file are read."
            )
        encoding = attributes.get("encoding", "base64")
        if encoding != "base64":
            raise ValueError(f"its data are encoded as {encoding!r}; only base64 is supported.")
        self.parser.CharacterDataHandler = self._count

    def _count(self, text: str) -> None:
        self._text += len(text)
