"""Dropout, noise and weight penalty: as constants, or adjustable after compilation."""

from collections.abc import Callable
from typing import Any

from skcluster.regressors.networks.keras_layers import PRECISION
from skcluster.regressors.networks.quiet_keras import keras, ops

_serializable = keras.saving.register_keras_serializable("skcluster")


class FixedRegularizers:
    """Keras' own layers with constant strengths, for models returned to the user."""

    def __init__(self, dropout: float = 0.0, input_noise: float = 0.0, l2: float = 0.0) -> None:
        self._dropout, self._input_noise, self._l2 = dropout, input_noise, l2

    def dropout(self, name: str) -> keras.layers.Layer:
        """Return a layer that drops values."""
        return keras.layers.Dropout(self._dropout, seed=0, dtype=PRECISION, name=name)

    def input_noise(self, name: str) -> keras.layers.Layer:
        """Return a layer that adds noise."""
        return keras.layers.GaussianNoise(self._input_noise, seed=0, dtype=PRECISION, name=name)

    def l2(self) -> Any:
        """Return a penalty on a kernel."""
        return keras.regularizers.L2(self._l2) if self._l2 else None


class AdjustableRegularizers:
    """Layers that read their strengths from variables at run time.

    TensorFlow never frees the memory of a compiled network (about 10 MB each), so a search over the
    strength of a regularizer must not compile a network for each value.
    """

    def __init__(self, penalized: bool) -> None:
        self._penalized = penalized
        self._seeds: list[keras.random.SeedGenerator] = []
        self._strengths = {
            name: keras.Variable(0.0, trainable=False, dtype=PRECISION, name=name)
            for name in ("dropout", "input_noise", "l2")
        }

    def adjust(self, seed: int, **strengths: float) -> None:
        """Set the strengths, and seed the random numbers of all layers."""
        for name, value in strengths.items():
            self._strengths[name].assign(value)
        for i, generator in enumerate(self._seeds):
            generator.state.assign([seed, i << 20])

    def dropout(self, name: str) -> keras.layers.Layer:
        """Return a layer that drops values."""
        return self._keep(AdjustableDropout(self._strengths["dropout"], name=name))

    def input_noise(self, name: str) -> keras.layers.Layer:
        """Return a layer that adds noise."""
        return self._keep(AdjustableNoise(self._strengths["input_noise"], name=name))

    def l2(self) -> Any:
        """Return a penalty on a kernel."""
        return AdjustablePenalty(self._strengths["l2"]) if self._penalized else None

    def _keep(self, layer: "_RandomLayer") -> "_RandomLayer":
        self._seeds.append(layer.seed_generator)
        return layer


class _RandomLayer(keras.layers.Layer):
    """A layer that draws random numbers during training.

    Its strength is a variable or, in a model read from a file, a number.
    """

    def __init__(self, strength: Any, name: str, **options: Any) -> None:
        super().__init__(name=name, **{**options, "dtype": PRECISION})
        self.seed_generator = keras.random.SeedGenerator(0, name=f"{name}_seed")
        # A closure, so that the variable is not a weight of the layer.
        self._read: Callable[[], Any] = lambda: getattr(strength, "value", strength)

    def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "strength": float(self._read())}


@_serializable
class AdjustableDropout(_RandomLayer):
    """Dropout with the current strength of its variable."""

    def call(self, x: Any, training: bool = False) -> Any:
        """Drop values while training."""
        if not training:
            return x
        rate = self._read()
        uniform = keras.random.uniform(ops.shape(x), dtype=PRECISION, seed=self.seed_generator)
        return ops.where(uniform >= rate, x / (1 - rate), 0.0)


@_serializable
class AdjustableNoise(_RandomLayer):
    """Gaussian noise with the current strength of its variable."""

    def call(self, x: Any, training: bool = False) -> Any:
        """Add noise while training."""
        if not training:
            return x
        normal = keras.random.normal(ops.shape(x), dtype=PRECISION, seed=self.seed_generator)
        return x + self._read() * normal


@_serializable
class AdjustablePenalty(keras.regularizers.Regularizer):
    """A penalty on the sum of squares, with the current strength of its variable."""

    def __init__(self, strength: Any) -> None:
        self._strength = strength

    def __call__(self, kernel: Any) -> Any:
        """Return the penalty on a kernel."""
        penalty = getattr(self._strength, "value", self._strength) * ops.sum(ops.square(kernel))
        # Keras adds it to a loss of this type.
        return ops.cast(penalty, keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        """Return the configuration of the penalty."""
        return {"strength": float(getattr(self._strength, "value", self._strength))}
