"""The way down fitted models of all kinds."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skcluster._utils.models import last_step, nested_estimators
from skcluster.inference import ConformalRegressor

X, y = np.random.default_rng(0).random((20, 3)), np.arange(40.0).reshape(20, 2)


def scaled(regressor):
    return TransformedTargetRegressor(regressor, transformer=MinMaxScaler())


MODELS = [
    make_pipeline(StandardScaler(), scaled(LinearRegression())),
    scaled(make_pipeline(StandardScaler(), LinearRegression())),
    make_pipeline(StandardScaler(), GridSearchCV(scaled(LinearRegression()), {}, cv=2)),
    GridSearchCV(make_pipeline(StandardScaler(), scaled(LinearRegression())), {}, cv=2),
]


@pytest.mark.parametrize("model", MODELS)
def test_the_last_step_predicts_what_the_model_predicts(model):
    features, regressor, transformer = last_step(model.fit(X, y), X)
    assert type(regressor) is LinearRegression
    np.testing.assert_allclose(features, StandardScaler().fit_transform(X))
    predicted = transformer.inverse_transform(regressor.predict(features))
    np.testing.assert_array_equal(predicted, model.predict(X))


def test_a_model_whose_predictions_are_its_own_stays_whole():
    twice = scaled(scaled(LinearRegression())).fit(X, y)
    assert last_step(twice, X).regressor is twice.regressor_
    conformal = ConformalRegressor(LinearRegression(), cv=2, random_state=0).fit(X, y)
    assert last_step(conformal, X) == (X, conformal, None)


def test_what_is_nested_comes_from_the_outside_in():
    model = ConformalRegressor(MODELS[0], cv=2, random_state=0).fit(X, y)
    kinds = [type(estimator).__name__ for estimator in nested_estimators(model)]
    assert kinds == [
        "ConformalRegressor",
        "Pipeline",
        "TransformedTargetRegressor",
        "LinearRegression",
    ]
    unfitted = SelectFromModel(LinearRegression())
    assert list(nested_estimators(unfitted)) == [unfitted]
