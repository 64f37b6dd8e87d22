"""Check that rows of two tables belong together."""

from typing import Any

import pandas as pd


def check_same_order(index: pd.Index, y: Any) -> None:
    """Refuse labels of the same clusters in another order; rows are matched by position.

    Parameters
    ----------
    index : Index of length n_clusters
        Names of the clusters.
    y : object
        Labels; if they have no index or other names, their order cannot be checked, nor if the
        clusters are only numbered.

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
            raise ValueError(
                f"X and y name the same clusters, but in another order: row {row} is {ours!r} in "
                f"X and {theirs!r} in y. Rows are matched by position; y.loc[X.index] has the "
                "order of X."
            )
