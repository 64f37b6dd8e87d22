"""Predictions of a network in numpy, without the overhead of Keras."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import erf, expit

from skcluster.regressors.networks.architecture import Architecture, FloatArray
from skcluster.regressors.networks.threads import one_blas_thread

NORMALIZATION_EPSILON = 1e-3
_N_IMAGES = 32  # images per block, so that the unfolded windows stay small


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


def predict(
    architecture: Architecture, weights: Mapping[str, FloatArray], inputs: Mapping[str, FloatArray]
) -> FloatArray:
    """Return the outputs of the network, in the precision of the inputs and weights."""
    layers = NumpyLayers(weights)
    with one_blas_thread():
        if "image" not in inputs:
            outputs: FloatArray = architecture.outputs(layers, inputs)
            return outputs
        parts = [
            architecture.outputs(layers, {k: x[i : i + _N_IMAGES] for k, x in inputs.items()})
            for i in range(0, len(inputs["image"]), _N_IMAGES)
        ]
    return np.concatenate(parts)


class NumpyLayers:
    """Layers computed by numpy; see `skcluster.regressors.networks.architecture.Layers`."""

    def __init__(self, weights: Mapping[str, FloatArray]) -> None:
        self._weights = weights

    def dense(self, name: str, x: FloatArray) -> FloatArray:
        """Multiply, and add a bias if there is one."""
        return self._product(name, x, self._weights[f"{name}_kernel"])

    def convolution(self, name: str, x: FloatArray, strides: int) -> FloatArray:
        """Convolve, as one product of all windows with the kernel."""
        kernel = self._weights[f"{name}_kernel"]
        windows = _windows(x, len(kernel), strides)
        return self._product(name, windows, kernel.reshape(-1, kernel.shape[-1]))

    def normalization(self, name: str, x: FloatArray) -> FloatArray:
        """Normalize by the running averages."""
        scale, offset, mean, variance = (
            self._weights[f"{name}_{part}"] for part in ("scale", "offset", "mean", "variance")
        )
        deviation: FloatArray = np.sqrt(variance + np.float32(NORMALIZATION_EPSILON))
        return (x - mean) * (scale / deviation) + offset

    def activation(self, name: str, function: str, x: FloatArray) -> FloatArray:
        """Apply an activation."""
        return ACTIVATIONS[function](x)

    def flatten(self, name: str, x: FloatArray) -> FloatArray:
        """Join all axes but the first."""
        return x.reshape(len(x), -1)

    def concatenate(self, name: str, parts: Sequence[FloatArray]) -> FloatArray:
        """Join arrays along the last axis."""
        return np.concatenate(parts, axis=-1)

    def dropout(self, name: str, x: FloatArray) -> FloatArray:
        """Return the values unchanged."""
        return x

    def noise(self, name: str, x: FloatArray) -> FloatArray:
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
