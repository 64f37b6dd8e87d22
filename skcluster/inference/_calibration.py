"""Calibrate the widths of posterior distributions on held-out clusters."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.optimize import minimize

from skcluster._utils.typing import FloatArray

#: The age around which the spread's dependence on age is expanded (dex).
_MIDDLE_AGE = 8.4
#: Smallest and largest logarithm of a spread.
_LOG_RANGE = (-6.0, 2.0)
#: Errors are clipped to this many spreads, to limit the influence of outliers.
_MOST = 3.0


@dataclass(frozen=True, eq=False)
class Calibration:
    """Spreads of estimates that are calibrated on errors of held-out clusters.

    The logarithm of an estimate's spread is linear in that of the posterior's standard deviation
    and quadratic in log age, because labels of young clusters are less certain. It is fitted by
    maximum likelihood of normal errors. Intervals take the quantile of errors in units of this
    spread, as in conformal prediction.

    Attributes
    ----------
    coefficients : ndarray of shape (4, n_targets)
        Coefficients of 1, the log posterior standard deviation, log age and its square.
    scores : ndarray of shape (n_training_clusters, n_targets)
        Absolute errors in units of the spread, sorted.
    """

    coefficients: FloatArray
    scores: FloatArray

    @classmethod
    def fit(cls, errors: FloatArray, std: FloatArray, log_age: FloatArray) -> "Calibration":
        """Fit to errors and posterior standard deviations of shape (n_clusters, n_targets)."""
        known = np.isfinite(errors).all(axis=1)
        errors, std, log_age = errors[known], std[known], log_age[known]
        coefficients = np.column_stack(
            [
                _fit(error, features)
                for error, features in zip(errors.T, _features(std, log_age), strict=True)
            ]
        )
        spread = cls(coefficients, np.empty((0, len(errors.T)))).spread(std, log_age)
        return cls(coefficients, np.sort(np.abs(errors) / spread, axis=0))

    def spread(self, std: FloatArray, log_age: FloatArray) -> FloatArray:
        """Return calibrated spreads, shape (n_clusters, n_targets)."""
        logarithms = [
            features @ coefficients
            for features, coefficients in zip(
                _features(std, log_age), self.coefficients.T, strict=True
            )
        ]
        spread: FloatArray = np.exp(np.clip(np.column_stack(logarithms), *_LOG_RANGE))
        return spread

    def reach(self, coverage: float) -> FloatArray:
        """Return the half length of intervals in units of the spread, shape (n_targets,)."""
        n = len(self.scores)
        # Quantile with finite-sample correction.
        reach: FloatArray = self.scores[min(ceil((n + 1) * coverage), n) - 1]
        return reach


def _features(std: FloatArray, log_age: FloatArray) -> list[FloatArray]:
    """Return the features that predict the spread of each target, each of shape (n_clusters, 4)."""
    age = log_age - _MIDDLE_AGE
    logarithms = np.log(np.maximum(std, np.exp(_LOG_RANGE[0])))
    return [np.column_stack([np.ones_like(age), log, age, age**2]) for log in logarithms.T]


def _fit(errors: FloatArray, features: FloatArray) -> FloatArray:
    """Return the coefficients for one target; very few clusters determine only the first."""
    start = np.zeros(features.shape[1])
    start[0] = np.log(np.sqrt(np.mean(errors**2)) + 1e-3)
    n_fitted = features.shape[1] if len(errors) >= 10 * features.shape[1] else 1

    def loss(coefficients: FloatArray) -> float:
        logarithm = np.clip(features[:, :n_fitted] @ coefficients, *_LOG_RANGE)
        z2 = np.minimum((errors / np.exp(logarithm)) ** 2, _MOST**2)
        return float(np.mean(z2 / 2 + logarithm))

    start[:n_fitted] = minimize(loss, start[:n_fitted], method="BFGS").x
    return start
