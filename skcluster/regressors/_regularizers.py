"""Dropout, noise and weight penalty: as constants, or adjustable after compilation."""

from typing import Any

import keras
from keras import ops


class FixedRegularizers:
    """Keras' own layers, with the strengths built in: for a model handed to the user."""

    def __init__(self, dropout: float, input_noise: float, l2: float) -> None:
        self._dropout, self._input_noise, self._l2 = dropout, input_noise, l2

    def dropout(self, name: str) -> keras.layers.Layer:
        """Return a layer that drops values."""
        return keras.layers.Dropout(self._dropout, seed=0, name=name)

    def input_noise(self, name: str) -> keras.layers.Layer:
        """Return a layer that adds noise."""
        return keras.layers.GaussianNoise(self._input_noise, seed=0, name=name)

    def l2(self) -> Any:
        """Return a penalty on a kernel."""
        return keras.regularizers.L2(self._l2) if self._l2 else None


class AdjustableRegularizers:
    """Layers that read their strengths from variables when they run.

    TensorFlow never gives back the memory of a compiled network (about 10 MB each), so a search
    over the strength of a regularizer must not compile a network for each value.
    """

    def __init__(self, penalized: bool) -> None:
        self._penalized = penalized
        self._seeds: list[keras.random.SeedGenerator] = []
        self._strengths = {
            name: keras.Variable(0.0, trainable=False, name=name)
            for name in ("dropout", "input_noise", "l2")
        }

    def adjust(self, seed: int, **strengths: float) -> None:
        """Set the strengths, and start the random numbers of all layers again from a seed."""
        for name, value in strengths.items():
            self._strengths[name].assign(value)
        for i, generator in enumerate(self._seeds):
            generator.state.assign([seed, i << 20])

    def dropout(self, name: str) -> keras.layers.Layer:
        """Return a layer that drops values."""
        return self._keep(_Dropout(self._strengths["dropout"], name=name))

    def input_noise(self, name: str) -> keras.layers.Layer:
        """Return a layer that adds noise."""
        return self._keep(_Noise(self._strengths["input_noise"], name=name))

    def l2(self) -> Any:
        """Return a penalty on a kernel."""
        return _Penalty(self._strengths["l2"]) if self._penalized else None

    def _keep(self, layer: "_Random") -> "_Random":
        self._seeds.append(layer.seed_generator)
        return layer


class _Random(keras.layers.Layer):
    def __init__(self, strength: keras.Variable, name: str) -> None:
        super().__init__(name=name)
        self.seed_generator = keras.random.SeedGenerator(0, name=f"{name}_seed")
        self._read = lambda: strength.value  # a closure, so that it is no weight of the layer

    def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        return input_shape


class _Dropout(_Random):
    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        rate = self._read()
        kept = keras.random.uniform(ops.shape(x), seed=self.seed_generator) >= rate
        return ops.where(kept, x / (1 - rate), 0.0)


class _Noise(_Random):
    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        return x + self._read() * keras.random.normal(ops.shape(x), seed=self.seed_generator)


class _Penalty(keras.regularizers.Regularizer):
    def __init__(self, strength: keras.Variable) -> None:
        self._strength = strength

    def __call__(self, kernel: Any) -> Any:
        return self._strength.value * ops.sum(ops.square(kernel))
