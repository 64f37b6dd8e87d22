"""Ranks of the truth among draws of the posterior are uniform, for simulated clusters.

Talts et al. 2018, arXiv:1804.06788.
"""

import numpy as np
import pytest
from rank_statistics import simulate
from scipy.stats import kstest

NAMES = ["log_age", "a_v", "distance_modulus", "metallicity", "log_field_odds"]
NAMES += ["colour_zero_point"]


@pytest.fixture(scope="module")
def all_ranks():
    return np.array([simulate(seed, 1024) for seed in range(60)])


@pytest.mark.parametrize("name", NAMES)
def test_ranks_are_uniform(all_ranks, name):
    column = all_ranks[:, NAMES.index(name)]
    assert kstest(column, "uniform").pvalue > 1e-3
    assert np.mean(np.abs(column - 0.5) < 0.34) == pytest.approx(0.68, abs=0.15)
