"""Compiled networks, used again by every fit of the same architecture."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import keras

from skcluster.regressors._architecture import Architecture
from skcluster.regressors._network import assign, build_model, read
from skcluster.regressors._regularizers import AdjustableRegularizers

MAX_IDLE_NETWORKS = 8
DATA_LOSS = "data_loss"
R = TypeVar("R", bound=Hashable)
N = TypeVar("N")


@dataclass(frozen=True)
class Recipe:
    """All that is built into a compiled network; what is not here can change between fits."""

    architecture: Architecture
    loss: str
    optimizer: str
    penalized: bool
    steps_per_execution: int

    @property
    def jit_compile(self) -> bool:
        """Whether XLA pays: on a CPU for dense layers alone, not for pictures or random numbers."""
        net = self.architecture
        return net.image_shape is None and not net.dropout and not net.input_noise


class CompiledNetwork:
    """A network with its optimizer, which a fit sets up and trains."""

    def __init__(self, recipe: Recipe) -> None:
        self.regularizers = AdjustableRegularizers(recipe.penalized)
        self.model, self.variables = build_model(recipe.architecture, self.regularizers)
        self.optimizer = keras.optimizers.get(recipe.optimizer)
        # Keras' "loss" holds the penalty too, this metric the loss of the data alone.
        data_loss = keras.metrics.MeanMetricWrapper(keras.losses.get(recipe.loss), name=DATA_LOSS)
        self.model.compile(
            optimizer=self.optimizer,
            loss=recipe.loss,
            weighted_metrics=[data_loss] if recipe.penalized else None,
            steps_per_execution=recipe.steps_per_execution,
            jit_compile=recipe.jit_compile if keras.backend.backend() == "tensorflow" else "auto",
        )
        self.optimizer.build(self.model.trainable_variables)
        self._fresh_optimizer = read(self.optimizer.variables)

    def reset_optimizer(self) -> None:
        """Forget the moments and steps of the last fit."""
        assign(self.optimizer.variables, self._fresh_optimizer)


_idle: dict[Hashable, list[Any]] = {}  # least recently used first
_lock = threading.Lock()


@contextmanager
def borrow(recipe: R, build: Callable[[R], N]) -> Iterator[N]:
    """Lend a compiled network to one fit, so that two threads never train the same one.

    TensorFlow keeps the memory of every network it has compiled; with networks used again, a long
    search stays flat. Other backends give memory back and compile the strengths of the
    regularizers in, so there each fit has a network of its own.
    """
    network = _take(recipe) or build(recipe)
    yield network  # one that failed half-way is not used again
    if keras.backend.backend() == "tensorflow":
        _put_back(recipe, network)


def _take(recipe: Hashable) -> Any:
    with _lock:
        networks = _idle.get(recipe, [])
        network = networks.pop() if networks else None
        if not networks:
            _idle.pop(recipe, None)
        return network


def _put_back(recipe: Hashable, network: Any) -> None:
    with _lock:
        _idle[recipe] = [*_idle.pop(recipe, []), network]
        while sum(map(len, _idle.values())) > MAX_IDLE_NETWORKS:
            oldest = next(iter(_idle))
            _idle[oldest].pop(0)
            if not _idle[oldest]:
                del _idle[oldest]
