import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skcluster.regressors import NamedTargetRegressor, TargetMinMaxScaler, TargetScaler

Y = pd.DataFrame(
    {
        "metallicity": [-0.2, 0.0, 0.4],
        "distance_kpc": [0.1, 1.0, 10.0],
        "a_v": [0.0, 0.5, 2.0],
        "log_age": [7.0, 8.4, 9.4],
    }
)
KNOWN = ["log_age", "a_v", "distance_kpc"]


def test_known_targets_are_scaled_by_fixed_numbers_wherever_they_stand():
    scaler = TargetScaler().fit(Y)
    assert scaler.targets_ == ["other", "distance_kpc", "a_v", "log_age"]
    scaled = scaler.transform(Y)
    np.testing.assert_allclose(scaled[:, 1], [-3.0, -0.5, 2.0])
    np.testing.assert_allclose(scaled[:, 2], Y["a_v"] - 1.2)
    np.testing.assert_allclose(scaled[:, 3], Y["log_age"] - 8.4)
    np.testing.assert_allclose([scaled[:, 0].mean(), scaled[:, 0].std()], [0, 1], atol=1e-12)
    np.testing.assert_allclose(scaler.inverse_transform(scaled), Y)


def test_three_columns_without_names_are_known_by_their_order():
    named, unnamed = TargetScaler().fit(Y[KNOWN]), TargetScaler().fit(Y[KNOWN].to_numpy())
    assert named.targets_ == unnamed.targets_ == KNOWN
    np.testing.assert_array_equal(unnamed.transform(Y[KNOWN].to_numpy()), named.transform(Y[KNOWN]))
    assert TargetScaler().fit(Y.to_numpy()).targets_ == ["other"] * 4
    assert TargetScaler().fit(Y[KNOWN[:2]].to_numpy()).targets_ == ["other"] * 2


def test_extinctions_are_not_negative_and_gaps_stay():
    scaler = TargetScaler().fit(Y[KNOWN])
    back = scaler.inverse_transform([[0.5, -2.0, -0.5], [np.nan] * 3])
    np.testing.assert_allclose(back[0], [8.9, 0.0, 1.0])
    assert np.isnan(back[1]).all()


def test_a_constant_target_is_not_divided_by_zero():
    np.testing.assert_array_equal(TargetScaler().fit_transform([[2.0], [2.0]]), [[0.0], [0.0]])


def test_wrong_targets():
    wrong = Y.assign(distance_kpc=[1.0, 0.0, 2.0])
    scaler = TargetScaler().fit(Y)
    with pytest.raises(ValueError, match=r"must be positive, but row 1 of y has 0\.0"):
        scaler.transform(wrong)
    with pytest.raises(ValueError, match="X has 3 features, but TargetScaler is expecting 4"):
        TargetScaler().fit(Y.to_numpy()).transform(Y[KNOWN].to_numpy())
    with pytest.raises(ValueError, match="X has 1 features, but TargetScaler is expecting 4"):
        scaler.inverse_transform(Y[["a_v"]].to_numpy())


@pytest.mark.parametrize("scaler", [TargetScaler(), TargetMinMaxScaler()])
def test_columns_in_another_order_are_not_inverted(scaler):
    scaled = pd.DataFrame(scaler.fit_transform(Y), columns=Y.columns)
    np.testing.assert_allclose(scaler.inverse_transform(scaled), Y, atol=1e-12)
    with pytest.raises(ValueError, match="must be in the same order as they were in fit"):
        scaler.inverse_transform(scaled[Y.columns[::-1]])


X = np.arange(3.0)[:, None]


class Remembers(LinearRegression):
    def fit(self, X, y, sample_weight=None):
        self.y_ = y
        return super().fit(X, y, sample_weight=sample_weight)


def test_names_reach_transformer_and_regressor():
    model = NamedTargetRegressor(Remembers(), transformer=TargetScaler()).fit(X, Y)
    assert model.transformer_.targets_[0] == "other"
    assert list(model.regressor_.y_.columns) == list(Y.columns)
    assert model.predict(X).shape == (3, 4)
    one = clone(model).fit(X, Y["log_age"])
    assert one.transformer_.targets_ == ["log_age"]
    assert one.regressor_.y_.name == "log_age"
    assert one.predict(X).shape == (3,)
    alone = NamedTargetRegressor(Remembers()).fit(X, Y)
    pd.testing.assert_frame_equal(alone.regressor_.y_, Y)


@pytest.mark.parametrize("y", [Y, Y["a_v"], Y.to_numpy(), Y["a_v"].to_numpy()])
def test_predictions_are_those_of_scikit_learn(y):
    weight = np.array([1.0, 2.0, 3.0])
    for transformer in (StandardScaler(), FunctionTransformer(np.arcsinh, np.sinh)):
        ours = NamedTargetRegressor(LinearRegression(), transformer=transformer)
        theirs = TransformedTargetRegressor(LinearRegression(), transformer=transformer)
        ours.fit(X, y, sample_weight=weight)
        theirs.fit(X, y, sample_weight=weight)
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X))
        assert ours.n_features_in_ == 1
