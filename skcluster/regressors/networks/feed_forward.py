"""Networks of dense layers, of convolutions, or of both joined."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from skcluster.regressors.networks.architecture import Architecture, Layers


@dataclass(frozen=True)
class FeedForwardArchitecture(Architecture):
    """Sizes of a network with an image branch, a branch of numbers, or both.

    The image passes through convolutions and the numbers through ``number_layers``; both results
    are joined and pass through ``hidden_layers`` to the linear outputs.
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
    dropout_rate: float = 0.0

    @property
    def input_shapes(self) -> dict[str, tuple[int | None, ...]]:
        """Shape of one row of each input."""
        shapes: dict[str, tuple[int | None, ...]] = {}
        if self.image_shape is not None:
            shapes["image"] = self.image_shape
        if self.n_numbers:
            shapes["numbers"] = (self.n_numbers,)
        return shapes

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each array of weights: convolutions, layers of numbers, hidden, output."""
        shapes: dict[str, tuple[int, ...]] = {}
        for name, kernel in self._kernels().items():
            shapes |= {f"{name}_kernel": kernel, f"{name}_bias": kernel[-1:]}
        return shapes

    def outputs(self, layers: Layers, inputs: Mapping[str, Any]) -> Any:
        """Return the predicted targets, shape (n, n_outputs).

        The inputs are "image" (n, height, width, channels) and "numbers" (n, n_numbers), or one of
        them.
        """

        def activated(name: str, x: Any) -> Any:
            return layers.activation(f"{name}_activation", self.activation, x)

        branches = []
        for name in self.input_shapes:
            x = inputs[name]
            if name == "image":
                for i in range(len(self.filters)):
                    x = layers.convolution(f"convolution_{i}", x, self.strides)
                    x = activated(f"convolution_{i}", x)
                x = layers.flatten("flatten", x)
            else:
                for i in range(len(self.number_layers)):
                    x = activated(f"number_{i}", layers.dense(f"number_{i}", x))
            branches.append(x)
        x = branches[0] if len(branches) == 1 else layers.concatenate("join", branches)
        for i in range(len(self.hidden_layers)):
            x = activated(f"hidden_{i}", layers.dense(f"hidden_{i}", x))
            if self.dropout_rate:
                x = layers.dropout(f"hidden_{i}_dropout", self.dropout_rate, x)
        return layers.dense("output", x)

    @property
    def jit_compile(self) -> bool:
        """Whether XLA is faster: on a CPU for dense layers, not for images or random numbers."""
        return self.image_shape is None and not self.dropout_rate

    def steps_per_execution(self, n_batches: int) -> int:
        """Return the steps per call: all of an epoch for small steps, whose overhead dominates."""
        return n_batches if self.image_shape is None else 1

    def _kernels(self) -> dict[str, tuple[int, ...]]:
        kernels: dict[str, tuple[int, ...]] = {}
        n_joined = 0
        if self.image_shape is not None:
            height, width, channels = self.image_shape
            window = (self.kernel_size, self.kernel_size)
            for i, n_filters in enumerate(self.filters):
                kernels[f"convolution_{i}"] = (*window, channels, n_filters)
                height, width = ceil(height / self.strides), ceil(width / self.strides)
                channels = n_filters
            n_joined = height * width * channels
        n_numbers = self.n_numbers
        for i, units in enumerate(self.number_layers):
            kernels[f"number_{i}"] = (n_numbers, units)
            n_numbers = units
        n_joined += n_numbers
        for i, units in enumerate(self.hidden_layers):
            kernels[f"hidden_{i}"] = (n_joined, units)
            n_joined = units
        return {**kernels, "output": (n_joined, self.n_outputs)}
