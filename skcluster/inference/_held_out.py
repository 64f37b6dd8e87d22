"""Errors of a regressor on clusters that were held out of its training."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import KFold, check_cv
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.inference._calibration_clusters import CalibrationClusters
from skcluster.inference._normal_prediction import NormalPrediction, predict_normal
from skcluster.inference._transformed import last_step


def held_out_errors(
    estimator: Any,
    X: Any,
    y: Any,
    folds: list[Any],
    fit_params: dict[str, Any],
    n_jobs: int | None,
) -> tuple[FloatArray, FloatArray]:
    """Return errors of all clusters, each held out once, and their predicted spreads.

    Both have shape (n_clusters, n_targets), in transformed targets.
    """
    parts = Parallel(n_jobs=n_jobs)(
        delayed(_errors)(clone(estimator), X, y, train, test, fit_params) for train, test in folds
    )
    order = np.argsort(np.concatenate([test for _, test in folds]))
    errors, spreads = (np.concatenate(values)[order] for values in zip(*parts, strict=True))
    return errors, spreads


def _fit(estimator: Any, X: Any, y: Any, rows: IntArray, fit_params: dict[str, Any]) -> None:
    own_params = _check_method_params(X, fit_params, indices=rows)
    estimator.fit(_safe_indexing(X, rows), _safe_indexing(y, rows), **own_params)


def _errors(
    estimator: Any,
    X: Any,
    y: Any,
    train: IntArray,
    test: IntArray,
    fit_params: dict[str, Any],
) -> tuple[FloatArray, FloatArray]:
    _fit(estimator, X, y, train, fit_params)
    prediction = last_step(estimator, _safe_indexing(X, test)).predict()
    true = np.asarray(_safe_indexing(y, test), dtype=np.float64).reshape(len(test), -1)
    if prediction.transformer is not None:
        true = prediction.transformer.transform(true)
    return true - prediction.mean, prediction.spread


def held_out_prediction(
    estimator: Any,
    X: Any,
    y: Any,
    columns: list[int],
    folds: list[Any],
    fit_params: dict[str, Any],
    n_jobs: int | None,
    tested: CalibrationClusters,
) -> NormalPrediction:
    """Return normal distributions predicted for all tested clusters; see `predict_normal`.

    Each is held out once, together with all copies of the same training cluster.
    """
    rows = [tested.made_from(test) for _, test in folds]
    parts = Parallel(n_jobs=n_jobs)(
        delayed(_prediction)(
            clone(estimator), X, y, columns, train, tested.X.iloc[test], fit_params
        )
        for (train, _), test in zip(folds, rows, strict=True)
    )
    order = np.argsort(np.concatenate(rows))
    return NormalPrediction(*(np.concatenate(values)[order] for values in zip(*parts, strict=True)))


def _prediction(
    estimator: Any,
    X: Any,
    y: Any,
    columns: list[int],
    train: IntArray,
    X_test: Any,
    fit_params: dict[str, Any],
) -> NormalPrediction:
    _fit(estimator, X, y, train, fit_params)
    return predict_normal(estimator, X_test, columns)[0]


def folds_of(
    cv: Any,
    random_state: int | np.random.RandomState | None,
    X: Any,
    y: FloatArray,
    split_params: dict[str, Any],
) -> list[tuple[IntArray, IntArray]]:
    """Return the rows to train on and to test, for each fold.

    Raises
    ------
    ValueError
        If a row is not in exactly one test fold.
    """
    if isinstance(cv, Integral):
        cv = KFold(cv, shuffle=True, random_state=check_random_state(random_state))
    folds = list(check_cv(cv).split(X, y, **split_params))
    tested = np.bincount(np.concatenate([test for _, test in folds]), minlength=len(y))
    if (tested != 1).any():
        row = int(np.argmax(tested != 1))
        raise ValueError(
            f"cv must put each cluster into one test fold, but row {row} is in {tested[row]}."
        )
    return folds
