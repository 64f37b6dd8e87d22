"""Make plain numbers under the names of `skcluster.schema`, in its units, of any table.

A table of pandas, astropy or Arrow becomes a DataFrame (`to_frame`), its columns are recognised
(`find_columns`), its texts and units become numbers (`to_numbers`); `star_frame` does all three for
stars. Ranges are checked once all stars are together (`as_clusters`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skcluster._utils.columns import MISSING
from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import FloatArray
from skcluster.clusters._columns import BP_RP, find_columns, nearest_names, rename_columns
from skcluster.clusters._complete import marked_values
from skcluster.clusters._notes import OPTIONAL, Notes
from skcluster.clusters._stars import is_nested, with_nested_stars
from skcluster.schema import CLUSTER, STAR_COLUMNS, Column

#: The columns of a star, and that of its cluster under its own name only.
_OF_STARS = (replace(CLUSTER, synonyms=()), *STAR_COLUMNS.values())
#: Logarithms of years have no agreed notation: VizieR's are unknown to astropy.
_LOG_YEARS = ("", "dex", "[yr]", "log(yr)")
_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")


def is_table(data: Any) -> bool:
    """Return whether an object is a table of pandas or astropy, or one that Arrow can read.

    A dict of columns is not a table.
    """
    if isinstance(data, pd.DataFrame) or _is_of_astropy(data):
        return True
    of_arrow = hasattr(data, "__arrow_c_stream__") or hasattr(data, "__dataframe__")
    return of_arrow and not isinstance(data, pd.Series)


def as_table(data: Any) -> Any:
    """Return a table of pandas or astropy; others, such as polars' or Arrow's, are converted.

    It is a NestedFrame if its column of stars is nested.

    Raises
    ------
    TypeError
        If it has Arrow's interface, but is not a table.
    """
    if isinstance(data, pd.DataFrame):
        return data if is_nested(data) else with_nested_stars(data)
    if _is_of_astropy(data):
        return data
    import pyarrow as pa
    from pyarrow import interchange

    try:
        if hasattr(data, "__arrow_c_stream__"):
            table = pa.RecordBatchReader.from_stream(data).read_all()
        else:
            table = interchange.from_dataframe(data)
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
    """Return a table as a DataFrame, with masked values as missing, and the units of its columns.

    Raises
    ------
    ValueError
        If two columns have the same name.
    """
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
    """Convert a column to strings without blanks at their ends.

    Raises
    ------
    ValueError
        If it contains bytes that are not encoded in UTF-8.
    """
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
    """Return a column of numbers in its unit, as float32 or float64, missing values as NaN.

    Parameters
    ----------
    values : Series
        Numbers, or texts of numbers.
    column : Column
        Its definition.
    unit : object
        Its unit in the table; None if it is not stated.
    row_of : callable
        Function of the position of a row that returns the begin of an error message.

    Raises
    ------
    ValueError
        If a text is not a number, or the unit cannot be converted.
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


def star_frame(
    frame: pd.DataFrame,
    units: Mapping[Any, Any],
    given: Mapping[Any, str],
    cluster_of: Callable[[int], Any],
    notes: Notes,
) -> pd.DataFrame:
    """Return stars with plain numbers under the names of the Gaia archive, in its units.

    Parameters
    ----------
    frame, units
        The stars with any column names, as `to_frame` returns them.
    given : mapping of str to str
        Map from other names in the table to those of the Gaia archive.
    cluster_of : callable
        Function of the position of a row that returns the name of its cluster, for messages.
    notes : Notes
        Where it is noted which columns were chosen, not read, or not recognised.

    Raises
    ------
    ValueError
        If a needed column is missing, or a value of a column that is used is not a number.
    """
    names = find_columns(frame.columns, _OF_STARS, given, notes)
    names = {theirs: ours for theirs, ours in names.items() if ours != CLUSTER.name}
    numbers: dict[str, FloatArray] = {}
    unread: dict[Any, str] = {}
    waiting = [theirs for theirs, ours in names.items() if STAR_COLUMNS[ours].kind == "number"]
    while waiting:
        theirs = waiting.pop()
        ours = names[theirs]
        try:
            numbers[ours] = to_numbers(
                frame[theirs].rename(ours),
                STAR_COLUMNS[ours],
                units.get(theirs),
                lambda row: f"cluster {cluster_of(row)!r} has a star with",
            )
        except ValueError as error:
            if theirs in given or not is_dispensable(ours, theirs, names.values()):
                raise
            unread[theirs] = str(error)
            del names[theirs]
            if theirs != ours:
                rest = [c for c in frame.columns if c not in unread and c not in names]
                others = find_columns(rest, [STAR_COLUMNS[ours]], None, notes)
                names.update(others)
                waiting += others
    stars = rename_columns(frame, {**names, **_kept(frame, units, unread, notes)}).copy(deep=False)
    for ours, values in numbers.items():
        stars[ours] = values
    missed = set(OPTIONAL).difference(names.values())
    rest = [c for c in frame.columns if c not in names]
    notes.add_table(names.values(), {n: nearest_names(rest, STAR_COLUMNS[n]) for n in missed})
    return stars


def _kept(
    frame: pd.DataFrame, units: Mapping[Any, Any], unread: Mapping[Any, str], notes: Notes
) -> dict[Any, str]:
    """Note columns that are kept, and return new names for those that must not be taken as ours.

    Numbers in a unit that cannot be converted would be taken as numbers in ours.
    """
    for theirs, reason in unread.items():
        notes.keep(theirs, reason)
    are_numbers = [c for c in unread if pd.api.types.is_numeric_dtype(frame[c])]
    return {c: f"{c} [{units.get(c)}]" for c in are_numbers}


def is_dispensable(ours: str, theirs: Any, columns: Iterable[Any]) -> bool:
    """Return whether estimates are made without a column, such as BP and RP beside the colour."""
    return STAR_COLUMNS[ours].carried or (ours in BP_RP and ours != theirs and "bp_rp" in columns)
