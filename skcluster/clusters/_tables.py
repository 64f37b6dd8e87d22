"""Make plain numbers under the names of `skcluster.schema`, in its units, of any table.

A table of pandas, astropy or Arrow becomes a DataFrame (`to_frame`), its columns are recognised
(`find_columns`), its texts and units become numbers (`to_numbers`); `star_frame` does all three for
stars. Ranges are checked once all stars are together (`as_clusters`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skcluster._utils.columns import MISSING
from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import FloatArray
from skcluster.clusters._stars import STARS, is_nested, with_nested_stars
from skcluster.schema import CLUSTER, NEEDED_STAR_COLUMNS, STAR_COLUMNS, Column

#: The columns of a star, and that of its cluster under its own name only.
_OF_STARS = (replace(CLUSTER, synonyms=()), *STAR_COLUMNS.values())
_BP_RP = ("phot_bp_mean_mag", "phot_rp_mean_mag")
#: What is said of a needed column that is missing.
_EXPLAINED = {
    "bp_rp": " It is BP−RP, not G−RP, and is computed from phot_bp_mean_mag and phot_rp_mean_mag "
    "if these are given."
}
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


def find_columns(
    columns: Iterable[Any], wanted: Sequence[Column], given: Mapping[Any, str] | None = None
) -> dict[Any, str]:
    """Find columns of a table by their names and synonyms, in upper or lower case.

    Parameters
    ----------
    columns : iterable of str
        The table's columns.
    wanted : sequence of Column
        The columns to look for.
    given : mapping of str to str, optional
        Map from the table's names to those wanted; it takes precedence.

    Returns
    -------
    dict of str to str
        Map from the table's names to those wanted.

    Raises
    ------
    ValueError
        If a column of ``given`` does not exist or its new name is not wanted, or if two columns
        match and neither has the exact name.

    Examples
    --------
    >>> from skcluster.clusters._tables import find_columns
    >>> from skcluster.schema import STAR_COLUMNS
    >>> find_columns(["Gmag", "BP-RP", "Teff"], list(STAR_COLUMNS.values()))
    {'Gmag': 'phot_g_mean_mag', 'BP-RP': 'bp_rp'}
    """
    columns = list(columns)
    names = dict(given or {})
    _check_given(columns, [column.name for column in wanted], names)
    for column in wanted:
        ours = column.name
        if ours in names.values():
            continue
        spellings = {name.lower() for name in (ours, *column.synonyms)}
        same = [c for c in columns if str(c).strip().lower() in spellings and c not in names]
        own = [c for c in same if str(c).strip().lower() == ours]
        same = [ours] if ours in own else own or same
        if len(same) > 1:
            raise ValueError(
                f"The columns {' and '.join(map(repr, same))} all match {ours!r}; choose one: "
                f"{{{same[0]!r}: {ours!r}}}."
            )
        names.update(dict.fromkeys(same, ours))
    return names


def _check_given(columns: list[Any], wanted: list[str], given: dict[Any, str]) -> None:
    for theirs, ours in given.items():
        if theirs not in columns:
            is_turned = theirs in wanted and ours in columns
            turned = " (the map goes from the table's names to ours)" if is_turned else ""
            raise ValueError(
                f"There is no column {theirs!r} to be used as {ours!r}{turned}; there are: "
                f"{', '.join(map(str, columns))}."
            )
        if ours not in wanted:
            raise ValueError(
                f"The column {theirs!r} cannot be used as {ours!r}, only as one of: "
                f"{', '.join(wanted)}."
            )
        if list(given.values()).count(ours) > 1:
            both = " and ".join(repr(name) for name in given if given[name] == ours)
            raise ValueError(f"The columns {both} cannot both be used as {ours!r}.")


def missing_column(what: str, column: Column, columns: Iterable[Any]) -> str:
    """Return the message that "stars" or "labels" lack a column, and how to name another."""
    names = dict.fromkeys((column.name, *column.synonyms))
    new = f"{{'its name': {column.name!r}}}"
    cure = (
        f"read_clusters(…, label_columns={new}) renames it"
        if what == "labels"
        else f"as_clusters(table, columns={new}), the same argument of read_clusters, or "
        f"--columns 'its name={column.name}' on the command line renames it"
    )
    return (
        f"The {what} have no column {column.name!r} (looked for {', '.join(names)}, in upper and "
        f"lower case).{_EXPLAINED.get(column.name, '')} If it has another name, {cure}. "
        f"There are: {', '.join(map(str, columns))}."
    )


def rename_columns(frame: pd.DataFrame, names: Mapping[Any, str]) -> pd.DataFrame:
    """Return a frame with columns renamed; others that already have a new name are dropped."""
    changed = {theirs: ours for theirs, ours in names.items() if theirs != ours}
    replaced = [c for c in changed.values() if c in frame.columns and c not in changed]
    return frame.drop(columns=replaced).rename(columns=changed) if changed else frame


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
    wrong = np.flatnonzero(numbers.isna() & ~blank)
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan), wrong


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

    Raises
    ------
    ValueError
        If a needed column is missing, or a value is not a number.
    """
    names = find_columns(frame.columns, _OF_STARS, given)
    names = {theirs: ours for theirs, ours in names.items() if ours != CLUSTER.name}
    stars = rename_columns(frame, names).copy(deep=False)
    for theirs, ours in names.items():
        column = STAR_COLUMNS[ours]
        if column.kind == "number":
            stars[ours] = to_numbers(
                stars[ours],
                column,
                units.get(theirs),
                lambda row: f"cluster {cluster_of(row)!r} has a star with",
            )
    if "probability" in stars:
        stars["probability"] = _as_fractions(stars["probability"].to_numpy())
    if "bp_rp" not in stars and all(name in stars for name in _BP_RP):
        stars["bp_rp"] = stars[_BP_RP[0]] - stars[_BP_RP[1]]
    return stars


def check_needed(stars: Any, columns: Iterable[Any]) -> None:
    """Refuse stars that lack a needed column; the message lists the table's own columns.

    Parameters
    ----------
    stars : DataFrame or Stars
        The stars.
    columns : iterable of str
        The table's own columns.

    Raises
    ------
    ValueError
        If a column is missing, or in a nested column whose stars are not found.
    """
    for name in NEEDED_STAR_COLUMNS:
        if name not in stars:
            if isinstance(stars, pd.DataFrame):
                _refuse_nested(stars)
            raise ValueError(missing_column("stars", STAR_COLUMNS[name], columns))


def _refuse_nested(table: pd.DataFrame) -> None:
    """Refuse a table, without the columns of stars, whose stars are nested in another way."""
    for name, column in table.items():
        value = next(iter(column.dropna()), None)
        is_nested_value = isinstance(value, list | tuple | dict | np.ndarray | pd.DataFrame)
        if name == STARS or is_nested_value:
            kind = f" ({column.dtype})" if isinstance(column.dtype, pd.ArrowDtype) else ""
            text = " ".join(repr(value).split())
            text = text if len(text) < 80 else f"{text[:77]}…"
            raise ValueError(
                f"Column {name!r} holds {type(value).__name__}{kind}, such as {text}, not the "
                f"stars of a cluster. Nested stars are a column {STARS!r} of lists of structures "
                "with a field phot_g_mean_mag, bp_rp …, or of structures of such lists; all other "
                "tables have a row per star."
            )


def _as_fractions(values: FloatArray) -> FloatArray:
    """Return probabilities in per cent as fractions, if they are clearly in per cent."""
    finite = values[np.isfinite(values)]
    # One value above 1 is an error; percentages are nearly all above 1.
    if not (
        len(finite) and finite.min() >= 0 and 10 < finite.max() <= 100 and np.median(finite) > 1
    ):
        return values
    warn_caller(
        f"Probabilities of {len(finite)} stars lie between {finite.min():g} and "
        f"{finite.max():g}: taken as per cent and divided by 100."
    )
    return values / 100
