"""Loss functions: by name, as a function, as Keras' objects or their configurations."""

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcluster.regressors.networks.architecture import FloatArray
from skcluster.regressors.networks.keras_layers import PRECISION
from skcluster.regressors.networks.quiet_keras import keras, ops

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
    keras_loss: keras.losses.Loss = field(compare=False)
    per_row: Callable[[Any, Any], Any] = field(compare=False)

    def __call__(self, y: FloatArray, predicted: FloatArray) -> NDArray[np.floating]:
        """Return the loss of each row."""
        if isinstance(self.identity, str) and self.identity in _OF_ERRORS:
            means: NDArray[np.floating] = _OF_ERRORS[self.identity](predicted - y).mean(axis=1)
            return means
        losses = ops.convert_to_numpy(self.per_row(ops.convert_to_tensor(y), predicted))
        return np.broadcast_to(losses, len(y))


def resolve_loss(loss: str | Mapping[str, Any] | Callable[..., Any]) -> Loss:
    """Convert the parameter of an estimator to a loss.

    Raises
    ------
    ValueError
        If Keras does not know it.
    """
    try:
        found = keras.losses.get(dict(loss) if isinstance(loss, Mapping) else loss)
    except (ValueError, TypeError) as error:
        raise ValueError(f"Keras knows no loss={loss!r}: {error}") from error
    if isinstance(found, keras.losses.Loss):
        return Loss(identity_of(found), found, found.call)
    identity = loss if isinstance(loss, str) else found
    return Loss(identity, FunctionLoss(found), found)


def identity_of(keras_object: Any) -> Hashable:
    """Return a key that two Keras objects share if they have the same class and configuration."""
    try:
        config = {**keras_object.get_config(), "name": None}  # Keras numbers some names
        return type(keras_object), json.dumps(config, sort_keys=True)
    except (TypeError, NotImplementedError):
        identity: Hashable = keras_object
        return identity


@keras.saving.register_keras_serializable("skcluster")
class FunctionLoss(keras.losses.Loss):
    """A loss from a function of true and predicted values, in the precision of the networks."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        super().__init__(**{"dtype": PRECISION, **options})
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the loss of each row."""
        return self.function(y_true, y_pred)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration of the loss."""
        function = keras.saving.serialize_keras_object(self.function)
        return {**super().get_config(), "function": function}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "FunctionLoss":
        """Make the loss from its configuration."""
        function = keras.saving.deserialize_keras_object(config["function"])
        return cls(**{**config, "function": function})


@keras.saving.register_keras_serializable("skcluster")
def gaussian_loss(y: Any, outputs: Any) -> Any:
    """Compute the negative log likelihood of a normal distribution, averaged over targets."""
    mean, log_spread = ops.split(outputs, 2, axis=-1)
    return ops.mean(0.5 * ops.square((y - mean) * ops.exp(-log_spread)) + log_spread, axis=-1)
