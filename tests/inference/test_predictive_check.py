"""Clusters that follow the isochrone of their estimate pass, others do not."""

import numpy as np
import pytest

from skcluster.inference import Parameters, StarLikelihood, simulate_members
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._importance import WeightedDraws
from skcluster.inference._predictive_check import predictive_discrepancy
from skcluster.inference._prior import Prior

THETA = Parameters.of(9.0, 0.5, 10.0)


def discrepancy(g, bp_rp, theta=THETA, seed=0):
    """Of stars from an estimate without uncertainty."""
    prior = Prior(theta.continuous[0, :3], np.full(3, 0.1))
    draws = WeightedDraws(theta, np.ones(1))
    return predictive_discrepancy(ClusterPosterior(StarLikelihood(g, bp_rp), prior, draws), seed)


@pytest.mark.parametrize("n", [20, 100, 800])
def test_clusters_of_the_model_pass(n):
    found = [
        discrepancy(*simulate_members(THETA, n, random_state=seed), seed=seed) for seed in range(12)
    ]
    assert np.median(found) < 1.5
    assert np.max(found) < 4


def test_stars_that_do_not_follow_the_isochrone_fail():
    rng = np.random.default_rng(0)
    good = simulate_members(THETA, 200, random_state=0)
    random = rng.uniform(11, 18, 200), rng.uniform(0, 3, 200)
    assert discrepancy(*random) > 2.5
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
    for seed in range(6):
        stars = simulate_members(theta, n, random_state=seed)
        assert np.isfinite(discrepancy(*stars, theta=theta, seed=seed))


def test_an_estimate_whose_members_are_all_too_faint_fails_without_an_error():
    stars = simulate_members(THETA, 50, random_state=0)
    assert np.isfinite(discrepancy(*stars, theta=Parameters.of(10.0, 0.0, 26.0)))
