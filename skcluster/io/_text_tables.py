"""Read tables of text, whose layout is recognised from the content.

The extension of a text file says little: VizieR's tables come as ``.csv``, the output of membership
codes as ``.dat``, journals' tables as ``.txt``. Tables in a format of their own (ECSV, the
machine-readable tables of journals, IPAC's) and columns of fixed width are left to astropy. All
others are divided by a sign or by blanks, which is the one that divides header and rows alike.
"""

import csv
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from skcluster._utils.columns import MISSING
from skcluster._utils.messages import warn_caller
from skcluster.clusters._tables import frame_of_arrow

#: What can separate columns, and its name; blanks last, because they are in texts, too.
_SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "vertical bars", " ": "blanks"}
#: Rows from which the layout is recognised.
_N_ROWS = 50
#: Begins of lines above a table that do not belong to it.
_COMMENTS = ("#", "%", "!", "\\")
#: A line of dashes, which VizieR puts between units and rows.
_DASHES = re.compile(r"[\s+|;,]*-[-\s+|;,]*")
_WHOLE = re.compile(r"[-+]?\d+")
_DECIMAL = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
#: A text or quoted text of a table that is separated by blanks.
_WORD = re.compile(r'"[^"]*"(?!\S)|\S+')
#: A row name as R writes it: a number in quotes, before numbers that are not.
_ROW_NAME = re.compile(r'\s*"(\d+)"')
#: Missing values, as astropy's readers of text take them.
_FILLED = [(text, "0") for text in MISSING]


def read_text(content: bytes) -> Any:
    """Read a table of text; one of astropy if it states units, or else a DataFrame."""
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.rstrip("\n").split("\n")
    begin = text[:100].lstrip()
    if begin.startswith("<"):
        raise ValueError(f"it is HTML or XML, not a table of text; {_first(lines)}.")
    positions = list(islice((i for i, line in enumerate(lines) if _is_row(line)), _N_ROWS))
    if not positions:
        raise ValueError("it contains comments only.")
    rows = [lines[i] for i in positions]
    if begin.startswith("# %ECSV"):
        check_names(_fields(rows[0], "," if "," in rows[0] else " "))
        return _read_ascii(lines, "ecsv")
    n_described = sum(line.startswith("Byte-by-byte Description") for line in lines)
    if n_described > 1:
        raise ValueError(f"it contains {n_described} tables; save each as a file of its own.")
    if n_described:  # a table of a journal or of the CDS
        return _read_ascii(lines, "mrt")
    if rows[0].startswith("|"):
        check_names(rows[0].strip().strip("|").split("|"))
        is_ipac = not all(row.startswith("|") for row in rows)
        return _read_ascii(lines, "ipac" if is_ipac else "fixed_width")
    dashes = _dashes_below(rows)
    if dashes and not any(sign in rows[dashes] for sign in _SEPARATORS if sign != " "):
        return _read_fixed_width(lines, rows, dashes)
    return _read_separated(lines, _layout(lines, positions, dashes))


def check_names(names: Iterable[str]) -> None:
    """Refuse two columns of the same name: one would be ignored or renamed."""
    seen = set()
    for name in filter(None, map(str.strip, names)):
        if name in seen:
            raise ValueError(f"it has more than one column {name!r}.")
        seen.add(name)


def read_astropy(content: Any, **options: Any) -> Any:
    """Read a table by astropy; a truncated file is an error, a unit unknown to astropy is not."""
    from astropy.table import Table
    from astropy.units import UnitsWarning

    with warnings.catch_warnings():
        # Non-standard units are frequent and harmless in columns of fluxes; in a column that is
        # used, they raise an error when the column is converted.
        warnings.simplefilter("ignore", UnitsWarning)
        warnings.filterwarnings("error", message="File may have been truncated")
        return Table.read(content, **options)


def _read_ascii(lines: list[str], form: str) -> Any:
    return read_astropy(lines, format=f"ascii.{form}", fill_values=_FILLED)


def _read_fixed_width(lines: list[str], rows: Sequence[str], dashes: int) -> Any:
    """Read columns whose width a line of dashes states; texts in them may have blanks."""
    spans = [match.span() for match in re.finditer("-+", rows[dashes])]
    check_names(rows[0][start:end] for start, end in spans)
    lines = list(filter(_is_row, lines))
    if lines.count(lines[dashes]) > 1:
        raise ValueError("it contains several tables; save each as a file of its own.")
    table = _read_ascii([lines[0], *lines[dashes:]], "fixed_width_two_line")
    if dashes == 2:
        _set_units(table, [lines[1][start:end] for start, end in spans])
    return table


def _set_units(table: Any, units: Iterable[str]) -> None:
    """Set the units of the columns of numbers of a table of astropy."""
    from astropy.units import Unit

    for name, unit in zip(table.colnames, units, strict=False):
        if unit.strip() and table[name].dtype.kind in "iuf":
            table[name].unit = Unit(unit.strip(), parse_strict="silent")


# Tables that a sign or blanks divide


@dataclass(frozen=True)
class _Layout:
    """How a table is divided."""

    separator: str
    names: list[str]
    #: Units of the columns; empty if the table does not state them.
    units: list[str]
    #: Number of lines before the first row.
    start: int
    #: Whether decimals are written with a comma.
    has_decimal_commas: bool
    #: Header and first rows, for messages.
    first: str


def _layout(lines: list[str], rows: list[int], dashes: int) -> _Layout:
    """Return how a table is divided, whose header is the first of the rows at these positions."""
    content = [lines[i] for i in rows]
    above = next((line for line in reversed(lines[: rows[0]]) if line.strip()), "")
    first = _first([above, *content])
    separator = _separator(content[0], content[dashes + 1 :])
    if not separator:
        raise ValueError(f"no separator divides its lines alike; {first}.")
    names, start = _fields(content[0], separator), rows[dashes] + 1
    if _are_values(names):
        # The header of numpy.savetxt, TOPCAT and others is a comment.
        names, start = _names_in_comment(above, separator, len(names)), rows[0]
    if not names:
        raise ValueError(f"no line names its columns; {first}.")
    check_names(names)
    few = [field for line in content[dashes + 1 :] for field in _fields(line, separator)]
    has_commas = separator != "," and any(map(_DECIMAL_COMMA.fullmatch, few))
    return _Layout(
        separator=separator,
        names=[name or f"Unnamed: {i}" for i, name in enumerate(names)],
        units=_fields(content[1], separator) if dashes == 2 else [],
        start=start,
        has_decimal_commas=has_commas and not any(map(_DECIMAL.fullmatch, few)),
        first=first,
    )


def _is_row(line: str) -> bool:
    """Return whether a line is neither blank nor a comment."""
    return bool(line.strip()) and not line.startswith(_COMMENTS)


def _first(lines: Iterable[str]) -> str:
    shown = islice((line.strip() for line in lines if line.strip()), 3)
    return f"its first lines are {', '.join(repr(line[:80]) for line in shown)}"


def _fields(line: str, separator: str) -> list[str]:
    """Divide a line into its fields, without separators at its end."""
    if separator == " ":
        return [word.strip('"') for word in _WORD.findall(line)]
    line = line.rstrip(f"{separator} ")
    if '"' not in line:
        return [field.strip() for field in line.split(separator)]
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])


def _separator(header: str, rows: Sequence[str]) -> str:
    """Return what divides the header, and at least half of the rows, alike; empty if nothing does.

    Rows may have one more field, as those of R, which are named; or fewer, but not between blanks.
    """
    for sign in _SEPARATORS:
        n = len(_fields(header, sign))
        fewest = n if sign == " " else 2
        divided = [fewest <= len(_fields(row, sign)) <= n + 1 for row in rows]
        if n > 1 and sum(divided) >= len(rows) / 2:
            return sign
    return ""


def _are_values(fields: list[str]) -> bool:
    """Return whether a line holds values, not names of columns, which may be 0, 1, 2 …."""
    if any(map(_DECIMAL.fullmatch, fields)) or any(map(_DECIMAL_COMMA.fullmatch, fields)):
        return True
    numbers = [int(field) for field in fields if _WHOLE.fullmatch(field)]
    return len(numbers) == len(fields) > 0 and numbers not in (
        list(range(len(numbers))),
        list(range(1, len(numbers) + 1)),
    )


def _names_in_comment(comment: str, separator: str, n: int) -> list[str]:
    for sign in (separator, " "):
        names = _fields(comment.strip().lstrip("".join(_COMMENTS)).strip(), sign)
        if len(names) == n and not _are_values(names):
            return names
    return []


def _dashes_below(rows: Sequence[str]) -> int:
    """Return the position of the dashes below a header, or below its units; 0 without dashes."""
    for at in (1, 2):
        if len(rows) > at and _DASHES.fullmatch(rows[at]):
            words = re.split(r"[\s|;,]+", rows[1].strip())
            return 0 if at == 2 and _are_values(words) else at
    return 0


def _read_separated(lines: list[str], layout: _Layout) -> Any:
    rows = _rows(lines, layout)
    is_numbered = _check_lengths(rows, layout)
    frame = pd.read_csv(
        BytesIO("\n".join(rows).encode()),  # StringIO takes four bytes per letter
        sep=r"\s+" if layout.separator == " " else layout.separator,
        names=range(len(layout.names) + is_numbered),
        header=None,
        index_col=False,
        skipinitialspace=True,
        low_memory=False,
        dtype_backend="numpy_nullable",  # integers of which some are missing stay integers
        keep_default_na=False,
        na_values=list(MISSING),
        decimal="," if layout.has_decimal_commas else ".",
    )
    columns = [_typed(column) for _, column in frame.items()][is_numbered:]
    frame = frame_of_arrow(pa.table(columns, names=layout.names))
    if not any(layout.units):
        return frame
    from astropy.table import Table

    with_units = Table.from_pandas(frame)
    _set_units(with_units, layout.units)
    return with_units


def _rows(lines: list[str], layout: _Layout) -> list[str]:
    """Return the rows without separators at their ends.

    Comments become blank lines, so that the others keep their numbers.
    """
    rows, is_open = [], False
    for line in lines[layout.start :]:
        # A quoted text may have several lines, which stay as they are.
        is_open ^= layout.separator != " " and line.count('"') % 2 == 1
        rows.append(line if is_open else line.rstrip(f"{layout.separator} \t"))
    n_dashes = sum(_DASHES.fullmatch(row) is not None for row in rows)
    if n_dashes and _DASHES.fullmatch(lines[layout.start - 1]):
        raise ValueError(f"it contains {1 + n_dashes} tables; save each as a file of its own.")
    sizes = [len(_fields(row, layout.separator)) for row in rows if row.startswith("#")]
    if n_rows := sizes.count(len(layout.names)) if len(layout.names) > 1 else 0:
        warn_caller(f"Left out {n_rows} lines of the table that begin with '#', as comments.")
    return ["" if row.startswith("#") else row for row in rows] if sizes else rows


def _check_lengths(rows: list[str], layout: _Layout) -> bool:
    """Refuse rows longer than the header, or shorter if blanks divide them.

    Return whether all have one field more, because R numbered them.
    """
    sign, n = layout.separator, len(layout.names)
    is_numbered = _are_numbered(rows, sign, n)
    n += is_numbered
    is_open = False
    for i, row in enumerate(rows):
        was_open, is_open = is_open, is_open ^ (sign != " " and row.count('"') % 2 == 1)
        if was_open or is_open:
            continue  # a part of a row, which has a quoted text of several lines
        if row and (sign == " " or row.count(sign) >= n):
            size = len(_fields(row, sign))
            if size > n or (size < n and sign == " "):
                raise ValueError(
                    f"line {layout.start + i + 1} has {size} fields, but the header has "
                    f"{len(layout.names)} (separated by {_SEPARATORS[sign]}); {layout.first}."
                )
    return is_numbered


def _are_numbered(rows: list[str], separator: str, n: int) -> bool:
    """Return whether each row begins with a number in quotes, for which the header has no name."""
    rows = [row for row in rows if row]
    if max((len(_fields(row, separator)) for row in rows[:_N_ROWS]), default=0) != n + 1:
        return False
    matches = [_ROW_NAME.match(row) for row in rows]
    numbers = [int(match[1]) for match in matches if match]
    # Identifiers in quotes are followed by others; R numbers its rows in order.
    return len(numbers) == len(rows) and bool((np.diff(numbers) > 0).all())


def _typed(column: pd.Series) -> Any:
    """Return a column of Arrow; texts, some of them padded markers, as numbers if all others are.

    Whole numbers of more than 64 bits stay texts, which keep all digits.
    """
    if not pd.api.types.is_string_dtype(column) and column.dtype != object:
        return pa.array(column)
    texts = pc.utf8_trim_whitespace(pa.array(column.astype("str")))
    texts = pc.if_else(pc.is_in(texts, value_set=pa.array(MISSING)), None, texts)
    bare = pc.utf8_ltrim(texts, characters="+")
    are_whole = pc.all(pc.match_substring_regex(bare, f"^{_WHOLE.pattern}$")).as_py()
    for kind in (pa.int64(), pa.uint64()) if are_whole else (pa.float64(), pa.bool_()):
        try:
            return bare.cast(kind)
        except pa.ArrowInvalid:
            continue
    return texts
