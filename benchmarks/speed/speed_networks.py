"""Speed of training and of prediction, compared with plain Keras."""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.preprocessing import MinMaxScaler
from speed_timing import Table, side_by_side

from skcluster.datasets import load_simulated_clusters, simulate_clusters
from skcluster.persistence import load_model
from skcluster.pipelines import ann_pipeline, cnn_pipeline, mdm_pipeline

PIPELINES: dict[str, Callable[..., Any]] = {
    "ANN": ann_pipeline,
    "CNN": cnn_pipeline,
    "MDM": mdm_pipeline,
}
SIZE = 180


def training(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """Each pipeline at the paper's settings against ``keras.Model.fit``, on 1867 clusters.

    Fits take a minute, in which a busy machine does other things too: the least of three counts.
    """
    X, y = load_simulated_clusters(return_X_y=True)
    X_test, y_test = simulate_clusters(400, random_state=1)
    table = Table(
        f"Training on {len(X)} simulated clusters, backend {keras.backend.backend()}",
        [
            "",
            "pipeline (s)",
            "its first fit (s)",
            "plain Keras (s)",
            "of its time",
            "convolutions alone, of its time",
            "MSE of 400 unseen",
            "MSE, plain",
        ],
    )
    for name, make in PIPELINES.items():
        model = make(preset="paper", random_state=0)
        plain = Plain(name, model, X, y)
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(3):
            ours.append(_seconds(partial(model.fit, X, y)))
            theirs.append(_seconds(plain.fit))
        table.lines.append(
            [
                f"{name}, {plain.network.epochs} epochs of {plain.network.batch_size}",
                min(ours),
                ours[0],
                min(theirs),
                min(ours) / min(theirs),
                plain.convolutions() / min(theirs),
                float(np.mean((model.predict(X_test) - y_test) ** 2)),
                float(np.mean((plain.predict(X_test) - y_test) ** 2)),
            ]
        )
    yield table


class Plain:
    """The network of a pipeline as one would write it in Keras, on the features as they are."""

    def __init__(self, kind: str, model: Any, X: Any, y: Any) -> None:
        self.kind = kind
        self.features = clone(model.named_steps["features"])
        self.network = model.named_steps["regressor"].regressor
        self.scaler = MinMaxScaler()
        self.inputs = self._inputs(self.features.fit_transform(X))
        self.targets = self.scaler.fit_transform(y)

    def fit(self) -> None:
        """Build, compile, fit."""
        keras.utils.set_random_seed(0)
        self.model = self._build()
        self.model.compile(optimizer="adam", loss="mse")
        self.model.fit(
            self.inputs,
            self.targets,
            epochs=self.network.epochs,
            batch_size=self.network.batch_size,
            validation_split=self.network.validation_fraction,
            verbose=0,
        )

    def convolutions(self) -> float:
        """Seconds that the convolutions of a fit take alone, forwards and backwards."""
        if self.kind == "ANN":
            return 0.0
        import tensorflow as tf

        image = keras.Input((SIZE, SIZE, 1))
        layers = keras.Model(image, self._convolved(image))
        n_training = round(len(self.targets) * (1 - self.network.validation_fraction))
        batch_size = self.network.batch_size
        pixels = self.inputs if self.kind == "CNN" else self.inputs[0]
        batch = tf.constant(pixels[:batch_size], tf.float32)

        @tf.function
        def step() -> Any:
            with tf.GradientTape() as tape:
                total = tf.reduce_sum(layers(batch))
            return tape.gradient(total, layers.trainable_variables)

        step()
        n_steps = 200
        seconds = _seconds(lambda: [step() for _ in range(n_steps)])
        fit: float = seconds / n_steps * self.network.epochs * n_training / batch_size
        return fit

    def predict(self, X: Any) -> npt.NDArray[np.floating[Any]]:
        """Log age, A_V and distance."""
        inputs = self._inputs(self.features.transform(X))
        predicted = self.model.predict(inputs, verbose=0)
        y: npt.NDArray[np.floating[Any]] = self.scaler.inverse_transform(predicted)
        return y

    def _inputs(self, table: npt.NDArray[Any]) -> Any:
        if self.kind == "ANN":
            return table.astype(np.float32)
        pixels = table[:, : SIZE * SIZE].reshape(-1, SIZE, SIZE, 1)
        return pixels if self.kind == "CNN" else [pixels, table[:, SIZE * SIZE :]]

    def _build(self) -> keras.Model:
        dense, network = keras.layers.Dense, self.network
        if self.kind == "ANN":
            inputs: Any = keras.Input((self.inputs.shape[1],))
            x = inputs
        else:
            image = keras.Input((SIZE, SIZE, 1))
            x, inputs = keras.layers.Flatten()(self._convolved(image)), image
        if self.kind == "MDM":
            numbers = keras.Input((self.inputs[1].shape[1],))
            z = numbers
            for size in network.guess_layer_sizes:
                z = dense(size, activation=network.activation)(z)
            x, inputs = keras.layers.Concatenate()([x, z]), [image, numbers]
        for size in network.hidden_layer_sizes:
            x = dense(size, activation=network.activation)(x)
        return keras.Model(inputs, dense(3)(x))

    def _convolved(self, image: Any) -> Any:
        network = self.network
        x = keras.layers.AveragePooling2D(network.downsample)(image)
        for n_filters in network.filters:
            x = keras.layers.Conv2D(
                n_filters,
                network.kernel_size,
                strides=network.strides,
                padding="same",
                activation=network.activation,
            )(x)
        return x


def prediction(X: Any, y: Any, options: argparse.Namespace) -> Iterator[Table]:
    """One cluster and a thousand, against Keras' predict on features that are there already."""
    X_new, _ = simulate_clusters(1000, random_state=1)
    X_train, y_train = load_simulated_clusters(return_X_y=True)
    table = Table(
        "Prediction, from stars to numbers (milliseconds)", ["", "1 cluster", "1000 clusters"]
    )
    for name, make in PIPELINES.items():
        model = make(epochs=1, random_state=0).fit(X_train, y_train)
        table.lines.append(_predicting(f"{name} pipeline", model.predict, X_new, options.repeats))
    pretrained = load_model()
    networks = pretrained.estimator_.predict
    table.lines.append(
        _predicting("networks of the pretrained model", networks, X_new, options.repeats)
    )
    table.lines.append(_predicting("pretrained model", pretrained.predict, X_new, repeats=1))
    plain = Plain("ANN", ann_pipeline(preset="paper", epochs=1), X_train, y_train)
    plain.fit()
    inputs = plain._inputs(plain.features.transform(X_new))
    line = _predicting(
        "keras.Model.predict on ready features, ANN",
        lambda rows: plain.model.predict(rows, verbose=0),
        inputs,
        options.repeats,
    )
    table.lines.append(line)
    yield table


def _predicting(name: str, predict: Callable[[Any], Any], X: Any, repeats: int) -> list[Any]:
    predict(X[:1])
    seconds = side_by_side({"1": lambda: predict(X[:1]), "1000": lambda: predict(X)}, repeats)
    return [name, *(1000 * value for value in seconds.values())]


def _seconds(job: Callable[[], Any]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start
