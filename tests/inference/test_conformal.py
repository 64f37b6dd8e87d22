import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dask.base import tokenize
from joblib import parallel_config
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from skcluster.inference import ConformalRegressor
from skcluster.regressors import NamedTargetRegressor, TargetScaler


class KnowsItsNoise(RegressorMixin, BaseEstimator):
    """A line whose spread is the last column."""

    def fit(self, X: Any, y: Any) -> "KnowsItsNoise":
        self.line_ = Ridge(alpha=1e-6).fit(X[:, :-1], y)
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        mean = self.line_.predict(X[:, :-1])
        spread = np.broadcast_to(X[:, -1:], mean.reshape(len(X), -1).shape).reshape(mean.shape)
        return (mean, spread) if return_std else mean


def noisy(n: int = 1500, seed: int = 0) -> tuple[Any, Any]:
    """Two targets with correlated errors whose size is the last column."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=(n, 3)), np.exp(rng.normal(size=n))])
    error = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], n) * X[:, -1:]
    return X, X[:, :2] @ [[1.0, 2.0], [0.5, -1.0]] + 0.5 * error


@pytest.mark.parametrize("coverage", [0.5, 0.68, 0.95])
@pytest.mark.parametrize("regressor", [Ridge(), KnowsItsNoise()], ids=["constant", "scaled"])
def test_intervals_cover_what_they_say(regressor, coverage):
    (X, y), (X_new, y_new) = noisy(), noisy(4000, 1)
    model = ConformalRegressor(regressor, random_state=0).fit(X, y)
    low, high = np.moveaxis(model.predict_interval(X_new, coverage=coverage), -1, 0)
    covered = ((low <= y_new) & (y_new <= high)).mean(axis=0)
    assert covered == pytest.approx(coverage, abs=0.045)


def test_a_regressor_that_knows_its_noise_covers_easy_and_hard_alike():
    (X, y), (X_new, y_new) = noisy(), noisy(4000, 1)
    scaled, constant = (
        ConformalRegressor(r, random_state=0).fit(X, y).predict_interval(X_new, coverage=0.95)
        for r in (KnowsItsNoise(), Ridge())
    )
    hard = X_new[:, -1] > 1
    covered = (scaled[..., 0] <= y_new) & (y_new <= scaled[..., 1])
    assert covered[hard].mean() == pytest.approx(0.95, abs=0.03)
    assert covered[~hard].mean() == pytest.approx(0.95, abs=0.03)
    assert np.diff(scaled).mean() < 0.8 * np.diff(constant).mean()


def test_samples_are_centred_correlated_and_as_wide_as_the_intervals():
    X, y = noisy()
    model = ConformalRegressor(KnowsItsNoise(), random_state=0).fit(X, y)
    drawn = model.sample(X[:5], 4000, random_state=0)
    assert drawn.shape == (5, 4000, 2)
    spread = X[:5, -1:]
    np.testing.assert_array_less(
        np.abs(drawn.mean(1) - model.predict(X[:5])), 0.2 * spread + np.zeros(2)
    )
    for cluster in drawn:
        assert np.corrcoef(cluster.T)[0, 1] == pytest.approx(0.8, abs=0.05)
    low, high = np.moveaxis(model.predict_interval(X[:5], coverage=0.9), -1, 0)
    inside = (low[:, None] <= drawn) & (drawn <= high[:, None])
    assert inside.mean(axis=(0, 1)) == pytest.approx(0.9, abs=0.03)
    np.testing.assert_array_equal(drawn, model.sample(X[:5], 4000, random_state=0))


def test_transformed_targets_stay_in_their_range():
    X, y = noisy(400)
    target = TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp)
    model = ConformalRegressor(make_pipeline(StandardScaler(), target), random_state=0)
    model.fit(X, np.exp(y))
    interval = model.predict_interval(X, coverage=0.99)
    assert (interval > 0).all()
    assert (interval[..., 0] < model.predict(X)).all()
    assert (interval[..., 1] > model.predict(X)).all()
    assert (model.sample(X, 20, random_state=0) > 0).all()
    # The same errors as without the transformation.
    plain = ConformalRegressor(make_pipeline(StandardScaler(), Ridge()), random_state=0).fit(X, y)
    np.testing.assert_allclose(np.log(interval), plain.predict_interval(X, coverage=0.99))


class Gaps(KnowsItsNoise):
    """Predicts NaN where a feature is NaN."""

    def predict(self, X: Any, return_std: bool = False) -> Any:
        mean, spread = super().predict(np.nan_to_num(X), return_std=True)
        gone = np.isnan(X).any(axis=1)
        mean[gone], spread = np.nan, np.where(gone[:, None], np.nan, spread)
        return (mean, spread) if return_std else mean


def test_a_cluster_that_cannot_be_predicted_has_no_interval():
    X, y = noisy(100)
    target = TransformedTargetRegressor(Gaps(), transformer=StandardScaler(), check_inverse=False)
    model = ConformalRegressor(make_pipeline(StandardScaler(), target), random_state=0).fit(X, y)
    X[3] = np.nan
    unknown = np.isnan(model.predict_interval(X)).any(axis=(1, 2))
    assert np.flatnonzero(unknown).tolist() == [3]


def test_what_lies_far_from_the_training_clusters_is_outside():
    X, y = noisy(500)
    model = ConformalRegressor(Gaps(), domain=StandardScaler(), random_state=0).fit(X, y)
    assert model.outside_domain(X).mean() <= 0.01
    odd = np.vstack([X[:2], X[:2] + 100])
    odd[1] = np.nan
    assert model.outside_domain(odd).tolist() == [False, True, True, True]
    with pytest.raises(ValueError, match="needs the parameter domain"):
        ConformalRegressor(Ridge(), random_state=0).fit(X, y).outside_domain(X)
    before = dict(vars(model.set_params(domain=np.sum)))
    with pytest.raises(ValueError, match="Expected 2D array"):
        model.fit(X, y)
    assert vars(model) == before  # a fit that fails changes nothing


@pytest.mark.parametrize("domain", [StandardScaler(), np.asarray])
def test_what_the_regressor_does_not_take_is_outside(domain):
    X, y = noisy(500)
    model = ConformalRegressor(LinearRegression(), domain=domain, random_state=0).fit(X, y)
    odd = np.vstack([X[:1], np.full((1, 4), np.nan)])
    distribution = model.predict_distribution(odd)
    assert model.outside_domain(odd).tolist() == [False, True]
    assert distribution.outside_domain.tolist() == [False, True]
    with pytest.raises(ValueError, match="Input X contains NaN"):
        distribution.predict()


@pytest.mark.parametrize(("n", "n_neighbours"), [(400, 5), (6, 5), (4, 3)])
def test_the_domain_holds_all_but_half_a_per_cent_of_the_training_clusters(n, n_neighbours):
    X, y = noisy(n)
    model = ConformalRegressor(Ridge(), cv=2, domain=StandardScaler(), random_state=0).fit(X, y)
    points = model.domain_points_
    assert np.median(points, axis=0) == pytest.approx(0)
    assert np.diff(np.quantile(points, [0.25, 0.75], axis=0), axis=0) == pytest.approx(1)
    distance = np.sort(np.linalg.norm(points[:, None] - points, axis=2), axis=1)
    expected = np.quantile(distance[:, 1 : n_neighbours + 1].mean(axis=1), 0.995)
    assert model.domain_limit_ == pytest.approx(expected)


@pytest.mark.parametrize(
    ("coverage", "place"), [(0.1, 1), (0.5, 5), (0.55, 6), (0.68, 7), (0.9, 9), (0.99, 9)]
)
def test_intervals_reach_as_far_as_that_many_errors(coverage, place):
    X, y = noisy(9)
    model = ConformalRegressor(Ridge(), cv=3, random_state=0).fit(X, y[:, 0])
    half = np.diff(model.predict_interval(X, coverage))[0, 0] / 2
    assert half == pytest.approx(np.sort(np.abs(model.errors_.ravel()))[place - 1])


def test_folds_must_cover_each_cluster_once():
    X, y = noisy(30)
    with pytest.raises(ValueError, match=r"one test fold, but row \d+ is in [02]"):
        ConformalRegressor(Ridge(), cv=ShuffleSplit(2, random_state=0)).fit(X, y)


@pytest.mark.parametrize("coverage", [0, 1, 1.5, "68"])
def test_coverage_is_a_share(coverage):
    X, y = noisy(30)
    model = ConformalRegressor(Ridge(), random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="coverage"):
        model.predict_interval(X, coverage=coverage)


def test_folds_can_be_made_of_groups():
    X, y = noisy(60)
    groups = np.repeat(np.arange(6), 10)
    model = ConformalRegressor(Ridge(), cv=GroupKFold(6)).fit(X, y, groups=groups)
    held_out = Ridge().fit(X[10:], y[10:]).predict(X[:10])
    np.testing.assert_allclose(model.errors_[:10], y[:10] - held_out)


@pytest.mark.usefixtures("numpy_state")
@pytest.mark.parametrize(
    "regressor",
    [
        Ridge(),
        make_pipeline(StandardScaler(), Ridge()),
        TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    ],
    ids=["regressor", "pipeline", "transformed targets"],
)
def test_checks_of_scikit_learn(regressor):
    results = check_estimator(ConformalRegressor(regressor), on_fail=None, on_skip=None)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert failed == {}
    statuses = [result["status"] for result in results]
    # One needs SCIPY_ARRAY_API.
    assert statuses.count("passed") >= len(statuses) - 1 >= 50


def test_dask_tells_models_apart_that_have_learned_something_else():
    X, y = noisy(30)
    first, same, other = (ConformalRegressor(Ridge(), cv=KFold(3)).fit(X, t) for t in (y, y, -y))
    assert tokenize(first) == tokenize(same) != tokenize(other)


def test_it_tells_what_its_regressor_saw():
    X, y = noisy(30)
    assert not hasattr(ConformalRegressor(Ridge()), "n_features_in_")
    model = ConformalRegressor(make_pipeline(StandardScaler(), Ridge()), random_state=0)
    frame = pd.DataFrame(X, columns=list("abcd"))
    model.fit(frame, pd.DataFrame(y, columns=["one", "two"]))
    assert model.n_features_in_ == 4
    assert model.feature_names_in_.tolist() == list("abcd")
    assert model.target_names_ == ("one", "two")
    assert model.fit(frame, pd.Series(y[:, 0], name="one")).target_names_ == ("one",)
    assert model.fit(frame, y).target_names_ is None
    assert ConformalRegressor(Ridge())._get_doc_link() == ""


class Weighed(Ridge):
    """Remembers its weights."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "Weighed":
        self.weights_ = sample_weight
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("routing", [False, True])
def test_weights_reach_the_regressor_in_every_fold(routing):
    X, y = noisy(60)
    weights = np.where(np.arange(60) < 30, 1.0, 1e-9)
    with config_context(enable_metadata_routing=routing):
        regressor = Weighed()
        if routing:
            regressor.set_fit_request(sample_weight=True)
        model = ConformalRegressor(regressor, cv=KFold(3)).fit(X, y, sample_weight=weights)
        if routing:
            with pytest.raises(TypeError, match="unexpected argument"):
                model.fit(X, y, weight=weights)
    np.testing.assert_array_equal(model.estimator_.weights_, weights)
    # The last fold leaves out clusters of no weight, the first 20 that have one.
    first = Ridge().fit(X[20:30], y[20:30])
    last = Ridge().fit(X[:30], y[:30])
    np.testing.assert_allclose(model.errors_[:20], y[:20] - first.predict(X[:20]), atol=1e-6)
    np.testing.assert_allclose(model.errors_[40:], y[40:] - last.predict(X[40:]), atol=1e-6)


@pytest.mark.parametrize("targets", [slice(None), 0], ids=["two targets", "one target"])
def test_predictions_of_held_out_clusters_are_kept(targets):
    X, y = noisy(60)
    y, folds = y[:, targets], KFold(3)
    regressor = TransformedTargetRegressor(Ridge(), transformer=StandardScaler())
    model = ConformalRegressor(regressor, cv=folds).fit(X, y)
    np.testing.assert_allclose(model.held_out_, cross_val_predict(regressor, X, y, cv=folds))


class TellsItsThread(Ridge):
    """Predicts the number of the thread in which it predicts."""

    def predict(self, X: Any) -> Any:
        return np.full(len(X), float(threading.get_ident()))


def test_held_out_clusters_are_predicted_in_parallel():
    X, y = noisy(30)
    with parallel_config("threading"):
        model = ConformalRegressor(TellsItsThread(), cv=KFold(3), n_jobs=2).fit(X, y[:, 0])
    assert threading.get_ident() not in model.held_out_


def test_intervals_take_what_their_regressor_takes():
    for inner in (LinearRegression(positive=True), Ridge(), LogisticRegression()):
        tags, own = get_tags(ConformalRegressor(inner)), get_tags(inner)
        assert tags.input_tags == own.input_tags
        assert tags.target_tags == own.target_tags
        assert tags.regressor_tags == own.regressor_tags


@pytest.mark.parametrize("transformer", [TargetScaler(), None])
def test_transformers_see_the_names_of_the_targets_in_every_fold(transformer):
    """Otherwise scikit-learn warns, which is an error in tests."""
    X, y = noisy(30)
    targets = pd.DataFrame(y, columns=["one", "two"])
    regressor = NamedTargetRegressor(LinearRegression(), transformer=transformer)
    model = ConformalRegressor(regressor, cv=KFold(3)).fit(X, targets)
    assert isinstance(model.errors_, np.ndarray)
    np.testing.assert_allclose(model.held_out_, cross_val_predict(regressor, X, y, cv=KFold(3)))
