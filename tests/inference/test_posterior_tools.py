"""The posterior works with scikit-learn's tools, with files and with any regressor inside."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags

from skcluster import CMDHistogram, load_model, save_model
from skcluster.estimation import estimate
from skcluster.inference import ConformalRegressor, IsochronePosterior

QUICK = {"cv": 2, "tempering": 0.3, "n_draws": 64, "random_state": 0}


def test_a_search_over_the_tail_and_over_the_regressor(clusters):
    X, y = (values.iloc[::3] for values in clusters)
    model = IsochronePosterior(make_pipeline(CMDHistogram(), Ridge()), **QUICK)
    grid = {"tail_weight": [0.0, 0.5], "estimator__ridge__alpha": [0.1, 10.0]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) == 4
    assert search.best_estimator_.get_params()["tail_weight"] in (0.0, 0.5)
    assert search.predict(X).shape == (6, 3)


def test_conformal_intervals_around_it(clusters):
    X, y = (values.iloc[::2] for values in clusters)
    model = ConformalRegressor(
        IsochronePosterior(DummyRegressor(), **QUICK), cv=2, random_state=0
    ).fit(X, y)
    np.testing.assert_allclose(model.predict(X), model.estimator_.predict(X))
    interval = model.predict_interval(X, coverage=0.9)
    covered = (interval[..., 0] <= y) & (y <= interval[..., 1])
    assert covered.to_numpy().mean() > 0.7
    assert estimate(X, model)["log_age_lower"].notna().all()


def log_distance(y):
    return np.column_stack([np.asarray(y)[:, :2], np.log(np.asarray(y)[:, 2])])


def distance(y):
    return np.column_stack([np.asarray(y)[:, :2], np.exp(np.asarray(y)[:, 2])])


def test_a_regressor_of_transformed_targets(clusters):
    X, y = clusters
    inside = TransformedTargetRegressor(
        Ridge(), transformer=FunctionTransformer(log_distance, distance, check_inverse=False)
    )
    plain = make_pipeline(CMDHistogram(), StandardScaler(), inside)
    model = IsochronePosterior(plain, **QUICK).fit(X, y)
    # A regressor without spreads gets those of its errors on held-out clusters.
    expected = np.concatenate(
        [
            (clone(plain).fit(X.iloc[a], y.iloc[a]).predict(X.iloc[b]) - y.iloc[b]).to_numpy()
            for a, b in KFold(2, shuffle=True, random_state=_state_after_seed()).split(X)
        ]
    )
    np.testing.assert_allclose(
        model.inflation_[:2], np.sqrt(np.mean(expected**2, axis=0))[:2], rtol=1e-6
    )
    assert np.isfinite(model.predict(X)).all()


def _state_after_seed():
    """The random state of seed 0 from which the seed of the draws has been taken."""
    state = np.random.RandomState(0)
    state.randint(2**31 - 100)
    return state


@pytest.mark.slow
def test_the_number_of_jobs_changes_no_bit(fitted, clusters):
    X, y = clusters
    one, two = (clone(fitted).set_params(n_jobs=n, n_draws=64).fit(X, y) for n in (1, 2))
    same(one, two, X)


def same(first, second, X):
    """Two models say the same to the bit."""
    one, two = (model.predict_distribution(X) for model in (first, second))
    np.testing.assert_array_equal(one.predict(), two.predict())
    np.testing.assert_array_equal(one.interval(0.9), two.interval(0.9))
    np.testing.assert_array_equal(one.sample(9, random_state=0), two.sample(9, random_state=0))
    np.testing.assert_array_equal(one.reliability, two.reliability)
    assert one.flags.keys() == two.flags.keys()
    for name, flag in one.flags.items():
        np.testing.assert_array_equal(flag, two.flags[name])
    for a, b in zip(one.membership(), two.membership(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_file_holds_all_of_it(fitted, clusters, tmp_path):
    X, _ = clusters
    save_model(fitted, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    same(fitted, loaded, X.iloc[:6])
    assert loaded.get_params()["tempering"] == 0.3
    without = IsochronePosterior(n_draws=64, random_state=0).fit(X)
    save_model(without, tmp_path / "plain.skops")
    same(without, load_model(tmp_path / "plain.skops"), X.iloc[:2])


class Weighed(RegressorMixin, BaseEstimator):
    """The weighted mean of the targets."""

    def fit(self, X, y, sample_weight=None):
        self.weights_ = sample_weight
        self.mean_ = np.average(y, axis=0, weights=sample_weight)
        return self

    def predict(self, X):
        return np.tile(self.mean_, (len(X), 1))


@pytest.mark.parametrize("routing", [False, True])
def test_weights_reach_the_regressor_in_every_fold_and_groups_the_splitter(clusters, routing):
    X, y = clusters
    weights = np.where(np.arange(16) % 2, 1.0, 1e-9)
    with config_context(enable_metadata_routing=routing):
        regressor = Weighed()
        if routing:
            regressor.set_fit_request(sample_weight=True)
        model = IsochronePosterior(regressor, **{**QUICK, "cv": GroupKFold(2)})
        model.fit(X, y, sample_weight=weights, groups=np.arange(16) // 8)
        if routing:
            with pytest.raises(TypeError, match="unexpected argument"):
                clone(model).fit(X, y, weight=weights)
    np.testing.assert_array_equal(model.estimator_.weights_, weights)
    values = y.to_numpy()
    means = np.repeat([values[9::2].mean(axis=0), values[1:8:2].mean(axis=0)], 8, axis=0)
    errors = np.sqrt(np.mean((values - means) ** 2, axis=0))
    np.testing.assert_allclose(model.inflation_[:2], errors[:2], rtol=1e-5)


def test_a_posterior_takes_clusters_and_several_targets():
    for model, needs_y in ((IsochronePosterior(), False), (IsochronePosterior(Ridge()), True)):
        tags = get_tags(model)
        assert not tags.input_tags.two_d_array
        assert tags.target_tags.required == needs_y
        assert tags.target_tags.multi_output
        assert not tags.target_tags.single_output
        assert tags.no_validation
        assert tags.regressor_tags.poor_score
