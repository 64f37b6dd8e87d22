"""The prediction of a network in plain numpy, without the cost of a call into Keras."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import erf, expit

from skcluster.regressors._architecture import Architecture, Block, FloatArray
from skcluster.regressors._threads import one_blas_thread

NORMALIZATION_EPSILON = np.float32(1e-3)
_N_IMAGES = 32  # pictures at a time, so that the unfolded windows stay small


def _elu(x: FloatArray) -> FloatArray:
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def _gelu(x: FloatArray) -> FloatArray:
    return x * 0.5 * (1 + erf(x * float(np.sqrt(0.5))))


ACTIVATIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "elu": _elu,
    "gelu": _gelu,
    "leaky_relu": lambda x: np.maximum(x, 0.2 * x),
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": expit,
    "silu": lambda x: x * expit(x),
    "tanh": np.tanh,
}


def forward(
    architecture: Architecture, weights: Sequence[FloatArray], inputs: Mapping[str, FloatArray]
) -> FloatArray:
    """Give the outputs of the network.

    Parameters
    ----------
    architecture : Architecture
    weights : sequence of arrays
        In the order of ``architecture.weight_shapes``.
    inputs : dict of arrays
        "image" (n, height, width, channels) if the network has a picture branch, "numbers"
        (n, n_numbers) if it has a number branch.

    Returns
    -------
    array of shape (n, n_outputs)
        Computed in the precision of the inputs and weights.
    """
    if architecture.image_shape is None:
        return _forward(architecture, weights, inputs)
    with one_blas_thread():
        parts = [
            _forward(architecture, weights, {k: x[i : i + _N_IMAGES] for k, x in inputs.items()})
            for i in range(0, len(inputs["image"]), _N_IMAGES)
        ]
    return np.concatenate(parts)


def _forward(
    architecture: Architecture, weights: Sequence[FloatArray], inputs: Mapping[str, FloatArray]
) -> FloatArray:
    rest, branches = iter(weights), []
    if architecture.image_shape is not None:
        image = inputs["image"]
        for block in architecture.image_blocks:
            windows = _windows(image, architecture.kernel_size, architecture.strides)
            image = _apply(block, windows, rest)
        branches.append(image.reshape(len(image), -1))
    if architecture.n_numbers:
        numbers = inputs["numbers"]
        for block in architecture.number_blocks:
            numbers = _apply(block, numbers, rest)
        branches.append(numbers)
    joined = branches[0] if len(branches) == 1 else np.concatenate(branches, axis=1)
    for block in (*architecture.hidden_blocks, architecture.output_block):
        joined = _apply(block, joined, rest)
    return joined


def _apply(block: Block, x: FloatArray, weights: Iterator[FloatArray]) -> FloatArray:
    kernel, bias = next(weights), next(weights)
    kernel = kernel.reshape(-1, kernel.shape[-1])
    # One product of two matrices; numpy would multiply the rows of a picture one by one.
    y = (x.reshape(-1, len(kernel)) @ kernel).reshape(*x.shape[:-1], -1)
    y += bias
    if block.normalized:
        scale, offset, mean, variance = (next(weights) for _ in range(4))
        y = (y - mean) * (scale / np.sqrt(variance + NORMALIZATION_EPSILON)) + offset
    return y if block.activation is None else ACTIVATIONS[block.activation](y)


def _windows(image: FloatArray, size: int, stride: int) -> FloatArray:
    """Unfold pictures into the window under the kernel at each place ("same" padding)."""
    padding = [(0, 0), *(_padding(n, size, stride) for n in image.shape[1:3]), (0, 0)]
    view = sliding_window_view(np.pad(image, padding), (size, size), axis=(1, 2))
    view = view[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    return view.reshape(*view.shape[:3], -1)


def _padding(n: int, size: int, stride: int) -> tuple[int, int]:
    total = max((-(-n // stride) - 1) * stride + size - n, 0)
    return total // 2, total - total // 2
