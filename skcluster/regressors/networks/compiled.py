"""Compiled networks, reused by all fits of the same architecture, loss and optimizer."""

import json
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcluster.regressors.networks.architecture import Architecture, FloatArray, Inputs, Weights
from skcluster.regressors.networks.keras_layers import (
    assign,
    build_model,
    keras,
    ops,
    read,
    weights_of,
)

MAX_IDLE_NETWORKS = 8
_BATCH = 256  # rows at a time
#: Losses as functions of the error, computed without Keras for validation rows.
_OF_ERRORS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "huber": lambda e: np.where(np.abs(e) <= 1, e**2 / 2, np.abs(e) - 0.5),
    "mae": np.abs,
    "mse": np.square,
}


@dataclass(frozen=True)
class Loss:
    """A loss; equal ones can share a compiled network."""

    identity: Hashable
    keras_loss: Any = field(compare=False)
    per_row: Callable[[Any, Any], Any] = field(compare=False)

    def __call__(self, y: FloatArray, predicted: FloatArray) -> NDArray[np.floating]:
        """Return the loss of each row."""
        if isinstance(self.identity, str) and self.identity in _OF_ERRORS:
            means: NDArray[np.floating] = _OF_ERRORS[self.identity](predicted - y).mean(axis=1)
            return means
        losses = ops.convert_to_numpy(self.per_row(ops.convert_to_tensor(y), predicted))
        return np.broadcast_to(losses, len(y))


def resolve_loss(loss: str | Mapping[str, Any] | Callable[..., Any]) -> Loss:
    """Convert the parameter of an estimator to a loss."""
    try:
        resolved = keras.losses.get(loss)
    except (ValueError, TypeError) as error:
        raise ValueError(f"Keras knows no loss={loss!r}: {error}") from error
    per_row = resolved.call if isinstance(resolved, keras.losses.Loss) else resolved
    return Loss(loss if isinstance(loss, str) else identity_of(resolved), resolved, per_row)


def identity_of(keras_object: Any) -> Hashable:
    """Return a key that two Keras objects share if they have the same class and configuration."""
    try:
        config = {**keras_object.get_config(), "name": None}  # Keras numbers some names
        return type(keras_object), json.dumps(config, sort_keys=True)
    except (AttributeError, TypeError, NotImplementedError):  # a function, for instance
        identity: Hashable = keras_object
        return identity


@keras.saving.register_keras_serializable("skcluster")
def gaussian_loss(y: Any, outputs: Any) -> Any:
    """Compute the negative log likelihood of a normal distribution, averaged over targets."""
    mean, log_spread = ops.split(outputs, 2, axis=-1)
    return ops.mean(0.5 * ops.square((y - mean) * ops.exp(-log_spread)) + log_spread, axis=-1)


@dataclass(frozen=True)
class OptimizerRecipe:
    """The configuration of an optimizer; equal ones can share a compiled network.

    It excludes the learning rate, unless this is a schedule of Keras.
    """

    kind: type[keras.optimizers.Optimizer]
    config: str

    def build(self) -> keras.optimizers.Optimizer:
        """Return a new optimizer."""
        return self.kind.from_config(json.loads(self.config))


def resolve_optimizer(
    optimizer: Any, learning_rate: float, **named_options: Any
) -> tuple[OptimizerRecipe, float | None]:
    """Convert the parameter of an estimator to a recipe and a learning rate.

    ``learning_rate`` and ``named_options`` are settings of an optimizer given by name. An object or
    a configuration keeps its own settings, including the learning rate, and is copied, so that fits
    do not depend on each other. The learning rate is None if it is a schedule of Keras.
    """
    named = isinstance(optimizer, str)
    identifier = {"class_name": optimizer, "config": named_options} if named else optimizer
    try:
        resolved = keras.optimizers.get(identifier)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"Keras knows no optimizer={optimizer!r}: {error}") from error
    config = resolved.get_config()
    del config["name"]  # Keras numbers the names of optimizers
    rate = config.pop("learning_rate")
    if isinstance(rate, Mapping):
        return OptimizerRecipe(type(resolved), _json({**config, "learning_rate": rate})), None
    return OptimizerRecipe(type(resolved), _json(config)), learning_rate if named else float(rate)


def _json(config: dict[str, Any]) -> str:
    return json.dumps(config, sort_keys=True, default=float)


@dataclass(frozen=True)
class Recipe:
    """Everything that is built into a compiled network; the rest can change between fits."""

    architecture: Architecture
    loss: Loss
    optimizer: OptimizerRecipe
    steps_per_execution: int


class CompiledNetwork:
    """A network with its optimizer, which a fit initializes and trains."""

    def __init__(self, recipe: Recipe) -> None:
        self.model = build_model(recipe.architecture)
        self._names = list(recipe.architecture.weight_shapes)
        self.optimizer = recipe.optimizer.build()
        on_tensorflow = keras.backend.backend() == "tensorflow"
        self.model.compile(
            optimizer=self.optimizer,
            loss=recipe.loss.keras_loss,
            steps_per_execution=recipe.steps_per_execution,
            jit_compile=recipe.architecture.jit_compile if on_tensorflow else "auto",
            auto_scale_loss=False,
        )
        self.optimizer.build(self.model.trainable_variables)
        self._fresh_optimizer = read(self.optimizer.variables)

    def prepare(self, weights: Weights, seed: int) -> None:
        """Set the initial weights, and reset the state of the last fit."""
        assign(self.model, weights)
        for variable, value in zip(self.optimizer.variables, self._fresh_optimizer, strict=True):
            variable.assign(value)
        random = [layer for layer in self.model.layers if hasattr(layer, "seed_generator")]
        for i, layer in enumerate(random):
            layer.seed_generator.state.assign([seed, i << 20])

    @property
    def weights(self) -> Weights:
        """A copy of the current weights."""
        variables = weights_of(self.model)
        return dict(zip(self._names, read([variables[n] for n in self._names]), strict=True))

    def predict(self, inputs: Inputs) -> FloatArray:
        """Compute the outputs with Keras, which spreads convolutions over all cores."""
        n_rows = len(next(iter(inputs.values())))
        parts = [
            self.model.predict_on_batch({k: x[i : i + _BATCH] for k, x in inputs.items()})
            for i in range(0, n_rows, _BATCH)
        ]
        return np.concatenate(parts)


_idle: list[tuple[Recipe, CompiledNetwork]] = []  # least recently used first
_lock = threading.Lock()


@contextmanager
def borrow(recipe: Recipe) -> Iterator[CompiledNetwork]:
    """Lend a compiled network to one fit, so that two threads never train the same one.

    TensorFlow never frees the memory of a compiled network, about 10 MB; reusing networks keeps the
    memory of a long search constant. Other backends free it, and each fit has its own network.
    """
    with _lock:
        place = next((i for i, (idle, _) in enumerate(_idle) if idle == recipe), None)
        network = None if place is None else _idle.pop(place)[1]
    network = network or CompiledNetwork(recipe)
    yield network  # a network whose fit failed is not reused
    if keras.backend.backend() == "tensorflow":
        with _lock:
            _idle.append((recipe, network))
            del _idle[:-MAX_IDLE_NETWORKS]
