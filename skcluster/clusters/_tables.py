"""Any table as a DataFrame, and its columns as plain numbers in the units of `skcluster.schema`.

A table of pandas, astropy or Arrow becomes a DataFrame (`to_frame`), and its texts and units become
numbers (`to_numbers`). Some of them, such as -999, mark missing values (`marked_values`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from skcluster._utils.columns import MISSING
from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters._columns import BP_RP
from skcluster.clusters._stars import Stars, is_nested, with_nested_stars
from skcluster.schema import STAR_COLUMNS, Column

#: Logarithms of years have no agreed notation: VizieR's are unknown to astropy.
_LOG_YEARS = ("", "dex", "[yr]", "log(yr)")
_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
#: Columns and the text of a marker in them.
Marker: TypeAlias = tuple[tuple[str, ...], str]

#: No list has several stars of magnitude 0.
_MAGNITUDES = ("phot_g_mean_mag", *BP_RP)
#: Zero in both columns is the missing value of tables that know no other.
_ZERO_TOGETHER = (("parallax", "parallax_error"), ("ra", "dec"), ("pmra", "pmdec"))
#: Numbers of nines, from which on they are markers also within the range of a column.
_NINES = re.compile(r"9{2,}(\.9+)?")
#: Markers outside of the range of a column.
_MARKERS = re.compile(r"-?(9+(\.9+)?|8{2,}(\.8+)?|3276[78]|2\.147484e\+09)")
#: Numbers beyond this are the fillers of programs.
_HUGE = 1e18
#: Relative distance of a marker within the range from all measured values.
_ISOLATED = 0.1
#: Numbers of a column outside its range, from which on they are no markers.
_MANY = 1000


def is_table(data: Any) -> bool:
    """Return whether an object is a table of pandas or astropy, or one that Arrow can read."""
    if isinstance(data, pd.DataFrame) or _is_of_astropy(data):
        return True
    return hasattr(data, "__arrow_c_stream__") and not isinstance(data, pd.Series)


def as_table(data: Any) -> Any:
    """Return a table of pandas or astropy; others, such as polars' or Arrow's, are converted.

    It is a NestedFrame if its column of stars is nested.
    """
    if isinstance(data, pd.DataFrame):
        return data if is_nested(data) else with_nested_stars(data)
    if _is_of_astropy(data):
        return data
    import pyarrow as pa

    try:
        table = pa.RecordBatchReader.from_stream(data).read_all()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise TypeError(f"{type(data).__name__} is not a table: {error}") from error
    wanted = pa.schema([field.with_type(_without_views(field.type)) for field in table.schema])
    return frame_of_arrow(table if wanted.equals(table.schema) else table.cast(wanted))


def _without_views(kind: Any) -> Any:
    """Return an Arrow type without views of texts, which polars has and few functions take."""
    import pyarrow as pa

    types = pa.types
    if types.is_string_view(kind):
        return pa.large_string()
    if types.is_struct(kind):
        return pa.struct([field.with_type(_without_views(field.type)) for field in kind])
    if types.is_map(kind):
        return pa.map_(_without_views(kind.key_type), _without_views(kind.item_type))
    for is_kind, list_of in ((types.is_list, pa.list_), (types.is_large_list, pa.large_list)):
        if is_kind(kind):
            return list_of(kind.value_field.with_type(_without_views(kind.value_type)))
    return kind


def frame_of_arrow(table: Any) -> pd.DataFrame:
    """Return an Arrow table as a DataFrame in which integers stay integers if some are missing.

    Lists and structures stay those of Arrow; it is a NestedFrame if its column of stars holds them.
    """
    import pyarrow as pa

    frame: pd.DataFrame = table.to_pandas()
    # As masked integers of pandas: floating-point numbers would round the 64 bits of a source_id.
    masked = {pa.type_for_alias(t.lower()): getattr(pd, f"{t}Dtype")() for t in _INTEGERS}
    masked[pa.bool_()] = pd.BooleanDtype()
    for name in frame.columns.intersection(table.column_names):
        column = table[name]
        if column.null_count and column.type in masked:
            frame[name] = masked[column.type].__from_arrow__(column)
        elif pa.types.is_nested(column.type):
            frame[name] = pd.arrays.ArrowExtensionArray(column)
    return with_nested_stars(frame)


def _is_of_astropy(data: Any) -> bool:
    """Return whether an object is an astropy table, without importing astropy."""
    return any(base.__module__.startswith("astropy.table") for base in type(data).__mro__)


def column_names(table: Any) -> list[Any]:
    """Return the names of the columns of a pandas or astropy table."""
    return list(table.columns if isinstance(table, pd.DataFrame) else table.colnames)


def index_as_columns(table: Any) -> Any:
    """Return a table in which named levels of the index of a DataFrame are columns."""
    if not isinstance(table, pd.DataFrame):
        return table
    levels = [n for n in table.index.names if n is not None and n not in table.columns]
    return table.reset_index(level=levels) if levels else table


def to_frame(table: Any) -> tuple[pd.DataFrame, dict[Any, Any]]:
    """Return a table as a DataFrame, masked values as missing, and the units of its columns."""
    if isinstance(table, pd.DataFrame):
        if not table.columns.is_unique:
            twice = table.columns[table.columns.duplicated()][0]
            raise ValueError(f"The table has more than one column {twice!r}.")
        return pd.DataFrame(table), {}
    flat = [name for name in table.colnames if len(table[name].shape) == 1]
    if len(flat) < len(table.colnames):
        left = ", ".join(name for name in table.colnames if name not in flat)
        warn_caller(f"Left out the columns with more than one value per star: {left}.")
    table = table[flat]
    table.convert_bytestring_to_unicode()  # FITS stores bytes
    return table.to_pandas(index=False), {n: getattr(table[n], "unit", None) for n in flat}


def as_texts(column: pd.Series) -> pd.Series:
    """Convert a column to strings without blanks at their ends; bytes must be in UTF-8."""
    try:
        return column.astype(str).str.strip()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"column {column.name!r} has the text {error.object!r}, which is not in UTF-8."
        ) from error


def parse_numbers(column: pd.Series) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Return a column as floats, missing values as NaN, and the rows that are not numbers."""
    kinds = pd.api.types
    if kinds.is_numeric_dtype(column) and not kinds.is_complex_dtype(column):
        dtype = np.float32 if column.dtype == np.float32 else np.float64
        return column.to_numpy(dtype=dtype, na_value=np.nan), np.array([], dtype=np.intp)
    is_text = kinds.is_object_dtype(column) or kinds.is_string_dtype(column)
    if not is_text and not isinstance(column.dtype, pd.CategoricalDtype):
        return np.full(len(column), np.nan), np.flatnonzero(column.notna())  # dates, lists
    blank = as_texts(column).isin(MISSING) | column.isna()
    filled = column.mask(blank)
    try:
        numbers = pd.to_numeric(filled, errors="coerce")
    except OverflowError:  # an integer beyond the range of floats, whose text is parsed as infinite
        numbers = pd.to_numeric(filled.map(str, na_action="ignore"), errors="coerce")
    # Not isna(): Arrow's NaN, which texts that are no numbers become, is not a missing value.
    values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return values, np.flatnonzero(np.isnan(values) & ~blank.to_numpy(dtype=bool))


def to_numbers(
    values: pd.Series, column: Column, unit: Any, row_of: Callable[[int], str]
) -> FloatArray:
    """Return a column of numbers, or texts of numbers, in its unit; missing values as NaN.

    ``unit`` is that in the table, None if it is not stated; ``row_of`` returns the begin of an
    error message from the position of a row.
    """
    numbers, wrong = parse_numbers(values)
    if len(wrong):
        raise ValueError(
            f"{row_of(wrong[0])} {column.name} = {values.iloc[wrong[0]]!r}, which is not a number."
        )
    if unit is None or (column.unit == "dex(yr)" and str(unit) in _LOG_YEARS):
        return numbers
    from astropy import units

    wanted = units.Unit(column.unit)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            converted: FloatArray = _recognized(unit).to(wanted, numbers)
    except (TypeError, ValueError):  # incompatible, or unknown to astropy
        raise ValueError(
            f"Column {column.name!r} is in {str(unit)!r}, which cannot be converted to "
            f"{str(wanted)!r}."
        ) from None
    if not np.array_equal(converted, numbers, equal_nan=True):
        # A marker of missing values, such as -999, is one in any unit.
        for _, rows in marked_values(numbers, replace(column, low=-np.inf, high=np.inf)):
            converted[rows] = numbers[rows] if len(rows) > 1 else converted[rows]
    return converted


def _recognized(unit: Any) -> Any:
    """Return a unit, in any notation: VOTables of version 1.4 and later lack that of per cent."""
    from astropy import units

    if isinstance(unit, str | units.UnrecognizedUnit):
        for notation in ("generic", "cds", "vounit"):
            parsed = units.Unit(str(unit), format=notation, parse_strict="silent")
            if not isinstance(parsed, units.UnrecognizedUnit):
                return parsed
    return units.Unit(unit)


def marked_values(values: npt.NDArray[Any], column: Column) -> list[tuple[str, IntArray]]:
    """Return text and rows of the values that mark missing ones if several rows have them."""
    size = np.abs(values)
    suspicious = (size >= 99) & ((size < 100) | (size >= 999))
    if column.name in _MAGNITUDES:
        suspicious |= values == 0
    outside = (values < column.low) | (values > column.high)
    if not suspicious.any() and not outside.any():
        return []
    rows = np.flatnonzero((suspicious | outside) & np.isfinite(values))
    different, which = np.unique(values[rows], return_inverse=True)
    if len(different) > _MANY:
        return []
    is_outside = (different < column.low) | (different > column.high)
    own = [_is_marker(v, column, out) for v, out in zip(different, is_outside, strict=True)]
    if not any(own):
        return []
    measured = np.delete(values, rows[np.array(own)[which]])
    return [
        (_text(value), rows[which == i])
        for i, value in enumerate(different)
        if own[i] and _stands_apart(value, is_outside[i], measured, column)
    ]


def _text(value: Any) -> str:
    # As printed in single precision, in which 99.999 is another number.
    return f"{float(value):.7g}"


def _is_marker(value: Any, column: Column, outside: bool) -> bool:
    text = _text(value)
    if value == 0:
        return column.name in _MAGNITUDES
    if outside and ((value == -1 and column.low == 0) or _MARKERS.fullmatch(text)):
        return True
    return abs(value) > _HUGE or _NINES.fullmatch(text.lstrip("-")) is not None


def _stands_apart(value: Any, outside: bool, measured: npt.NDArray[Any], column: Column) -> bool:
    """Return whether a value that looks like a marker is none of the measured ones."""
    if outside:
        # A needed column of nothing else is wrong, not blank, which is an error.
        return column.missing == "keep" or len(measured) > 0
    distance = np.abs(measured.astype(np.float64) - float(value))
    near = _ISOLATED * abs(float(value))
    return not bool((distance < near).any())


def find_markers(stars: Stars) -> dict[Marker, IntArray]:
    """Return the positions of stars whose values mark missing ones if several stars have them."""
    markers: dict[Marker, IntArray] = {}
    for name, column in STAR_COLUMNS.items():
        if name not in stars or column.kind != "number" or not len(stars):
            continue
        values = stars[name]
        if values.dtype.kind in "fiu":
            for text, positions in marked_values(values, column):
                markers[(name,), text] = positions
    for pair in _ZERO_TOGETHER:
        if all(name in stars and stars[name].dtype.kind in "fiu" for name in pair):
            first, second = (stars[name] for name in pair)
            positions = np.flatnonzero((first == 0) & (second == 0))
            if len(positions):
                markers[pair, "0"] = positions
    return markers


def shared_markers(found: Iterable[Mapping[Marker, IntArray]]) -> set[Marker]:
    """Return the markers that several stars share, in all lists together."""
    counts: dict[Marker, int] = {}
    for markers in found:
        for marker, positions in markers.items():
            counts[marker] = counts.get(marker, 0) + len(positions)
    return {marker for marker, number in counts.items() if number > 1}
