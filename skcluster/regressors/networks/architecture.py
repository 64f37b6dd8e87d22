"""Interface of all networks: named inputs and weights, and outputs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
#: Arrays of weights by name.
Weights = dict[str, FloatArray]
#: Arrays of inputs by name.
Inputs = dict[str, FloatArray]


class Layers(Protocol):
    """The layers of a network; numpy computes with them, Keras builds layers of these names.

    Layers find their weights by their own name and one of the endings ``_kernel``, ``_bias``,
    ``_scale``, ``_offset``, ``_mean`` and ``_variance``.
    """

    def dense(self, name: str, x: Any) -> Any:
        """Multiply the last axis by a kernel, and add a bias if there is one."""

    def convolution(self, name: str, x: Any, strides: int) -> Any:
        """Convolve images with a square kernel, padded with zeros at the edges ("same")."""

    def normalization(self, name: str, x: Any) -> Any:
        """Normalize over the batch while training, by running averages afterwards."""

    def activation(self, name: str, function: str, x: Any) -> Any:
        """Apply one of the `skcluster.regressors.networks.numpy_layers.ACTIVATIONS`."""

    def flatten(self, name: str, x: Any) -> Any:
        """Join all axes but the first."""

    def concatenate(self, name: str, parts: Sequence[Any]) -> Any:
        """Join arrays along the last axis."""

    def dropout(self, name: str, x: Any) -> Any:
        """Drop values while training."""

    def noise(self, name: str, x: Any) -> Any:
        """Add noise while training."""

    def apply(self, name: str, function: Callable[..., Any], *inputs: Any) -> Any:
        """Call a function of an array module (numpy or ``keras.ops``) and the inputs."""


class Architecture(ABC):
    """Layers and shapes of a network, as plain data. Equal ones can share a compiled network."""

    n_outputs: int

    @property
    @abstractmethod
    def input_shapes(self) -> dict[str, tuple[int | None, ...]]:
        """Shape of one row of each input."""

    @property
    @abstractmethod
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each array of weights, in the order in which they are drawn."""

    @abstractmethod
    def outputs(self, layers: Layers, inputs: Mapping[str, Any]) -> Any:
        """Return the input of the loss, one row of numbers per row of the inputs."""

    @property
    @abstractmethod
    def jit_compile(self) -> bool:
        """Whether training is faster with XLA on a CPU."""

    @abstractmethod
    def steps_per_execution(self, n_batches: int) -> int:
        """Return the number of training steps that run in one call."""

    def initial_weights(self, rng: np.random.Generator) -> Weights:
        """Draw the initial weights.

        Kernels are uniform with the variance 2 / (n_in + n_out) of Glorot & Bengio (2010), biases
        zero, normalizations the identity. numpy draws them, so they depend on the seed only, not
        on Keras, its backend or its global state.
        """
        return {name: _initial(name, shape, rng) for name, shape in self.weight_shapes.items()}


def _initial(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    if not name.endswith("_kernel"):
        return np.full(shape, name.endswith(("_scale", "_variance")), dtype=np.float32)
    *window, n_in, n_out = shape
    limit = np.sqrt(6.0 / (prod(window) * (n_in + n_out)))
    return rng.uniform(-limit, limit, shape).astype(np.float32)
