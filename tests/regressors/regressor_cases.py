"""The three regressors with small fast settings, and data for them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcluster.regressors import ANNRegressor, CNNRegressor, MDMRegressor

FAST: dict[str, Any] = {
    "hidden_layer_sizes": 8,
    "epochs": 3,
    "batch_size": 16,
    "validation_fraction": 0.2,
    "random_state": 0,
}
FAST_IMAGE: dict[str, Any] = {**FAST, "filters": 4}

REGRESSORS = {
    "ann": ANNRegressor(**FAST),
    "cnn": CNNRegressor(**FAST_IMAGE),
    "mdm": MDMRegressor(**FAST_IMAGE, guess_layer_sizes=4),
}


def table(name: str, n: int = 40, n_outputs: int = 3) -> tuple[NDArray[Any], NDArray[Any]]:
    """X and y for one of the regressors: 11 numbers, 8 × 8 pixels, or these with 3 guesses."""
    rng = np.random.default_rng(3)
    X = rng.random((n, {"ann": 11, "cnn": 64, "mdm": 67}[name])).astype(np.float32)
    parts = np.array_split(X, n_outputs, axis=1)
    y = np.column_stack([part.mean(axis=1, dtype=float) for part in parts])
    return X, (y - y.mean(axis=0)) / y.std(axis=0)
