"""The Keras model of a network."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from skcluster.regressors.networks.architecture import Architecture, FloatArray, Weights
from skcluster.regressors.networks.numpy_layers import NORMALIZATION_EPSILON
from skcluster.regressors.networks.quiet_keras import keras, ops
from skcluster.regressors.networks.sets import FUNCTIONS

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


class Regularizers(Protocol):
    """Regularization of a network against overfitting."""

    def dropout(self, name: str) -> keras.layers.Layer:
        """Return a layer that drops values."""

    def input_noise(self, name: str) -> keras.layers.Layer:
        """Return a layer that adds noise."""

    def l2(self) -> Any:
        """Return a penalty on a kernel."""


class KerasLayers:
    """Layers that Keras runs; see `skcluster.regressors.networks.architecture.Layers`.

    Every layer is named and initialized with constants, so that building does not use the global
    random state: the weights come from `Architecture.initial_weights`.
    """

    def __init__(
        self, weight_shapes: Mapping[str, tuple[int, ...]], regularizers: Regularizers
    ) -> None:
        self._shapes, self._regularizers = weight_shapes, regularizers
        self.variables: dict[str, keras.Variable] = {}

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
        return self._regularizers.dropout(name)(x)

    def noise(self, name: str, x: Any) -> Any:
        """Add noise."""
        return self._regularizers.input_noise(name)(x)

    def apply(self, name: str, function: Callable[..., Any], *inputs: Any) -> Any:
        """Add a layer around a function."""
        return FunctionLayer(function.__name__, name=name, dtype=PRECISION)(*inputs)

    def _units(self, name: str) -> int:
        return self._shapes[f"{name}_kernel"][-1]

    def _options(self, name: str) -> dict[str, Any]:
        return {
            "use_bias": f"{name}_bias" in self._shapes,
            "kernel_initializer": "zeros",
            "kernel_regularizer": self._regularizers.l2(),
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


def build_model(
    architecture: Architecture, regularizers: Regularizers
) -> tuple[keras.Model, list[keras.Variable]]:
    """Build the network, and list its weights in the order of the architecture."""
    layers = KerasLayers(architecture.weight_shapes, regularizers)
    inputs = keras_inputs(architecture)
    model = keras_model(inputs, architecture.outputs(layers, inputs), "regressor")
    return model, [layers.variables[name] for name in architecture.weight_shapes]


def keras_inputs(architecture: Architecture) -> dict[str, Any]:
    """Return the inputs of a network as Keras tensors."""
    return {
        name: keras.Input(shape, name=name, dtype=PRECISION)
        for name, shape in architecture.input_shapes.items()
    }


def keras_model(inputs: Any, outputs: Any, name: str) -> keras.Model:
    """Return a model that keeps its precision."""
    model = keras.Model(inputs, outputs, name=name)
    # Under a global mixed precision policy a model would cast the variables of its layers.
    model.dtype_policy = PRECISION
    return model


def assign(variables: Sequence[keras.Variable], values: Sequence[FloatArray]) -> None:
    """Assign values to variables, one by one."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def read(variables: Sequence[keras.Variable]) -> list[FloatArray]:
    """Copy the values of variables into numpy arrays."""
    # np.array of a TensorFlow tensor warns that the tensor does not know numpy 2's "copy".
    return [np.asarray(ops.convert_to_tensor(variable)).copy() for variable in variables]


def model_with_weights(
    architecture: Architecture, weights: Weights, regularizers: Regularizers
) -> keras.Model:
    """Build the network with given weights."""
    model, variables = build_model(architecture, regularizers)
    assign(variables, [weights[name] for name in architecture.weight_shapes])
    return model
