"""Any table as clusters: nested stars with plain numbers under our names, in our units.

A table of pandas, astropy or Arrow becomes a DataFrame (`as_table`); its columns are recognised,
and their texts and units become numbers (`star_frame`); its stars become `Stars`, cluster after
cluster. Their values are not checked yet (`as_clusters`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame

from skcluster._utils.columns import MISSING
from skcluster._utils.messages import counted_stars, warn_caller
from skcluster._utils.order import may_number_rows
from skcluster._utils.typing import FloatArray
from skcluster.clusters._columns import BP_RP, Notes, check_needed, find_columns, rename_columns
from skcluster.clusters._meant_values import marked_values
from skcluster.clusters._stars import (
    STARS,
    Stars,
    is_nested,
    joined,
    stars_of,
    with_nested_stars,
    with_stars,
)
from skcluster.schema import CLUSTER, STAR_COLUMNS, Column

#: Logarithms of years have no agreed notation: VizieR's are unknown to astropy.
_LOG_YEARS = ("", "dex", "[yr]", "log(yr)")
_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
#: The columns of a star, and that of its cluster under its own name only.
_OF_STARS = (replace(CLUSTER, synonyms=()), *STAR_COLUMNS.values())
#: A column with nearly as many names as rows names stars: their least number, and share of names.
_FEWEST_ROWS, _NEARLY_ALL = 10, 0.9


def is_table(data: Any) -> bool:
    """Return whether an object is a table of pandas or astropy, or one that Arrow can read."""
    if isinstance(data, pd.DataFrame) or _is_of_astropy(data):
        return True
    return hasattr(data, "__arrow_c_stream__") and not isinstance(data, pd.Series)


def as_table(data: Any) -> pd.DataFrame:
    """Return a table as a DataFrame, with the units of its columns in ``attrs["units"]``, if any.

    Masked values are missing, and named levels of the index are columns. A table whose column of
    stars is nested becomes a NestedFrame, with its index.
    """
    if _is_of_astropy(data):
        return _frame_of_astropy(data)
    if not isinstance(data, pd.DataFrame):
        data = _frame_of_stream(data)
    table: pd.DataFrame = data if is_nested(data) else with_nested_stars(data)
    nested: bool = is_nested(table)
    if nested:
        return table
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise ValueError(f"The table has more than one column {twice!r}.")
    levels = [n for n in table.index.names if n is not None and n not in table.columns]
    return pd.DataFrame(table.reset_index(level=levels) if levels else table)


def _frame_of_astropy(table: Any) -> pd.DataFrame:
    # Coordinates and times have no type.
    flat = [n for n in table.colnames if hasattr(table[n], "dtype") and len(table[n].shape) == 1]
    if len(flat) < len(table.colnames):
        left = ", ".join(name for name in table.colnames if name not in flat)
        warn_caller(f"Left out the columns with more than one value per row: {left}.")
    table = table[flat]
    table.convert_bytestring_to_unicode()  # FITS stores bytes
    # Not every version of pandas keeps all digits of masked integers.
    masked = [n for n in flat if table[n].dtype.kind in "iu" and np.ma.is_masked(table[n])]
    rest = table.copy(copy_data=False)
    rest.remove_columns(masked)
    frame: pd.DataFrame = rest.to_pandas(index=False)
    for name in masked:
        values, missing = np.asarray(table[name].data.data), np.ma.getmaskarray(table[name])
        native = values.astype(values.dtype.newbyteorder("="))
        integers = pd.Series(pd.arrays.IntegerArray(native, missing))
        frame.insert(flat.index(name), name, integers)
    frame.attrs["units"] = {name: getattr(table[name], "unit", None) for name in flat}
    return frame


def _frame_of_stream(data: Any) -> pd.DataFrame:
    table = pa.RecordBatchReader.from_stream(data).read_all()
    wanted = pa.schema([field.with_type(_without_views(field.type)) for field in table.schema])
    return frame_of_arrow(table if wanted.equals(table.schema) else table.cast(wanted))


def units_of(table: pd.DataFrame) -> dict[Any, Any]:
    """Return the units of columns that a table states, as units of astropy or in its notation."""
    units: dict[Any, Any] = table.attrs.get("units", {})
    return units


def _without_views(kind: Any) -> Any:
    """Return an Arrow type without views of texts, which polars has and few functions take."""
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


def as_texts(column: pd.Series) -> pd.Series:
    """Convert a column to strings without blanks at their ends; bytes must be in UTF-8."""
    try:
        return column.astype(str).str.strip()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"column {column.name!r} has the text {error.object!r}, which is not in UTF-8."
        ) from error


def _parsed(column: pd.Series) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Return a column as floats, missing values as NaN, and the rows that are not numbers."""
    kinds = pd.api.types
    if kinds.is_numeric_dtype(column) and not kinds.is_complex_dtype(column):
        dtype = np.float32 if column.dtype == np.float32 else np.float64
        return column.to_numpy(dtype=dtype, na_value=np.nan), np.array([], dtype=np.intp)
    is_text = kinds.is_object_dtype(column) or kinds.is_string_dtype(column)
    if not is_text and not isinstance(column.dtype, pd.CategoricalDtype):
        return np.full(len(column), np.nan), np.flatnonzero(column.notna())  # dates, lists
    blank = as_texts(column).isin(MISSING) | column.isna()
    numbers = pd.to_numeric(column.mask(blank), errors="coerce")
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
    numbers, wrong = _parsed(values)
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
            converted[rows] = numbers[rows]
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


def renamed_clusters(X: NestedFrame, given: Mapping[str, str], notes: Notes) -> NestedFrame:
    """Return nested stars with the names of the Gaia archive, and those of clusters as index.

    They are the very same object if nothing changes. ``given`` is that of `stars_of_table`.
    """
    of_cluster = {theirs: ours for theirs, ours in given.items() if ours == CLUSTER.name}
    X = _with_names_as_index(X, of_cluster)
    stars = stars_of(X)
    of_stars = {theirs: ours for theirs, ours in given.items() if theirs not in of_cluster}
    names = find_columns(stars.columns, list(STAR_COLUMNS.values()), of_stars, notes)
    for theirs, ours in list(names.items()):
        is_text = STAR_COLUMNS[ours].kind == "number" and stars[theirs].dtype.kind not in "fiu"
        if is_text and theirs not in of_stars and _is_dispensable(ours, theirs, names.values()):
            del names[theirs]
            notes.keep(theirs, f"{ours} is not a number")
    if all(theirs == ours for theirs, ours in names.items()):
        return X
    return with_stars(X, stars.rename(names))


def _with_names_as_index(X: NestedFrame, of_cluster: Mapping[str, str]) -> NestedFrame:
    """Return clusters with their names as index, which files keep as a column."""
    has_names = X.index.name is not None or not may_number_rows(X.index)
    if X.index.name in of_cluster or (has_names and not of_cluster):
        return X
    others = [c for c in X.columns if c != STARS]
    index_column = replace(CLUSTER, synonyms=(*CLUSTER.synonyms, "__index_level_0__"))
    for column in find_columns(others, [index_column], of_cluster):
        index = X[column] if pd.api.types.is_numeric_dtype(X[column]) else X[column].astype(str)
        name = None if column == "__index_level_0__" else CLUSTER.name
        others.remove(column)
        X = X[[*others, STARS]].set_index(pd.Index(index.to_numpy(), name=name))
    return X


def stars_of_table(
    frame: pd.DataFrame, given: Mapping[Any, str], cluster: str | None, otherwise: str, notes: Notes
) -> tuple[Stars, Any | None]:
    """Return the stars, not checked yet, of one table with a row per star, and the column of names.

    ``given`` maps other names in the table to those of the Gaia archive and to ``"cluster"``. All
    stars belong to ``cluster`` if it is given, whatever the columns; to ``otherwise`` if no column
    names the clusters, and the column is then None.
    """
    if len(frame) == 0:
        raise ValueError("The table of stars is empty.")
    of_cluster = {theirs: ours for theirs, ours in given.items() if ours == CLUSTER.name}
    try:
        column = next(iter(find_columns(frame.columns, [CLUSTER], of_cluster)), None)
    except ValueError:  # several; which one does not matter if the cluster has a name
        if cluster is None or of_cluster:
            raise
        column = None
    is_one = column is None or cluster is not None
    one_name = pd.Series(cluster or otherwise, frame.index)
    names = one_name if is_one else _cluster_names(frame[column])
    stars = star_frame(frame, given, names, notes)
    check_needed(stars, frame.columns)
    codes, clusters = pd.factorize(names)
    if not is_one and not of_cluster:
        _refuse_names_of_stars(column, len(clusters), len(names))
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        stars, codes = stars.iloc[order], codes[order]
    offsets = np.searchsorted(codes, np.arange(len(clusters) + 1))
    name = CLUSTER.name if is_one else column
    stars = stars.drop(columns=name, errors="ignore")
    return Stars(pd.Index(clusters, name=name), offsets, joined([_fields(stars)])), column


def are_names_of_stars(n_names: int, n_rows: int) -> bool:
    """Return whether a column with that many different names seems to name stars."""
    return n_rows >= _FEWEST_ROWS and n_names > _NEARLY_ALL * n_rows


def _refuse_names_of_stars(column: Any, n_names: int, n_rows: int) -> None:
    if are_names_of_stars(n_names, n_rows):
        raise ValueError(
            f"The column {column!r} has {n_names} names in {n_rows} rows: it seems to name stars, "
            "not clusters. If all stars belong to one cluster, --cluster NAME or cluster='…' names "
            "it; if another column, or this one, names the clusters, --cluster-column or "
            "cluster_column= selects it."
        )


def _cluster_names(labels: pd.Series) -> pd.Series:
    """Return the name of each star's cluster; each star needs one."""
    missing = labels.isna()
    if not pd.api.types.is_numeric_dtype(labels):
        labels = as_texts(labels)
        missing |= labels == ""
    if missing.any():
        raise ValueError(
            f"{counted_stars(missing.sum(), 'has', 'have')} no cluster name (column "
            f"{labels.name!r}, first in row {np.argmax(missing)}); every star needs one."
        )
    return labels


def _fields(stars: pd.DataFrame) -> dict[str, Any]:
    return {str(name): column.array for name, column in stars.items()}


def stars_of_tables(
    tables: list[Any], index: pd.Index, given: Mapping[str, str], notes: Notes
) -> Stars:
    """Return the stars, not checked yet, of a table per cluster."""
    if not tables:
        raise ValueError("There is no table to make clusters from.")
    for name, table in zip(index, tables, strict=True):
        if not is_table(table):
            raise TypeError(
                f"The stars of cluster {name!r} must be a DataFrame or an astropy Table, not "
                f"{type(table).__name__}."
            )
    frames = [as_table(table) for table in tables]
    # A given column may be missing in some tables, but not in all.
    nowhere = given.keys() - {name for frame in frames for name in frame.columns}
    stars = []
    for name, frame in zip(index, frames, strict=True):
        own = {n: ours for n, ours in given.items() if n in nowhere or n in frame}
        stars.append(star_frame(frame, own, pd.Series([name] * len(frame)), notes))
    offsets = np.concatenate([[0], np.cumsum([len(frame) for frame in stars])])
    filled = [frame for frame in stars if len(frame)]
    if not filled:
        raise ValueError("No table has a star.")
    return Stars(index, offsets, joined([_fields(frame) for frame in filled]))


def star_frame(
    frame: pd.DataFrame, given: Mapping[Any, str], clusters: pd.Series, notes: Notes
) -> pd.DataFrame:
    """Return stars with plain numbers under the names of the Gaia archive, in its units.

    ``clusters`` holds the name of the cluster of each row, for messages. A value that is not a
    number is an error, if its column is needed.
    """
    unread: dict[Any, str] = {}
    while True:
        rest = [c for c in frame.columns if c not in unread]
        wanted = [column for column in _OF_STARS if column.name not in unread]
        names = find_columns(rest, wanted, given, notes)
        names = {theirs: ours for theirs, ours in names.items() if ours != CLUSTER.name}
        numbers, wrong = _numbers(frame, names, given, clusters)
        if not wrong:
            break
        unread |= wrong  # there may be another column instead
    stars = rename_columns(frame, {**names, **_kept(frame, unread, notes)}).copy(deep=False)
    for ours, values in numbers.items():
        stars[ours] = values
    notes.add_table(names.values(), tuple(c for c in frame.columns if c not in names))
    return stars


def _numbers(
    frame: pd.DataFrame, names: Mapping[Any, str], given: Mapping[Any, str], clusters: pd.Series
) -> tuple[dict[str, FloatArray], dict[Any, str]]:
    """Return the columns of numbers, and why those that are dispensable cannot be read."""
    numbers: dict[str, FloatArray] = {}
    wrong: dict[Any, str] = {}
    for theirs, ours in names.items():
        column, unit = STAR_COLUMNS[ours], units_of(frame).get(theirs)
        if column.kind != "number":
            continue
        try:
            numbers[ours] = to_numbers(
                frame[theirs].rename(ours),
                column,
                unit,
                lambda row: f"cluster {clusters.iloc[row]!r} has a star with",
            )
        except ValueError as error:
            if theirs in given or not _is_dispensable(ours, theirs, names.values()):
                raise
            wrong[theirs] = str(error)
    return numbers, wrong


def _kept(frame: pd.DataFrame, unread: Mapping[Any, str], notes: Notes) -> dict[Any, str]:
    """Note columns that are kept, and return new names for those that must not be taken as ours.

    Numbers in a unit that cannot be converted would be taken as numbers in ours.
    """
    for theirs, reason in unread.items():
        notes.keep(theirs, reason)
    are_numbers = [c for c in unread if pd.api.types.is_numeric_dtype(frame[c])]
    return {c: f"{c} [{units_of(frame).get(c)}]" for c in are_numbers}


def _is_dispensable(ours: str, theirs: Any, columns: Iterable[Any]) -> bool:
    """Return whether estimates are made without a column, such as BP and RP beside the colour."""
    return STAR_COLUMNS[ours].carried or (ours in BP_RP and ours != theirs and "bp_rp" in columns)
