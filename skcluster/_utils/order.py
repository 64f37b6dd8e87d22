"""Check that rows of two tables belong together."""

from typing import Any

import pandas as pd


def check_same_order(index: pd.Index, y: Any, *, names: tuple[str, str] = ("X", "y")) -> None:
    """Refuse labels of the same clusters in another order; rows are matched by position.

    Parameters
    ----------
    index : Index of length n_clusters
        Names of the clusters.
    y : object
        Labels; if they have no index or other names, their order cannot be checked, nor if the
        clusters are only numbered.
    names : (str, str)
        Names of the two arguments, for the message.

    Raises
    ------
    ValueError
        If they have the same names in another order.
    """
    if not isinstance(y, pd.DataFrame | pd.Series) or len(y) != len(index):
        return
    if isinstance(index, pd.RangeIndex):  # a list of clusters is numbered, whatever its order
        return
    if y.index.equals(index) or not (y.index.isin(index).all() and index.isin(y.index).all()):
        return
    for row, (ours, theirs) in enumerate(zip(index, y.index, strict=True)):
        if ours != theirs:
            first, second = names
            raise ValueError(
                f"{first} and {second} name the same clusters, but in another order: row {row} is "
                f"{ours!r} in {first} and {theirs!r} in {second}. Rows are matched by position; "
                f"{second}.loc[{first}.index] has the order of {first}."
            )
