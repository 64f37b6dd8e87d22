"""The prior is a normalised density, and its draws follow it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, norm

from skcluster.inference import Parameters
from skcluster.inference._cluster_posterior import _deviates
from skcluster.inference._prior import Prior, choose

MEAN, SPREAD = np.array([8.3, 1.0, 10.0]), np.array([0.3, 0.4, 0.2])


@given(
    st.floats(0, 0.99),
    st.tuples(st.floats(7, 10), st.floats(0, 4), st.floats(8, 12)),
    st.tuples(st.floats(-0.5, 0.4), st.floats(-6, 3), st.integers(0, 3)),
)
def test_the_density_is_a_product_of_normal_ones(tail_weight, main, others):
    prior = Prior(MEAN, SPREAD, tail_weight)
    theta = Parameters.of(*main, *others)
    densities = [
        norm.pdf(main, MEAN, SPREAD * factor).prod() for factor in (1, np.array([2.5, 3.5, 1.3]))
    ]
    expected = (1 - tail_weight) * densities[0] + tail_weight * densities[1]
    expected *= norm.pdf(others[0], 0.0, 0.15) * norm.pdf(others[1], np.log(0.12), 1.2)
    expected *= norm.pdf(0.0, 0.0, 0.02)  # the zero point of the colours
    expected *= [0.5, 0.35, 0.12, 0.03][others[2]]
    assert prior.log_density(theta)[0] == pytest.approx(np.log(expected), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {
            "tail_factors": (2, 2, 2),
            "metallicity_prior": (0.2, 0.05),
            "field_odds_prior": (0.5, 0.3),
            "reddening_prior": (1, 0, 0, 0),
            "colour_zero_point_error": 0.1,
        },
    ],
    ids=["default", "of the user"],
)
def test_draws_follow_the_density(given):
    prior = Prior(MEAN, SPREAD, 0.4, **given)
    theta = prior.draw(_deviates(4096, Prior.N_DEVIATES, 0))
    factors = given.get("tail_factors", (2.5, 3.5, 1.3))
    for values, mean, spread, factor in zip(
        theta.continuous[:, :3].T, MEAN, SPREAD, factors, strict=True
    ):
        mixture = [norm(mean, spread), norm(mean, spread * factor)]
        test = kstest(values, lambda x, m=mixture: 0.6 * m[0].cdf(x) + 0.4 * m[1].cdf(x))
        assert test.statistic < 0.01
    odds, deviation = given.get("field_odds_prior", (0.12, 1.2))
    colour_error = given.get("colour_zero_point_error", 0.02)
    for values, expected in (
        (theta.metallicity, norm(*given.get("metallicity_prior", (0, 0.15)))),
        (theta.log_field_odds, norm(np.log(odds), deviation)),
        (theta.colour_zero_point, norm(0, colour_error)),
    ):
        assert kstest(values, expected.cdf).statistic < 0.01
    share = np.bincount(theta.reddening, minlength=4) / 4096
    expected = given.get("reddening_prior", (0.5, 0.35, 0.12, 0.03))
    np.testing.assert_allclose(share, expected, atol=0.01)
    # In the tails, all three are far at once.
    wide = (np.abs(theta.continuous[:, :3] - MEAN) > 2.2 * SPREAD).sum(axis=1)
    assert (wide >= 2).mean() > 0.05


def test_the_support_is_that_of_the_isochrones():
    prior = Prior(MEAN, SPREAD)
    inside = Parameters.of([6.0, 10.2, 8.0, 8.0], [0.0, 12.0, 1.0, 1.0], 10, [-0.6, 0.0, 0.4, 0.0])
    assert prior.supports(inside).all()
    outside = Parameters.of([5.9, 10.3, 8, 8, 8, 8], [1, 1, -0.01, 12.1, 1, 1], 10.0, 0.0)
    outside.metallicity[4:] = -0.7, 0.5
    assert not prior.supports(outside).any()
    assert prior.supports(prior.moved_into_support(outside)).all()
    moved = prior.moved_into_support(inside)
    np.testing.assert_array_equal(moved.continuous, inside.continuous)


def test_what_is_known_from_elsewhere_multiplies_the_density():
    """The ratio to the density without it is that of normal ones, up to a constant; draws agree."""
    known = np.array([[8.6, 0.1], [np.nan, np.nan], [10.3, 0.05], [0.1, 0.03]])
    prior, plain = Prior(MEAN, SPREAD, 0.4, known=known), Prior(MEAN, SPREAD, 0.4)
    theta = prior.draw(_deviates(4096, Prior.N_DEVIATES, 0))
    of_known = [
        norm.logpdf(values, *pair)
        for values, pair in zip(theta.continuous.T, known, strict=False)
        if np.isfinite(pair[0])
    ]
    rest = prior.log_density(theta) - plain.log_density(theta) - np.sum(of_known, axis=0)
    np.testing.assert_allclose(rest, rest[0], atol=1e-8)
    # Draws of the plain prior, weighted, say the same.
    wide = plain.draw(_deviates(2**16, Prior.N_DEVIATES, 0))
    weights = np.exp(prior.log_density(wide) - plain.log_density(wide))
    assert weights.mean() == pytest.approx(1, abs=0.1)
    means = weights @ wide.continuous / weights.sum()
    np.testing.assert_allclose(theta.continuous.mean(axis=0), means, atol=0.06)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("tail_factors", (1.0, 2.0), "three positive numbers"),
        ("tail_factors", (1.0, 2.0, -3.0), "three positive numbers"),
        ("metallicity_prior", (0.0, 0.0), "a number and a positive one"),
        ("metallicity_prior", (np.nan, 0.1), "a number and a positive one"),
        ("field_odds_prior", (0.0, 1.0), "two positive numbers"),
        ("reddening_prior", (0.5, 0.4, 0.2, 0.1), "4 probabilities of sum 1"),
        ("reddening_prior", (1.0, 0.0), "4 probabilities of sum 1"),
    ],
)
def test_impossible_priors_are_refused(name, value, rule):
    with pytest.raises(ValueError, match=f"{name} must be {rule}; got"):
        Prior(MEAN, SPREAD, **{name: value})


@given(st.floats(0, 1))
def test_choices_follow_their_probabilities(uniform):
    chosen = choose(np.array([0.2, 0.0, 0.8]), np.array([uniform]))[0]
    assert chosen == (0 if uniform <= 0.2 else 2)
