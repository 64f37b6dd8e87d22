import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from dask.base import tokenize
from regressor_cases import ALL, FAST, REGRESSORS, data, table
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skcluster.regressors import ANNRegressor, CNNRegressor, MDMRegressor

every_regressor = pytest.mark.parametrize("name", REGRESSORS)


@every_regressor
def test_learns(name):
    X, y = table(name, n=200)
    model = clone(REGRESSORS[name]).set_params(epochs=60, learning_rate=0.01)
    assert model.fit(X, y).score(X, y) > 0.3
    assert model.history_["loss"][-1] < model.history_["loss"][0]


@every_regressor
@pytest.mark.parametrize("shape", [(40,), (40, 1), (40, 2)])
def test_predictions_have_the_shape_of_y(name, shape):
    X, y = table(name, n_outputs=2)
    y = y[:, 0].reshape(shape) if np.prod(shape) == 40 else y
    model = clone(REGRESSORS[name]).fit(X, y)
    assert model.predict(X).shape == shape
    assert model.predict(X).dtype == np.float64
    assert model.n_outputs_ == np.prod(shape) // 40


@pytest.mark.parametrize("name", ALL)
def test_a_random_state_instance_advances(name):
    X, y = data(name)
    model = clone(ALL[name])
    first, second = clone(model), clone(model)
    first.random_state = second.random_state = np.random.RandomState(4)
    before, after = first.fit(X, y).predict(X), second.fit(X, y).predict(X)
    again = model.set_params(random_state=np.random.RandomState(4)).fit(X, y)
    assert not np.array_equal(before, after)
    np.testing.assert_array_equal(before, again.predict(X))


def test_dask_tells_fitted_regressors_apart():
    X, y = table("ann")
    first, same, other = (clone(REGRESSORS["ann"]).fit(X, t) for t in (y, y, -y))
    assert tokenize(first) == tokenize(same) != tokenize(other)


@every_regressor
def test_fitted_state_is_plain_and_small(name):
    X, y = table(name)
    model = clone(REGRESSORS[name]).fit(X, y)
    weights = model.weights_.values()
    n_weights = sum(w.size for w in weights)
    assert all(type(w) is np.ndarray and w.dtype == np.float32 for w in weights)
    shapes = {name: w.shape for name, w in model.weights_.items()}
    assert shapes == model.architecture_.weight_shapes
    assert b"keras" not in pickle.dumps(vars(model))
    assert len(pickle.dumps(model)) < 4 * n_weights + 4000


@every_regressor
def test_model_is_the_same_network_in_keras(name):
    X, y = table(name)
    model = clone(REGRESSORS[name]).fit(X, y)
    inputs = model.feature_encoder_.transform(X)
    network = model.model_
    np.testing.assert_allclose(network.predict_on_batch(inputs), model.predict(X), atol=1e-6)
    network.set_weights([w + 1 for w in network.get_weights()])  # the user's own copy
    np.testing.assert_allclose(model.model_.predict_on_batch(inputs), model.predict(X), atol=1e-6)


def test_of_scikeras_only_the_type_is_seen():
    X, y = table("ann")
    model = ANNRegressor(**FAST)
    with pytest.raises(ValueError, match="Invalid parameter 'fit'"):  # scikeras takes any
        model.set_params(fit__epochs=5)
    for fitted in (model, model.fit(X, y)):
        assert not hasattr(fitted, "initialize")
    with pytest.raises(TypeError):
        model.fit(X, y, epochs=3)


def test_parameters_changed_after_fit_do_not_change_predictions():
    X, y = table("cnn")
    model = clone(REGRESSORS["cnn"]).fit(X, y)
    before = model.predict(X)
    model.set_params(downsample=1, filters=9, hidden_layer_sizes=2, image_shape=(4, 16))
    np.testing.assert_array_equal(model.predict(X), before)


def test_threads_do_not_disturb_each_other():
    X, y = table("ann")
    from joblib import parallel_config

    one = cross_val_score(REGRESSORS["ann"], X, y, cv=4)
    # scikit-learn sets the filters of warnings in each thread, which before Python 3.14 are those
    # of all threads: the last one to end may leave its own behind.
    with warnings.catch_warnings(), parallel_config("threading", n_jobs=2):
        two = cross_val_score(REGRESSORS["ann"], X, y, cv=4)
    np.testing.assert_array_equal(one, two)


@every_regressor
def test_sample_weight(name):
    X, y = table(name, n=60, n_outputs=1)
    y = np.where(np.arange(60)[:, None] < 30, y, y + 5)
    weight = np.where(np.arange(60) < 30, 1.0, 1e-6)
    settings = {"epochs": 80, "learning_rate": 0.02, "validation_fraction": 0}
    model = clone(REGRESSORS[name]).set_params(**settings)
    plain, weighted = clone(model).fit(X, y), clone(model).fit(X, y, sample_weight=weight)
    assert abs(weighted.predict(X[30:]).mean() - y[:30].mean()) < 1
    assert abs(plain.predict(X).mean() - y.mean()) < 0.5
    scaled = clone(model).fit(X, y, sample_weight=weight * 1024)
    np.testing.assert_array_equal(weighted.predict(X), scaled.predict(X))


def test_rows_without_weight_do_not_matter():
    X, y = table("ann")
    weight = np.ones(len(X))
    weight[::4] = 0
    model = ANNRegressor(**FAST).fit(X, y, sample_weight=weight)
    dropped = ANNRegressor(**FAST).fit(X[weight > 0], y[weight > 0])
    np.testing.assert_array_equal(model.predict(X), dropped.predict(X))
    with pytest.raises(ValueError, match="negative"):
        ANNRegressor(**FAST).fit(X, y, sample_weight=weight - 0.5)
    with pytest.raises(ValueError, match="weight"):
        ANNRegressor(**FAST).fit(X, y, sample_weight=np.zeros(len(X)))


def test_without_weights_the_table_is_not_copied(monkeypatch):
    X, y = table("ann")
    X, trained = X.astype(np.float32), []
    monkeypatch.setattr(ANNRegressor, "_train", lambda model, rows, tasks: trained.append(rows))
    ANNRegressor(**FAST).fit(X, y)
    assert all(np.shares_memory(X, values) for values in trained[0].inputs.values())


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(bad):
    X, y = table("ann")
    model = clone(REGRESSORS["ann"]).fit(X, y)
    X[3, 2] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        model.predict(X)
    with pytest.raises(ValueError, match=r"Input X contains (NaN|infinity)"):
        clone(model).fit(X, y)
    y[0, 0] = bad
    with pytest.raises(ValueError, match=r"Input y contains (NaN|infinity)"):
        clone(model).fit(table("ann")[0], y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dropout": 1.0}, "'dropout' parameter of ANNRegressor must be a float in the range"),
        ({"epochs": 0}, "'epochs' parameter of ANNRegressor must be an int in the range"),
        ({"optimizer": "adamm"}, "Keras knows no optimizer='adamm'"),
        ({"loss": "mean_error"}, "Keras knows no loss='mean_error'"),
        ({"activation": "softmax"}, "'activation' parameter of ANNRegressor must be a str among"),
        ({"hidden_layer_sizes": (8, 0)}, "hidden_layer_sizes must hold positive integers. Got 0"),
        ({"hidden_layer_sizes": (8.5,)}, "hidden_layer_sizes must hold positive .* Got 8.5"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    X, y = table("ann")
    with pytest.raises(ValueError, match=message):
        ANNRegressor(**{**FAST, **parameters}).fit(X, y)


def test_diverging_is_an_error():
    X, y = table("ann")
    model = ANNRegressor(**{**FAST, "optimizer": "sgd", "learning_rate": 1e30})
    with pytest.raises(ValueError, match="non-finite weights"):
        model.set_params(validation_fraction=0).fit(X, y)


def test_no_hidden_layer_is_a_linear_model():
    X, y = table("ann", n=100)
    model = ANNRegressor(**{**FAST, "hidden_layer_sizes": (), "epochs": 300, "learning_rate": 0.01})
    assert len(model.fit(X, y).weights_) == 2
    assert model.score(X, y) > 0.95


def test_defaults_are_the_papers_where_it_gives_them():
    assert (ANNRegressor().epochs, ANNRegressor().batch_size) == (200, 299)
    assert (CNNRegressor().epochs, MDMRegressor().epochs) == (150, 100)
    assert {(m().optimizer, m().loss) for m in (ANNRegressor, CNNRegressor, MDMRegressor)} == {
        ("adam", "mse")
    }


def test_importing_the_package_does_not_import_keras():
    code = (
        "import sys, skcluster.regressors as r; assert 'keras' not in sys.modules;"
        "assert 'tensorflow' not in sys.modules; r.ANNRegressor; assert 'keras' in sys.modules;"
        "assert dir(r); "
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("name", ALL)
def test_clusters_are_no_numbers(name):
    X = pd.DataFrame({"stars": [[1.0], [2.0]]})
    with pytest.raises(ValueError, match="X must be numbers, but it contains clusters of stars"):
        clone(ALL[name]).fit(X, [[1.0], [2.0]])


@every_regressor
def test_columns_that_are_too_large_to_learn_from_are_named(name):
    X, y = table(name, 300)
    X = pd.DataFrame(X).add_prefix("c")
    X *= 1e6 if name == "cnn" else np.where(np.arange(X.shape[1]) < X.shape[1] - 3, 1.0, 1e4)
    model = clone(REGRESSORS[name]).set_params(epochs=20)
    scaled = make_pipeline(StandardScaler().set_output(transform="pandas"), model)
    # Warnings are errors in these tests.
    assert scaled.fit(X[:250], y[:250]).score(X[250:], y[250:]) > -0.1
    with pytest.warns(UserWarning, match="Column 'c.*: put a StandardScaler before") as shown:
        model.fit(X[:250], y[:250])
    assert len(shown) == 1
    assert model.score(X[250:], y[250:]) < -10
