"""Predictions of transformed targets, and the features of the last step."""

from inspect import signature
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from skcluster._utils.typing import FloatArray


class TransformedPrediction(NamedTuple):
    """Means and spreads of transformed targets, with the inverse transformation."""

    #: Means and spreads, both of shape (n_clusters, n_targets).
    mean: FloatArray
    spread: FloatArray
    #: Fitted transformer of the targets, or None.
    transformer: Any

    def back(self, values: FloatArray) -> FloatArray:
        """Return values of shape (n, n_targets) in the original targets; NaN stays NaN."""
        if self.transformer is None:
            return values
        original: FloatArray = np.full_like(values, np.nan)
        known = np.isfinite(values).all(axis=1)
        if known.any():
            original[known] = self.transformer.inverse_transform(values[known])
        return original


class LastStep(NamedTuple):
    """The regressor inside pipelines and transformed targets, and its input."""

    features: Any
    regressor: Any
    #: Fitted transformer of the targets, or None.
    transformer: Any

    def predict(self) -> TransformedPrediction:
        """Return means and spreads; spreads of 1 from a regressor that has none."""
        if "return_std" in signature(self.regressor.predict).parameters:
            mean, spread = self.regressor.predict(self.features, return_std=True)
        else:
            mean = np.asarray(self.regressor.predict(self.features), dtype=np.float64)
            spread = np.ones_like(mean)
        shape = len(mean), -1
        return TransformedPrediction(mean.reshape(shape), spread.reshape(shape), self.transformer)


def last_step(estimator: Any, X: Any) -> LastStep:
    """Transform X by all steps of a fitted pipeline except the last."""
    transformer = None
    while True:
        if isinstance(estimator, Pipeline):
            if len(estimator) > 1:
                X = estimator[:-1].transform(X)
            estimator = estimator[-1]
        elif isinstance(estimator, TransformedTargetRegressor) and transformer is None:
            transformer, estimator = estimator.transformer_, estimator.regressor_
        else:
            return LastStep(X, estimator, transformer)
