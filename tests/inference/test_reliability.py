"""Estimates of lists that are not one cluster are flagged, those of clusters are not."""

from copy import copy

import numpy as np
import pytest
from scipy.special import logit
from sklearn.base import clone
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.utils.class_weight import compute_sample_weight

from skcluster.augmentation import ClusterScrambler
from skcluster.clusters import as_clusters, stars_of
from skcluster.datasets import simulate_clusters, simulate_field_stars
from skcluster.estimation import estimate
from skcluster.inference import IsochronePosterior
from skcluster.inference._reliability import _BOOSTING, CLUES, Reliability
from skcluster.persistence import load_model

TARGETS = ["log_age", "a_v", "distance_kpc"]
KINDS = ["random stars", "two clusters", "G-RP"]


def simulated(n, seed):
    X, y = simulate_clusters(n, n_stars=80, distance_kpc=np.linspace(0.5, 3, n), random_state=seed)
    return X, y[TARGETS]


@pytest.fixture(scope="module")
def learned():
    """An isochrone fit of 48 simulated clusters and twice as many lists that are none."""
    scrambler = ClusterScrambler(kinds=KINDS, field=simulate_field_stars, random_state=0)
    model = IsochronePosterior(scrambler=scrambler, tempering=0.3, n_draws=256, random_state=0)
    return model.fit(*simulated(48, 0))


@pytest.fixture(scope="module")
def unseen(learned):
    """Estimates of 30 other clusters and of as many lists made of them, with their kinds."""
    X, y = simulated(30, 1)
    scrambler = clone(learned.scrambler).set_params(n_copies=1, random_state=5)
    lists, _ = scrambler.fit_resample(X, y)
    return learned.predict_distribution(lists), scrambler.kinds_


def test_other_lists_are_flagged_and_clusters_are_not(learned, unseen):
    distribution, kinds = unseen
    assert learned.reliability_trees_.shape[1] == 5
    flags = distribution.flags
    assert list(flags) == [*CLUES, "posterior not sampled", "outside domain"]
    flagged = np.any([flags[text] for text in CLUES], axis=0)
    np.testing.assert_array_equal(flagged, distribution.reliability < learned.least_reliability)
    assert flagged[kinds == ""].mean() < 0.2
    assert flagged[kinds == "random stars"].mean() > 0.8
    assert flagged[kinds != ""].mean() > 0.7
    # A flag says what is wrong.
    apart = flags["parallaxes of more than one cluster"]
    assert apart[kinds == "two clusters"].mean() > apart[kinds == "G-RP"].mean() + 0.3


def test_the_cut_is_a_parameter(learned, unseen):
    X, _ = simulated(30, 1)
    for cut in (0.0, 0.9):
        distribution = copy(learned).set_params(least_reliability=cut).predict_distribution(X)
        flagged = np.any([distribution.flags[text] for text in CLUES], axis=0)
        np.testing.assert_array_equal(flagged, distribution.reliability < cut)
        np.testing.assert_allclose(distribution.reliability, unseen[0].reliability[:30], rtol=1e-6)


def test_reliability_needs_lists_that_are_no_clusters_and_stars(learned):
    X, y = simulated(12, 2)
    alone, few = clone(learned).set_params(scrambler=None), clone(learned)
    for model in (alone, few):
        table = estimate(X, model.fit(X, y))
        assert "reliability" not in table
        assert (table["flag"] == "").all()
    stars = stars_of(X)
    some = as_clusters(stars.take(stars.cluster > 0).to_clusters().iloc[1:3])
    faint = stars.with_column("phot_g_mean_mag", np.full(len(stars), 19.0)).to_clusters()
    table = estimate(faint.iloc[:2], learned)
    assert table["reliability"].isna().all()
    assert (table["flag"] == "cannot be measured").all()
    assert estimate(some, learned)["reliability"].between(0, 1).all()


def test_lists_without_parallaxes_have_a_reliability(learned):
    X, _ = simulated(3, 3)
    bare = stars_of(X)
    unknown = bare.with_column("parallax", np.full(len(bare), np.nan)).to_clusters()
    given = learned.predict_distribution(unknown)
    assert np.isfinite(given.reliability).all()
    assert not given.flags["parallaxes of more than one cluster"].any()


def test_the_scrambled_lists_change_no_calibration(learned):
    X, y = simulated(12, 2)
    with_lists, without = (
        clone(learned).set_params(scrambler=scrambler).fit(X, y)
        for scrambler in (learned.scrambler, None)
    )
    for name in ("scores_", "held_out_", "inflation_", "population_", "a_v_zero_point_"):
        np.testing.assert_array_equal(getattr(with_lists, name), getattr(without, name))


def test_log_odds_are_those_of_scikit_learn_scaled_to_lists_that_are_held_out():
    rng = np.random.default_rng(0)
    n_clues = sum(map(len, CLUES.values()))
    clues = rng.normal(size=(400, n_clues))
    is_cluster = clues[:, 0] + clues[:, 23] * clues[:, 5] + rng.normal(size=400) > 0.5
    expected = GradientBoostingClassifier(**_BOOSTING, random_state=3).fit(
        clues, is_cluster, sample_weight=compute_sample_weight("balanced", is_cluster)
    )
    new = rng.normal(size=(50, n_clues))
    learned = Reliability.fit(clues, is_cluster, np.arange(400) // 2, seed=3)
    log_odds, unscaled = logit(learned.probability(new)), expected.decision_function(new)
    slope, intercept = np.polyfit(unscaled, log_odds, 1)
    np.testing.assert_allclose(log_odds, slope * unscaled + intercept, atol=1e-6)
    # The trees are surer of the lists that they have learned from.
    assert 0.1 < slope < 1
    new[7, 2] = np.nan
    assert np.flatnonzero(np.isnan(learned.probability(new))).tolist() == [7]


def test_the_pretrained_model_tells_a_cluster_from_random_stars():
    X, y = simulate_clusters(6, n_stars=150, distance_kpc=np.linspace(0.5, 3, 6), random_state=0)
    scrambler = ClusterScrambler(n_copies=1, kinds=["random stars"], random_state=0)
    lists, _ = scrambler.fit_resample(X, y)
    reliability = load_model().predict_distribution(lists).reliability
    assert np.median(reliability[:6]) > 0.8
    assert (reliability[6:] < 0.1).all()


def test_estimates_beyond_all_training_clusters_are_flagged(learned):
    X, _ = simulate_clusters(2, log_age=9.0, a_v=0.3, distance_kpc=[1.0, 0.1], random_state=0)
    flags = learned.predict_distribution(X).flags
    assert flags["outside domain"].tolist() == [False, True]
