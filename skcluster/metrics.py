"""Errors of predictions per target, in dex, mag and kpc."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import r2_score
from sklearn.utils import check_array, check_consistent_length

from skcluster._utils.order import check_same_order

__all__ = ["error_table"]

#: Ratio of standard deviation to median absolute deviation of a normal distribution.
_NORMAL = 1.4826


def error_table(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, targets: Sequence[str] | None = None
) -> pd.DataFrame:
    """Compute errors of predictions per target, and their mean.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_clusters, n_targets)
        Published and predicted values, in the same units.
    targets : sequence of str, optional
        Names of the targets; by default the columns of ``y_true``, or numbers.

    Returns
    -------
    DataFrame
        One row per target and one, ``mean``, for their average. Columns: ``mse`` (mean squared
        error), ``rmse`` (its root), ``bias`` (mean of predicted minus published), ``scatter``
        (1.4826 times the median absolute deviation of the errors from their median, a robust
        standard deviation), ``r2`` (`sklearn.metrics.r2_score`; its mean is scikit-learn's uniform
        average). Units are those of the targets, squared for ``mse``.

    Raises
    ------
    ValueError
        If the shapes differ, a value is not finite, ``targets`` has another number of names, or
        both tables name the same clusters or targets in different order.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.metrics import error_table
    >>> truth = pd.DataFrame({"log_age": [7.0, 8.0, 9.0], "a_v": [0.1, 0.5, 0.3]})
    >>> error_table(truth, truth + [0.1, 0.2])[["rmse", "bias", "r2"]].round(3)
             rmse  bias     r2
    log_age  0.10  0.10  0.985
    a_v      0.20  0.20 -0.500
    mean     0.15  0.15  0.243
    """
    if targets is None and isinstance(y_true, pd.DataFrame):
        targets = [str(name) for name in y_true.columns]
    check_order_of(y_true, y_pred)
    true, predicted = (check_array(y, ensure_2d=False, dtype=float) for y in (y_true, y_pred))
    check_consistent_length(true, predicted)
    if true.ndim == 1:
        true = true.reshape(-1, 1)
    predicted = predicted.reshape(len(predicted), -1)
    if true.shape != predicted.shape:
        raise ValueError(
            f"y_true has {true.shape[1]} targets and y_pred {predicted.shape[1]}; they must agree."
        )
    index = pd.Index(range(true.shape[1]) if targets is None else targets)
    if len(index) != true.shape[1]:
        raise ValueError(f"targets has {len(index)} names for {true.shape[1]} targets.")
    error = predicted - true
    mse = np.mean(error**2, axis=0)
    table = pd.DataFrame(
        {
            "mse": mse,
            "rmse": np.sqrt(mse),
            "bias": error.mean(axis=0),
            "scatter": _NORMAL * np.median(np.abs(error - np.median(error, axis=0)), axis=0),
            "r2": r2_score(true, predicted, multioutput="raw_values"),
        },
        index=index,
    )
    table.loc["mean"] = table.mean()
    return table


def check_order_of(y_true: Any, y_pred: Any) -> None:
    """Refuse predictions whose rows or columns name those of other rows or columns of the truth.

    Raises
    ------
    ValueError
        If both have names, in another order.
    """
    if isinstance(y_true, pd.DataFrame | pd.Series):
        check_same_order(y_true.index, y_pred, names=("y_true", "y_pred"))
    ours, theirs = (list(getattr(y, "columns", [])) for y in (y_true, y_pred))
    if ours != theirs and set(ours) & set(theirs) and len(ours) == len(theirs):
        raise ValueError(
            f"y_true has the targets {', '.join(map(str, ours))}, but y_pred "
            f"{', '.join(map(str, theirs))}; their columns are matched by position."
        )
