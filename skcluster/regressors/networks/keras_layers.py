"""The Keras model of a network, for training and for users."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skcluster.regressors.networks import without_tensorflow_messages
from skcluster.regressors.networks.architecture import (
    NORMALIZATION_EPSILON,
    Architecture,
    FloatArray,
    Weights,
)
from skcluster.regressors.networks.sets import (
    FUNCTIONS,
    SetArchitecture,
    average,
    exponential,
    mixture_deviation,
    set_network,
)

with without_tensorflow_messages():
    import keras as keras
    from keras import ops as ops

#: Precision of every layer, whatever Keras' global policy is: the weights are float32, and numpy
#: predicts with them.
PRECISION = "float32"
#: Names of weights in Keras, and their endings here.
_ENDINGS = {
    "gamma": "scale",
    "beta": "offset",
    "moving_mean": "mean",
    "moving_variance": "variance",
}


@dataclass(frozen=True)
class Regularization:
    """Strengths of what keeps a network from overfitting."""

    #: Fraction of the units that is dropped.
    dropout: float = 0.0
    #: Standard deviation of the noise added to the inputs.
    input_noise: float = 0.0
    #: Factor of the sum of squares of the kernels in the loss.
    l2: float = 0.0


class KerasLayers:
    """Layers that Keras runs, with the methods of `NumpyLayers`.

    Every layer is named and initialized with constants, so that building does not use the global
    random state: the weights come from `Architecture.initial_weights`.
    """

    def __init__(
        self, weight_shapes: Mapping[str, tuple[int, ...]], regularization: Regularization
    ) -> None:
        self._shapes, self._regularization = weight_shapes, regularization
        self.variables: dict[str, keras.Variable] = {}
        #: The layers that draw random numbers while training.
        self.random: list[keras.layers.Layer] = []

    def dense(self, name: str, x: Any) -> Any:
        """Add a dense layer."""
        return self._add(keras.layers.Dense(self._units(name), **self._options(name)), x)

    def convolution(self, name: str, x: Any, strides: int) -> Any:
        """Add a convolution."""
        size = self._shapes[f"{name}_kernel"][:2]
        options = {"strides": strides, "padding": "same", **self._options(name)}
        return self._add(keras.layers.Conv2D(self._units(name), size, **options), x)

    def normalization(self, name: str, x: Any) -> Any:
        """Add a batch normalization."""
        layer = keras.layers.BatchNormalization(
            epsilon=NORMALIZATION_EPSILON, dtype=PRECISION, name=name
        )
        return self._add(layer, x)

    def activation(self, name: str, function: str, x: Any) -> Any:
        """Add an activation."""
        return keras.layers.Activation(function, dtype=PRECISION, name=name)(x)

    def flatten(self, name: str, x: Any) -> Any:
        """Join all axes but the first."""
        return keras.layers.Flatten(dtype=PRECISION, name=name)(x)

    def concatenate(self, name: str, parts: Sequence[Any]) -> Any:
        """Join tensors along the last axis."""
        return keras.layers.Concatenate(dtype=PRECISION, name=name)(list(parts))

    def dropout(self, name: str, x: Any) -> Any:
        """Add dropout."""
        rate = self._regularization.dropout
        self.random.append(keras.layers.Dropout(rate, seed=0, dtype=PRECISION, name=name))
        return self.random[-1](x)

    def noise(self, name: str, x: Any) -> Any:
        """Add noise."""
        deviation = self._regularization.input_noise
        noise = keras.layers.GaussianNoise(deviation, seed=0, dtype=PRECISION, name=name)
        self.random.append(noise)
        return noise(x)

    def apply(self, name: str, function: Callable[..., Any], *inputs: Any) -> Any:
        """Add a layer around a function."""
        return FunctionLayer(function.__name__, name=name, dtype=PRECISION)(*inputs)

    def assign(self, weights: Weights) -> None:
        """Set the weights of all layers."""
        for name, variable in self.variables.items():
            variable.assign(weights[name])

    def _units(self, name: str) -> int:
        return self._shapes[f"{name}_kernel"][-1]

    def _options(self, name: str) -> dict[str, Any]:
        l2 = self._regularization.l2
        return {
            "use_bias": f"{name}_bias" in self._shapes,
            "kernel_initializer": "zeros",
            "kernel_regularizer": keras.regularizers.L2(l2) if l2 else None,
            "dtype": PRECISION,
            "name": name,
        }

    def _add(self, layer: keras.layers.Layer, x: Any) -> Any:
        x = layer(x)
        for variable in layer.weights:
            ending = _ENDINGS.get(variable.name, variable.name)
            self.variables[f"{layer.name}_{ending}"] = variable
        return x


@keras.saving.register_keras_serializable("skcluster")
class FunctionLayer(keras.layers.Layer):
    """A layer without weights that calls one of the functions of the networks."""

    def __init__(self, function: str, **options: Any) -> None:
        super().__init__(**options)
        self.function = function

    def call(self, *inputs: Any) -> Any:
        """Call the function with ``keras.ops``."""
        return FUNCTIONS[self.function](ops, *inputs)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration of the layer."""
        return {**super().get_config(), "function": self.function}


def read(variables: Sequence[keras.Variable]) -> list[FloatArray]:
    """Copy the values of variables into numpy arrays."""
    # np.array of a TensorFlow tensor warns that the tensor does not know numpy 2's "copy".
    return [np.asarray(ops.convert_to_tensor(variable)).copy() for variable in variables]


def build_model(
    architecture: Architecture, regularization: Regularization, weights: Weights | None = None
) -> tuple[keras.Model, KerasLayers]:
    """Build the network, with given weights or zeros; its outputs are the input of the loss."""
    layers = KerasLayers(architecture.weight_shapes, regularization)
    inputs = _inputs(architecture)
    model = _model(inputs, architecture.outputs(layers, inputs), "regressor")
    if weights is not None:
        layers.assign(weights)
    return model, layers


def build_set_model(
    architecture: SetArchitecture, networks: Sequence[Weights], regularization: Regularization
) -> keras.Model:
    """Build a model whose outputs are the mean and standard deviation of each target.

    Several networks become one layer each, named "network_0" and so on.
    """

    def one_network(weights: Weights, name: str) -> keras.Model:
        layers = KerasLayers(architecture.weight_shapes, regularization)
        inputs = _inputs(architecture)
        mean, log_spread = set_network(layers, inputs)
        layers.assign(weights)
        std = layers.apply("std", exponential, log_spread)
        return _model(inputs, {"mean": mean, "std": std}, name)

    if len(networks) == 1:
        return one_network(networks[0], "set_regressor")
    inputs = _inputs(architecture)
    predicted = [one_network(weights, f"network_{i}")(inputs) for i, weights in enumerate(networks)]
    means, deviations = ([outputs[name] for outputs in predicted] for name in ("mean", "std"))
    layers = KerasLayers({}, regularization)
    outputs = {
        "mean": layers.apply("mean", average, *means),
        "std": layers.apply("std", mixture_deviation, *means, *deviations),
    }
    return _model(inputs, outputs, "set_regressor")


def _inputs(architecture: Architecture) -> dict[str, Any]:
    return {
        name: keras.Input(shape, name=name, dtype=PRECISION)
        for name, shape in architecture.input_shapes.items()
    }


def _model(inputs: Any, outputs: Any, name: str) -> keras.Model:
    model = keras.Model(inputs, outputs, name=name)
    # Under a global mixed precision policy a model would cast the variables of its layers.
    model.dtype_policy = PRECISION
    return model
