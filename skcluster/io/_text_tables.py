"""Read tables of text, whose layout is recognised from the content.

The extension of a text file says little: VizieR's tables come as ``.csv``, the output of membership
codes as ``.dat``, journals' tables as ``.txt``. Tables in a format of their own (ECSV, the
machine-readable tables of journals, IPAC's) and columns of fixed width are left to astropy. All
others are divided by a sign or by blanks, which is the one that divides header and rows alike.
"""

import csv
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from skcluster._utils.columns import MISSING
from skcluster._utils.messages import warn_caller

#: Most columns of a table.
MAX_COLUMNS = 10_000
#: What can separate columns, and its name; blanks last, because they are in texts, too.
_SEPARATORS = {
    "\t": "tabs",
    ",": "commas",
    ";": "semicolons",
    "|": "vertical bars",
    " ": "blanks",
}
#: Bytes from which the layout is recognised.
_HEAD = 2**20
#: Rows from which the separator is recognised.
_N_ROWS = 50
#: Begins of lines above a table that do not belong to it.
_COMMENTS = ("#", "%", "!", "\\")
#: A line of dashes, which VizieR puts between units and rows.
_DASHES = re.compile(r"[\s+|;,]*-[-\s+|;,]*")
_WHOLE = re.compile(r"[-+]?\d+")
_DECIMAL = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?")
_WHOLE_OR_DECIMAL = re.compile(r"[-+]?\.?\d")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
#: A text or quoted text of a table that is separated by blanks.
_WORD = re.compile(r'"[^"]*"(?!\S)|\S+')
#: A row name as R writes it: a number in quotes, before numbers that are not.
_ROW_NAME = re.compile(r'\s*"(\d+)"')
_TOO_LONG = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def read_text(content: bytes, usual: str = "") -> Any:
    """Read a table of text; one of astropy if it states units, or else a DataFrame.

    ``usual`` is the separator that the file's type suggests; it is used if several are possible.
    """
    if b"\r" in content[:_HEAD] and b"\n" not in content[:_HEAD]:  # as Excel for Macintosh does
        content = content.replace(b"\r", b"\n")
    head = content[:_HEAD].splitlines(keepends=True)
    head = head if len(content) <= _HEAD or len(head) == 1 else head[:-1]  # none cut off
    text = b"".join(head).decode("utf-8-sig")
    if text.lstrip().startswith("# %ECSV"):
        return read_ecsv(content)
    if text.lstrip().startswith("<"):
        raise ValueError(f"it is HTML or XML, not a table of text; {_first(text.splitlines())}.")
    n_described = len(re.findall(r"^Byte-by-byte Description", text, re.MULTILINE))
    if n_described:
        return _read_described(content, n_described)
    lines = [line.decode("utf-8-sig") for line in head]
    rows = list(islice(filter(_is_row, lines), _N_ROWS))
    if rows and rows[0].startswith("|"):
        return _read_between_bars(content, rows)
    dashes = _dashes_below(rows)
    if dashes and not any(sign in rows[dashes] for sign in _SEPARATORS if sign != " "):
        return _read_fixed_width(content, rows, dashes)
    layout = _layout(lines, list(map(len, head)), usual)
    frame = _read_separated(content, layout)
    return _with_units(frame, layout) if any(layout.units) else frame


def read_ecsv(content: bytes) -> Any:
    """Read an ECSV file; the Gaia archive writes ``null`` for a missing value."""
    lines = StringIO(content.decode(errors="replace"), newline=None)
    head = next((line for line in lines if not line.startswith("#")), "").strip()
    check_names(next(csv.reader([head], delimiter="," if "," in head else " "), []))
    return read_astropy(BytesIO(content), format="ascii.ecsv", fill_values=_FILLED)


def check_names(names: Sequence[str]) -> None:
    """Refuse thousands of columns, and two of the same name: one would be ignored or renamed."""
    if len(names) > MAX_COLUMNS:
        raise ValueError(f"it has {len(names)} columns; the limit is {MAX_COLUMNS}.")
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


#: Missing values, as astropy's readers of text take them.
_FILLED = [(text, "0") for text in MISSING]


@dataclass(frozen=True)
class _Layout:
    """How a table is laid out."""

    separator: str
    names: list[str]
    #: Units of the columns; empty if the table does not state them.
    units: list[str]
    #: Whether a line of dashes is below the header.
    has_dashes: bool
    #: Number of lines, and of bytes, before the first row.
    n_lines: int
    n_bytes: int
    #: The largest number of fields that a row among the first can have.
    n_fields: int
    #: Whether decimals are written with a comma.
    has_decimal_commas: bool
    #: Header and first rows, for messages.
    first: str


def _is_row(line: str) -> bool:
    """Return whether a line is neither blank nor a comment."""
    return not line.isspace() and not line.startswith(_COMMENTS) and line != ""


def _first(lines: Iterable[str]) -> str:
    shown = islice((line.strip() for line in lines if line.strip()), 3)
    return f"its first lines are {', '.join(repr(line[:80]) for line in shown)}"


def _layout(lines: list[str], sizes: list[int], usual: str) -> _Layout:
    rows = list(islice((i for i, line in enumerate(lines) if _is_row(line)), _N_ROWS))
    if not rows:
        raise ValueError("it contains comments only.")
    content, end = [lines[i] for i in rows], rows[0] + 1
    above = next((line for line in reversed(lines[: rows[0]]) if not line.isspace()), "")
    first = _first([above, *content])
    dashes = _dashes_below(content)
    separator = _separator(content[0], content[dashes + 1 :], usual)
    if not separator:
        raise ValueError(f"no separator divides its lines alike; {first}.")
    names = _fields(content[0], separator)
    check_names(names)
    if _are_values(names):
        # The header of numpy.savetxt, TOPCAT and others is a comment.
        names, end = _names_in_comment(above, separator, len(names)), rows[0]
        if not names:
            raise ValueError(f"no line names its columns; {first}.")
        check_names(names)
    elif dashes:
        end = rows[dashes] + 1
    rows = [i for i in rows if i >= end]
    few = [field for i in rows for field in _fields(lines[i], separator)]
    has_commas = separator != "," and any(map(_DECIMAL_COMMA.fullmatch, few))
    return _Layout(
        separator=separator,
        names=[name.strip() or f"Unnamed: {i}" for i, name in enumerate(names)],
        units=_fields(content[1], separator) if dashes == 2 else [],
        has_dashes=dashes > 0,
        n_lines=end,
        n_bytes=sum(sizes[:end]),
        n_fields=max((line.count(separator) + 1 for line in lines[end:]), default=0),
        has_decimal_commas=has_commas and not any(map(_DECIMAL.fullmatch, few)),
        first=first,
    )


def _fields(line: str, separator: str) -> list[str]:
    """Divide a line into its fields."""
    if separator == " ":
        return [word.strip('"') for word in _WORD.findall(line)]
    if '"' not in line:
        return [field.strip() for field in line.rstrip("\r\n").split(separator)]
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])


def _separator(header: str, rows: Sequence[str], usual: str) -> str:
    """Return what divides the header, and at least half of the rows, into as many fields.

    If nothing does, return what divides all of them, whose rows are refused one by one later; empty
    if nothing does either.
    """
    possible = []
    for sign in dict.fromkeys((usual, *_SEPARATORS) if usual else _SEPARATORS):
        n = len(_fields(header, sign))
        if n > 1:
            divided = [_fields(row, sign) for row in rows]
            if sum(_fits(row, n, sign) for row in divided) >= len(rows) / 2:
                return sign
            counts = set(map(len, divided))
            if min(counts) > 1 and (sign != " " or len(counts) == 1):
                possible.append(sign)
    return next(iter(possible), "")


def _fits(fields: list[str], n: int, separator: str) -> bool:
    if separator == " ":
        return len(fields) == n
    return len(fields) > 1 and not any(fields[n:])  # others at the end may be blank or left out


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


def _read_separated(content: bytes, layout: _Layout) -> pd.DataFrame:
    content = _without_comments(content[layout.n_bytes :], layout)
    n = len(layout.names)
    if layout.separator == " ":
        _check_words(content, layout)
    # One more column than the first rows need shows rows that are longer than the header, which
    # pandas would cut off, or take as row names.
    n_more = 1 if layout.separator == " " else max(layout.n_fields - n, 0) + 1
    n_more = min(n_more, MAX_COLUMNS)
    try:
        frame = pd.read_csv(
            BytesIO(content),
            sep=r"\s+" if layout.separator == " " else layout.separator,
            names=range(n + n_more),
            header=None,
            index_col=False,
            skipinitialspace=True,
            low_memory=False,
            dtype_backend="numpy_nullable",  # integers of which some are missing stay integers
            keep_default_na=False,
            na_values=list(MISSING),
            decimal="," if layout.has_decimal_commas else ".",
        )
    except pd.errors.ParserError as error:
        if not (match := _TOO_LONG.search(str(error))):
            raise
        _refuse_long(layout, int(match[2]) + layout.n_lines, int(match[3]))
    more = frame.loc[:, n:].notna().any(axis=1).to_numpy()
    names = frame.columns[:n]
    if more.any():
        if not _has_row_names(frame, content, n):
            _refuse_long(layout, *_longest(content, layout))
        names = frame.columns[1 : n + 1]
    frame = frame[names].set_axis(layout.names, axis=1)
    if frame.iloc[:, 0].isna().any():
        frame = frame.dropna(how="all", ignore_index=True)
    unnamed = [c for c in frame.columns if c == f"Unnamed: {n - 1}" and frame[c].isna().all()]
    return _with_plain_types(frame.drop(columns=unnamed))


def _without_comments(content: bytes, layout: _Layout) -> bytes:
    """Return the rows; comments become blank lines, so that the others keep their numbers."""
    if not (content.startswith(b"#") or b"\n#" in content or layout.has_dashes):
        return content
    lines = content.splitlines()
    dashes = [i for i, line in enumerate(lines) if _is_dashes(line)] if layout.has_dashes else []
    if dashes:
        raise ValueError(f"it contains {1 + len(dashes)} tables; save each as a file of its own.")
    comments = [i for i, line in enumerate(lines) if line.startswith(b"#")]
    sizes = [len(_fields(lines[i].decode(), layout.separator)) for i in comments]
    if n_rows := sizes.count(len(layout.names)) if len(layout.names) > 1 else 0:
        warn_caller(f"Left out {n_rows} lines of the table that begin with '#', as comments.")
    for i in comments:
        lines[i] = b""
    return b"\n".join(lines)


def _is_dashes(line: bytes) -> bool:
    return b"-" in line and not line.strip(b"- \t+|;,\r\n")


def _check_words(content: bytes, layout: _Layout) -> None:
    """Refuse a table separated by blanks if a row is shorter than the header, or longer."""
    n = len(layout.names)
    lines = content.decode().splitlines()
    counts = {i: len(_fields(line, " ")) for i, line in enumerate(lines) if not line.isspace()}
    counts = {i: count for i, count in counts.items() if count}
    wrong = next((i for i, count in counts.items() if count != n), None)
    if wrong is None or (set(counts.values()) == {n + 1} and _all_row_names(lines)):
        return
    _refuse_long(layout, wrong + 1 + layout.n_lines, counts[wrong])


def _longest(content: bytes, layout: _Layout) -> tuple[int, int]:
    """Return the number of the first row that is longer than the header, and its length."""
    for i, line in enumerate(content.decode().splitlines()):
        fields = _fields(line, layout.separator)
        if any(fields[len(layout.names) :]):
            return i + 1 + layout.n_lines, len(fields)
    return layout.n_lines + 1, len(layout.names) + 1


def _refuse_long(layout: _Layout, line: int, n: int) -> None:
    raise ValueError(
        f"line {line} has {n} fields, but the header has {len(layout.names)} (separated by "
        f"{_SEPARATORS[layout.separator]}); {layout.first}."
    )


def _has_row_names(frame: pd.DataFrame, content: bytes, n: int) -> bool:
    """Return whether each row begins with a number in quotes, for which the header has no name."""
    has_one_more = not frame.loc[:, n + 1 :].notna().any(axis=None)
    return has_one_more and _all_row_names(content.decode().splitlines())


def _all_row_names(lines: Sequence[str]) -> bool:
    matches = [_ROW_NAME.match(line) for line in lines if line.strip()]
    numbers = [int(match[1]) for match in matches if match]
    # Identifiers in quotes are followed by others; R numbers its rows in order.
    return len(numbers) == len(matches) and bool((np.diff(numbers) > 0).all())


def _with_plain_types(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with types of numpy, but for integers and logical values that are missing."""
    columns: dict[Any, Any] = {}
    for name, column in frame.items():
        kind, values = column.dtype, column.array
        if isinstance(kind, pd.StringDtype) or kind.kind == "O":
            values = _with_missing(column.astype("str")).array
        elif isinstance(kind, pd.Float64Dtype):
            values = column.to_numpy(np.float64, na_value=np.nan)
        elif hasattr(kind, "numpy_dtype") and not values.isna().any():
            values = column.to_numpy(kind.numpy_dtype)
        columns[name] = values
    return pd.DataFrame(columns)


def _with_missing(texts: pd.Series) -> pd.Series:
    """Return a column of texts with padded markers as missing, as numbers if all others are."""
    different = [text for text in texts.unique() if isinstance(text, str)]
    bare = [text.strip() for text in different]
    markers = [text for text, short in zip(different, bare, strict=True) if short in MISSING]
    if markers:
        texts = texts.mask(texts.isin(markers))
        bare = [text for text in bare if text not in MISSING]
    if not bare or not _WHOLE_OR_DECIMAL.match(bare[0]):
        return texts
    if all(map(_WHOLE.fullmatch, bare)):
        return _integers(texts)
    numbers = pd.to_numeric(pd.Series(bare), errors="coerce")
    if numbers.isna().any():
        return texts
    return pd.Series(pd.to_numeric(texts).to_numpy(np.float64, na_value=np.nan))


def _integers(texts: pd.Series) -> pd.Series:
    """Return integers of 64 bits; larger ones stay texts, which keep all digits."""
    values = [None if pd.isna(text) else int(text) for text in texts]
    for kind in ("Int64", "UInt64"):
        try:
            return pd.Series(pd.array(values, dtype=kind))
        except (OverflowError, TypeError, ValueError):
            continue
    return texts


def _with_units(frame: pd.DataFrame, layout: _Layout) -> Any:
    """Return a table of astropy, with units."""
    from astropy.table import Table

    table = Table.from_pandas(frame)
    _set_units(table, dict(zip(layout.names, layout.units, strict=False)))
    return table


def _set_units(table: Any, units: Mapping[str, str]) -> None:
    """Set the units of the columns of numbers of a table of astropy."""
    from astropy.units import Unit

    for name, unit in units.items():
        if unit.strip() and name in table.colnames and table[name].dtype.kind in "iuf":
            table[name].unit = Unit(unit.strip(), parse_strict="silent")


def _read_fixed_width(content: bytes, rows: Sequence[str], dashes: int) -> Any:
    """Read columns whose width a line of dashes states; texts in them may have blanks."""
    spans = [match.span() for match in re.finditer("-+", rows[dashes])]
    check_names([rows[0][start:end] for start, end in spans])
    lines = [line for line in _lines(content) if _is_row(line)]
    if lines.count(lines[dashes]) > 1:
        raise ValueError("it contains several tables; save each as a file of its own.")
    table = read_astropy(
        [lines[0], *lines[dashes:]], format="ascii.fixed_width_two_line", fill_values=_FILLED
    )
    if dashes == 2:
        units = [lines[1][start:end] for start, end in spans]
        _set_units(table, dict(zip(table.colnames, units, strict=True)))
    return table


def _read_described(content: bytes, n_described: int) -> Any:
    """Read a machine-readable table of a journal, or of the CDS, that describes its columns."""
    if n_described > 1:
        raise ValueError(f"it contains {n_described} tables; save each as a file of its own.")
    return read_astropy(_lines(content), format="ascii.mrt", fill_values=_FILLED)


def _read_between_bars(content: bytes, rows: Sequence[str]) -> Any:
    """Read a table whose header, or all rows, are between vertical bars."""
    check_names(rows[0].strip().strip("|").split("|"))
    is_ipac = not all(row.startswith("|") for row in rows)
    form = "ascii.ipac" if is_ipac else "ascii.fixed_width"
    return read_astropy(_lines(content), format=form, fill_values=_FILLED)


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8-sig").splitlines()
