"""The network over sets of stars."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import r2_score

from skcluster.regressors import SetRegressor, save_pretrained
from skcluster.regressors._pretrained import load_pretrained
from skcluster.regressors._set_network import SetArchitecture, initial_set_weights, set_network
from skcluster.regressors._set_training import gaussian_loss, some_stars

SMALL: dict[str, Any] = {
    "n_context": 2,
    "n_channels": 3,
    "units": (8, 12, 16),
    "n_heads": 2,
    "epochs": 3,
    "batch_size": 16,
    "random_state": 0,
}


def data(n: int = 60, n_places: int = 9, seed: int = 0) -> tuple[Any, Any]:
    """Sets of points; their mean, their largest first value, and a number of the context."""
    rng = np.random.default_rng(seed)
    stars = rng.normal(size=(n, n_places, 3))
    count = rng.integers(3, n_places + 1, n)
    stars[:, :, 2] = np.arange(n_places) < count[:, None]
    stars[stars[:, :, 2] == 0] = 0
    context = rng.normal(size=(n, 2))
    seen = np.where(stars[:, :, 2] > 0, stars[:, :, 0], -9)
    y = np.column_stack([stars[:, :, 1].sum(1) / count, seen.max(1), context[:, 0]])
    return np.hstack([context, stars.reshape(n, -1)]).astype(np.float32), y


def test_learns_from_a_set():
    X, y = data(1000)
    model = SetRegressor(**SMALL).set_params(epochs=100, learning_rate=5e-3, star_dropout=0.0)
    predicted = model.fit(X[:800], y[:800]).predict(X[800:])
    assert r2_score(y[800:], predicted, multioutput="raw_values").min() > 0.75
    losses = model.history_[0]
    assert losses[-1] < losses[0] - 1


def test_the_order_of_stars_and_empty_places_do_not_matter():
    X, y = data()
    model = SetRegressor(**SMALL).fit(X, y)
    stars = X[:, 2:].reshape(len(X), -1, 3)[:, ::-1]
    turned = np.hstack([X[:, :2], stars.reshape(len(X), -1)])
    np.testing.assert_allclose(model.predict(turned), model.predict(X), atol=1e-5)
    wider = np.hstack([X, np.zeros((len(X), 6), np.float32)])
    other = SetRegressor(**SMALL).fit(wider, y)
    other.weights_ = model.weights_
    np.testing.assert_array_equal(other.predict(wider), model.predict(X))


def test_a_cluster_does_not_depend_on_those_beside_it():
    X, y = data()
    model = SetRegressor(**SMALL).fit(X, y)
    np.testing.assert_array_equal(model.predict(X[7:8])[0], model.predict(X)[7])


def test_numpy_and_keras_agree():
    net = SetArchitecture(2, 3, 3, (8, 12, 16), 2)
    weights = initial_set_weights(net, np.random.default_rng(0))
    X, _ = data()
    stars = X[:, 2:].reshape(len(X), -1, 3)
    arguments = weights, X[:, :2], stars, stars[:, :, -1:]
    for ours, theirs in zip(
        set_network(np, *arguments), set_network(keras.ops, *arguments), strict=True
    ):
        np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(theirs), atol=1e-5)


def test_the_loss_is_the_likelihood():
    y, mean, log_spread = np.float32([[1, 2]]), [[0.5, 2.5]], [[0.1, -0.2]]
    outputs = np.hstack([mean, log_spread]).astype(np.float32)
    spread = np.exp(log_spread)
    expected = np.mean(0.5 * ((y - mean) / spread) ** 2 + np.log(spread))
    assert float(gaussian_loss(y, outputs)[0]) == pytest.approx(expected, rel=1e-5)


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
        one = clone(model).set_params(n_networks=1).fit(X, y)
        one.weights_ = [weights]
        alone.append(one.predict(X))
    np.testing.assert_allclose(model.predict(X), np.mean(alone, axis=0), rtol=1e-12)
    assert np.std(alone, axis=0).mean() > 0.01


def test_one_seed_gives_the_same_bits():
    X, y = data()
    first, second, other = (
        SetRegressor(**{**SMALL, "random_state": seed}).fit(X, y).predict(X) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(first - other).max() > 0.01


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
    with pytest.raises(ValueError, match=r"28 features, but n_context=2 .* want 2 \+ 3 for each"):
        SetRegressor(**SMALL).fit(X[:, :-1], y)
    with pytest.raises(ValueError, match="units must be three whole numbers"):
        SetRegressor(**{**SMALL, "units": (8, 8)}).fit(X, y)


def test_training_starts_from_pretrained_weights(tmp_path: Path):
    X, y = data()
    file = tmp_path / "weights.npz"
    first = SetRegressor(**SMALL).set_params(n_networks=2).fit(X, y)
    save_pretrained(file, first.weights_)
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


def test_the_shipped_weights_are_plain_arrays_of_the_default_network():
    net = SetArchitecture(14, 7, 3, (96, 128, 160), 4)
    networks = [load_pretrained("simulated", i, net) for i in range(3)]
    assert all(np.isfinite(values).all() for weights in networks for values in weights.values())
    assert not np.array_equal(networks[0]["star_0_kernel"], networks[1]["star_0_kernel"])


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
