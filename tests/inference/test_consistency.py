"""Clusters like the training clusters are flagged as often as asked, others more often."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from skcluster.inference._consistency import Consistency


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
    found = consistency.p_values(np.array([[0.0, 1.0, 9.0, 9.5], [5.0, 5.5, np.nan, 8.0]]))
    np.testing.assert_allclose(found, [[1.0, 1.0, 0.2, 0.1], [0.6, 0.5, 1.0, 0.3]])


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
