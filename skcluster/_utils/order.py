"""Rows that belong together: the spelling of the names of clusters, and their order."""

from typing import Any

import numpy as np
import pandas as pd


def matching_names(names: pd.Index) -> pd.Index:
    """Return cluster names without case, spaces and underscores, except those between two digits.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster._utils.order import matching_names
    >>> matching_names(pd.Index(["NGC_2682", "ngc 2682", "NGC2682", "ESO 92_05"])).tolist()
    ['ngc2682', 'ngc2682', 'ngc2682', 'eso92_05']
    """
    plain = names.astype(str).str.strip().str.lower().str.replace(r"[\s_]+", "_", regex=True)
    return plain.str.replace(r"(?<!\d)_|_(?!\d)", "", regex=True)


def check_same_order(index: Any, y: Any, *, names: tuple[str, str] = ("X", "y")) -> None:
    """Refuse labels that name the clusters of other rows, however spelt.

    Nothing is checked if either has no index, or one that only numbers the rows. ``names`` are
    those of the two arguments, for the message.
    """
    if not isinstance(index, pd.Index) or not isinstance(y, pd.DataFrame | pd.Series):
        return
    if len(index) != len(y):
        return
    # A list of clusters is numbered, whatever its order.
    if isinstance(index, pd.RangeIndex) or _numbers_rows(y.index) or y.index.equals(index):
        return
    ours, theirs = _spelt(index), _spelt(y.index)
    moved = np.asarray(ours != theirs) & theirs.isin(ours) & np.asarray(y.index.notna())
    if not moved.any() or (may_number_rows(y.index) and set(ours) != set(theirs)):
        return
    row = int(np.argmax(moved))
    first, second = names
    cure = (
        f"{second}.loc[{first}.index] has the order of {first}."
        if set(index) == set(y.index)
        else "read_clusters(members, labels=…) matches labels by name."
    )
    raise ValueError(
        f"{first} and {second} name the same clusters, but in another order: row {row} is "
        f"{index[row]!r} in {first} and {y.index[row]!r} in {second}, as are {moved.sum()} of "
        f"{len(index)} names of {second}. Rows are matched by position; {cure}"
    )


def _numbers_rows(index: pd.Index) -> bool:
    """Return whether an index is the default one of pandas."""
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def may_number_rows(index: pd.Index) -> bool:
    """Return whether an index may be rows chosen from a table with a default index."""
    return index.name is None and pd.api.types.is_integer_dtype(index.dtype)


def _spelt(names: pd.Index) -> pd.Index:
    """Return names as they are compared; whole numbers that became floats are whole numbers."""
    if isinstance(names, pd.MultiIndex):
        names = names.to_flat_index().map(str)
    if pd.api.types.is_float_dtype(names.dtype) and (names % 1 == 0).all():
        names = names.astype("int64")
    return matching_names(names)
