"""Calibrated spreads hold what they promise on errors that follow the model."""

from types import SimpleNamespace

import numpy as np
import pytest

from skcluster.inference._calibration import TEMPERINGS, Calibration, best_tempering
from skcluster.inference._potential import Potentials
from skcluster.inference._regressor import NormalPrediction, TrainingLists

#: No errors of zero points.
NONE = (0.0, 0.0)


def simulated(n, rng, scale=1.0):
    """Normal errors whose spread depends on the posterior's and on age."""
    std = np.exp(rng.normal(-2.5, 0.5, (n, 3)))
    log_age = rng.uniform(7, 9.8, n)
    spread = scale * 1.7 * std**0.8 * np.exp(0.2 * (log_age - 8.4))[:, None]
    return spread * rng.standard_normal((n, 3)), std, means(log_age), spread


def means(log_age):
    """Posterior means of clusters at 1 kpc."""
    return np.column_stack([log_age, np.ones_like(log_age), np.full_like(log_age, 10.0)])


def calibration_of(*coefficients):
    """A calibration with the same coefficients for all targets."""
    return Calibration(np.tile(np.array(coefficients)[:, None], 3), np.empty((0, 3)), NONE)


def test_finds_how_spreads_depend_on_the_posterior_and_on_age():
    rng = np.random.default_rng(0)
    errors, std, mean, _ = simulated(4000, rng)
    calibration = Calibration.fit(errors, std, mean, NONE)
    assert calibration.coefficients.shape == (4, 3)
    np.testing.assert_allclose(calibration.coefficients[1], 0.8, atol=0.08)
    np.testing.assert_allclose(calibration.coefficients[2], 0.2, atol=0.08)
    _, std, mean, spread = simulated(500, rng)
    ratio = calibration.spread(std, mean) / spread
    # Outliers beyond three spreads count less, so that the spread is a bit below.
    assert np.median(ratio) == pytest.approx(1, abs=0.07)
    assert ratio.std() < 0.1


@pytest.mark.parametrize("coverage", [0.5, 0.68, 0.95])
@pytest.mark.parametrize("n", [30, 400])
def test_intervals_cover_what_they_promise(coverage, n):
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(20):
        calibration = Calibration.fit(*simulated(n, rng)[:3], NONE)
        errors, std, mean, _ = simulated(400, rng)
        half = calibration.reach(coverage) * calibration.spread(std, mean)
        inside.append(np.mean(np.abs(errors) <= half))
    assert np.mean(inside) == pytest.approx(coverage, abs=0.05 if n == 30 else 0.02)


def test_few_clusters_set_one_width():
    rng = np.random.default_rng(2)
    errors, std, mean, _ = simulated(20, rng)
    calibration = Calibration.fit(errors, std, mean, NONE)
    assert np.ptp(calibration.spread(std, mean), axis=0) == pytest.approx(0)
    # The largest interval reaches as far as the largest error.
    np.testing.assert_array_equal(calibration.reach(0.999), calibration.scores[-1])
    assert (np.diff(calibration.scores, axis=0) >= 0).all()


@pytest.mark.parametrize(("n", "n_fitted"), [(39, 1), (40, 4)])
def test_from_forty_clusters_on_the_width_depends_on_the_posterior(n, n_fitted):
    errors, std, mean, _ = simulated(n, np.random.default_rng(5))
    coefficients = Calibration.fit(errors, std, mean, NONE).coefficients
    assert (coefficients != 0).all(axis=1).sum() == n_fitted


def test_spreads_are_neither_tiny_nor_huge():
    mean = means(np.array([8.4, 8.4]))
    for constant, spread in ((-50.0, np.exp(-6)), (50.0, np.exp(2))):
        calibration = calibration_of(constant, 0, 0, 0)
        np.testing.assert_allclose(calibration.spread(np.ones((2, 3)), mean), spread)
    # A posterior without any width counts as one of the least.
    follows = calibration_of(0.0, 0.5, 0, 0)
    spreads = follows.spread(np.tile([[0.0], [np.exp(-4)]], 3), mean)
    np.testing.assert_allclose(spreads[:, 0], np.exp([-3, -2]))


def test_spreads_follow_age_from_the_middle_age_on():
    calibration = calibration_of(0.1, 0, 0.2, 0.3)
    spreads = calibration.spread(np.ones((3, 3)), means(np.array([7.4, 8.4, 9.4])))
    np.testing.assert_allclose(np.log(spreads[:, 0]), [0.2, 0.1, 0.6])


def test_errors_of_zero_points_are_included_once():
    """They add to the spread in quadrature, and what is fitted to the errors is smaller by them."""
    calibration = calibration_of(np.log(0.1), 0, 0, 0)
    near = means(np.full(1, 9.0))
    far = near + np.array([0, 0, 3.0])
    with_errors = Calibration(calibration.coefficients, calibration.scores, (0.02, 0.02))
    of_colour, of_parallax = 0.02 / 0.44, 5 / np.log(10) * 0.02
    for mean, distance in ((near, 1.0), (far, 10**0.6)):
        expected = np.hypot(0.1, [0, of_colour, of_parallax * distance])
        np.testing.assert_allclose(with_errors.spread(np.ones((1, 3)), mean)[0], expected)
    rng = np.random.default_rng(6)
    errors, std, mean, _ = simulated(2000, rng)
    plain, wider = (Calibration.fit(errors, std, mean, errors_) for errors_ in (NONE, (0.02, 0.02)))
    ratio = (
        wider.reach(0.68) * wider.spread(std, mean) / plain.reach(0.68) / plain.spread(std, mean)
    )
    np.testing.assert_allclose(ratio.mean(axis=0), 1, atol=0.05)


def test_outliers_do_not_widen_all():
    rng = np.random.default_rng(3)
    errors, std, mean, _ = simulated(1000, rng)
    clean = Calibration.fit(errors, std, mean, NONE).spread(std, mean)
    errors[:20] *= 100
    spoilt = Calibration.fit(errors, std, mean, NONE).spread(std, mean)
    assert np.median(spoilt / clean) < 1.15


def test_unknown_errors_are_left_out():
    rng = np.random.default_rng(4)
    errors, std, mean, _ = simulated(100, rng)
    missing = [
        np.vstack([a, row]) for a, row in ((errors, [np.nan, 0, 0]), (std, std[0]), (mean, mean[0]))
    ]
    complete = Calibration.fit(errors, std, mean, NONE)
    with_missing = Calibration.fit(*missing, NONE)
    np.testing.assert_array_equal(complete.coefficients, with_missing.coefficients)
    np.testing.assert_array_equal(complete.scores, with_missing.scores)


def test_perfect_predictions_are_no_trouble():
    calibration = Calibration.fit(
        np.zeros((50, 3)), np.full((50, 3), 0.1), means(np.full(50, 8.0)), NONE
    )
    assert np.isfinite(calibration.coefficients).all()
    assert (calibration.reach(0.9) == 0).all()


@pytest.mark.parametrize(
    ("errors", "chosen"),
    [
        ((0.3, 0.2, 0.1, 0.2), 0.2),
        ((0.1, 0.1, 0.1, 0.1), 0.3),
        ((0.1, 0.2, 0.2, 0.2), 0.05),
        # Larger by less than two standard errors, and by more.
        ((0.1, 0.1, 0.1, 0.102), 0.3),
        ((0.1, 0.1, 0.1, 0.12), 0.2),
    ],
)
def test_the_tempering_is_the_largest_that_is_as_good_as_the_best(errors, chosen):
    rng = np.random.default_rng(0)
    n = 60
    true, deviates = means(rng.uniform(7, 9, n)), rng.standard_normal((n, 3))
    noise = 0.02 * rng.standard_normal((4, n, 3))
    kinds = np.r_[np.zeros(40, int), np.ones(18, int), np.full(2, 2)]
    lists = TrainingLists(None, None, true, kinds, np.arange(n))
    prediction = NormalPrediction(true + 0.5 * rng.standard_normal((n, 3)), np.ones((n, 3)))
    potentials = Potentials({}, None, None, prediction, 0.3, {}, {})

    class Known:
        """Posterior means of that error, with a zero point of A_V; one is missing.

        Those of lists that are no clusters would be best with the largest tempering.
        """

        def each(self, function, potentials, rows):
            k = TEMPERINGS.index(potentials.tempering)
            for row in rows:
                error = errors[k] if kinds[row] < 2 else 9.0 - 3 * k
                mean = true[row] + [0, 0.7 * k, 0] + error * deviates[row] + noise[k, row]
                yield None if row == 5 else function(SimpleNamespace(mean=np.append(mean, 0.0)))

    assert best_tempering(potentials, lists, Known()) == chosen
