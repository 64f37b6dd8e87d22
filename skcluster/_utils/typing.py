"""Types that signatures share."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from astropy.table import Table

FloatArray: TypeAlias = npt.NDArray[np.floating[Any]]
IntArray: TypeAlias = npt.NDArray[np.integer[Any]]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

#: A table of stars, or of clusters with their stars nested (a NestedFrame is a DataFrame).
TableLike: TypeAlias = "pd.DataFrame | Table"
#: Whatever `skcluster.clusters.as_clusters` takes.
ClustersLike: TypeAlias = "TableLike | Mapping[Hashable, TableLike] | Sequence[TableLike]"
