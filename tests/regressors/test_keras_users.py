"""What Keras' users bring along: callbacks, optimizers, losses, global settings."""

import os
import pickle
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
import pytest
from regressor_cases import ALL, FAST, REGRESSORS, SMALL_SET, data, set_table, table
from sklearn.base import clone

from skcluster.regressors import ANNRegressor, SetRegressor
from skcluster.regressors.networks import compiled, without_tensorflow_messages

every_regressor = pytest.mark.parametrize("name", ALL)
SET = pytest.param("set", marks=pytest.mark.slow)  # takes seconds to compile


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append((self.model.optimizer.name, {**logs}))


@every_regressor
def test_callbacks_see_the_training(name):
    X, y = data(name)
    recorder = Recorder()
    model = clone(ALL[name]).set_params(callbacks=[recorder])
    model.fit(X, y)
    assert len(recorder.seen) == 3
    assert "loss" in recorder.seen[0][1]
    assert ("val_loss" in recorder.seen[0][1]) == (name != "set")
    assert recorder.model is None  # so that the fitted estimator stays light
    assert len(pickle.dumps(model)) < 20_000 + 4 * len(pickle.dumps(model.weights_))
    np.testing.assert_array_equal(
        clone(model).fit(X, y).predict(X), clone(ALL[name]).fit(X, y).predict(X)
    )


@every_regressor
def test_callbacks_stop_the_training(name):
    X, y = data(name)
    stop = keras.callbacks.EarlyStopping("loss", min_delta=100.0, patience=1)
    model = clone(ALL[name]).set_params(callbacks=stop, epochs=10).fit(X, y)
    losses = model.history_[0] if name == "set" else model.history_["loss"]
    assert len(losses) == 2


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_callbacks_change_the_learning_rate(tmp_path: Path):
    X, y = table("ann")
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    file = tmp_path / "model.keras"
    keep = keras.callbacks.ModelCheckpoint(file)
    model = ANNRegressor(**FAST, dropout=0.1, callbacks=[halve, keep]).fit(X, y)
    np.testing.assert_allclose(model.history_["learning_rate"], [5e-4, 2.5e-4, 1.25e-4], rtol=1e-6)
    again = keras.saving.load_model(file)
    assert [w.shape for w in again.trainable_weights] == [w.shape for w in model.weights_.values()]


@pytest.mark.parametrize("name", ["ann", SET])
@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(0.01, momentum=0.9),
        {"class_name": "SGD", "config": {"learning_rate": 0.01, "momentum": 0.9}},
        keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.01, 1, 0.999)),
        "lion",
        "nadam",  # has a state of its own beside those of the weights
    ],
    ids=["object", "configuration", "own schedule", "lion", "nadam"],
)
def test_optimizers(name, optimizer):
    X, y = data(name)
    model = clone(ALL[name]).set_params(optimizer=optimizer)
    first, second = (clone(model).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    assert not np.array_equal(first.predict(X), clone(ALL[name]).fit(X, y).predict(X))
    pickle.dumps(first)


def test_an_optimizer_keeps_its_learning_rate():
    X, y = table("ann")
    optimizer = keras.optimizers.Adam(0.02)
    model = ANNRegressor(**FAST, optimizer=optimizer, learning_rate_schedule="cosine").fit(X, y)
    named = ANNRegressor(**FAST, learning_rate=0.02, learning_rate_schedule="cosine").fit(X, y)
    assert model.history_["learning_rate"][0] == pytest.approx(0.02)
    np.testing.assert_allclose(model.predict(X), named.predict(X), atol=1e-6)
    assert not optimizer.built
    own = keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9))
    with pytest.raises(ValueError, match="learning_rate_schedule='cosine', but the optimizer has"):
        ANNRegressor(**FAST, optimizer=own, learning_rate_schedule="cosine").fit(X, y)


@keras.saving.register_keras_serializable("tests")
def fourth_power(y_true, y_pred):
    return keras.ops.mean((y_true - y_pred) ** 4, axis=-1)


@pytest.mark.parametrize(
    ("loss", "same"),
    [
        (keras.losses.MeanSquaredError(), "mse"),
        ("mean_absolute_error", "mae"),
        ({"class_name": "Huber", "config": {"delta": 1.0}}, "huber"),
        (fourth_power, None),
        ("log_cosh", None),
    ],
)
def test_losses(loss, same):
    X, y = table("ann")
    model = ANNRegressor(**FAST, loss=loss).fit(X, y)
    assert np.isfinite(model.history_["val_loss"]).all()
    other = ANNRegressor(**FAST, loss=same or "mse").fit(X, y)
    if same is None:
        assert not np.array_equal(model.predict(X), other.predict(X))
    else:
        np.testing.assert_allclose(model.predict(X), other.predict(X), atol=1e-5)
        np.testing.assert_allclose(model.history_["val_loss"], other.history_["val_loss"], 1e-5)


@pytest.mark.parametrize("name", [*REGRESSORS, SET])
def test_warm_start_goes_on_where_the_last_fit_ended(name):
    X, y = data(name)
    model = clone(ALL[name]).set_params(warm_start=True, epochs=8).fit(X, y)
    cold = clone(ALL[name]).set_params(epochs=8).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), cold.predict(X))

    before = first_loss(model)
    assert first_loss(model.fit(X, y)) < before
    with pytest.raises(ValueError, match="With warm_start=True the layers and the number of targ"):
        model.fit(X, y[:, :2])
    sizes = {"n_heads": 5} if name == "set" else {"hidden_layer_sizes": 9}
    with pytest.raises(ValueError, match=r"had shape \(.*\) and now have"):
        model.set_params(**sizes).fit(X, y)


def first_loss(model):
    history = model.history_
    return history["loss"][0] if isinstance(history, dict) else history[0][0]


def test_warm_start_of_other_inputs_is_refused():
    X, y = table("ann")
    model = ANNRegressor(**FAST, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="X has 10 features, but ANNRegressor is expecting 11"):
        model.fit(X[:, :10], y)
    model.set_params(warm_start=False).fit(X[:, :10], y)
    X, y = set_table()
    model = SetRegressor(**SMALL_SET, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="number of networks must be that of the last fit, 1, not"):
        model.set_params(n_networks=2).fit(X, y)


@pytest.fixture
def half_precision():
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("name", ["mdm", SET])
def test_global_precision_changes_nothing(name, half_precision, monkeypatch):
    X, y = data(name)
    model = clone(ALL[name]).set_params(dropout=0.2)
    monkeypatch.setattr(compiled, "_idle", [])  # no network compiled before is used again
    fitted = clone(model).fit(X, y)
    outputs = fitted.model_.predict_on_batch(fitted.feature_encoder_.transform(X))
    compiled._idle.clear()
    keras.config.set_dtype_policy("float32")
    plain = clone(model).fit(X, y)
    np.testing.assert_array_equal(fitted.predict(X), plain.predict(X))
    outputs = outputs["mean"] if name == "set" else outputs
    np.testing.assert_allclose(outputs, plain.predict(X), atol=1e-5)


FIT = """
import numpy as np
from sklearn.model_selection import cross_val_score
from skcluster.regressors import ANNRegressor, SetRegressor
X = np.random.default_rng(0).random((20, 3))
settings = dict(n_context=1, n_channels=1, units=(4, 4, 4), n_heads=1, epochs=1)
SetRegressor(**settings).fit(X, X[:, 0]).predict(X)
network = ANNRegressor(hidden_layer_sizes=4, epochs=1).fit(X, X[:, 0])
cross_val_score(network, X, X[:, 0], cv=2, n_jobs=2)
"""


def errors_of(code, **environment):
    chosen = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**chosen, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stderr


def test_a_process_without_standard_error_can_import_tensorflow(monkeypatch):
    def dup(descriptor):
        raise OSError("Bad file descriptor")

    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    monkeypatch.setattr(os, "dup", dup)
    with without_tensorflow_messages():
        pass


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="about TensorFlow")
@pytest.mark.skipif(
    version("tensorflow").startswith("2.20."), reason="its XLA prints two lines in the first fit"
)
@pytest.mark.slow
def test_tensorflow_is_silent_here_and_in_workers_unless_asked():
    assert errors_of(FIT) == ""  # the workers inherit the level
    assert "oneDNN" in errors_of(
        "import skcluster.regressors as r; r.ANNRegressor", TF_CPP_MIN_LOG_LEVEL="0"
    )
