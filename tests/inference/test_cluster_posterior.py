"""Importance sampling finds posterior distributions that are known otherwise."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

from skcluster.inference import Parameters, Potential
from skcluster.inference._cluster_posterior import ClusterPosterior, _flattened, sample_posterior
from skcluster.inference._prior import FIELD_ODDS_PRIOR, METALLICITY_PRIOR, REDDENING_PRIOR, Prior

#: Log age, A_V, distance modulus, far from all limits.
PRIOR = Prior(np.array([8.3, 4.0, 10.0]), np.array([0.3, 0.4, 0.2]), tail_weight=0.0)


def normal(mean: Any, spread: Any) -> Any:
    """A log likelihood of all continuous parameters."""
    return lambda theta: -0.5 * (((theta.continuous - mean) / spread) ** 2).sum(axis=1)


def flat(theta: Parameters) -> Any:
    return np.zeros(len(theta))


def sample(log_likelihood: Any, prior: Prior, n_draws: int, seed: int) -> ClusterPosterior:
    likelihood: Any = SimpleNamespace(log_likelihood=log_likelihood)
    return sample_posterior(Potential(likelihood, prior), n_draws, seed)


def product(mean: Any, spread: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of the prior times a normal likelihood."""
    means = np.append(PRIOR.mean, [METALLICITY_PRIOR[0], np.log(FIELD_ODDS_PRIOR[0]), 0.0])
    spreads = np.append(PRIOR.spread, [METALLICITY_PRIOR[1], FIELD_ODDS_PRIOR[1], 0.02])
    precision = spreads**-2 + np.array(spread) ** -2.0
    return (means / spreads**2 + mean / np.array(spread) ** 2) / precision, precision**-0.5


@pytest.mark.parametrize(
    ("mean", "spread"),
    [
        ([8.5, 4.2, 10.1, 0.05, -2.0, 0.01], [0.3, 0.3, 0.3, 0.1, 1.0, 0.02]),
        ([8.3, 4.0, 10.0, 0.0, -2.1, 0.0], [0.05, 0.1, 0.05, 0.1, 0.5, 0.01]),
        ([9.0, 3.2, 10.4, 0.1, -1.0, 0.01], [0.1, 0.2, 0.1, 0.05, 0.5, 0.02]),
        (np.zeros(6), np.full(6, 1e9)),
    ],
    ids=["mild", "narrow", "surprising", "flat"],
)
def test_a_normal_likelihood_times_a_normal_prior_is_normal(mean, spread):
    draws = sample(normal(mean, spread), PRIOR, 4096, seed=0)
    values = draws.parameters.continuous
    expected_mean, expected_std = product(mean, spread)
    drawn_mean = draws.weights @ values
    np.testing.assert_array_less(np.abs(drawn_mean - expected_mean), 0.12 * expected_std)
    std = np.sqrt(draws.weights @ (values - drawn_mean) ** 2)
    np.testing.assert_allclose(std, expected_std, rtol=0.12)
    # The likelihood says nothing of differential reddening.
    reddening = np.bincount(draws.parameters.reddening, draws.weights, 4)
    np.testing.assert_allclose(reddening, REDDENING_PRIOR, atol=0.03)
    assert draws.weights.sum() == pytest.approx(1)
    assert draws.effective_size > 200


def test_extinction_may_depend_on_the_scale_of_differential_reddening():
    a_v = np.array([4.2, 4.0, 3.6, 3.0])

    def log_likelihood(theta: Parameters) -> Any:
        return -0.5 * ((theta.a_v - a_v[theta.reddening]) / 0.05) ** 2

    draws = sample(log_likelihood, PRIOR, 2048, seed=0)
    for scale in (0, 1):
        of_scale = draws.weights * (draws.parameters.reddening == scale)
        drawn = of_scale @ draws.parameters.a_v / of_scale.sum()
        assert drawn == pytest.approx(a_v[scale], abs=0.02)
    # One mean for all scales gives 230.
    assert draws.effective_size > 300


def test_nothing_is_drawn_and_no_likelihood_asked_beyond_the_support():
    prior = Prior(np.array([10.0, -0.2, 10.0]), np.array([0.3, 0.5, 0.2]), tail_weight=0.0)

    def likelihood(theta: Parameters) -> Any:
        assert prior.supports(theta).all()
        return flat(theta)

    draws = sample(likelihood, prior, 4096, seed=0)
    assert prior.supports(draws.parameters[draws.weights > 0]).all()
    expected = truncnorm.mean(0.4, np.inf, loc=-0.2, scale=0.5)
    assert draws.weights @ draws.parameters.a_v == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("mean", [[12.0, 1.0, 10.0], [8.0, -5.0, 10.0], [8.0, 20.0, 10.0]])
def test_a_prior_that_excludes_all_is_moved_to_the_edge_of_the_support(mean):
    prior = Prior(np.array(mean), np.full(3, 0.01), tail_weight=0.0)
    draws = sample(flat, prior, 256, seed=0)
    assert draws.is_fallback
    assert prior.supports(draws.parameters).all()
    assert draws.effective_size == pytest.approx(256)
    nearest = np.clip(mean[0], 6, 10.2), np.clip(mean[1], 0, 12)
    np.testing.assert_allclose(draws.parameters.log_age, nearest[0], atol=0.1)
    np.testing.assert_allclose(draws.parameters.a_v, nearest[1], atol=0.1)


def test_a_hard_posterior_gets_more_draws_and_an_impossible_one_is_the_prior():
    narrow = normal([8.6, 3.6, 10.2, 0.2, 0.0, 0.0], 0.005)
    easy, hard, impossible = (
        sample(log_likelihood, PRIOR, 512, seed=0)
        for log_likelihood in (flat, narrow, lambda theta: -1e9 * (theta.a_v - 9) ** 2)
    )
    assert len(easy.weights) == 512
    # Twelve added stages, and the same again with four times as many draws.
    assert 512 < len(hard.weights) <= 4**2 * (512 + 12 * 128)
    assert np.isfinite(hard.weights).all()
    assert not hard.is_fallback
    assert impossible.is_fallback
    assert len(impossible.weights) == 512
    np.testing.assert_allclose(impossible.mean[:3], PRIOR.mean, atol=0.03)


def test_one_seed_gives_the_same_bits():
    likelihood = normal([8.5, 4.2, 10.1, 0.05, -2.0, 0.0], 0.2)
    first, again, other = (sample(likelihood, PRIOR, 256, s) for s in (3, 3, 4))
    np.testing.assert_array_equal(first.weights, again.weights)
    np.testing.assert_array_equal(first.parameters.continuous, again.parameters.continuous)
    assert not np.array_equal(first.parameters.continuous, other.parameters.continuous)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30).filter(lambda w: sum(w) > 0.1))
def test_the_effective_size_is_between_one_and_all(weights):
    weights = np.array(weights) / np.sum(weights)
    theta = Parameters.of(np.arange(len(weights)) / 10 + 7, 0.0, 10.0)
    draws = ClusterPosterior(None, theta, weights)
    assert 1 - 1e-9 <= draws.effective_size <= len(weights) * (1 + 1e-9)
    # Evenly spaced deviates find each draw as often as its weight says.
    again = draws.resample((np.arange(1000) + 0.5) / 1000)
    counts = [(again.log_age == value).mean() for value in theta.log_age]
    np.testing.assert_allclose(counts, weights, atol=2e-3)
    assert len(draws.resample(np.array([0.0, 1.0]))) == 2


def test_weights_of_too_few_draws_are_flattened_until_many_count():
    few = np.r_[0.97, np.full(299, 0.03 / 299)]
    flat_weights = _flattened(few)
    assert flat_weights.sum() == pytest.approx(1)
    assert 1 / np.sum(flat_weights**2) >= 60
    assert flat_weights[0] > flat_weights[1]
    # The largest of the powers 0.7, 0.49, … that is enough.
    power = np.log(flat_weights[0] / flat_weights[1]) / np.log(few[0] / few[1])
    step = np.log(power) / np.log(0.7)
    assert step == pytest.approx(round(step))
    less = few ** (power / 0.7)
    assert less.sum() ** 2 / np.sum(less**2) < 60
    even = np.full(100, 0.01)
    np.testing.assert_array_equal(_flattened(even), even)
