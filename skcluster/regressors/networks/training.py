"""The training of a network of any kind: rows and batches, learning rate, validation, history."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, cos, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcluster.regressors.networks.architecture import (
    Architecture,
    FloatArray,
    Inputs,
    Weights,
    one_blas_thread,
)
from skcluster.regressors.networks.compiled import (
    CompiledNetwork,
    Loss,
    OptimizerRecipe,
    Recipe,
    borrow,
)
from skcluster.regressors.networks.keras_layers import keras

#: Fraction of the steps over which a learning rate that changes by step increases to its maximum.
WARM_UP = 0.05
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


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training, as the parameters of the regressors."""

    loss: Loss
    optimizer: OptimizerRecipe
    #: The largest learning rate; None if the optimizer has its own schedule.
    learning_rate: float | None
    #: Called when an epoch begins, and, with a function that returns the weights, when it ends;
    #: the latter returns whether the training stops.
    begin_epoch: Callable[[], None]
    end_epoch: Callable[[Callable[[], Weights]], bool]
    #: "cosine" or None.
    schedule: str | None = None
    #: Whether the learning rate changes with each step, after an initial increase, or each epoch.
    by_step: bool = False
    patience: int | None = None
    callbacks: Sequence[Any] = ()
    verbose: int = 0


def cosine(peak: float, point: int, n_points: int, warm_up: float = 0.0) -> float:
    """Return the learning rate at a point, counted from 0: a linear increase, then half a cosine.

    Points are epochs or steps; ``warm_up`` is the fraction of them over which it increases.
    """
    rise = max(1, ceil(warm_up * n_points))
    if point < rise:
        return peak * ((point + 1) / rise)
    fallen = (point + 1 - rise) / (n_points - rise + 1)
    return peak * (1 + cos(pi * fallen)) / 2


class ScheduledLearningRate(keras.callbacks.Callback):
    """Set the learning rate at each epoch or step; a constant one once, at the start."""

    def __init__(self, settings: TrainingSettings, epochs: int, n_batches: int) -> None:
        super().__init__()
        self._settings = settings
        self._n_points = epochs * n_batches if settings.by_step else epochs
        self._step, self._last = 0, 0.0

    @property
    def current(self) -> float:
        """The current learning rate, including changes by other callbacks."""
        rate = float(self.model.optimizer.learning_rate)
        # Without the rounding to single precision, if it is unchanged.
        return self._last if rate == np.float32(self._last) else rate

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Set a constant learning rate."""
        if self._settings.learning_rate is not None:
            self._set(self._settings.learning_rate)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the learning rate of an epoch."""
        if not self._settings.by_step:
            self._follow_cosine(epoch)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the learning rate of a step."""
        if self._settings.by_step:
            self._follow_cosine(self._step, WARM_UP)
            self._step += 1

    def _follow_cosine(self, point: int, warm_up: float = 0.0) -> None:
        peak = self._settings.learning_rate
        if self._settings.schedule is not None and peak is not None:
            self._set(cosine(peak, point, self._n_points, warm_up))

    def _set(self, rate: float) -> None:
        self._last = self.model.optimizer.learning_rate = rate


class TrainingMonitor(keras.callbacks.Callback):
    """Record the history, compute the validation loss, and keep the best weights."""

    def __init__(
        self,
        architecture: Architecture,
        settings: TrainingSettings,
        network: CompiledNetwork,
        epochs: int,
        rate: ScheduledLearningRate,
        validation: Rows | None,
    ) -> None:
        super().__init__()
        self.history: dict[str, list[float]] = {"loss": [], "learning_rate": []}
        if validation is not None:
            self.history["val_loss"] = []
        self._architecture, self._settings, self._network = architecture, settings, network
        self._rate, self._validation = rate, validation
        self._best: tuple[Weights, int] | None = None
        self._bar = None
        if settings.verbose == 1:  # one bar over the epochs, with the current losses
            self._bar = keras.utils.Progbar(
                epochs, unit_name="epoch", stateful_metrics=("loss", "val_loss")
            )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Tell scikit-learn's callbacks."""
        self._settings.begin_epoch()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Record the history; later callbacks find ``val_loss`` in their logs."""
        logs = {} if logs is None else logs
        self.history["loss"].append(float(logs["loss"]))
        self.history["learning_rate"].append(self._rate.current)
        if self._validation is not None:
            logs["val_loss"] = self._validate(epoch)
        if self._bar is not None:
            self._bar.update(epoch + 1, self._losses(), finalize=False)
        if self._settings.end_epoch(lambda: self._network.weights):
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Finish the line of the progress bar."""
        if self._bar is not None:
            self._bar.update(len(self.history["loss"]), self._losses(), finalize=True)

    def result(self) -> tuple[Weights, int]:
        """Return the best weights and their epoch, counted from 1; without validation, the last."""
        if self._best is None:
            return self._network.weights, len(self.history["loss"])
        return self._best

    def _losses(self) -> list[tuple[str, float]]:
        names = ("loss", "val_loss")
        return [(name, self.history[name][-1]) for name in names if self.history.get(name)]

    def _validate(self, epoch: int) -> float:
        """Return the validation loss; keep the best weights, and stop the training early."""
        assert self._validation is not None
        rows, weights = self._validation, self._network.weights
        if "image" in rows.inputs:
            predicted = self._network.predict(rows.inputs)
        else:
            predicted = self._architecture.predict(weights, rows.inputs)
        loss = float(np.average(self._settings.loss(rows.targets, predicted), weights=rows.weights))
        losses, patience = self.history["val_loss"], self._settings.patience
        if not losses or not loss >= min(losses):
            self._best = weights, epoch + 1
        losses.append(loss)
        if patience is not None and epoch + 1 - self.result()[1] >= patience:
            self.model.stop_training = True
        return loss


def train(
    architecture: Architecture,
    settings: TrainingSettings,
    batches: Any,
    shape: tuple[int, ...],
    weights: Weights,
    seed: int,
    validation: Rows | None = None,
) -> tuple[Weights, dict[str, list[float]], int]:
    """Return the weights of a network after the training, the history and the best epoch.

    It is trained on batches of all epochs, from initial weights. ``shape`` is the number of epochs,
    and that of batches per epoch; ``seed`` is that of dropout. Validation rows determine the
    epoch whose weights are kept.
    """
    epochs, n_batches = shape
    recipe = Recipe(
        architecture, settings.loss, settings.optimizer, architecture.steps_per_execution(n_batches)
    )
    rate = ScheduledLearningRate(settings, epochs, n_batches)
    # The limit takes longer to set than an epoch's validation, which would set it each time.
    with borrow(recipe) as network, one_blas_thread():
        network.prepare(weights, seed)
        monitor = TrainingMonitor(architecture, settings, network, epochs, rate, validation)
        with _lent_to(settings.callbacks):
            network.model.fit(
                batches,
                epochs=epochs,
                steps_per_epoch=n_batches,
                callbacks=[rate, monitor, *settings.callbacks],
                # Keras shows one bar per epoch, and an epoch here takes a fraction of a second.
                verbose=2 if settings.verbose == 2 else 0,
                shuffle=False,
            )
        weights, best_epoch = monitor.result()
    if not all(np.isfinite(values).all() for values in weights.values()):
        raise ValueError(
            f"Training with learning_rate={settings.learning_rate} led to non-finite weights. "
            "Use a smaller one, or scale X and y."
        )
    return weights, monitor.history, best_epoch


@contextmanager
def _lent_to(callbacks: Sequence[Any]) -> Iterator[None]:
    """Take the model back from the user's callbacks, so that they stay light to copy and keep."""
    try:
        yield
    finally:
        for callback in callbacks:
            keras.callbacks.Callback.set_model(callback, None)
