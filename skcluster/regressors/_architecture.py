"""The shape of a network as plain data, from which both Keras and numpy build it."""

from dataclasses import dataclass
from math import ceil, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


class Block(NamedTuple):
    """One layer with weights: a dense or convolution kernel and what follows it."""

    name: str
    kernel_shape: tuple[int, ...]
    normalized: bool
    activation: str | None

    @property
    def weight_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of kernel and bias, then of scale, offset, mean, variance if normalized."""
        n_units = self.kernel_shape[-1]
        return [self.kernel_shape, *[(n_units,)] * (5 if self.normalized else 1)]


@dataclass(frozen=True)
class Architecture:
    """Layers of a network with a picture branch, a number branch, or both.

    The picture goes through convolutions and the numbers through ``number_layers``; what comes
    out of the two is joined and goes through ``hidden_layers`` to the linear outputs. Two
    architectures that are equal can share a compiled network.
    """

    n_outputs: int
    hidden_layers: tuple[int, ...]
    activation: str
    n_numbers: int = 0
    number_layers: tuple[int, ...] = ()
    image_shape: tuple[int, int, int] | None = None
    filters: tuple[int, ...] = ()
    kernel_size: int = 3
    strides: int = 2
    batch_normalization: bool = False
    dropout: bool = False
    input_noise: bool = False

    @property
    def image_blocks(self) -> list[Block]:
        """The convolutions."""
        if self.image_shape is None:
            return []
        channels = [self.image_shape[2], *self.filters]
        square = (self.kernel_size, self.kernel_size)
        return [
            Block(
                f"convolution_{i}",
                (*square, n_in, n_out),
                self.batch_normalization,
                self.activation,
            )
            for i, (n_in, n_out) in enumerate(zip(channels, self.filters, strict=False))
        ]

    @property
    def number_blocks(self) -> list[Block]:
        """The dense layers that only the numbers pass through."""
        return self._dense("number", self.n_numbers, self.number_layers)

    @property
    def hidden_blocks(self) -> list[Block]:
        """The dense layers after the branches are joined."""
        return self._dense("hidden", self._n_joined, self.hidden_layers)

    @property
    def output_block(self) -> Block:
        """The linear layer of the outputs."""
        n_in = self.hidden_layers[-1] if self.hidden_layers else self._n_joined
        return Block("output", (n_in, self.n_outputs), False, None)

    @property
    def blocks(self) -> list[Block]:
        """All layers, in the order in which their weights are listed."""
        return [*self.image_blocks, *self.number_blocks, *self.hidden_blocks, self.output_block]

    @property
    def weight_shapes(self) -> list[tuple[int, ...]]:
        """The shape of every array of weights, in order."""
        return [shape for block in self.blocks for shape in block.weight_shapes]

    @property
    def _n_joined(self) -> int:
        n_numbers = self.number_layers[-1] if self.number_layers else self.n_numbers
        if self.image_shape is None:
            return n_numbers
        height, width, n_channels = self.image_shape
        for n_filters in self.filters:
            height, width = ceil(height / self.strides), ceil(width / self.strides)
            n_channels = n_filters
        return height * width * n_channels + n_numbers

    def _dense(self, name: str, n_in: int, sizes: tuple[int, ...]) -> list[Block]:
        return [
            Block(f"{name}_{i}", (before, after), self.batch_normalization, self.activation)
            for i, (before, after) in enumerate(zip((n_in, *sizes), sizes, strict=False))
        ]


def initial_weights(architecture: Architecture, rng: np.random.Generator) -> list[FloatArray]:
    """Draw the weights from which training starts.

    Kernels are uniform with the variance 2 / (n_in + n_out) of Glorot & Bengio (2010), biases
    zero, normalizations the identity. numpy draws them, so they depend on the seed only, not on
    Keras, its backend or its global state.
    """
    weights: list[FloatArray] = []
    for block in architecture.blocks:
        *field, n_in, n_out = block.kernel_shape
        limit = np.sqrt(6.0 / (prod(field) * (n_in + n_out)))
        kernel = rng.uniform(-limit, limit, block.kernel_shape).astype(np.float32)
        fills = (0.0, 1.0, 0.0, 0.0, 1.0)  # bias; scale, offset, mean, variance
        vectors = [
            np.full(shape, fill, dtype=np.float32)
            for shape, fill in zip(block.weight_shapes[1:], fills, strict=False)
        ]
        weights += [kernel, *vectors]
    return weights
