"""A network over a set of stars, written once for numpy and Keras."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skcluster.regressors._architecture import FloatArray

#: Logarithm of the spread of a prediction; without limits a single star could send it anywhere.
LOG_SPREAD = (-4.0, 2.0)


@dataclass(frozen=True)
class SetArchitecture:
    """Sizes of the network.

    Two layers see each star alone; their mean and maximum over the stars, with the context, are
    what the cluster looks like. Two more layers see each star beside that; their mean, maximum and
    averages weighted by attention give, through two more, mean and log spread of each target. The
    context also reaches the means directly, by a linear map.
    """

    n_context: int
    n_channels: int
    n_outputs: int
    units: tuple[int, int, int]
    n_heads: int

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


def initial_set_weights(
    architecture: SetArchitecture, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Draw the weights from which training starts.

    Kernels as in `skcluster.regressors._architecture.initial_weights`; the direct way starts at 0.
    """
    weights = {}
    for name, shape in architecture.weight_shapes.items():
        limit = np.sqrt(6.0 / sum(shape)) if len(shape) == 2 else 0.0
        limit = 0.0 if name == "direct_kernel" else limit
        weights[name] = rng.uniform(-limit, limit, shape).astype(np.float32)
    return weights


def set_network(
    ops: Any,
    weights: Mapping[str, Any],
    context: Any,
    stars: Any,
    present: Any,
    drop: Callable[[Any], Any] = lambda x: x,
) -> tuple[Any, Any]:
    """Give the mean and the log spread of each target.

    Parameters
    ----------
    ops : module
        numpy or ``keras.ops``.
    weights : mapping of str to array
        As in ``architecture.weight_shapes``.
    context : array of shape (n, n_context)
    stars : array of shape (n, n_stars, n_channels)
    present : array of shape (n, n_stars, 1)
        1 where there is a star, 0 where a row is filled up. At least one star a row.
    drop : callable, optional
        Dropout, applied in the head.

    Returns
    -------
    mean, log_spread : arrays of shape (n, n_outputs)
    """

    def dense(name: str, x: Any) -> Any:
        return ops.matmul(x, weights[f"{name}_kernel"]) + weights[f"{name}_bias"]

    def silu(x: Any) -> Any:
        # Below −80 the result is 0 in single precision, and exp would overflow.
        return x / (1.0 + ops.exp(-ops.maximum(x, -80.0)))

    def pool(x: Any) -> list[Any]:
        n = ops.maximum(ops.sum(present, axis=1), 1.0)
        return [
            ops.sum(x * present, axis=1) / n,
            ops.max(ops.where(present > 0, x, -10.0), axis=1),
        ]

    x = silu(dense("star_1", silu(dense("star_0", stars))))
    cluster = silu(dense("cluster", ops.concatenate([*pool(x), context], axis=-1)))
    beside = ops.matmul(cluster, weights["beside_kernel"])
    x = silu(dense("star_3", silu(dense("star_2", x) + beside[:, None, :])))
    score = ops.where(present > 0, dense("attention", x), -1e9)
    attention = ops.exp(score - ops.max(score, axis=1, keepdims=True))
    attention = attention / ops.sum(attention, axis=1, keepdims=True)
    attended = ops.einsum("nsh,nsd->nhd", attention, x)
    attended = ops.reshape(attended, (-1, attended.shape[1] * attended.shape[2]))
    joined = ops.concatenate([*pool(x), attended, cluster, context], axis=-1)
    joined = silu(dense("head_1", drop(silu(dense("head_0", joined)))))
    mean, log_spread = ops.split(dense("output", joined), 2, axis=-1)
    direct = ops.matmul(context, weights["direct_kernel"])
    return mean + direct, ops.clip(log_spread, *LOG_SPREAD)
