"""Read the labels of clusters from any y, and append those of copies."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters._names import check_same_order
from skcluster.photometry import distance_from_modulus, distance_modulus
from skcluster.schema import CLUSTER_PARAMETERS

#: The targets that change when a cluster is moved.
_MOVED = ("a_v", "distance_kpc")


@dataclass(frozen=True)
class Labels:
    """Extinction and distance of each cluster.

    Attributes
    ----------
    a_v : ndarray of shape (n_clusters,)
        Extinction, mag.
    distance_kpc : ndarray of shape (n_clusters,)
        Distance, kpc.
    """

    a_v: FloatArray
    distance_kpc: FloatArray

    @property
    def modulus(self) -> FloatArray:
        """Distance modulus, mag."""
        return distance_modulus(self.distance_kpc)

    def moved(self, rows: IntArray, modulus_shift: FloatArray, a_v: FloatArray) -> "Labels":
        """Return labels of copies moved by ``modulus_shift`` and to another extinction."""
        factor = distance_from_modulus(modulus_shift + 10)  # exactly 1 without a shift
        return Labels(a_v, self.distance_kpc[rows] * factor)


def read_labels(y: Any, index: pd.Index) -> Labels:
    """Return extinctions and distances from a DataFrame by name, or from an array by position.

    Parameters
    ----------
    y : DataFrame or array-like of shape (n_clusters, n_targets)
        A DataFrame has the columns ``a_v`` and ``distance_kpc``; the first three columns of an
        array are log age, A_V and distance.
    index : pandas.Index of length n_clusters
        Names of the clusters.

    Raises
    ------
    ValueError
        If lengths, columns or the order of the names do not match, or an extinction or a distance
        is not a finite number in its range.
    """
    shape = np.shape(y)
    if len(shape) != 2:
        raise ValueError(
            f"y must have one row per cluster and one column per target, not shape {shape}."
        )
    if shape[0] != len(index):
        raise ValueError(f"X has {len(index)} clusters, but y has {shape[0]} rows.")
    if isinstance(y, pd.DataFrame):
        columns = _columns_of_frame(y, index)
    elif shape[1] < len(CLUSTER_PARAMETERS):
        raise ValueError(
            f"y has {shape[1]} columns; an array needs at least "
            f"{', '.join(CLUSTER_PARAMETERS)}, in this order."
        )
    else:
        values = np.asarray(y)
        columns = {name: values[:, CLUSTER_PARAMETERS.index(name)] for name in _MOVED}
    return Labels(*(_checked(name, columns[name], index) for name in _MOVED))


def _columns_of_frame(y: pd.DataFrame, index: pd.Index) -> dict[str, Any]:
    missing = [name for name in _MOVED if name not in y.columns]
    if missing:
        raise ValueError(
            f"y has no column {' and no '.join(map(repr, missing))}, which is needed to move "
            f"clusters; it has: {', '.join(map(str, y.columns))}."
        )
    check_same_order(index, y)
    return {name: y[name].to_numpy(dtype=float, na_value=np.nan) for name in _MOVED}


def _checked(name: str, given: Any, index: pd.Index) -> FloatArray:
    values: FloatArray = np.asarray(given, dtype=float)
    allowed, rule = {
        "a_v": (values >= 0, "at least 0"),
        "distance_kpc": (values > 0, "greater than 0"),
    }[name]
    wrong = np.flatnonzero(~(allowed & np.isfinite(values)))
    if len(wrong):
        raise ValueError(
            f"cluster {index[wrong[0]]!r} has {name} = {values[wrong[0]]:g} in y, which must be "
            f"finite and {rule}."
        )
    return values


def append_copies(y: Any, rows: IntArray, copies: Labels) -> Any:
    """Return y with the labels of the copies appended, of the same kind and column types.

    Integer columns that change become floats.
    """
    if isinstance(y, pd.DataFrame):
        added = y.iloc[rows].copy()
        for name in _MOVED:
            dtype = y[name].dtype if pd.api.types.is_float_dtype(y[name].dtype) else float
            added[name] = pd.array(getattr(copies, name), dtype=dtype)
        added.index = copy_names(y.index, len(rows))
        return pd.concat([y, added]) if len(rows) else y.copy()
    values = np.asarray(y)
    values = values.astype(np.result_type(values, np.float16), copy=False)
    moved = values[rows]
    for name in _MOVED:
        moved[:, CLUSTER_PARAMETERS.index(name)] = getattr(copies, name)
    return np.concatenate([values, moved])


def copy_names(index: pd.Index, n: int) -> pd.Index:
    """Return unique names for ``n`` copies, numbered by round.

    ``NGC_2682`` becomes ``NGC_2682 (copy 1)``, ``NGC_2682 (copy 2)`` …; numbers are continued.
    """
    if pd.api.types.is_integer_dtype(index.dtype):
        numbers: pd.Index = pd.Index(np.arange(n) + (index.max() + 1), name=index.name)
        return numbers
    rounds = n // len(index)
    first = 1
    while True:
        names = [f"{name} (copy {first + i})" for i in range(rounds) for name in index]
        copies = pd.Index(names, name=index.name, dtype=None if names else index.dtype)
        if not copies.isin(index).any():
            return copies
        first += 1
