"""Ranks of the truth among draws of the posterior are uniform, for simulated clusters.

Talts et al. 2018, arXiv:1804.06788.
"""

import numpy as np
import pytest
from rank_statistics import REDDENING_PRIOR, draw_members
from scipy.stats import kstest

from skcluster.inference import Potential, StarLikelihood
from skcluster.inference._prior import Prior
from skcluster.inference._sampler import sample_posterior

#: Where field stars are, evenly: G, BP−RP (mag).
BOX = (8.0, 18.0), (-0.5, 3.5)
PRIOR = Prior(
    np.array([8.6, 0.9, 10.5]), np.array([0.4, 0.3, 0.3]), reddening_prior=REDDENING_PRIOR
)
NAMES = ["log_age", "a_v", "distance_modulus", "metallicity", "log_field_odds"]
NAMES += ["colour_zero_point"]


def evenly(g, bp_rp):
    return np.full(len(g), 1 / np.prod(np.ptp(BOX, axis=1)))


def ranks(seed, n_stars=60):
    """Shares of the posterior below the truth, of a cluster whose truth is drawn from the prior."""
    rng = np.random.RandomState(seed)
    while True:
        theta = PRIOR.draw(rng.uniform(1e-6, 1 - 1e-6, (1, Prior.N_DEVIATES)))
        if PRIOR.supports(theta)[0]:
            break
    g, bp_rp = draw_members(theta, n_stars, rng)
    share = 1 / (1 + np.exp(-theta.log_field_odds[0]))
    n_field = rng.binomial(n_stars, share)
    g[:n_field], bp_rp[:n_field] = (rng.uniform(*ends, n_field) for ends in BOX)
    likelihood = StarLikelihood(g, bp_rp, tempering=1, saturation=np.inf, field=evenly)
    draws = sample_posterior(Potential(likelihood, PRIOR), 1024, seed)
    return draws.weights @ (draws.parameters.continuous < theta.continuous)


@pytest.fixture(scope="module")
def all_ranks():
    return np.array([ranks(seed) for seed in range(60)])


@pytest.mark.parametrize("name", NAMES)
def test_ranks_are_uniform(all_ranks, name):
    column = all_ranks[:, NAMES.index(name)]
    assert kstest(column, "uniform").pvalue > 1e-3
    assert np.mean(np.abs(column - 0.5) < 0.34) == pytest.approx(0.68, abs=0.15)
