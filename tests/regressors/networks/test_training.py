import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from regressor_cases import FAST, table
from sklearn.base import clone

from skcluster.regressors import ANNRegressor
from skcluster.regressors.networks.training import Rows, batch_rows, cosine


@given(n_rows=st.integers(1, 200), batch_size=st.integers(1, 300), epochs=st.integers(1, 3))
def test_every_row_is_dealt_in_every_epoch(n_rows, batch_size, epochs):
    batches = batch_rows(n_rows, batch_size, epochs, np.random.default_rng(0))
    n_batches = -(-n_rows // batch_size)
    assert batches.shape[:2] == (epochs, n_batches)
    assert batches.shape[2] <= batch_size
    for epoch in batches:
        counts = np.bincount(epoch.ravel(), minlength=n_rows)
        assert counts.min() == 1
        assert counts.max() <= 2
        assert counts.sum() - n_rows < n_batches


def test_rows_are_shuffled_anew():
    batches = batch_rows(1867, 299, 2, np.random.default_rng(0))
    assert batches.shape == (2, 7, 267)
    assert set(batches[0, 0]) != set(batches[1, 0])  # not only the order of the batches


def rows(n):
    numbers = np.arange(n, dtype=np.float32)[:, None]
    return Rows({"numbers": numbers}, 2 * numbers, numbers[:, 0] + 1)


@pytest.mark.parametrize(("fraction", "n_validation"), [(0.1, 2), (0.5, 10), (0.001, 1)])
def test_split(fraction, n_validation):
    training, validation = rows(20).split(fraction, np.random.default_rng(0))
    assert len(validation) == n_validation
    for part in (training, validation):
        np.testing.assert_array_equal(part.targets, 2 * part.inputs["numbers"])
        np.testing.assert_array_equal(part.weights, part.inputs["numbers"][:, 0] + 1)
    everything = np.concatenate([training.targets, validation.targets])
    np.testing.assert_array_equal(np.sort(everything, axis=0), rows(20).targets)


def test_too_few_rows_for_validation():
    X, y = np.ones((1, 3)), np.ones(1)
    with pytest.raises(ValueError, match="sets 1 of the n_samples=1 rows aside and leaves none"):
        ANNRegressor(**FAST).fit(X, y)
    with pytest.raises(ValueError, match="sets 2 of the n_samples=2 rows aside"):
        ANNRegressor(**{**FAST, "validation_fraction": 0.9}).fit(*table("ann", n=2))
    ANNRegressor(**{**FAST, "validation_fraction": 0}).fit(X, y)


def test_history_without_validation():
    X, y = table("ann")
    model = ANNRegressor(**{**FAST, "validation_fraction": 0}).fit(X, y)
    assert set(model.history_) == {"loss", "learning_rate"}
    assert [len(values) for values in model.history_.values()] == [3, 3]
    assert model.best_epoch_ == model.n_iter_ == 3


def test_best_weights_are_kept_and_training_stops():
    X, y = table("ann", n=60)
    y = np.random.default_rng(0).normal(size=y.shape)  # nothing to learn: soon overfits
    settings = {**FAST, "hidden_layer_sizes": 64, "learning_rate": 0.03, "epochs": 60}
    model = ANNRegressor(**settings).fit(X, y)
    losses = model.history_["val_loss"]
    assert model.best_epoch_ == 1 + np.argmin(losses) < 50
    assert model.n_iter_ == 60
    stopped = ANNRegressor(**settings, patience=5).fit(X, y)
    assert stopped.n_iter_ == stopped.best_epoch_ + 5 < 60
    assert stopped.history_["val_loss"] == losses[: stopped.n_iter_]
    short = clone(model).set_params(epochs=stopped.best_epoch_).fit(X, y)
    np.testing.assert_array_equal(short.predict(X), stopped.predict(X))


def test_cosine_schedule():
    X, y = table("ann")
    model = ANNRegressor(**{**FAST, "epochs": 4}, learning_rate_schedule="cosine").fit(X, y)
    expected = 1e-3 * (1 + np.cos(np.pi * np.arange(4) / 4)) / 2
    np.testing.assert_allclose(model.history_["learning_rate"], expected)
    constant = ANNRegressor(**{**FAST, "epochs": 4}).fit(X, y)
    assert constant.history_["learning_rate"] == [1e-3] * 4
    assert constant.history_["loss"][0] == model.history_["loss"][0]
    assert constant.history_["loss"][3] != model.history_["loss"][3]


def test_a_learning_rate_rises_first():
    rates = [cosine(1.0, i, 40, warm_up=0.1) for i in range(40)]
    assert rates[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert (np.diff(rates[3:]) < 0).all()
    assert 0 < rates[-1] < 0.01
    assert cosine(1.0, 0, 1, warm_up=0.05) == cosine(1.0, 0, 2, warm_up=0.05) == 1.0


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_losses_are_those_of_keras(loss):
    """With nothing to shuffle and no step to speak of, both losses can be computed by hand."""
    import keras

    X, y = table("ann")
    weight = np.linspace(1, 2, len(X))
    settings = {"batch_size": 40, "epochs": 1, "learning_rate": 1e-12, "loss": loss}
    model = ANNRegressor(**{**FAST, **settings, "validation_fraction": 0})
    model.fit(3 * X, 3 * y, sample_weight=weight)
    errors = keras.losses.get(loss)(3 * y, model.predict(3 * X))
    expected = np.average(np.asarray(errors), weights=weight)
    np.testing.assert_allclose(model.history_["loss"], [expected], rtol=1e-5)


def test_validation_loss_is_the_loss_of_the_rows_set_aside():
    X, y = (array[:2] for array in table("ann"))
    settings = {**FAST, "validation_fraction": 0.5, "epochs": 1, "learning_rate": 1e-12}
    model = ANNRegressor(**settings).fit(X, y)
    losses = np.square(y - model.predict(X)).mean(axis=1)
    history = [model.history_["loss"][0], model.history_["val_loss"][0]]
    np.testing.assert_allclose(np.sort(losses), np.sort(history), rtol=1e-5, atol=1e-9)


def test_dropout_regularizes():
    X, y = table("ann", n=60)
    settings = {**FAST, "epochs": 60, "learning_rate": 0.01, "hidden_layer_sizes": 64}
    plain, strong = (ANNRegressor(**settings, dropout=rate).fit(X, y) for rate in (0, 0.9))
    assert min(strong.history_["loss"]) > 1.5 * min(plain.history_["loss"])


def test_verbose(capsys):
    X, y = table("ann")
    ANNRegressor(**FAST).fit(X, y)
    assert capsys.readouterr().out == ""
    ANNRegressor(**FAST, verbose=2).fit(X, y)
    assert "val_loss" in capsys.readouterr().out
