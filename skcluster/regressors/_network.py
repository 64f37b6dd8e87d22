"""The Keras network of an architecture."""

from collections.abc import Sequence
from typing import Any, Protocol

import keras
import numpy as np

from skcluster.regressors._architecture import Architecture, Block, FloatArray
from skcluster.regressors._forward import NORMALIZATION_EPSILON


class Regularizers(Protocol):
    """What keeps a network from learning its training rows by heart."""

    def dropout(self, name: str) -> keras.layers.Layer:
        """Return a layer that drops values."""

    def input_noise(self, name: str) -> keras.layers.Layer:
        """Return a layer that adds noise."""

    def l2(self) -> Any:
        """Return a penalty on a kernel."""


def build_model(
    architecture: Architecture, regularizers: Regularizers
) -> tuple[keras.Model, list[keras.Variable]]:
    """Build the network, and list its weights in the order of the architecture.

    Every layer is named and starts from constants, so that building draws on no global random
    state: the weights come from `initial_weights`.
    """
    builder = _Builder(architecture, regularizers)
    inputs, branches = {}, []
    if architecture.image_shape is not None:
        inputs["image"] = keras.Input(architecture.image_shape, name="image")
        x = builder.noise(inputs["image"])
        for block in architecture.image_blocks:
            x = builder.add(block, x)
        branches.append(keras.layers.Flatten(name="flatten")(x))
    if architecture.n_numbers:
        inputs["numbers"] = keras.Input((architecture.n_numbers,), name="numbers")
        x = builder.noise(inputs["numbers"])
        for block in architecture.number_blocks:
            x = builder.add(block, x)
        branches.append(x)
    x = branches[0] if len(branches) == 1 else keras.layers.Concatenate(name="join")(branches)
    for block in architecture.hidden_blocks:
        x = builder.add(block, x, dropout=architecture.dropout)
    outputs = builder.add(architecture.output_block, x)
    return keras.Model(inputs, outputs, name="regressor"), builder.variables


class _Builder:
    def __init__(self, architecture: Architecture, regularizers: Regularizers) -> None:
        self.architecture = architecture
        self.regularizers = regularizers
        self.variables: list[keras.Variable] = []

    def noise(self, x: Any) -> Any:
        if not self.architecture.input_noise:
            return x
        return self.regularizers.input_noise(f"noise_on_{x.name}")(x)

    def add(self, block: Block, x: Any, dropout: bool = False) -> Any:
        options = {
            "kernel_initializer": "zeros",
            "kernel_regularizer": self.regularizers.l2(),
            "name": block.name,
        }
        n_units = block.kernel_shape[-1]
        if len(block.kernel_shape) == 4:
            layer = keras.layers.Conv2D(
                n_units,
                self.architecture.kernel_size,
                strides=self.architecture.strides,
                padding="same",
                **options,
            )
        else:
            layer = keras.layers.Dense(n_units, **options)
        x = layer(x)
        self.variables += layer.weights
        if block.normalized:
            layer = keras.layers.BatchNormalization(
                epsilon=float(NORMALIZATION_EPSILON), name=f"{block.name}_normalization"
            )
            x = layer(x)
            self.variables += layer.weights
        if block.activation is not None:
            x = keras.layers.Activation(block.activation, name=f"{block.name}_activation")(x)
        return self.regularizers.dropout(f"{block.name}_dropout")(x) if dropout else x


def assign(variables: Sequence[keras.Variable], values: Sequence[FloatArray]) -> None:
    """Put values into variables, one by one."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def read(variables: Sequence[keras.Variable]) -> list[FloatArray]:
    """Copy the values of variables into numpy arrays."""
    # np.array of a TensorFlow tensor warns that the tensor does not know numpy 2's "copy".
    return [np.asarray(keras.ops.convert_to_tensor(variable)).copy() for variable in variables]
