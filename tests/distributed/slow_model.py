"""Models that workers must be able to import."""

import time

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class CountingModel(RegressorMixin, BaseEstimator):
    """Predicts two constants and the number of stars, slowly, and counts its calls in a file."""

    def __init__(self, log=None, seconds=0.0):
        self.log = log
        self.seconds = seconds

    def fit(self, X, y):
        self.n_fitted_ = len(X)
        return self

    def predict(self, X):
        if self.log is not None:
            with open(self.log, "a") as file:
                file.write(f"{len(X)}\n")
        time.sleep(self.seconds)
        n = np.array([len(stars) for stars in X["stars"]], dtype=float)
        return np.column_stack([np.full(len(X), 8.0), np.zeros(len(X)), n])
