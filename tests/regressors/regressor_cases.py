"""The regressors with small fast settings, and data for them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcluster.regressors import ANNRegressor, CNNRegressor, MDMRegressor, SetRegressor

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


SMALL_SET: dict[str, Any] = {
    "n_context": 2,
    "n_channels": 3,
    "units": (8, 12, 16),
    "n_heads": 2,
    "epochs": 3,
    "batch_size": 16,
    "random_state": 0,
}


def set_table(n: int = 60, n_slots: int = 9, seed: int = 0) -> tuple[Any, Any]:
    """Sets of points; their mean, their largest first value, and a number of the context."""
    rng = np.random.default_rng(seed)
    stars = rng.normal(size=(n, n_slots, 3))
    count = rng.integers(3, n_slots + 1, n)
    stars[:, :, 2] = np.arange(n_slots) < count[:, None]
    stars[stars[:, :, 2] == 0] = 0
    context = rng.normal(size=(n, 2))
    seen = np.where(stars[:, :, 2] > 0, stars[:, :, 0], -9)
    y = np.column_stack([stars[:, :, 1].sum(1) / count, seen.max(1), context[:, 0]])
    return np.hstack([context, stars.reshape(n, -1)]).astype(np.float32), y


ALL = {**REGRESSORS, "set": SetRegressor(**SMALL_SET)}


def data(name: str) -> tuple[Any, Any]:
    """X and y for one of them all."""
    return set_table() if name == "set" else table(name)
