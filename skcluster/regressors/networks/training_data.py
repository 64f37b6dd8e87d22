"""Training rows, and their batches, epoch after epoch, as ``keras.Model.fit`` takes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcluster.regressors.networks.architecture import FloatArray, Inputs

#: Minimum number of stars that a cluster keeps.
_FEWEST_STARS = 5


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

    The result has the shape (epochs, n_batches, rows of a batch). A single size avoids a second
    compilation and a small noisy batch at the end: 1867 rows in batches of at most 299 are 7
    batches of 267. If the rows do not fill the last batch, it takes a few rows, fewer than there
    are batches, from the start of the same epoch.
    """
    n_batches = ceil(n_rows / batch_size)
    n_dealt = n_batches * ceil(n_rows / n_batches)
    orders = [np.resize(rng.permutation(n_rows), n_dealt) for _ in range(epochs)]
    return np.array(orders, dtype=np.int32).reshape(epochs, n_batches, -1)


def shuffled_rows(rows: Rows, order: NDArray[np.int32]) -> Any:
    """Return the batches of `batch_rows`; TensorFlow gathers them by itself."""
    from skcluster.regressors.networks.keras_layers import keras  # not needed to predict

    if keras.backend.backend() != "tensorflow":
        return _gathered(rows, order)
    import tensorflow as tf

    tensors = tf.nest.map_structure(tf.constant, (rows.inputs, rows.targets, rows.weights))

    def gather(batch: Any) -> Any:
        return tf.nest.map_structure(lambda values: tf.gather(values, batch), tensors)

    batches = order.reshape(-1, order.shape[-1])
    return tf.data.Dataset.from_tensor_slices(batches).map(gather).prefetch(2)


def sampled_stars(
    rows: Rows,
    order: NDArray[np.int32],
    n_stars: int,
    star_dropout: float,
    rng: np.random.Generator,
) -> Iterator[Any]:
    """Yield the batches of `batch_rows`, with newly drawn stars each time."""
    for inputs, targets, weights in _gathered(rows, order):
        stars = some_stars(inputs["stars"], n_stars, star_dropout, rng)
        yield {**inputs, "stars": stars}, targets, weights


def _gathered(rows: Rows, order: NDArray[np.int32]) -> Iterator[Any]:
    for batch in order.reshape(-1, order.shape[-1]):
        part = rows.take(batch)
        yield part.inputs, part.targets, part.weights


def some_stars(
    stars: FloatArray, n_stars: int, star_dropout: float, rng: np.random.Generator
) -> FloatArray:
    """Draw at most ``n_stars`` stars per cluster, then drop a random fraction of them.

    The fraction is drawn for each cluster between 0 and ``star_dropout``. Dropped stars become
    zeros; a cluster keeps at least five of its stars.
    """
    n, n_slots, _ = stars.shape
    present = stars[:, :, -1] > 0
    # Stars in random order, followed by empty slots.
    key = rng.random((n, n_slots), dtype=np.float32) + 2 * ~present
    if n_slots > n_stars:
        chosen = np.argpartition(key, n_stars - 1, axis=1)[:, :n_stars]
        stars = np.take_along_axis(stars, chosen[:, :, None], axis=1)
        key = np.take_along_axis(key, chosen, axis=1)
    share = star_dropout * rng.random((n, 1), dtype=np.float32)
    kept = rng.random(key.shape, dtype=np.float32) >= share
    fewest = min(_FEWEST_STARS, key.shape[1])
    kept |= key <= np.partition(key, fewest - 1, axis=1)[:, fewest - 1 : fewest]
    return stars * kept[:, :, None]
