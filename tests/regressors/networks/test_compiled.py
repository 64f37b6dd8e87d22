"""Compiled networks are used again, without a trace of the fit before."""

import gc

import keras
import numpy as np
import psutil
import pytest
from regressor_cases import FAST, REGRESSORS, SMALL_SET, set_table, table
from sklearn.base import clone

from skcluster.regressors import ANNRegressor, SetRegressor
from skcluster.regressors.networks import compiled
from skcluster.regressors.networks.feed_forward import FeedForwardArchitecture


def recipe(units=2):
    architecture = FeedForwardArchitecture(1, (units,), "relu", n_numbers=2)
    optimizer, _ = compiled.resolve_optimizer("adam", 1e-3)
    loss = compiled.resolve_loss("mse")
    return compiled.Recipe(architecture, loss, optimizer, 1)


@pytest.fixture
def built(monkeypatch):
    """An empty pool, and the recipes that are compiled for it."""
    recipes = []

    class Counted(compiled.CompiledNetwork):
        def __init__(self, recipe):
            recipes.append(recipe)
            super().__init__(recipe)

    monkeypatch.setattr(compiled, "CompiledNetwork", Counted)
    monkeypatch.setattr(compiled, "_idle", [])
    return recipes


@pytest.mark.parametrize("name", REGRESSORS)
def test_fresh_and_used_networks_give_the_same_bits(name, built):
    X, y = table(name)
    model = clone(REGRESSORS[name]).set_params(dropout=0.2)
    fresh = clone(model).fit(X, y)
    before = fresh.predict(X)
    clone(model).set_params(random_state=9, learning_rate=0.1).fit(X * 10, y * 100)
    used = clone(model).fit(X, y)
    assert len(built) == 1
    assert used.history_ == fresh.history_
    np.testing.assert_array_equal(used.predict(X), before)
    np.testing.assert_array_equal(fresh.predict(X), before)


def test_what_a_search_varies_is_not_compiled_again(built):
    X, y = table("ann", n=41)
    for i in range(1, 4):
        settings = {"epochs": i, "learning_rate": i / 100, "learning_rate_schedule": "cosine"}
        settings |= {"patience": i, "random_state": i}
        ANNRegressor(**{**FAST, **settings}).fit(X[: 36 + i], y[: 36 + i])
    assert len(built) == 1
    for settings in ({"hidden_layer_sizes": 9}, {"dropout": 0.1}):
        ANNRegressor(**{**FAST, **settings}).fit(X, y)
    assert len(built) == 3
    X, y = set_table()
    for i in (1, 2):
        settings = {"epochs": i, "learning_rate": i / 100, "star_dropout": i / 10}
        SetRegressor(**{**SMALL_SET, **settings, "random_state": i}).fit(X, y)
    assert len(built) == 4


def test_two_borrowers_never_get_the_same_network(built):
    with compiled.borrow(recipe()) as first, compiled.borrow(recipe()) as second:
        assert first is not second
    with compiled.borrow(recipe()) as third:
        assert third in (first, second)
    assert len(built) == 2


def test_a_network_that_failed_is_not_used_again(built):
    with pytest.raises(KeyboardInterrupt), compiled.borrow(recipe()):
        raise KeyboardInterrupt
    with compiled.borrow(recipe()):
        pass
    assert len(built) == 2


def test_few_networks_are_kept_and_the_last_used_longest(built, monkeypatch):
    monkeypatch.setattr(compiled, "MAX_IDLE_NETWORKS", 2)
    recipes = [recipe(n) for n in (1, 2, 3)]
    for i in (0, 1, 0, 2):
        with compiled.borrow(recipes[i]):
            pass
    assert [idle for idle, _ in compiled._idle] == [recipes[0], recipes[2]]


@pytest.mark.parametrize(
    "settings",
    [
        lambda rate: {"optimizer": keras.optimizers.Adam(rate, beta_1=0.8)},
        lambda rate: {"loss": keras.losses.Huber(delta=2.0), "learning_rate": rate},
    ],
)
def test_equal_objects_of_keras_share_a_network(settings, built):
    X, y = table("ann")
    for rate in (1e-3, 1e-2):
        ANNRegressor(**FAST, **settings(rate)).fit(X, y)
    assert len(built) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", REGRESSORS)
def test_memory_stays_flat(name):
    """TensorFlow keeps 10 MB of every compiled network: 40 of them would be 400 MB."""
    X, y = table(name)
    model = clone(REGRESSORS[name]).set_params(epochs=1, dropout=0.1)

    def resident() -> float:
        gc.collect()
        return psutil.Process().memory_info().rss / 2**20

    for seed in range(5):
        clone(model).set_params(random_state=seed).fit(X, y)
    before = resident()
    for seed in range(40):
        clone(model).set_params(random_state=seed).fit(X, y)
    assert resident() - before < 20
