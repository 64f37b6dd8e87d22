"""What the regressors rely on in scikeras, and why they take other things out of its hands.

A release of scikeras, Keras or scikit-learn that changes one of these fails here by name.
"""

import numpy as np
import pytest
from regressor_cases import FAST, table
from scikeras.wrappers import BaseWrapper, KerasRegressor
from sklearn.base import BaseEstimator, RegressorMixin, is_regressor

from skcluster.regressors import ANNRegressor


class Wrapper(RegressorMixin, BaseWrapper):
    """A regressor with nothing of ours."""

    def __init__(self, *, epochs=7):
        self.epochs = epochs
        self.calls = []


def test_rows_without_weight_are_dropped():
    X, y = np.arange(8.0).reshape(4, 2), np.arange(4.0)
    X, y, weight = Wrapper()._validate_sample_weight(X, y, [1, 0, 2, 0])
    assert X[:, 0].tolist() == [0, 4]
    assert y.tolist() == [0, 2]
    assert weight.tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"only zeros|at least one non-zero"):
        Wrapper()._validate_sample_weight(X, y, [0, 0])


def test_why_parameters_are_scikit_learns():
    """scikeras lists what lies in the instance, and takes any parameter with a known prefix."""
    assert KerasRegressor(epochs=3).set_params(fit__nonsense=1).fit__nonsense == 1
    for name in ("set_params", "__repr__"):
        assert getattr(ANNRegressor, name) is getattr(BaseEstimator, name)
    assert "calls" in Wrapper().get_params()


def test_why_the_mixin_comes_first():
    assert not is_regressor(KerasRegressor())
    assert is_regressor(Wrapper())


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
