"""From clusters to a table of estimates with error bars and flags."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from skcluster.clusters import as_clusters, stars_of
from skcluster.persistence import load_model

__all__ = ["estimate"]

TARGETS = ("log_age", "a_v", "distance_kpc")
#: Clusters that are measured at a time, between two reports of progress.
_CHUNK = 100
#: Fewer stars than this are flagged: a choice.
_FEW_STARS = 10


def estimate(
    X: Any,
    model: Any = None,
    *,
    coverage: float = 0.68,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Estimate log age, A_V and distance of clusters.

    Parameters
    ----------
    X : clusters
        Whatever `skcluster.clusters.as_clusters` takes.
    model : estimator, optional
        A fitted model of the three targets. Intervals and flags of the domain need a
        `skcluster.inference.ConformalRegressor`. Without it, the pretrained one.
    coverage : float, default=0.68
        Share of clusters whose interval holds the true value.
    progress : callable, optional
        Called with the number of clusters just measured.

    Returns
    -------
    DataFrame of n_clusters rows
        Index the clusters' names. ``n_stars``; ``log_age`` (dex), ``a_v`` (mag), ``distance_kpc``
        (kpc), each followed by ``_lower`` and ``_upper`` if the model has intervals; ``flag``, the
        reasons to doubt a line, separated by "; ": "cannot be measured" (NaN: no star, or none is
        bright enough), "few stars" (below 10), "outside domain" (unlike all that the model learned
        from).

    Raises
    ------
    ValueError
        If the model does not give three targets.

    Examples
    --------
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.estimation import estimate
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> table = estimate(X)
    >>> list(table.columns[:4])
    ['n_stars', 'log_age', 'log_age_lower', 'log_age_upper']
    """
    model = load_model() if model is None else model
    X = as_clusters(X)
    parts = []
    for start in range(0, max(len(X), 1), _CHUNK):
        part = X.iloc[start : start + _CHUNK]
        parts.append(_estimate(part, model, coverage))
        if progress is not None:
            progress(len(part))
    return pd.concat(parts)


def _estimate(X: Any, model: Any, coverage: float) -> pd.DataFrame:
    n_stars = stars_of(X).counts
    seen = n_stars > 0
    has_intervals = hasattr(model, "predict_interval")
    predicted = np.full((len(X), len(TARGETS)), np.nan)
    intervals = np.full((*predicted.shape, 2), np.nan) if has_intervals else None
    if seen.any():
        if has_intervals:
            values, ends = model.predict_interval(
                X[seen], coverage=coverage, return_prediction=True
            )
        else:
            values = np.asarray(model.predict(X[seen]))
        if values.shape != predicted[seen].shape:
            raise ValueError(
                f"The model gives {values.shape[1:] or 1} targets; log age, A_V and distance are "
                "needed."
            )
        predicted[seen] = values
        if intervals is not None:
            intervals[seen] = ends
    table = pd.DataFrame({"n_stars": n_stars}, index=X.index)
    table.index.name = "cluster"
    for i, target in enumerate(TARGETS):
        table[target] = predicted[:, i]
        if intervals is not None:
            table[f"{target}_lower"], table[f"{target}_upper"] = intervals[:, i].T
    reasons = {
        "cannot be measured": np.isnan(predicted).any(axis=1),
        "few stars": n_stars < _FEW_STARS,
        "outside domain": np.zeros(len(X), dtype=bool),
    }
    if seen.any() and getattr(model, "domain_", None) is not None:
        reasons["outside domain"][seen] = model.outside_domain(X[seen])
    names = np.array(list(reasons))
    flags = np.column_stack(list(reasons.values()))
    table["flag"] = pd.Series(["; ".join(names[row]) for row in flags], X.index, dtype="str")
    return table
