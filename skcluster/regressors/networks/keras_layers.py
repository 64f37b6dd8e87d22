"""The Keras model of a network, for training and for users."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skcluster.regressors.networks import without_tensorflow_messages
from skcluster.regressors.networks.architecture import Architecture, FloatArray, Weights
from skcluster.regressors.networks.sets import FUNCTIONS, SetArchitecture, mixture_deviation

with without_tensorflow_messages():
    import keras as keras
    from keras import ops as ops

#: Precision of every layer, whatever Keras' global policy is: the weights are float32, and numpy
#: predicts with them.
PRECISION = "float32"


class KerasLayers:
    """Layers that Keras runs, with the methods of `NumpyLayers`.

    Every layer is named and initialized with constants, so that building does not use the global
    random state: the weights come from `Architecture.initial_weights`.
    """

    def __init__(self, weight_shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._shapes = weight_shapes

    def dense(self, name: str, x: Any) -> Any:
        """Add a dense layer."""
        return keras.layers.Dense(**self._options(name, "units"))(x)

    def convolution(self, name: str, x: Any, strides: int) -> Any:
        """Add a convolution."""
        options = self._options(name, "filters")
        size = self._shapes[f"{name}_kernel"][:2]
        return keras.layers.Conv2D(kernel_size=size, strides=strides, padding="same", **options)(x)

    def activation(self, name: str, function: str, x: Any) -> Any:
        """Add an activation."""
        return keras.layers.Activation(function, dtype=PRECISION, name=name)(x)

    def flatten(self, name: str, x: Any) -> Any:
        """Join all axes but the first."""
        return keras.layers.Flatten(dtype=PRECISION, name=name)(x)

    def concatenate(self, name: str, parts: Sequence[Any]) -> Any:
        """Join tensors along the last axis."""
        return keras.layers.Concatenate(dtype=PRECISION, name=name)(list(parts))

    def dropout(self, name: str, rate: float, x: Any) -> Any:
        """Add dropout."""
        return keras.layers.Dropout(rate, seed=0, dtype=PRECISION, name=name)(x)

    def apply(self, name: str, function: Callable[..., Any], *inputs: Any) -> Any:
        """Add a layer around a function."""
        return FunctionLayer(function.__name__, name=name, dtype=PRECISION)(*inputs)

    def _options(self, name: str, width: str) -> dict[str, Any]:
        return {
            width: self._shapes[f"{name}_kernel"][-1],
            "use_bias": f"{name}_bias" in self._shapes,
            "kernel_initializer": "zeros",
            "dtype": PRECISION,
            "name": name,
        }


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


def weights_of(model: keras.Model) -> dict[str, keras.Variable]:
    """Return the variables of a network by the names of its weights."""
    return {
        f"{layer.name}_{weight.name}": weight for layer in model.layers for weight in layer.weights
    }


def assign(model: keras.Model, weights: Weights) -> None:
    """Set the weights of a network."""
    for name, variable in weights_of(model).items():
        variable.assign(weights[name])


def build_model(architecture: Architecture) -> keras.Model:
    """Build the network, with weights of zero; its outputs are the input of the loss."""
    inputs = _inputs(architecture)
    layers = KerasLayers(architecture.weight_shapes)
    return _model(inputs, architecture.outputs(layers, inputs), "regressor")


def build_set_model(architecture: SetArchitecture, networks: Sequence[Weights]) -> keras.Model:
    """Build a model whose outputs are the mean and standard deviation of each target.

    Several networks become one layer each, named "network_0" and so on.
    """
    layers = KerasLayers(architecture.weight_shapes)

    def one_network(weights: Weights, name: str) -> keras.Model:
        inputs = _inputs(architecture)
        mean, log_spread = architecture.distribution(layers, inputs)
        std = layers.activation("std", "exponential", log_spread)
        model = _model(inputs, {"mean": mean, "std": std}, name)
        assign(model, weights)
        return model

    if len(networks) == 1:
        return one_network(networks[0], "set_regressor")
    inputs = _inputs(architecture)
    predicted = [one_network(weights, f"network_{i}")(inputs) for i, weights in enumerate(networks)]
    means, deviations = ([outputs[name] for outputs in predicted] for name in ("mean", "std"))
    outputs = {
        "mean": keras.layers.Average(dtype=PRECISION, name="mean")(means),
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
