"""Clusters that follow the isochrone of their estimate pass, others do not.

Those that are like the training clusters are flagged as often as asked, others more often.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from skcluster.inference import Parameters, Potential, StarLikelihood
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._goodness_of_fit import Consistency, predictive_discrepancy
from skcluster.inference._prior import Prior
from skcluster.inference._sampler import WeightedDraws
from skcluster.inference._simulate_members import simulate_members

THETA = Parameters.of(9.0, 0.5, 10.0)


def discrepancy(g, bp_rp, theta=THETA, seed=0):
    """Of stars from an estimate without uncertainty."""
    prior = Prior(theta.continuous[0, :3], np.full(3, 0.1))
    draws = WeightedDraws(theta, np.ones(1))
    potential = Potential(StarLikelihood(g, bp_rp), prior)
    return predictive_discrepancy(ClusterPosterior(potential, draws), seed)


@pytest.mark.parametrize("n", [20, 100, 800])
def test_clusters_of_the_model_pass(n):
    values = [
        discrepancy(*simulate_members(THETA, n, random_state=seed), seed=seed) for seed in range(12)
    ]
    assert np.median(values) < 1.5
    assert np.max(values) < 4


def test_stars_that_do_not_follow_the_isochrone_fail():
    rng = np.random.default_rng(0)
    good = simulate_members(THETA, 200, random_state=0)
    random = rng.uniform(11, 18, 200), rng.uniform(0, 3, 200)
    assert discrepancy(*random) > 2
    g, bp_rp = good
    assert discrepancy(g, 0.4 * bp_rp) > 8
    assert discrepancy(*good, theta=Parameters.of(7.0, 2.5, 10.0)) > 8


def test_field_stars_that_the_mixture_explains_pass():
    g, bp_rp = simulate_members(THETA, 200, random_state=0)
    rng = np.random.default_rng(0)
    some = rng.choice(200, 30, replace=False)
    bp_rp[some] += rng.normal(0, 0.5, 30)
    assert discrepancy(g, bp_rp) < 4


def test_one_seed_gives_the_same_number():
    stars = simulate_members(THETA, 50, random_state=0)
    assert discrepancy(*stars, seed=1) == discrepancy(*stars, seed=1)
    assert discrepancy(*stars, seed=1) != discrepancy(*stars, seed=2)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("a_v", [0.0, 4.0])
def test_few_stars_are_no_trouble(n, a_v):
    theta = Parameters.of(8.0, a_v, 13.0)
    for seed in range(3):
        stars = simulate_members(theta, n, random_state=seed)
        assert np.isfinite(discrepancy(*stars, theta=theta, seed=seed))


def test_an_estimate_whose_members_are_all_too_faint_fails_without_an_error():
    stars = simulate_members(THETA, 50, random_state=0)
    assert np.isfinite(discrepancy(*stars, theta=Parameters.of(10.0, 0.0, 26.0)))


def discrepancies(n, rng):
    """Four numbers that depend on each other."""
    common = rng.standard_normal((n, 1))
    return np.exp(0.7 * common + 0.7 * rng.standard_normal((n, 4)))


def test_p_values_are_uniform():
    rng = np.random.default_rng(0)
    p = Consistency(discrepancies(1000, rng)).p_values(discrepancies(1000, rng))
    assert p.min() > 0
    assert p.max() <= 1
    for column in p.T:
        assert kstest(column, "uniform").statistic < 0.07


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.09, 0.5])
def test_false_alarms_are_as_frequent_as_asked(rate):
    rng = np.random.default_rng(1)
    rates = []
    for _ in range(20):
        training = discrepancies(500, rng)
        consistency = Consistency(training)
        flags = consistency.flags(discrepancies(500, rng), rate)
        rates.append(np.any(list(flags.values()), axis=0).mean())
        # Of the training clusters themselves, exactly that many.
        flagged = np.any(list(consistency.flags(training, rate).values()), axis=0)
        assert flagged.mean() == pytest.approx(rate, abs=0.005)
    assert np.mean(rates) == pytest.approx(rate, abs=0.02)


@pytest.mark.parametrize("which", range(4))
def test_a_large_discrepancy_is_named(which):
    rng = np.random.default_rng(2)
    consistency = Consistency(discrepancies(500, rng))
    strange = np.full((1, 4), 0.5)
    strange[0, which] = 1e3
    # Alone it is not much of a surprise; with a second one it is.
    strange[0, which - 1] = 3.0
    flags = consistency.flags(strange, 0.2)
    assert list(flags) == list(Consistency.NAMES.values())
    assert flags[list(flags)[which]][0]
    typical = consistency.flags(np.ones((1, 4)), 0.2)
    assert not any(flag[0] for flag in typical.values())


def test_p_values_count_training_clusters_as_large():
    consistency = Consistency(np.repeat(np.arange(1.0, 10.0)[:, None], 4, axis=1))
    p = consistency.p_values(np.array([[0.0, 1.0, 9.0, 9.5], [5.0, 5.5, np.nan, 8.0]]))
    np.testing.assert_allclose(p, [[1.0, 1.0, 0.2, 0.1], [0.6, 0.5, 1.0, 0.3]])


def test_every_large_discrepancy_of_a_doubtful_cluster_is_named():
    consistency = Consistency(np.repeat(np.arange(1.0, 1000.0)[:, None], 4, axis=1))
    # With p-values of 0.05, 0.099, 0.101 and 0.5, and of 0.3, 0.2, 0.4 and 0.2.
    values = np.array([[950.5, 901.5, 899.5, 500.5], [700.5, 800.5, 600.5, 800.5]])
    np.testing.assert_allclose(consistency.p_values(values)[0], [0.05, 0.099, 0.101, 0.5])
    named = np.array(list(consistency.flags(values, 0.9).values())).T
    assert named.tolist() == [[True, True, False, False], [False, True, False, True]]
    assert not np.any(list(consistency.flags(values, 1e-3).values()))


@given(st.integers(0, 3), st.floats(0.1, 10))
def test_larger_discrepancies_fit_no_better(which, value):
    consistency = Consistency(discrepancies(50, np.random.default_rng(3)))
    small = np.ones((1, 4))
    small[0, which] = value
    large = small.copy()
    large[0, which] = 2 * value
    assert consistency.goodness_of_fit(large)[0] <= consistency.goodness_of_fit(small)[0]


def test_what_is_unknown_raises_no_doubt():
    rng = np.random.default_rng(4)
    training = discrepancies(100, rng)
    consistency = Consistency(training)
    unknown = np.array([[1.0, 1.0, 1.0, np.nan], [np.nan] * 4])
    assert consistency.p_values(unknown)[0, 3] == 1
    assert np.isfinite(consistency.goodness_of_fit(unknown)[0])
    assert np.isnan(consistency.goodness_of_fit(unknown)[1])
    assert not any(flag[1] for flag in consistency.flags(unknown, 0.9).values())
    # Training clusters without parallaxes say nothing of them.
    training[:, 3] = np.nan
    p = Consistency(training).p_values(discrepancies(10, rng))
    assert (p[:, 3] == 1).all()
