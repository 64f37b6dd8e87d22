"""The ranges of clusters' parameters."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray
from skcluster.schema import TARGETS


def clip_targets(values: npt.ArrayLike, targets: Sequence[str] | None) -> FloatArray:
    """Clip values of targets to the ranges in `skcluster.schema.TARGETS`.

    Parameters
    ----------
    values : array-like of shape (..., n_targets)
        Point estimates, ends of intervals or samples. NaN stays NaN.
    targets : sequence of str or None
        Names of the targets. Values of unknown targets, or of all if there are no names, are
        returned unchanged.

    Returns
    -------
    ndarray of shape (..., n_targets)
        The clipped values.

    Examples
    --------
    >>> from skcluster.inference import clip_targets
    >>> clip_targets([[8.0, -0.1, 2.5], [9.1, 0.3, 1.2]], ["log_age", "a_v", "distance_kpc"])
    array([[8. , 0. , 2.5],
           [9.1, 0.3, 1.2]])
    """
    array = np.asarray(values, dtype=np.float64)
    if targets is None:
        return array
    columns = [TARGETS.get(name) for name in targets]
    low = [-np.inf if column is None else column.low for column in columns]
    high = [np.inf if column is None else column.high for column in columns]
    return np.clip(array, low, high)
