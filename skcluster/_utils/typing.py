"""Common type annotations."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from astropy.table import Table

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

#: A table of stars, or of clusters with nested stars (a NestedFrame is a DataFrame).
TableLike: TypeAlias = Union[pd.DataFrame, "Table"]
#: Any input of `skcluster.clusters.as_clusters`.
ClustersLike: TypeAlias = Union[TableLike, Mapping[Any, TableLike], Sequence[TableLike]]  # noqa: UP007
