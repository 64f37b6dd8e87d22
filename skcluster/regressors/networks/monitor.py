"""Callbacks of the training: learning rate, history, validation, best weights."""

from typing import TYPE_CHECKING, Any

import numpy as np

from skcluster.regressors.networks.architecture import Architecture, Weights
from skcluster.regressors.networks.batches import Rows
from skcluster.regressors.networks.compiled import DATA_LOSS, CompiledNetwork
from skcluster.regressors.networks.learning_rate import LearningRateSchedule
from skcluster.regressors.networks.numpy_layers import predict
from skcluster.regressors.networks.quiet_keras import keras

if TYPE_CHECKING:
    from skcluster.regressors.networks.training import TrainingSettings


class ScheduledLearningRate(keras.callbacks.Callback):
    """Set the learning rate at each epoch or step; a constant one once, at the start.

    Parameters
    ----------
    schedule : LearningRateSchedule or None
        None if the optimizer has a schedule of Keras.
    by_step : bool
        Whether a point of the schedule is a step, not an epoch.
    """

    def __init__(self, schedule: LearningRateSchedule | None, by_step: bool) -> None:
        super().__init__()
        self._schedule, self._by_step = schedule, by_step
        self._changes = schedule is not None and schedule.shape is not None
        self._step, self._last = 0, 0.0

    @property
    def current(self) -> float:
        """The current learning rate, including changes by other callbacks."""
        rate = float(self.model.optimizer.learning_rate)
        # Without the rounding to single precision, if it is unchanged.
        return self._last if rate == np.float32(self._last) else rate

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Set the first learning rate."""
        if self._schedule is not None:
            self._set(0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the learning rate of an epoch."""
        if self._changes and not self._by_step:
            self._set(epoch)

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Set the learning rate of a step."""
        if self._changes and self._by_step:
            self._set(self._step)
            self._step += 1

    def _set(self, point: int) -> None:
        assert self._schedule is not None
        self._last = self._schedule(point)
        self.model.optimizer.learning_rate = self._last


class TrainingMonitor(keras.callbacks.Callback):
    """Record the history, compute the validation loss, and keep the best weights."""

    def __init__(
        self,
        architecture: Architecture,
        settings: "TrainingSettings",
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
        self._bar = _bar(epochs) if settings.verbose == 1 else None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Record the history; later callbacks find ``val_loss`` in their logs."""
        logs = {} if logs is None else logs
        self.history["loss"].append(float(logs.get(DATA_LOSS, logs["loss"])))
        self.history["learning_rate"].append(self._rate.current)
        if self._validation is not None:
            logs["val_loss"] = self._validate(epoch)
        if self._bar is not None:
            self._bar.update(epoch + 1, self._losses(), finalize=False)

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
            predicted = predict(self._architecture, weights, rows.inputs)
        loss = float(np.average(self._settings.loss(rows.targets, predicted), weights=rows.weights))
        losses, patience = self.history["val_loss"], self._settings.patience
        if not losses or not loss >= min(losses):
            self._best = weights, epoch + 1
        losses.append(loss)
        if patience is not None and epoch + 1 - self.result()[1] >= patience:
            self.model.stop_training = True
        return loss


def _bar(epochs: int) -> keras.utils.Progbar:
    """Return a progress bar over the epochs that shows the current losses and the time left."""
    return keras.utils.Progbar(epochs, unit_name="epoch", stateful_metrics=("loss", "val_loss"))
