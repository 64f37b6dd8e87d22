"""The training of a network over sets of stars."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, cos, pi
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from skcluster.regressors._architecture import FloatArray
from skcluster.regressors._batches import Rows, batch_rows
from skcluster.regressors._compiled import borrow
from skcluster.regressors._network import assign, read
from skcluster.regressors._regularizers import AdjustableRegularizers
from skcluster.regressors._set_network import SetArchitecture, set_network

#: Share of the steps over which the learning rate rises to its full size.
_WARM_UP = 0.05
#: Stars that a cluster keeps at least, however many are dropped.
_FEWEST_STARS = 5


@dataclass(frozen=True)
class SetPlan:
    """How to train; the parameters of the estimator under their own names."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    dropout: float
    star_dropout: float
    stars_per_step: int
    verbose: int


@dataclass(frozen=True)
class _Recipe:
    """All that is built into a compiled network."""

    architecture: SetArchitecture
    weight_decay: float


def train_set(
    architecture: SetArchitecture,
    plan: SetPlan,
    rows: Rows,
    weights: dict[str, FloatArray],
    rng: np.random.Generator,
) -> tuple[dict[str, FloatArray], list[float]]:
    """Train a network from the weights given; give its weights and the loss of each epoch."""
    order = batch_rows(len(rows), plan.batch_size, plan.epochs, rng)
    recipe = _Recipe(architecture, plan.weight_decay)
    with borrow(recipe, _CompiledSetNetwork) as network:
        assign(network.layer.in_order, list(weights.values()))
        network.reset(int(rng.integers(2**31)), plan.dropout)
        history = network.model.fit(
            _batches(rows, order, plan, rng),
            epochs=plan.epochs,
            steps_per_epoch=order.shape[1],
            callbacks=[_LearningRate(network.optimizer, plan.learning_rate, order[..., 0].size)],
            verbose=plan.verbose,
            shuffle=False,
        )
        trained = dict(zip(weights, read(network.layer.in_order), strict=True))
    if not all(np.isfinite(values).all() for values in trained.values()):
        raise ValueError(
            f"Training with learning_rate={plan.learning_rate} led to weights that are not finite. "
            "Give a smaller one, or scale X and y."
        )
    return trained, [float(loss) for loss in history.history["loss"]]


def gaussian_loss(y: Any, outputs: Any) -> Any:
    """Negative log likelihood of a normal distribution a target, averaged over targets."""
    mean, log_spread = ops.split(outputs, 2, axis=-1)
    return ops.mean(0.5 * ops.square((y - mean) * ops.exp(-log_spread)) + log_spread, axis=-1)


class _SetLayer(keras.layers.Layer):
    """The network as one Keras layer, and its weights in the order of the architecture."""

    def __init__(self, architecture: SetArchitecture, drop: keras.layers.Layer) -> None:
        super().__init__(name="set_network")
        self._architecture, self._drop = architecture, drop
        self._named = {
            name: self.add_weight(shape=shape, initializer="zeros", name=name)
            for name, shape in architecture.weight_shapes.items()
        }

    @property
    def in_order(self) -> list[keras.Variable]:
        return list(self._named.values())

    def call(self, inputs: dict[str, Any], training: bool = False) -> Any:
        stars = inputs["stars"]
        mean, log_spread = set_network(
            ops,
            self._named,
            inputs["context"],
            stars,
            stars[:, :, -1:],
            lambda x: self._drop(x, training=training),
        )
        return ops.concatenate([mean, log_spread], axis=-1)

    def compute_output_shape(self, input_shape: Any) -> tuple[None, int]:
        return (None, 2 * self._architecture.n_outputs)


class _CompiledSetNetwork:
    """A network with its optimizer, which a fit sets up and trains."""

    def __init__(self, recipe: _Recipe) -> None:
        net = recipe.architecture
        self.regularizers = AdjustableRegularizers(penalized=False)
        self.layer = _SetLayer(net, self.regularizers.dropout("head_dropout"))
        inputs = {
            "context": keras.Input((net.n_context,), name="context"),
            "stars": keras.Input((None, net.n_channels), name="stars"),
        }
        self.model = keras.Model(inputs, self.layer(inputs), name="set_regressor")
        self.optimizer = keras.optimizers.AdamW(
            weight_decay=recipe.weight_decay, global_clipnorm=1.0
        )
        self.model.compile(optimizer=self.optimizer, loss=gaussian_loss, jit_compile=True)
        self.optimizer.build(self.model.trainable_variables)
        self._fresh_optimizer = read(self.optimizer.variables)

    def reset(self, seed: int, dropout: float) -> None:
        """Forget the last fit."""
        assign(self.optimizer.variables, self._fresh_optimizer)
        self.regularizers.adjust(seed, dropout=dropout)


class _LearningRate(keras.callbacks.Callback):
    """A short rise, then half a cosine down to zero."""

    def __init__(self, optimizer: Any, peak: float, n_steps: int) -> None:
        super().__init__()
        self._optimizer, self._peak, self._n_steps, self._step = optimizer, peak, n_steps, 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        rise = ceil(_WARM_UP * self._n_steps)
        self._step += 1
        if self._step <= rise:
            share = self._step / rise
        else:
            share = (1 + cos(pi * (self._step - rise) / (self._n_steps - rise + 1))) / 2
        self._optimizer.learning_rate = self._peak * share


def _batches(
    rows: Rows, order: NDArray[np.int32], plan: SetPlan, rng: np.random.Generator
) -> Iterator[Any]:
    """Batches in the given order, each with other stars of its clusters."""
    for batch in order.reshape(-1, order.shape[-1]):
        stars = some_stars(rows.inputs["stars"][batch], plan.stars_per_step, plan.star_dropout, rng)
        inputs = {"context": rows.inputs["context"][batch], "stars": stars}
        yield inputs, rows.targets[batch], rows.weights[batch]


def some_stars(
    stars: FloatArray, n_stars: int, star_dropout: float, rng: np.random.Generator
) -> FloatArray:
    """Draw at most so many stars of each cluster, then drop a share of them.

    The share is drawn for each cluster between nothing and ``star_dropout``. Stars that are dropped
    become zeros; a cluster keeps at least five of those it has.
    """
    n, n_places, _ = stars.shape
    present = stars[:, :, -1] > 0
    # Stars in random order before empty places.
    key = rng.random((n, n_places), dtype=np.float32) + 2 * ~present
    if n_places > n_stars:
        chosen = np.argpartition(key, n_stars - 1, axis=1)[:, :n_stars]
        stars = np.take_along_axis(stars, chosen[:, :, None], axis=1)
        key = np.take_along_axis(key, chosen, axis=1)
    share = star_dropout * rng.random((n, 1), dtype=np.float32)
    kept = rng.random(key.shape, dtype=np.float32) >= share
    fewest = min(_FEWEST_STARS, key.shape[1])
    kept |= key <= np.partition(key, fewest - 1, axis=1)[:, fewest - 1 : fewest]
    return stars * kept[:, :, None]
