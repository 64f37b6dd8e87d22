"""Calibrated spreads hold what they promise on errors that follow the model."""

import numpy as np
import pytest

from skcluster.inference._calibration import Calibration


def simulated(n, rng, scale=1.0):
    """Normal errors whose spread depends on the posterior's and on age."""
    std = np.exp(rng.normal(-2.5, 0.5, (n, 3)))
    log_age = rng.uniform(7, 9.8, n)
    spread = scale * 1.7 * std**0.8 * np.exp(0.2 * (log_age - 8.4))[:, None]
    return spread * rng.standard_normal((n, 3)), std, log_age, spread


def test_finds_how_spreads_depend_on_the_posterior_and_on_age():
    rng = np.random.default_rng(0)
    errors, std, log_age, _ = simulated(4000, rng)
    calibration = Calibration.fit(errors, std, log_age)
    assert calibration.coefficients.shape == (4, 3)
    np.testing.assert_allclose(calibration.coefficients[1], 0.8, atol=0.08)
    np.testing.assert_allclose(calibration.coefficients[2], 0.2, atol=0.08)
    _, std, log_age, spread = simulated(500, rng)
    ratio = calibration.spread(std, log_age) / spread
    # Outliers beyond three spreads count less, so that the spread is a bit below.
    assert np.median(ratio) == pytest.approx(1, abs=0.07)
    assert ratio.std() < 0.1


@pytest.mark.parametrize("coverage", [0.5, 0.68, 0.95])
@pytest.mark.parametrize("n", [30, 400])
def test_intervals_cover_what_they_promise(coverage, n):
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(20):
        calibration = Calibration.fit(*simulated(n, rng)[:3])
        errors, std, log_age, _ = simulated(400, rng)
        half = calibration.reach(coverage) * calibration.spread(std, log_age)
        inside.append(np.mean(np.abs(errors) <= half))
    assert np.mean(inside) == pytest.approx(coverage, abs=0.05 if n == 30 else 0.02)


def test_few_clusters_set_one_width():
    rng = np.random.default_rng(2)
    errors, std, log_age, _ = simulated(20, rng)
    calibration = Calibration.fit(errors, std, log_age)
    np.testing.assert_array_equal(calibration.coefficients[1:], 0)
    assert np.ptp(calibration.spread(std, log_age), axis=0) == pytest.approx(0)
    # The largest interval reaches as far as the largest error.
    np.testing.assert_array_equal(calibration.reach(0.999), calibration.scores[-1])
    assert (np.diff(calibration.scores, axis=0) >= 0).all()


def test_outliers_do_not_widen_all():
    rng = np.random.default_rng(3)
    errors, std, log_age, _ = simulated(1000, rng)
    clean = Calibration.fit(errors, std, log_age).spread(std, log_age)
    errors[:20] *= 100
    spoilt = Calibration.fit(errors, std, log_age).spread(std, log_age)
    assert np.median(spoilt / clean) < 1.15


def test_unknown_errors_are_left_out():
    rng = np.random.default_rng(4)
    errors, std, log_age, _ = simulated(100, rng)
    missing = np.vstack([errors, [np.nan, 0, 0]]), np.vstack([std, std[:1]]), np.append(log_age, 8)
    known, all_of_them = Calibration.fit(errors, std, log_age), Calibration.fit(*missing)
    np.testing.assert_array_equal(known.coefficients, all_of_them.coefficients)
    np.testing.assert_array_equal(known.scores, all_of_them.scores)


def test_perfect_predictions_are_no_trouble():
    calibration = Calibration.fit(np.zeros((50, 3)), np.full((50, 3), 0.1), np.full(50, 8.0))
    assert np.isfinite(calibration.coefficients).all()
    assert (calibration.reach(0.9) == 0).all()
