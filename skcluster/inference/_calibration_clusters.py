"""The clusters of the calibration: training clusters and corrupted copies."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from skcluster._utils.typing import IntArray


@dataclass(frozen=True, eq=False)
class CalibrationClusters:
    """Training clusters, followed by their copies.

    Attributes
    ----------
    X : NestedFrame of n_all rows
        The clusters.
    y : DataFrame or ndarray of n_all rows
        Their labels.
    source : ndarray of int, shape (n_all,)
        The training cluster of each row; the first rows are the training clusters themselves.
    n_training : int
        Number of training clusters.
    """

    X: Any
    y: Any
    source: IntArray
    n_training: int

    @classmethod
    def of(cls, X: Any, y: Any, resampler: Any) -> Self:
        """Return clusters with the copies that a resampler makes, if there is one."""
        n = len(X)
        if resampler is None:
            return cls(X, y, np.arange(n), n)
        resampler = clone(resampler)
        more, labels = resampler.fit_resample(X, y)
        return cls(more, labels, np.asarray(resampler.sample_indices_), n)

    def made_from(self, rows: IntArray) -> IntArray:
        """Return the rows of training clusters and of the copies made from them."""
        return np.flatnonzero(np.isin(self.source, rows))
