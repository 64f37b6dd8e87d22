"""The network over sets of stars."""

from copy import copy
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from regressor_cases import SMALL_SET as SMALL
from regressor_cases import set_table as data
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skcluster import save_model
from skcluster.regressors import NamedTargetRegressor, SetRegressor, save_pretrained
from skcluster.regressors.networks.compiled import gaussian_loss
from skcluster.regressors.networks.training import some_stars


def test_learns_from_a_set():
    X, y = data(600)
    model = SetRegressor(**SMALL).set_params(epochs=60, learning_rate=1e-2, star_dropout=0.0)
    predicted = model.fit(X[:480], y[:480]).predict(X[480:])
    assert r2_score(y[480:], predicted, multioutput="raw_values").min() > 0.75
    losses = model.history_[0]
    assert losses[-1] < losses[0] - 1


def test_other_clusters_order_of_stars_and_empty_slots_do_not_matter():
    X, y = data()
    model = SetRegressor(**SMALL).fit(X, y)
    np.testing.assert_array_equal(model.predict(X[7:8])[0], model.predict(X)[7])
    stars = X[:, 2:].reshape(len(X), -1, 3)[:, ::-1]
    turned = np.hstack([X[:, :2], stars.reshape(len(X), -1)])
    np.testing.assert_allclose(model.predict(turned), model.predict(X), atol=1e-5)
    wider = np.hstack([X, np.zeros((len(X), 6), np.float32)])
    other = SetRegressor(**SMALL).fit(wider, y)
    other.weights_ = model.weights_
    np.testing.assert_array_equal(other.predict(wider), model.predict(X))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
@pytest.mark.parametrize(("n_networks", "n_outputs"), [(1, 3), (3, 1)])
def test_the_keras_model_and_its_file_predict_the_same(n_networks, n_outputs, tmp_path: Path):
    X, y = data()
    model = SetRegressor(**SMALL, n_networks=n_networks).fit(X, y[:, :n_outputs])
    inputs = model.feature_encoder_.transform(X)
    keras_model = model.model_
    mean, std = (values.reshape(len(X), -1) for values in model.predict(X, return_std=True))
    keras_model.save(tmp_path / "model.keras")
    for either in (keras_model, keras.saving.load_model(tmp_path / "model.keras")):
        predicted = either.predict_on_batch(inputs)
        np.testing.assert_allclose(predicted["mean"], mean, atol=1e-5)
        np.testing.assert_allclose(predicted["std"], std, rtol=1e-4)
    keras_model.set_weights([w + 1 for w in keras_model.get_weights()])  # the user's own copy
    np.testing.assert_array_equal(model.predict(X).reshape(mean.shape), mean)


def test_the_keras_model_is_made_of_named_layers(capsys):
    X, y = data()
    model = SetRegressor(**SMALL).fit(X, y)
    names = [layer.name for layer in model.model_.layers]
    assert {"context", "stars", "star_0", "attention_weights", "head_1", "mean", "std"} <= {*names}
    assert model.model_.count_params() == sum(w.size for w in model.weights_[0].values())
    model.model_.summary()
    assert "attention_weights" in capsys.readouterr().out
    several = model.set_params(n_networks=2).fit(X, y).model_
    assert {"network_0", "network_1"} < {layer.name for layer in several.layers}


def test_the_loss_is_the_likelihood():
    y, mean, log_spread = np.float32([[1, 2]]), [[0.5, 2.5]], [[0.1, -0.2]]
    outputs = np.hstack([mean, log_spread]).astype(np.float32)
    spread = np.exp(log_spread)
    expected = np.mean(0.5 * ((y - mean) / spread) ** 2 + np.log(spread))
    assert float(gaussian_loss(y, outputs)[0]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_the_spread_follows_the_noise():
    rng = np.random.default_rng(1)
    X, _ = data(2000)
    noise = np.exp(X[:, 0])
    y = (X[:, 1] + noise * rng.normal(size=len(X))) / 4
    model = SetRegressor(**SMALL).set_params(epochs=60, learning_rate=3e-3)
    mean, std = model.fit(X, y).predict(X, return_std=True)
    assert mean.shape == std.shape == (2000,)
    assert np.corrcoef(np.log(std), np.log(noise))[0, 1] > 0.9
    assert np.mean(np.abs(y - mean) < std) == pytest.approx(0.683, abs=0.05)


def test_several_networks_are_averaged_and_differ():
    X, y = data()
    model = SetRegressor(**SMALL).set_params(n_networks=3).fit(X, y)
    assert len(model.weights_) == len(model.history_) == 3
    alone = []
    for weights in model.weights_:
        one = copy(model)
        one.weights_ = [weights]
        alone.append(one.predict(X))
    np.testing.assert_allclose(model.predict(X), np.mean(alone, axis=0), rtol=1e-12)
    assert np.std(alone, axis=0).mean() > 0.01


def test_weights_of_samples_count():
    X, _ = data(200)
    half = np.arange(200) % 2
    target = np.where(half, 2.0, -2.0)
    model = SetRegressor(**SMALL).set_params(epochs=20)
    predicted = model.fit(X, target, sample_weight=np.where(half, 1.0, 1e-6)).predict(X)
    assert predicted.mean() > 1.5


def test_a_cluster_without_stars_is_nan_or_refused():
    X, y = data()
    model = SetRegressor(**SMALL).fit(X, y)
    X[3] = np.nan
    mean, std = model.predict(X, return_std=True)
    assert np.isnan(mean[3]).all()
    assert np.isnan(std[3]).all()
    assert np.isfinite(np.delete(mean, 3, axis=0)).all()
    with pytest.raises(ValueError, match="1 of 60 rows of X hold NaN, the first row 3"):
        model.fit(X, y)
    X[3] = 0
    with pytest.raises(ValueError, match="Row 3 of X has no star"):
        model.predict(X)


def test_columns_must_fit():
    X, y = data()
    with pytest.raises(
        ValueError, match=r"n_features=28, but n_context=2 .* require 2 \+ 3 per star"
    ):
        SetRegressor(**SMALL).fit(X[:, :-1], y)
    with pytest.raises(ValueError, match="units must be three positive integers"):
        SetRegressor(**{**SMALL, "units": (8, 8)}).fit(X, y)


def test_training_starts_from_pretrained_weights(tmp_path: Path):
    X, y = data()
    file = tmp_path / "weights.npz"
    first = SetRegressor(**SMALL).set_params(n_networks=2).fit(X, y)
    save_pretrained(first.weights_, file)
    again = SetRegressor(**{**SMALL, "pretrained": file, "epochs": 0, "n_networks": 2}).fit(X, y)
    np.testing.assert_allclose(again.predict(X), first.predict(X), atol=0.01)  # half precision
    tuned = clone(again).set_params(epochs=2).fit(X, y)
    assert tuned.history_[0][0] < first.history_[0][0]
    with pytest.raises(ValueError, match=r"units, n_heads, .* must be those of the pre-training"):
        clone(again).set_params(units=(9, 12, 16)).fit(X, y)
    with pytest.raises(ValueError, match=r"n_networks=3 or more, but .* of 2"):
        clone(again).set_params(n_networks=3).fit(X, y)
    with pytest.raises(ValueError, match=r"neither a file nor one of \['simulated'\]"):
        clone(again).set_params(pretrained="elsewhere").fit(X, y)


def test_known_targets_start_from_pretrained_weights_and_others_afresh(tmp_path: Path):
    X, y = data()
    file = tmp_path / "weights.npz"
    first = SetRegressor(**SMALL).fit(X, y)
    save_pretrained(first.weights_, file, targets=["mean", "largest", "context"])
    again = SetRegressor(**{**SMALL, "pretrained": file, "epochs": 0})
    frame = pd.DataFrame(y[:, [2, 0, 1]], columns=["context", "new", "largest"])
    mean, std = again.fit(X, frame).predict(X, return_std=True)
    expected, expected_std = first.predict(X, return_std=True)
    np.testing.assert_allclose(mean[:, [0, 2]], expected[:, [2, 1]], atol=0.01)
    np.testing.assert_allclose(std[:, [0, 2]], expected_std[:, [2, 1]], rtol=0.02)
    assert np.abs(mean[:, 1] - expected[:, 0]).max() > 0.1
    one = again.fit(X, pd.Series(y[:, 1], name="largest")).predict(X)
    np.testing.assert_allclose(one, expected[:, 1], atol=0.01)
    as_they_are = again.fit(X, y).predict(X)  # as many, without names
    np.testing.assert_allclose(as_they_are, expected, atol=0.01)
    assert again.fit(X, y[:, :2]).predict(X).shape == (60, 2)


def test_training_starts_from_the_networks_inside_a_model(tmp_path: Path):
    X, y = data()
    frame = pd.DataFrame(y, columns=["log_age", "new", "other"])
    inside = NamedTargetRegressor(SetRegressor(**SMALL), transformer=StandardScaler())
    model = make_pipeline(FunctionTransformer(), inside).fit(X, frame)
    file = tmp_path / "weights.npz"
    save_pretrained(model, file)
    start = {"regressor__pretrained": file, "regressor__epochs": 0}
    again = clone(inside).set_params(**start).fit(X, frame[["other", "log_age"]])
    np.testing.assert_allclose(again.predict(X), model.predict(X)[:, [2, 0]], atol=0.01)


def test_a_model_without_set_networks_has_no_weights_to_start_from(tmp_path: Path):
    file = tmp_path / "weights.npz"
    for model in (SetRegressor(**SMALL), make_pipeline(StandardScaler(), LinearRegression())):
        with pytest.raises(ValueError, match="contains no fitted SetRegressor"):
            save_pretrained(model, file)
    assert not file.exists()


def test_a_file_of_something_else_is_no_start(tmp_path: Path):
    X, y = data()
    model = SetRegressor(**SMALL).fit(X, y)
    file = tmp_path / "mine.skcluster"
    save_model(model, file)
    with pytest.raises(ValueError, match=r"mine.skcluster holds no weights .* save_pretrained"):
        clone(model).set_params(pretrained=file).fit(X, y)


def test_the_mixture_has_the_mean_and_deviation_of_predict():
    X, y = data()
    for targets in (y, y[:, 0]):
        model = SetRegressor(**SMALL, n_networks=2).fit(X, targets)
        means, stds = model.predict_mixture(X)
        assert means.shape == stds.shape == (60, 2, *targets.shape[1:])
        mean, std = model.predict(X, return_std=True)
        np.testing.assert_allclose(means.mean(axis=1), mean)
        np.testing.assert_allclose(np.sqrt((stds**2).mean(1) + means.var(1)), std)


def test_the_learning_rate_can_stay():
    X, y = data()
    falling = SetRegressor(**SMALL).fit(X, y)
    staying = clone(falling).set_params(learning_rate_schedule=None).fit(X, y)
    assert falling.history_ != staying.history_


def test_the_shipped_weights_are_those_of_three_default_networks():
    X = np.random.default_rng(0).random((4, 16 + 7 * 5)).astype(np.float32)
    model = SetRegressor(pretrained="simulated", n_networks=3, epochs=0, random_state=0)
    model.fit(X, np.zeros((4, 3)))
    assert np.isfinite(model.predict(X)).all()
    first, second, _ = model.weights_
    assert not np.array_equal(first["star_0_kernel"], second["star_0_kernel"])


def test_some_stars_keeps_what_it_must():
    rng = np.random.default_rng(0)
    stars = np.zeros((50, 40, 2), np.float32)
    count = rng.integers(1, 41, 50)
    stars[:, :, 1] = np.arange(40) < count[:, None]
    stars[:, :, 0] = np.arange(1, 41) * stars[:, :, 1]
    few = some_stars(stars, 10, 0.0, rng)
    assert few.shape == (50, 10, 2)
    np.testing.assert_array_equal(few[:, :, 1].sum(1), np.minimum(count, 10))
    dropped = some_stars(stars, 40, 0.9, rng)[:, :, 1].sum(1)
    assert (dropped >= np.minimum(count, 5)).all()
    assert dropped.sum() < 0.75 * count.sum()
    numbers = few[:, :, 0]
    for row in numbers:
        seen = row[row > 0]
        assert len(set(seen)) == len(seen)
