"""Tables of pandas, astropy and Arrow as plain DataFrames: masks, units, byte order resolved."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skcluster._utils.messages import warn_caller


def is_table(data: Any) -> bool:
    """Whether it is a table: of pandas, of astropy, or one that Arrow can read.

    A dict of columns is none.
    """
    if isinstance(data, pd.DataFrame) or _is_of_astropy(data):
        return True
    of_arrow = hasattr(data, "__arrow_c_stream__") or hasattr(data, "__dataframe__")
    return of_arrow and not isinstance(data, pd.Series)


def as_table(data: Any) -> Any:
    """A table of pandas or astropy; those of polars, Arrow and the like become pandas'.

    Parameters
    ----------
    data : object
        Something for which `is_table` is True.

    Raises
    ------
    TypeError
        If it offers Arrow's interface, but is no table.
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
        raise TypeError(f"{type(data).__name__} is no table: {error}") from error
    # As masked integers of pandas: floating-point numbers would round 64 bits of a source_id.
    masked = {pa.type_for_alias(t.lower()): getattr(pd, f"{t}Dtype")() for t in _INTEGERS}
    return table.to_pandas(types_mapper=masked.get)


_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")


def _is_of_astropy(data: Any) -> bool:
    """Whether it is astropy's, without importing astropy."""
    return any(base.__module__.startswith("astropy.table") for base in type(data).__mro__)


def column_names(table: Any) -> list[Any]:
    """Names of the columns of a table of pandas or astropy."""
    return list(table.columns if isinstance(table, pd.DataFrame) else table.colnames)


def to_frame(table: Any, units: Mapping[str, str]) -> pd.DataFrame:
    """A table as a DataFrame, known columns in their units, masked values as missing.

    Parameters
    ----------
    table : DataFrame or astropy Table
        The table.
    units : mapping of str to str
        Columns that are converted, and the units that they get, in astropy's notation.

    Raises
    ------
    ValueError
        If a known column has a unit that cannot be converted to the one expected, or two columns
        have one name.
    """
    if isinstance(table, pd.DataFrame):
        if not table.columns.is_unique:
            twice = table.columns[table.columns.duplicated()][0]
            raise ValueError(f"The table has more than one column {twice!r}.")
        return pd.DataFrame(table)
    flat = [name for name in table.colnames if len(table[name].shape) == 1]
    if len(flat) < len(table.colnames):
        left = ", ".join(name for name in table.colnames if name not in flat)
        warn_caller(f"Left out the columns with more than one value a star: {left}.")
    table = table[flat]
    table.convert_bytestring_to_unicode()  # FITS keeps bytes
    factors = {n: _unit_factor(table[n], n, units[n]) for n in flat if n in units}
    frame = table.to_pandas(index=False)
    for name, factor in factors.items():
        if factor != 1:
            frame[name] = frame[name] * factor
    return frame


def _unit_factor(column: Any, name: str, expected: str) -> float:
    """What a column of an astropy table must be multiplied by."""
    unit = getattr(column, "unit", None)
    if unit is None:
        return 1.0
    from astropy import units

    wanted = units.Unit(expected)
    try:
        return float(units.Unit(unit).to(wanted))
    except (TypeError, ValueError):  # of another kind, a function or unknown to astropy
        raise ValueError(
            f"Column {name!r} is in {str(unit)!r}, which cannot be converted to {str(wanted)!r}."
        ) from None


def as_texts(column: pd.Series) -> pd.Series:
    """A column as texts.

    Raises
    ------
    ValueError
        If there are bytes in it that are no text in UTF-8.
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
    """A column as float32 or float64, missing values as NaN, and where it is not a number."""
    if pd.api.types.is_numeric_dtype(column):
        dtype = np.float32 if column.dtype == np.float32 else np.float64
        return column.to_numpy(dtype=dtype, na_value=np.nan), np.array([], dtype=np.intp)
    blank = as_texts(column).str.strip().isin(["", "--", "nan", "NaN", "None"]) | column.isna()
    known = column.mask(blank)
    try:
        numbers = pd.to_numeric(known, errors="coerce")
    except OverflowError:  # a whole number beyond floats, which as a text is infinite
        numbers = pd.to_numeric(known.map(str, na_action="ignore"), errors="coerce")
    wrong = np.flatnonzero(numbers.isna() & ~blank)
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan), wrong
