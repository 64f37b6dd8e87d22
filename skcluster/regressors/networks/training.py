"""The training of a network of any kind."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from skcluster.regressors.networks.architecture import Architecture, Weights
from skcluster.regressors.networks.batches import Rows
from skcluster.regressors.networks.compiled import Recipe, borrow
from skcluster.regressors.networks.learning_rate import LearningRateSchedule
from skcluster.regressors.networks.losses import Loss
from skcluster.regressors.networks.monitor import ScheduledLearningRate, TrainingMonitor
from skcluster.regressors.networks.optimizers import OptimizerRecipe
from skcluster.regressors.networks.quiet_keras import keras
from skcluster.regressors.networks.threads import one_blas_thread
from skcluster.regressors.networks.training_data import TrainingData

#: Fraction of the steps over which a learning rate that changes by step increases to its maximum.
WARM_UP = 0.05


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the training.

    Parameters
    ----------
    loss : Loss
        Loss function.
    optimizer : OptimizerRecipe
        Optimizer.
    learning_rate : float or None
        Maximum learning rate; None if the optimizer has its own schedule.
    schedule : {"cosine"} or None
        Shape of the learning rate schedule.
    by_step : bool
        Whether the learning rate changes with each step, after an initial increase, or each epoch.
    dropout, input_noise, l2 : float
        Strengths of the regularizers.
    patience : int or None
        Number of epochs without improvement after which training stops.
    callbacks : sequence of keras.callbacks.Callback
        The user's callbacks.
    verbose : int
        0 is silent, 1 shows a progress bar, 2 prints a line per epoch.
    """

    loss: Loss
    optimizer: OptimizerRecipe
    learning_rate: float | None
    schedule: str | None = None
    by_step: bool = False
    dropout: float = 0.0
    input_noise: float = 0.0
    l2: float = 0.0
    patience: int | None = None
    callbacks: Sequence[Any] = ()
    verbose: int = 0


class Trained(NamedTuple):
    """The results of the training."""

    weights: Weights
    history: dict[str, list[float]]
    best_epoch: int


def train(
    architecture: Architecture,
    settings: TrainingSettings,
    data: TrainingData,
    weights: Weights,
    seed: int,
    validation: Rows | None = None,
) -> Trained:
    """Train a network.

    Parameters
    ----------
    architecture : Architecture
        The network.
    settings : TrainingSettings
        Settings of the training.
    data : TrainingData
        Batches of all epochs.
    weights : dict of arrays
        Initial weights.
    seed : int
        Seed of dropout and noise.
    validation : Rows, optional
        Validation rows, which determine the epoch whose weights are kept.

    Returns
    -------
    Trained
        Weights and history.

    Raises
    ------
    ValueError
        If the weights do not stay finite.
    """
    epochs, n_batches = data.order.shape[:2]
    recipe = Recipe(
        architecture,
        settings.loss,
        settings.optimizer,
        settings.l2 > 0,
        architecture.steps_per_execution(n_batches),
    )
    rate = _learning_rate(settings, epochs, n_batches)
    # The limit takes longer to set than an epoch's validation, which would set it each time.
    with borrow(recipe) as network, one_blas_thread():
        network.prepare(
            weights,
            seed,
            dropout=settings.dropout,
            input_noise=settings.input_noise,
            l2=settings.l2,
        )
        monitor = TrainingMonitor(architecture, settings, network, epochs, rate, validation)
        with _lent_to(settings.callbacks):
            network.model.fit(
                data.as_keras_data(),
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
    return Trained(weights, monitor.history, best_epoch)


def _learning_rate(
    settings: TrainingSettings, epochs: int, n_batches: int
) -> ScheduledLearningRate:
    if settings.learning_rate is None:
        return ScheduledLearningRate(None, settings.by_step)
    n_points = epochs * n_batches if settings.by_step else epochs
    warm_up = WARM_UP if settings.by_step else 0.0
    schedule = LearningRateSchedule(settings.learning_rate, n_points, settings.schedule, warm_up)
    return ScheduledLearningRate(schedule, settings.by_step)


@contextmanager
def _lent_to(callbacks: Sequence[Any]) -> Iterator[None]:
    """Take the model back from the user's callbacks, so that they stay light to copy and keep."""
    try:
        yield
    finally:
        for callback in callbacks:
            keras.callbacks.Callback.set_model(callback, None)
