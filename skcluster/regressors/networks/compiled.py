"""Compiled networks, reused by all fits of the same architecture."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from skcluster.regressors.networks.architecture import Architecture, FloatArray, Inputs, Weights
from skcluster.regressors.networks.keras_layers import PRECISION, assign, build_model, read
from skcluster.regressors.networks.losses import Loss
from skcluster.regressors.networks.optimizers import OptimizerRecipe
from skcluster.regressors.networks.quiet_keras import keras
from skcluster.regressors.networks.regularizers import AdjustableRegularizers

MAX_IDLE_NETWORKS = 8
_BATCH = 256  # rows at a time
DATA_LOSS = "data_loss"


@dataclass(frozen=True)
class Recipe:
    """Everything that is built into a compiled network; the rest can change between fits."""

    architecture: Architecture
    loss: Loss
    optimizer: OptimizerRecipe
    penalized: bool
    steps_per_execution: int


class CompiledNetwork:
    """A network with its optimizer, which a fit initializes and trains."""

    def __init__(self, recipe: Recipe) -> None:
        self._names = list(recipe.architecture.weight_shapes)
        self.regularizers = AdjustableRegularizers(recipe.penalized)
        self.model, self._variables = build_model(recipe.architecture, self.regularizers)
        self.optimizer = recipe.optimizer.build()
        # Keras' "loss" includes the penalty, this metric does not.
        data_loss = keras.metrics.MeanMetricWrapper(
            recipe.loss.per_row, name=DATA_LOSS, dtype=PRECISION
        )
        on_tensorflow = keras.backend.backend() == "tensorflow"
        self.model.compile(
            optimizer=self.optimizer,
            loss=recipe.loss.keras_loss,
            weighted_metrics=[data_loss] if recipe.penalized else None,
            steps_per_execution=recipe.steps_per_execution,
            jit_compile=recipe.architecture.jit_compile if on_tensorflow else "auto",
            auto_scale_loss=False,
        )
        self.optimizer.build(self.model.trainable_variables)
        self._fresh_optimizer = read(self.optimizer.variables)

    def prepare(self, weights: Weights, seed: int, **strengths: float) -> None:
        """Set the initial weights, and reset the state of the last fit."""
        assign(self._variables, [weights[name] for name in self._names])
        assign(self.optimizer.variables, self._fresh_optimizer)
        self.regularizers.adjust(seed, **strengths)

    @property
    def weights(self) -> Weights:
        """A copy of the current weights."""
        return dict(zip(self._names, read(self._variables), strict=True))

    def predict(self, inputs: Inputs) -> FloatArray:
        """Compute the outputs with Keras, which spreads convolutions over all cores."""
        n_rows = len(next(iter(inputs.values())))
        parts = [
            self.model.predict_on_batch({k: x[i : i + _BATCH] for k, x in inputs.items()})
            for i in range(0, n_rows, _BATCH)
        ]
        return np.concatenate(parts)


_idle: dict[Recipe, list[CompiledNetwork]] = {}  # least recently used first
_lock = threading.Lock()


@contextmanager
def borrow(recipe: Recipe) -> Iterator[CompiledNetwork]:
    """Lend a compiled network to one fit, so that two threads never train the same one.

    TensorFlow never frees the memory of a compiled network; reusing networks keeps the memory of a
    long search constant. Other backends free the memory and compile the strengths of the
    regularizers as constants, so that each fit has its own network.
    """
    network = _take(recipe) or CompiledNetwork(recipe)
    yield network  # a network whose fit failed is not reused
    if keras.backend.backend() == "tensorflow":
        _put_back(recipe, network)


def _take(recipe: Recipe) -> CompiledNetwork | None:
    with _lock:
        networks = _idle.get(recipe, [])
        network = networks.pop() if networks else None
        if not networks:
            _idle.pop(recipe, None)
        return network


def _put_back(recipe: Recipe, network: CompiledNetwork) -> None:
    with _lock:
        _idle[recipe] = [*_idle.pop(recipe, []), network]
        while sum(map(len, _idle.values())) > MAX_IDLE_NETWORKS:
            oldest = next(iter(_idle))
            _idle[oldest].pop(0)
            if not _idle[oldest]:
                del _idle[oldest]
