"""A model whose worker dies, and a callback that fails; workers must be able to import them."""

import os
import signal

import keras
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin


class Dies(RegressorMixin, BaseEstimator):
    """Kills the process in which it is fitted."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def fit(self, X, y):
        os.kill(os.getpid(), signal.SIGKILL)

    def predict(self, X):
        return np.zeros(len(X))


class Fails(keras.callbacks.Callback):
    """Fails at the end of an epoch."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise self.error
