"""Clusters that cannot be measured get NaN and a flag; wrong input gets one clear error."""

import numpy as np
import pandas as pd
import pytest
from common.clusters import long_table
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from skcluster import CMDHistogram
from skcluster.clusters import as_clusters
from skcluster.estimation import estimate
from skcluster.inference import IsochronePosterior

QUICK = {"tempering": 0.3, "n_draws": 256, "random_state": 0}


def test_a_cluster_without_usable_stars_is_nan_and_flagged(clusters):
    X, y = clusters
    model = IsochronePosterior(DummyRegressor(), cv=2, **QUICK).fit(X, y)
    table = long_table(X.iloc[:3])
    table.loc[table["cluster"] == X.index[1], "phot_g_mean_mag"] = 18.0
    spoilt = as_clusters(table).loc[X.index[:3]]
    mean, std = model.predict(spoilt, return_std=True)
    assert np.isnan(mean[1]).all()
    assert np.isnan(std[1]).all()
    np.testing.assert_array_equal(mean[[0, 2]], model.predict(X.iloc[[0, 2]]))
    assert np.isnan(model.sample(spoilt, 3, random_state=0)[1]).all()
    answers, samples, members = estimate(
        spoilt, model, n_samples=5, membership=True, random_state=0
    )
    assert answers["flag"].iloc[1] == "cannot be measured"
    assert answers["n_used"].iloc[1] == 0
    assert samples[X.index[1]].isna().all(axis=None)
    unknown = members["membership"].isna().groupby(members["cluster"]).all()
    assert unknown.to_dict() == {name: name == X.index[1] for name in X.index[:3]}


def test_all_clusters_may_be_unusable(clusters):
    X, _ = clusters
    model = IsochronePosterior(**QUICK).fit(X)
    faint = as_clusters(long_table(X.iloc[:2]).assign(phot_g_mean_mag=19.0))
    assert np.isnan(model.predict(faint)).all()
    assert (estimate(faint, model)["flag"] == "cannot be measured").all()
    assert model.predict(X.iloc[:0]).shape == (0, 3)


def test_without_parallaxes_contaminants_are_noted(clusters):
    X, y = clusters
    bare = as_clusters(long_table(X)[["cluster", "phot_g_mean_mag", "bp_rp"]])
    regressor = make_pipeline(CMDHistogram(), Ridge())
    model = IsochronePosterior(regressor, cv=2, **QUICK).fit(bare, y)
    assert np.isfinite(model.predict(bare)).all()
    rng = np.random.default_rng(0)
    random = pd.DataFrame(
        {
            "cluster": "random",
            "phot_g_mean_mag": rng.uniform(8, 17.9, 300),
            "bp_rp": rng.uniform(-0.5, 3, 300),
        }
    )
    table = estimate(as_clusters(random), model)
    assert table["notes"].item() == "contaminants identified"


def test_without_an_estimator_and_parallaxes_distances_come_from_the_stars(clusters):
    X, _ = clusters
    table = long_table(X)
    model = IsochronePosterior(**QUICK).fit(X)
    bare = as_clusters(table.drop(columns=["parallax", "parallax_error"]))
    with_parallaxes, std = model.predict(X, return_std=True)
    without, wider = model.predict(bare, return_std=True)
    assert np.isfinite(without).all()
    assert np.median(wider[:, 2] / std[:, 2]) > 1.5
    assert np.median(np.abs(5 * np.log10(without[:, 2] / with_parallaxes[:, 2]))) < 1.0


def test_clusters_that_cannot_be_measured_cannot_be_learned_from(clusters):
    X, y = clusters
    table = long_table(X)
    table.loc[table["cluster"] == X.index[4], "phot_g_mean_mag"] = 18.5
    model = IsochronePosterior(DummyRegressor(), cv=2, **QUICK)
    message = (
        f"Cluster '{X.index[4]}' cannot be used for training: it has no star brighter than G = 18"
    )
    with pytest.raises(ValueError, match=message):
        model.fit(as_clusters(table), y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: y[["log_age", "a_v"]], r"y must have the columns log_age, a_v, distance_kpc"),
        (lambda y: y.set_axis(["age", "a_v", "d"], axis=1), r"got \['age', 'a_v', 'd'\]"),
        (lambda y: y["log_age"], r"got an array of shape \(16,\)"),
        (lambda y: y.to_numpy()[:, :2], r"got an array of shape \(16, 2\)"),
        (lambda y: y.iloc[:7], r"inconsistent numbers of samples: \[16, 7\]"),
        (lambda y: y.assign(a_v=np.nan), r"a_v of cluster '\w+' must be finite, but it is nan"),
        (lambda y: y.assign(log_age=np.inf), r"log_age of cluster '\w+' must be finite"),
        (lambda y: y.assign(distance_kpc=0.0), r"distance_kpc of cluster '\w+' must be above 0"),
    ],
)
@pytest.mark.parametrize("estimator", [None, DummyRegressor()])
def test_wrong_targets_are_refused(clusters, estimator, change, message):
    X, y = clusters
    with pytest.raises(ValueError, match=message):
        IsochronePosterior(estimator, cv=2, **QUICK).fit(X, change(y))


def test_targets_are_needed_for_an_estimator_and_weights_need_one(clusters):
    X, y = clusters
    with pytest.raises(ValueError, match="y is needed to fit the estimator, but it is None"):
        IsochronePosterior(DummyRegressor(), **QUICK).fit(X)
    with pytest.raises(NotFittedError):
        IsochronePosterior(**QUICK).predict(X)
    with pytest.raises(ValueError, match="Without an estimator, sample_weight cannot be used"):
        IsochronePosterior(**QUICK).fit(X, y, sample_weight=np.ones(16))


def test_a_fit_that_fails_changes_nothing(clusters):
    X, y = clusters[0].iloc[:2], clusters[1].iloc[:2].assign(a_v=np.nan)
    model = IsochronePosterior(**QUICK)
    with pytest.raises(ValueError, match="a_v of cluster"):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    expected = model.fit(X).predict(X)
    with pytest.raises(ValueError, match="a_v of cluster"):
        model.set_params(random_state=1).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize("column", ["log_age", "a_v", "distance_kpc"])
@pytest.mark.parametrize("estimator", [None, DummyRegressor()])
def test_a_target_may_be_the_same_for_all(clusters, estimator, column):
    """As of clusters simulated with one age; a regressor then makes no errors in it."""
    X, y = clusters
    y = y.assign(**{column: y[column].iloc[0]})
    model = IsochronePosterior(estimator, cv=2, **{**QUICK, "n_draws": 64}, faint_limit=17.5)
    X, y = X.iloc[:4], y.iloc[:4]
    mean, std = model.set_params(tempering="auto").fit(X, y).predict(X, return_std=True)
    assert np.isfinite(mean).all()
    assert (std > 0).all()


def test_a_prediction_beyond_the_isochrones_is_kept_in_range_and_flagged(clusters):
    X, y = clusters
    y = y.assign(log_age=12.0)
    model = IsochronePosterior(DummyRegressor(), cv=2, **QUICK).fit(X, y)
    table = estimate(X, model)
    assert table["log_age"].max() <= 10.3
    assert table["flag"].str.contains("posterior not sampled").all()


def test_a_regressor_may_predict_negative_distances(clusters):
    X, y = clusters
    negative = DummyRegressor(strategy="constant", constant=[8.5, 0.5, -0.3])
    model = IsochronePosterior(negative, cv=2, **{**QUICK, "n_draws": 64}).fit(X, y)
    assert np.isfinite(model.predict(X)).all()


def test_strange_clusters_are_outside_the_domain(fitted, clusters):
    X, _ = clusters
    assert fitted.outside_domain(X).mean() < 0.1
    strange = as_clusters(long_table(X.iloc[:1]).assign(parallax=40.0, bp_rp=3.0))
    assert fitted.outside_domain(strange).all()
    assert "outside domain" in estimate(strange, fitted)["flag"].iloc[0]
