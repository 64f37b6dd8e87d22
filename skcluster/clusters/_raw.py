"""Convert tables of pandas, astropy and Arrow to DataFrames, resolving masks, units, byte order."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skcluster._utils.messages import warn_caller


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

    Parameters
    ----------
    data : object
        Object for which `is_table` is True.

    Raises
    ------
    TypeError
        If it has Arrow's interface, but is not a table.
    """
    if isinstance(data, pd.DataFrame) or _is_of_astropy(data):
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
    # As masked integers of pandas: floating-point numbers would round the 64 bits of a source_id.
    masked = {pa.type_for_alias(t.lower()): getattr(pd, f"{t}Dtype")() for t in _INTEGERS}
    return table.to_pandas(types_mapper=masked.get)


_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")


def _is_of_astropy(data: Any) -> bool:
    """Return whether an object is an astropy table, without importing astropy."""
    return any(base.__module__.startswith("astropy.table") for base in type(data).__mro__)


def column_names(table: Any) -> list[Any]:
    """Return the names of the columns of a pandas or astropy table."""
    return list(table.columns if isinstance(table, pd.DataFrame) else table.colnames)


def to_frame(table: Any, units: Mapping[str, str]) -> pd.DataFrame:
    """Return a table as a DataFrame, known columns in their units, masked values as missing.

    Parameters
    ----------
    table : DataFrame or astropy Table
        The table.
    units : mapping of str to str
        Columns to convert, and their new units, in astropy's notation.

    Raises
    ------
    ValueError
        If the unit of a known column cannot be converted to the expected one, or two columns have
        the same name.
    """
    if isinstance(table, pd.DataFrame):
        if not table.columns.is_unique:
            twice = table.columns[table.columns.duplicated()][0]
            raise ValueError(f"The table has more than one column {twice!r}.")
        return pd.DataFrame(table)
    flat = [name for name in table.colnames if len(table[name].shape) == 1]
    if len(flat) < len(table.colnames):
        left = ", ".join(name for name in table.colnames if name not in flat)
        warn_caller(f"Left out the columns with more than one value per star: {left}.")
    table = table[flat]
    table.convert_bytestring_to_unicode()  # FITS stores bytes
    factors = {n: _unit_factor(table[n], n, units[n]) for n in flat if n in units}
    frame: pd.DataFrame = table.to_pandas(index=False)
    for name, factor in factors.items():
        if factor != 1:
            frame[name] = frame[name] * factor
    return frame


def _unit_factor(column: Any, name: str, expected: str) -> float:
    """Return the factor that converts a column of an astropy table to a unit."""
    unit = getattr(column, "unit", None)
    if unit is None:
        return 1.0
    from astropy import units

    wanted = units.Unit(expected)
    try:
        return float(units.Unit(unit).to(wanted))
    except (TypeError, ValueError):  # incompatible, a function unit or unknown to astropy
        raise ValueError(
            f"Column {name!r} is in {str(unit)!r}, which cannot be converted to {str(wanted)!r}."
        ) from None


def as_texts(column: pd.Series) -> pd.Series:
    """Convert a column to strings.

    Raises
    ------
    ValueError
        If it contains bytes that are not encoded in UTF-8.
    """
    try:
        return column.astype(str)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"column {column.name!r} has the text {error.object!r}, which is not in UTF-8."
        ) from error


def parse_numbers(
    column: pd.Series,
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.intp]]:
    """Return a column as floats, missing values as NaN, and the rows that are not numbers."""
    kinds = pd.api.types
    if kinds.is_numeric_dtype(column) and not kinds.is_complex_dtype(column):
        dtype = np.float32 if column.dtype == np.float32 else np.float64
        return column.to_numpy(dtype=dtype, na_value=np.nan), np.array([], dtype=np.intp)
    if not isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.kind not in "OSU":
        return np.full(len(column), np.nan), np.flatnonzero(column.notna())  # such as dates
    blank = as_texts(column).str.strip().isin(["", "--", "nan", "NaN", "None"]) | column.isna()
    known = column.mask(blank)
    try:
        numbers = pd.to_numeric(known, errors="coerce")
    except OverflowError:  # an integer beyond the range of floats, whose text is parsed as infinite
        numbers = pd.to_numeric(known.map(str, na_action="ignore"), errors="coerce")
    wrong = np.flatnonzero(numbers.isna() & ~blank)
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan), wrong
