"""What a network is: layers by name, their computation in numpy, and initial weights.

A network is a function of layers and inputs, the method `outputs` of its `Architecture`. With
`NumpyLayers` it computes predictions, with `KerasLayers` it builds the Keras model for training.
"""

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf, expit
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from skcluster.regressors.networks.keras_layers import KerasLayers

#: The layers of a network: numpy computes with them, Keras builds layers of these names.
Layers: TypeAlias = "NumpyLayers | KerasLayers"
FloatArray = NDArray[np.float32]
#: Arrays of weights by name.
Weights = dict[str, FloatArray]
#: Arrays of inputs by name.
Inputs = dict[str, FloatArray]

_N_IMAGES = 32  # images per block, so that the unfolded windows stay small


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

    def initial_weights(self, rng: np.random.Generator, mean: ArrayLike = 0.0) -> Weights:
        """Draw the initial weights, with which the outputs scatter around the mean of the targets.

        Kernels are uniform with the variance 2 / (n_in + n_out) of Glorot & Bengio (2010), biases
        zero. numpy draws them, so they depend on the seed only, not on Keras, its backend or its
        global state.
        """
        shapes = self.weight_shapes.items()
        weights = {name: _initial(name, shape, rng) for name, shape in shapes}
        weights["output_bias"][: self.n_outputs] = mean
        return weights

    def predict(
        self, weights: Mapping[str, FloatArray], inputs: Mapping[str, FloatArray]
    ) -> FloatArray:
        """Compute the outputs in numpy, in the precision of the inputs and weights."""
        layers = NumpyLayers(weights)
        with one_blas_thread():
            if "image" not in inputs:
                outputs: FloatArray = self.outputs(layers, inputs)
                return outputs
            parts = [
                self.outputs(layers, {k: x[i : i + _N_IMAGES] for k, x in inputs.items()})
                for i in range(0, len(inputs["image"]), _N_IMAGES)
            ]
        return np.concatenate(parts)


def _initial(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    if not name.endswith("_kernel"):
        return np.zeros(shape, dtype=np.float32)
    *window, n_in, n_out = shape
    limit = np.sqrt(6.0 / (prod(window) * (n_in + n_out)))
    return rng.uniform(-limit, limit, shape).astype(np.float32)


def _elu(x: FloatArray) -> FloatArray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _gelu(x: FloatArray) -> FloatArray:
    y: FloatArray = x * 0.5 * (1 + erf(x * float(np.sqrt(0.5))))
    return y


def _silu(x: FloatArray) -> FloatArray:
    # Below −80 the result is 0 in single precision, and exp would overflow.
    exponential: FloatArray = np.exp(-np.maximum(x, -80.0))
    return x / (1 + exponential)


ACTIVATIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "elu": _elu,
    "gelu": _gelu,
    "leaky_relu": lambda x: np.maximum(x, 0.2 * x),
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": expit,
    "silu": _silu,
    "tanh": np.tanh,
}


class NumpyLayers:
    """Layers computed by numpy.

    Layers find their weights by their own name and one of the endings ``_kernel`` and ``_bias``.
    """

    def __init__(self, weights: Mapping[str, FloatArray]) -> None:
        self._weights = weights

    def dense(self, name: str, x: FloatArray) -> FloatArray:
        """Multiply the last axis by a kernel, and add a bias if there is one."""
        return self._product(name, x, self._weights[f"{name}_kernel"])

    def convolution(self, name: str, x: FloatArray, strides: int) -> FloatArray:
        """Convolve ("same" padding), as one product of all windows with the kernel."""
        kernel = self._weights[f"{name}_kernel"]
        windows = _windows(x, len(kernel), strides)
        return self._product(name, windows, kernel.reshape(-1, kernel.shape[-1]))

    def activation(self, name: str, function: str, x: FloatArray) -> FloatArray:
        """Apply one of the `ACTIVATIONS`."""
        return ACTIVATIONS[function](x)

    def flatten(self, name: str, x: FloatArray) -> FloatArray:
        """Join all axes but the first."""
        return x.reshape(len(x), -1)

    def concatenate(self, name: str, parts: Sequence[FloatArray]) -> FloatArray:
        """Join arrays along the last axis."""
        return np.concatenate(parts, axis=-1)

    def dropout(self, name: str, rate: float, x: FloatArray) -> FloatArray:
        """Return the values unchanged."""
        return x

    def apply(self, name: str, function: Callable[..., Any], *inputs: FloatArray) -> FloatArray:
        """Call a function of numpy and the inputs."""
        result: FloatArray = function(np, *inputs)
        return result

    def _product(self, name: str, x: FloatArray, kernel: FloatArray) -> FloatArray:
        # One product of two matrices; numpy would multiply the rows of an image one by one.
        y = (x.reshape(-1, len(kernel)) @ kernel).reshape(*x.shape[:-1], -1)
        bias = self._weights.get(f"{name}_bias")
        if bias is not None:
            y += bias
        return y


def _windows(image: FloatArray, size: int, stride: int) -> FloatArray:
    """Unfold images into the window under the kernel at each position ("same" padding)."""
    padding = [(0, 0), *(_padding(n, size, stride) for n in image.shape[1:3]), (0, 0)]
    view = sliding_window_view(np.pad(image, padding), (size, size), axis=(1, 2))
    view = view[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    return view.reshape(*view.shape[:3], -1)


def _padding(n: int, size: int, stride: int) -> tuple[int, int]:
    total = max((-(-n // stride) - 1) * stride + size - n, 0)
    return total // 2, total - total // 2


_lock = threading.Lock()
_users = 0
_limits: threadpool_limits | None = None
#: The thread that sets and removes the limit: threadpoolctl is not thread-safe.
_keeper: ThreadPoolExecutor | None = None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run matrix products on the calling thread only.

    The products of a picture network are many and small, so that one thread is faster than several
    that wait for each other, in particular on busy cores. A product that is divided among threads
    is also summed in another order, so that the last bits would depend on their number. The first
    thread to enter sets the limit and the last to leave removes it. A limit that other code has set
    around it takes precedence.
    """
    global _users, _limits, _keeper
    with _lock:
        if _users == 0:
            _keeper = _keeper or ThreadPoolExecutor(1, thread_name_prefix="blas-limit")
            _limits = _keeper.submit(_limit).result()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and _limits is not None and _keeper is not None:
                _keeper.submit(_limits.__exit__, None, None, None).result()
                _limits = None


def _limit() -> threadpool_limits:
    return threadpool_limits(1, user_api="blas").__enter__()


def _forget() -> None:
    """Reset the state in a forked process, which has no other thread."""
    global _lock, _users, _limits, _keeper
    _lock, _users, _limits, _keeper = threading.Lock(), 0, None, None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
