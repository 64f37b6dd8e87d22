"""The training of a network: learning rate, validation, early stopping, best weights."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import Any, NamedTuple

import keras
import numpy as np

from skcluster.regressors._architecture import Architecture, FloatArray, initial_weights
from skcluster.regressors._batches import Rows, as_keras_data, batch_rows
from skcluster.regressors._compiled import DATA_LOSS, CompiledNetwork, Recipe, borrow
from skcluster.regressors._forward import forward
from skcluster.regressors._network import assign, read

LOSSES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "huber": lambda e: np.where(np.abs(e) <= 1, e**2 / 2, np.abs(e) - 0.5),
    "mae": np.abs,
    "mse": np.square,
}


@dataclass(frozen=True)
class Plan:
    """How to train; the parameters of the estimator under their own names."""

    loss: str
    optimizer: str
    learning_rate: float
    learning_rate_schedule: str | None
    epochs: int
    batch_size: int
    patience: int | None
    dropout: float
    input_noise: float
    l2: float
    verbose: int

    def learning_rate_at(self, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0."""
        if self.learning_rate_schedule is None:
            return self.learning_rate
        return self.learning_rate * (1 + cos(pi * epoch / self.epochs)) / 2


class Trained(NamedTuple):
    """What training leaves behind."""

    weights: list[FloatArray]
    history: dict[str, list[float]]
    best_epoch: int


def train(
    architecture: Architecture,
    plan: Plan,
    rows: Rows,
    validation: Rows | None,
    rng: np.random.Generator,
) -> Trained:
    """Train a network from fresh weights.

    All that is random comes from ``rng``: the first weights, the order of the rows, and the seed
    of dropout and noise.
    """
    weights = initial_weights(architecture, rng)
    weights[-1] = np.average(rows.targets, axis=0, weights=rows.weights).astype(np.float32)
    seed = int(rng.integers(2**31))
    order = batch_rows(len(rows), plan.batch_size, plan.epochs, rng)
    n_batches = order.shape[1]
    # Small steps are over before Python has started the next one: run them all in one call.
    steps_per_execution = n_batches if architecture.image_shape is None else 1
    recipe = Recipe(architecture, plan.loss, plan.optimizer, plan.l2 > 0, steps_per_execution)
    with borrow(recipe, CompiledNetwork) as network:
        assign(network.variables, weights)
        network.reset_optimizer()
        network.regularizers.adjust(
            seed, dropout=plan.dropout, input_noise=plan.input_noise, l2=plan.l2
        )
        watch = _Watch(architecture, plan, network, validation)
        network.model.fit(
            as_keras_data(rows, order),
            epochs=plan.epochs,
            steps_per_epoch=n_batches,
            callbacks=[watch],
            # Keras' own bar is one an epoch, and an epoch here takes a fraction of a second.
            verbose=2 if plan.verbose == 2 else 0,
            shuffle=False,
        )
        weights, best_epoch = watch.result()
    if not all(np.isfinite(values).all() for values in weights):
        raise ValueError(
            f"Training with learning_rate={plan.learning_rate} led to weights that are not finite. "
            "Give a smaller one, or scale X and y."
        )
    return Trained(weights, watch.history, best_epoch)


def _bar(plan: Plan) -> keras.utils.Progbar | None:
    """A progress bar over the epochs that shows the losses as they are and the time left."""
    if plan.verbose != 1:
        return None
    return keras.utils.Progbar(
        plan.epochs, unit_name="epoch", stateful_metrics=("loss", "val_loss")
    )


class _Watch(keras.callbacks.Callback):
    """Sets the learning rate, writes the history, and keeps the best weights."""

    def __init__(
        self, architecture: Architecture, plan: Plan, network: CompiledNetwork, rows: Rows | None
    ) -> None:
        super().__init__()
        self.plan = plan
        self.history: dict[str, list[float]] = {"loss": [], "learning_rate": []}
        if rows is not None:
            self.history["val_loss"] = []
        self._architecture, self._network, self._validation = architecture, network, rows
        self._best: tuple[list[FloatArray], int] | None = None
        self._bar = _bar(plan)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._network.optimizer.learning_rate = self.plan.learning_rate_at(epoch)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        self.history["loss"].append(float(logs.get(DATA_LOSS, logs["loss"])))
        self.history["learning_rate"].append(self.plan.learning_rate_at(epoch))
        if self._validation is not None:
            logs["val_loss"] = self._validate(epoch)
        if self._bar is not None:
            values = [(n, self.history[n][-1]) for n in ("loss", "val_loss") if n in self.history]
            last = self.model.stop_training or epoch + 1 == self.plan.epochs
            self._bar.update(epoch + 1, values, finalize=last)

    def _validate(self, epoch: int) -> float:
        """Loss of the rows set aside; keeps the best weights, and ends the training in time."""
        weights = read(self._network.variables)
        loss = self._loss(weights)
        losses = self.history["val_loss"]
        if not losses or not loss >= min(losses):
            self._best = weights, epoch + 1
        losses.append(loss)
        if self.plan.patience is not None and epoch + 1 - self.result()[1] >= self.plan.patience:
            self.model.stop_training = True
        return loss

    def result(self) -> tuple[list[FloatArray], int]:
        """Best weights and their epoch, counted from 1; without validation, the last."""
        if self._best is None:
            return read(self._network.variables), len(self.history["loss"])
        return self._best

    def _loss(self, weights: list[FloatArray]) -> float:
        rows = self._validation
        assert rows is not None
        error = forward(self._architecture, weights, rows.inputs) - rows.targets
        return float(np.average(LOSSES[self.plan.loss](error).mean(axis=1), weights=rows.weights))
