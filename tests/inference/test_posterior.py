"""The posterior of clusters: what it predicts, and what changes it."""

import numpy as np
import pandas as pd
import pytest
from common.clusters import long_table
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcluster import CMDHistogram
from skcluster.clusters import as_clusters
from skcluster.datasets import Effects, simulate_clusters
from skcluster.estimation import estimate
from skcluster.inference import IsochronePosterior
from skcluster.isochrones._population_tables import AXES
from skcluster.photometry import distance_modulus

#: Settings under which a fit takes a second or two.
QUICK = {"tempering": 0.3, "n_draws": 256, "random_state": 0}


def test_predicts_near_the_labels(fitted, clusters):
    X, y = clusters
    predicted = fitted.predict(X)
    assert predicted.shape == (16, 3)
    errors = predicted - y.to_numpy()
    assert np.sqrt(np.mean(errors[:, 0] ** 2)) < 0.6
    assert np.sqrt(np.mean(errors[:, 1] ** 2)) < 0.5
    assert np.median(np.abs(errors[:, 2] / y["distance_kpc"])) < 0.15
    assert fitted.score(X, y) > 0.5


def test_intervals_and_standard_deviations_belong_together(fitted, clusters, distribution):
    X, y = clusters
    mean, std = fitted.predict(X, return_std=True)
    np.testing.assert_array_equal(mean, distribution.predict()[:, :3])
    np.testing.assert_array_equal(
        fitted.predict_interval(X, 0.68), distribution.interval(0.68)[:, :3]
    )
    interval = distribution.interval(0.68)[:, :3]
    np.testing.assert_allclose(std, (interval[..., 1] - interval[..., 0]) / 2)
    assert (interval[..., 0] <= mean).all()
    assert (mean <= interval[..., 1]).all()
    wide = distribution.interval(0.95)[:, :3]
    assert (wide[..., 0] <= interval[..., 0]).all()
    assert (wide[..., 1] >= interval[..., 1]).all()
    metallicity = np.diff(distribution.interval(0.68)[:, 3])[:, 0] / 2
    np.testing.assert_allclose(metallicity, 0.9945 * np.hypot(distribution.std[:, 3], 0.08), 1e-3)
    covered = (wide[..., 0] <= y) & (y <= wide[..., 1])
    assert covered.to_numpy().mean() > 0.8


@pytest.mark.parametrize("coverage", [0, 1, 1.5, "most"])
def test_a_wrong_coverage_is_refused(distribution, coverage):
    with pytest.raises(ValueError, match="'coverage' parameter"):
        distribution.interval(coverage)


def test_samples_are_as_wide_as_the_intervals(fitted, clusters, distribution):
    drawn = distribution.sample(2000, random_state=0)
    assert drawn.shape == (16, 2000, 4)
    mean, ends = distribution.predict(), distribution.interval(0.68)
    std = (ends[..., 1] - ends[..., 0]) / 2
    positive = mean[:, 1] > 2 * std[:, 1]  # A_V is cut off at 0
    assert positive.sum() > 8
    np.testing.assert_allclose(drawn.mean(axis=1)[positive, :2], mean[positive, :2], atol=0.06)
    np.testing.assert_allclose(drawn.std(axis=1)[positive, :2], std[positive, :2], rtol=0.2)
    assert (drawn[..., 1:3] >= 0).all()
    assert (np.abs(drawn[..., 3]) < 1).all()
    np.testing.assert_array_equal(drawn, distribution.sample(2000, random_state=0))
    assert not np.array_equal(drawn, distribution.sample(2000, random_state=1))
    one = fitted.sample(clusters[0].iloc[:1], 2000, random_state=0)
    np.testing.assert_allclose(one, drawn[:1], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="'n_samples' parameter"):
        distribution.sample(0, random_state=0)


def test_what_is_learned_has_the_shapes_documented(fitted, clusters):
    _, y = clusters
    assert fitted.tempering_ == 0.3
    assert fitted.inflation_.shape == (3,)
    assert fitted.spread_coefficients_.shape == (4, 3)
    assert fitted.held_out_.shape == (16, 3)
    # A copy of each cluster takes part in the calibration.
    assert fitted.scores_.shape == (32, 3)
    assert fitted.reliability_trees_ is None  # not from so few
    assert (np.diff(fitted.scores_, axis=0) >= 0).all()
    assert np.isfinite(fitted.held_out_).all()
    # The zero point makes the mean error of A_V vanish.
    unclipped = fitted.held_out_[:, 1] > 0
    assert unclipped.sum() > 12
    assert np.mean((y["a_v"] - fitted.held_out_[:, 1])[unclipped]) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("order", [["distance_kpc", "log_age", "a_v"], None])
def test_targets_may_have_any_order_or_no_names(clusters, order):
    X, y = clusters
    linear = make_pipeline(CMDHistogram(), Ridge())
    named = IsochronePosterior(linear, cv=2, **{**QUICK, "n_draws": 64}).fit(X, y)
    model = clone(named).fit(X, y.to_numpy() if order is None else y[order])
    columns = [0, 1, 2] if order is None else [y.columns.get_loc(name) for name in order]
    distribution = named.predict_distribution(X)
    np.testing.assert_allclose(model.predict(X), distribution.predict()[:, columns], rtol=1e-3)
    np.testing.assert_allclose(model.held_out_, named.held_out_[:, columns], rtol=1e-3)
    interval = model.predict_interval(X.iloc[:4])
    expected = distribution.interval()[:4, columns]
    np.testing.assert_allclose(interval, expected, rtol=1e-2, atol=1e-3)
    # Samples keep their own order, with metallicity.
    np.testing.assert_allclose(
        model.sample(X.iloc[:4], 50, random_state=0),
        distribution.sample(50, random_state=0)[:4],
        rtol=0.02,
        atol=0.01,
    )


@pytest.mark.parametrize("index", [[f"Größe {k}" for k in range(5)], range(100, 110, 2), [7.5] * 5])
def test_names_of_clusters_are_names_only(fitted, clusters, index):
    X, _ = clusters
    named = X.iloc[:5].set_axis(pd.Index(index), axis=0)
    np.testing.assert_array_equal(fitted.predict(named), fitted.predict(X.iloc[:5]))
    if len(set(index)) == 5:
        assert estimate(named, fitted).index.tolist() == list(index)


def test_without_an_estimator_it_is_an_isochrone_fit():
    X, y = simulate_clusters(
        5, log_age=np.linspace(7.6, 9.6, 5), a_v=0.5, distance_kpc=1.0, n_stars=200, random_state=1
    )
    model = IsochronePosterior(random_state=0)
    assert model.fit(X) is model
    errors = model.predict(X) - y[["log_age", "a_v", "distance_kpc"]].to_numpy()
    assert np.sqrt(np.mean(errors**2, axis=0)) == pytest.approx([0.1, 0.1, 0.05], abs=0.12)
    # Nothing is calibrated: intervals are those of the posterior.
    _, std = model.predict(X, return_std=True)
    posterior = model.predict_distribution(X).std
    np.testing.assert_allclose(std[:, 0], posterior[:, 0] * 0.994458, rtol=1e-4)
    table = estimate(X, model)
    assert "reliability" not in table
    assert (table["flag"] == "").all()
    assert table["metallicity"].between(-0.3, 0.3).all()
    with pytest.raises(ValueError, match=r"outside_domain needs the parameter domain"):
        model.outside_domain(X)


def test_with_labels_it_is_a_calibrated_isochrone_fit(clusters):
    X, y = clusters
    model = IsochronePosterior(**QUICK).fit(X, y)
    assert model.estimator_ is None
    np.testing.assert_allclose(model.population_[:, 0], y[["log_age", "a_v"]].mean())
    assert model.scores_.shape == (16, 3)


class Wrong:
    """Predicts the same for all clusters: 0.6 dex too young, and sure of it to 0.3 dex."""

    def fit(self, X, y):
        self.mean_ = np.mean(y, axis=0) - [0.6, 0.0, 0.0]
        return self

    def predict(self, X, return_std=False):
        mean = np.tile(self.mean_, (len(X), 1))
        return (mean, np.tile([0.3, 0.1, 0.05], (len(X), 1))) if return_std else mean

    def get_params(self, deep=True):
        return {}


def test_the_stars_overrule_the_regressor():
    X, y = simulate_clusters(
        8,
        log_age=8.9,
        a_v=np.linspace(0.4, 0.6, 8),
        distance_kpc=np.linspace(0.95, 1.05, 8),
        n_stars=100,
        metallicity=0.0,
        random_state=2,
    )
    y = y[["log_age", "a_v", "distance_kpc"]]
    model = IsochronePosterior(Wrong(), cv=2, **QUICK).fit(X, y)
    assert model.inflation_[0] == pytest.approx(2, rel=0.05)
    assert np.abs(model.predict(X)[:, 0] - 8.9).mean() < 0.15
    # The cold prior of a small tempering keeps more of it.
    cold = clone(model).set_params(tempering=0.003).fit(X, y)
    assert cold.predict(X)[:, 0].mean() < model.predict(X)[:, 0].mean() - 0.1


def test_means_and_spreads_of_the_regressor_are_those_of_their_target(clusters):
    class Sure(Wrong):
        def predict(self, X, return_std=False):
            mean = super().predict(X)
            return (mean, np.tile([0.3, 0.02, 0.05], (len(X), 1))) if return_std else mean

    X, y = clusters
    halves = [(np.arange(8), np.arange(8, 16)), (np.arange(8, 16), np.arange(8))]
    model = IsochronePosterior(Sure(), cv=halves, **QUICK).fit(X, y)
    values = y.to_numpy()
    errors = np.concatenate([values[b] - values[a].mean(axis=0) for a, b in halves])
    errors[:, 0] += 0.6
    expected = np.sqrt(np.mean((errors / [0.3, 0.02, np.inf]) ** 2, axis=0))
    np.testing.assert_allclose(model.inflation_[:2], expected[:2], rtol=1e-6)


def test_auto_tempering_is_chosen_among_a_few(clusters):
    X, y = clusters
    model = IsochronePosterior(n_draws=64, random_state=0).fit(X.iloc[:4], y.iloc[:4])
    assert model.tempering_ in (0.05, 0.1, 0.2, 0.3)
    assert IsochronePosterior(random_state=0).fit(X).tempering_ == 0.3


def test_membership_is_high_on_the_sequence_and_low_beside_it():
    X, _ = simulate_clusters(
        1,
        log_age=8.9,
        a_v=0.3,
        distance_kpc=0.8,
        n_stars=120,
        random_state=3,
        effects=Effects(field_fraction=0.0),
    )
    table = long_table(X)
    odd = table.iloc[:4].assign(
        phot_g_mean_mag=[11.0, 13.0, 15.0, 16.5], bp_rp=[2.5, 2.0, 0.1, 0.3], probability=0.7
    )
    faint = table.iloc[:2].assign(phot_g_mean_mag=18.2)
    spoilt = as_clusters(pd.concat([odd, table, faint]))
    model = IsochronePosterior(**QUICK | {"n_draws": 2048}).fit(spoilt)
    (membership,) = model.predict_distribution(spoilt).membership()
    assert membership.shape == (len(table) + 6,)
    assert np.isnan(membership[-2:]).all()
    assert np.median(membership[4:-2]) > 0.8
    assert (membership[:4] < 0.3).all()


def test_extra_columns_describe_the_posterior(fitted, clusters):
    X, _ = clusters
    table = estimate(X, fitted)
    assert table["differential_reddening"].between(0, AXES.reddening[-1]).all()
    assert table["field_fraction"].between(0, 1).all()
    assert table["effective_samples"].ge(15).all()
    assert table["n_used"].le(table["n_stars"]).all()
    modulus = fitted.predict_distribution(X).mean[:, 2]
    np.testing.assert_allclose(distance_modulus(table["distance_kpc"].to_numpy()), modulus)


def test_potentials_are_prior_times_likelihood_of_what_is_sampled(fitted, clusters, distribution):
    X, _ = clusters
    for i, (potential, posterior) in enumerate(
        zip(fitted.potentials(X.iloc[:3]), distribution.posteriors, strict=False)
    ):
        theta = posterior.parameters
        log_prob = potential.log_prob(theta)
        likely = potential.likelihood.log_likelihood(theta) + potential.prior.log_density(theta)
        possible = potential.prior.supports(theta)
        np.testing.assert_allclose(log_prob[possible], likely[possible], rtol=1e-4)
        assert np.isneginf(log_prob[~possible]).all()
        # The estimate is near its maximum.
        best = theta.log_age[np.argmax(log_prob)]
        assert best == pytest.approx(distribution.mean[i, 0], abs=4 * distribution.std[i, 0])


def test_what_users_expect_of_clusters_moves_the_estimates(clusters):
    X = clusters[0].iloc[:4]
    poor, rich = (
        IsochronePosterior(metallicity_prior=(mean, 0.02), **QUICK).fit(X).predict_distribution(X)
        for mean in (-0.3, 0.2)
    )
    np.testing.assert_allclose(poor.mean[:, 3], -0.3, atol=0.05)
    np.testing.assert_allclose(rich.mean[:, 3], 0.2, atol=0.05)
    few, many = (
        IsochronePosterior(field_odds_prior=(odds, 0.1), **QUICK).fit(X).predict_distribution(X)
        for odds in (0.01, 1.0)
    )
    assert (few.extra_columns["field_fraction"] < many.extra_columns["field_fraction"] - 0.05).all()
    with pytest.raises(ValueError, match="metallicity_prior must be a number and a positive one"):
        IsochronePosterior(metallicity_prior=(0.0, -0.1), **QUICK).fit(X)
