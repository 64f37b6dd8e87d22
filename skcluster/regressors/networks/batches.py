"""Training rows, and their division into batches."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from skcluster.regressors.networks.architecture import FloatArray, Inputs


@dataclass(frozen=True)
class Rows:
    """Inputs, targets and weights of some rows."""

    inputs: Inputs
    targets: FloatArray
    weights: FloatArray

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def mean_targets(self) -> FloatArray:
        """Weighted mean of each target."""
        return np.average(self.targets, axis=0, weights=self.weights).astype(np.float32)

    def take(self, rows: NDArray[np.integer]) -> "Rows":
        """Copy some rows."""
        inputs = {name: values[rows] for name, values in self.inputs.items()}
        return Rows(inputs, self.targets[rows], self.weights[rows])

    def split(self, fraction: float, rng: np.random.Generator) -> tuple["Rows", "Rows | None"]:
        """Set some rows aside for validation."""
        if not fraction:
            return self, None
        n_validation = max(1, round(fraction * len(self)))
        if n_validation >= len(self):
            raise ValueError(
                f"validation_fraction={fraction} sets {n_validation} of the n_samples={len(self)} "
                "rows aside and leaves none for training. Give more rows or "
                "validation_fraction=0."
            )
        order = rng.permutation(len(self))
        return self.take(order[n_validation:]), self.take(order[:n_validation])


def batch_rows(
    n_rows: int, batch_size: int, epochs: int, rng: np.random.Generator
) -> NDArray[np.int32]:
    """Shuffle the rows for each epoch and divide them into batches of one size.

    A single size avoids a second compilation and a small noisy batch at the end: 1867 rows in
    batches of at most 299 are 7 batches of 267. If the rows do not fill the last batch, it takes a
    few rows, fewer than there are batches, from the start of the same epoch.

    Returns
    -------
    array of shape (epochs, n_batches, rows of a batch)
    """
    n_batches = ceil(n_rows / batch_size)
    n_dealt = n_batches * ceil(n_rows / n_batches)
    orders = [np.resize(rng.permutation(n_rows), n_dealt) for _ in range(epochs)]
    return np.array(orders, dtype=np.int32).reshape(epochs, n_batches, -1)
