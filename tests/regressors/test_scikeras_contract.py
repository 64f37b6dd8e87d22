"""What the regressors rely on in scikeras, and what they had to take out of its hands.

A release of scikeras, Keras or scikit-learn that changes one of these fails here by name.
"""

import random

import numpy as np
import pytest
from regressor_cases import FAST, table
from scikeras.wrappers import BaseWrapper, KerasRegressor
from sklearn.base import BaseEstimator, RegressorMixin, is_regressor

from skcluster.regressors import ANNRegressor


class Recorder(RegressorMixin, BaseWrapper):
    """The parts of a regressor that scikeras calls, each writing down that it was."""

    warm_start = False

    def __init__(self, *, epochs=7):
        self.epochs = epochs
        self.calls = []

    initialized_ = True

    def _initialize(self, X, y):
        self.calls.append("initialize")
        return np.asarray(X), np.asarray(y)

    def _ensure_compiled_model(self):
        self.calls.append("ensure_compiled_model")

    def _check_model_compatibility(self, y):
        self.calls.append("check_model_compatibility")

    def _fit_keras_model(self, X, y, sample_weight, **rest):
        self.calls.append("fit_keras_model")
        self.received = X, y, sample_weight, rest

    def _predict_raw(self, X):
        self.calls.append("predict_raw")
        return np.asarray(X)

    @property
    def feature_encoder_(self):
        return self

    @property
    def target_encoder_(self):
        return self

    def transform(self, values):
        return values + 1

    def inverse_transform(self, values):
        return values - 1


def test_fit_goes_through_our_steps_in_order():
    X, y = np.ones((4, 2)), np.ones((4, 1))
    recorder = Recorder()
    recorder.fit(X, y)
    assert recorder.calls == [
        "initialize",
        "ensure_compiled_model",
        "check_model_compatibility",
        "fit_keras_model",
    ]
    X_there, y_there, weight, rest = recorder.received
    assert (X_there == 2).all()
    assert (y_there == 2).all()
    assert weight is None
    assert rest == {"warm_start": False, "epochs": 7, "initial_epoch": 0}


def test_predict_goes_through_our_steps():
    recorder = Recorder()
    assert (recorder.predict(np.ones((4, 2))) == 0).all()
    assert recorder.calls == ["predict_raw"]


def test_rows_without_weight_are_dropped():
    recorder = Recorder()
    recorder.fit(np.arange(8.0).reshape(4, 2), np.arange(4.0), sample_weight=[1, 0, 2, 0])
    X, y, weight, _ = recorder.received
    assert X[:, 0].tolist() == [1, 5]
    assert y.tolist() == [1, 3]
    assert weight.tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"only zeros|at least one non-zero"):
        recorder.fit(np.ones((2, 1)), np.ones(2), sample_weight=[0, 0])


def test_scikeras_changes_no_global_state_where_we_build_and_train():
    before = random.getstate(), np.random.get_state()[1].tobytes()  # noqa: NPY002
    Recorder().fit(np.ones((4, 2)), np.ones(4))
    assert before == (random.getstate(), np.random.get_state()[1].tobytes())  # noqa: NPY002


def test_why_parameters_are_scikit_learns():
    """scikeras lists what lies in the instance, and takes any parameter with a known prefix."""
    assert KerasRegressor(epochs=3).set_params(fit__nonsense=1).fit__nonsense == 1
    for name in ("set_params", "__repr__"):
        assert getattr(ANNRegressor, name) is getattr(BaseEstimator, name)
    assert "calls" in Recorder().get_params()


def test_why_the_mixin_comes_first():
    assert not is_regressor(KerasRegressor())
    assert is_regressor(Recorder())


def test_methods_that_do_not_apply_are_hidden():
    X, y = table("ann")
    model = ANNRegressor(**FAST)
    for fitted in (model, model.fit(X, y)):
        assert not hasattr(fitted, "partial_fit")
        assert not hasattr(fitted, "initialize")
    with pytest.raises(TypeError):
        model.fit(X, y, epochs=3)


def test_score_is_scikit_learns():
    assert ANNRegressor.score is RegressorMixin.score
