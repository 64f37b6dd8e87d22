"""A network over a set of stars."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skcluster.regressors.networks.architecture import Architecture, Layers, Weights

#: Limits of the predicted log spread, so that a single star cannot move it arbitrarily.
LOG_SPREAD = (-4.0, 2.0)


@dataclass(frozen=True)
class SetArchitecture(Architecture):
    """Sizes of the network.

    Two layers act on individual stars; their mean and maximum over the stars, with the context,
    describe the cluster. Two more layers act on each star together with this description; their
    mean, maximum and attention-weighted averages are mapped by two more layers to mean and log
    spread of each target. A linear map of the context is added to the means.
    """

    n_context: int
    n_channels: int
    n_outputs: int
    units: tuple[int, ...]  # of layers on stars, on stars with their cluster, on the cluster
    n_heads: int
    dropout_rate: float = 0.0

    @property
    def input_shapes(self) -> dict[str, tuple[int | None, ...]]:
        """Shape of one row of each input; the number of stars is not fixed."""
        return {"context": (self.n_context,), "stars": (None, self.n_channels)}

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each array of weights, by name."""
        star, cluster, head = self.units
        n_joined = (2 + self.n_heads) * cluster + cluster + self.n_context
        dense = {
            "star_0": (self.n_channels, star),
            "star_1": (star, star),
            "cluster": (2 * star + self.n_context, cluster),
            "star_2": (star, cluster),
            "star_3": (cluster, cluster),
            "attention": (cluster, self.n_heads),
            "head_0": (n_joined, head),
            "head_1": (head, head),
            "output": (head, 2 * self.n_outputs),
        }
        shapes: dict[str, tuple[int, ...]] = {}
        for name, (n_in, n_out) in dense.items():
            shapes |= {f"{name}_kernel": (n_in, n_out), f"{name}_bias": (n_out,)}
        return {
            **shapes,
            "beside_kernel": (cluster, cluster),
            "direct_kernel": (self.n_context, self.n_outputs),
        }

    def initial_weights(self, rng: np.random.Generator, mean: ArrayLike = 0.0) -> Weights:
        """Draw the initial weights; those of the direct linear map are 0."""
        weights = super().initial_weights(rng, mean)
        weights["direct_kernel"][:] = 0.0
        return weights

    def outputs(self, layers: Layers, inputs: Mapping[str, Any]) -> Any:
        """Return means, then log spreads, of the targets."""
        return layers.concatenate("distribution", self.distribution(layers, inputs))

    def distribution(self, layers: Layers, inputs: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return means and log spreads of the targets, shape (n, n_outputs).

        The inputs are "context" (n, n_context) and "stars" (n, n_stars, n_channels), whose last
        channel is 1 for a star and 0 for padding. At least one star per row.
        """

        def dense(name: str, x: Any) -> Any:
            return layers.activation(f"{name}_activation", "silu", layers.dense(name, x))

        def pooled(name: str, x: Any) -> list[Any]:
            return [
                layers.apply(f"{name}_mean", masked_mean, x, present),
                layers.apply(f"{name}_maximum", masked_maximum, x, present),
            ]

        context, stars = inputs["context"], inputs["stars"]
        present = layers.apply("present", last_channel, stars)
        x = dense("star_1", dense("star_0", stars))
        cluster = layers.concatenate("cluster_inputs", [*pooled("stars", x), context])
        cluster = dense("cluster", cluster)
        x = layers.dense("star_2", x)
        x = layers.apply("star_2_beside", add_to_each_star, x, layers.dense("beside", cluster))
        x = layers.activation("star_2_activation", "silu", x)
        x = dense("star_3", x)
        attention = layers.dense("attention", x)
        attention = layers.apply("attention_weights", masked_softmax, attention, present)
        attended = layers.apply("attended", weighted_sums, attention, x)
        joined = [*pooled("stars_beside", x), attended, cluster, context]
        x = dense("head_0", layers.concatenate("head_inputs", joined))
        x = dense("head_1", layers.dropout("head_dropout", self.dropout_rate, x))
        x = layers.dense("output", x)
        mean = layers.apply("mean", add_to_first_half, x, layers.dense("direct", context))
        return mean, layers.apply("log_spread", clipped_second_half, x)

    @property
    def jit_compile(self) -> bool:
        """Whether XLA is faster: it is, for many small operations on each star."""
        return True

    def steps_per_execution(self, n_batches: int) -> int:
        """Return 1, because the learning rate changes with each step."""
        return 1


def last_channel(ops: Any, stars: Any) -> Any:
    """Return the channel that is 1 where there is a star."""
    return stars[:, :, -1:]


def masked_mean(ops: Any, x: Any, present: Any) -> Any:
    """Average over the present stars."""
    return ops.sum(x * present, axis=1) / ops.maximum(ops.sum(present, axis=1), 1.0)


def masked_maximum(ops: Any, x: Any, present: Any) -> Any:
    """Take the maximum over the present stars; no activation is below −10."""
    return ops.max(ops.where(present > 0, x, -10.0), axis=1)


def add_to_each_star(ops: Any, x: Any, cluster: Any) -> Any:
    """Add the description of the cluster to each of its stars."""
    return x + cluster[:, None, :]


def masked_softmax(ops: Any, score: Any, present: Any) -> Any:
    """Convert scores to weights of the present stars that sum to 1."""
    score = ops.where(present > 0, score, -1e9)
    attention = ops.exp(score - ops.max(score, axis=1, keepdims=True))
    return attention / ops.sum(attention, axis=1, keepdims=True)


def weighted_sums(ops: Any, weights: Any, x: Any) -> Any:
    """Sum over the stars once per attention head, and concatenate the heads."""
    sums = ops.einsum("nsh,nsd->nhd", weights, x)
    return ops.reshape(sums, (-1, sums.shape[1] * sums.shape[2]))


def add_to_first_half(ops: Any, x: Any, direct: Any) -> Any:
    """Add to the means, the first half of the outputs."""
    return ops.split(x, 2, axis=-1)[0] + direct


def clipped_second_half(ops: Any, x: Any) -> Any:
    """Limit the log spreads, the second half of the outputs."""
    return ops.clip(ops.split(x, 2, axis=-1)[1], *LOG_SPREAD)


def mixture_deviation(ops: Any, *values: Any) -> Any:
    """Return the standard deviation of a mixture; values are all means, then all deviations."""
    half = len(values) // 2
    means, deviations = ops.stack(values[:half], axis=0), ops.stack(values[half:], axis=0)
    return ops.sqrt(ops.mean(ops.square(deviations), axis=0) + ops.var(means, axis=0))


#: The functions of `FunctionLayer`, by name, so that a saved model can be read.
FUNCTIONS = {
    function.__name__: function
    for function in (
        last_channel,
        masked_mean,
        masked_maximum,
        add_to_each_star,
        masked_softmax,
        weighted_sums,
        add_to_first_half,
        clipped_second_half,
        mixture_deviation,
    )
}
