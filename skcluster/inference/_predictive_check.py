"""Posterior predictive check: compare a cluster with clusters simulated from its estimate."""

import numpy as np

from skcluster._utils.typing import FloatArray
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._field_density import KERNEL
from skcluster.inference._likelihood import StarLikelihood
from skcluster.inference._parameters import Parameters
from skcluster.inference._simulate_members import simulate_members

#: Number of simulated clusters.
_N_REPLICATES = 6


def predictive_discrepancy(posterior: ClusterPosterior, seed: int = 0) -> float:
    """Return how much less likely the stars are than those of clusters simulated from the estimate.

    The mean log density of the stars, under the best-fitting mixture of members and field, is
    compared with that of simulated lists of as many stars [1]_, without membership probabilities.

    Parameters
    ----------
    posterior : ClusterPosterior
        Posterior of the cluster.
    seed : int
        Seed of the simulated stars.

    Returns
    -------
    float
        Absolute difference in standard errors. Clusters that follow the isochrones as well as the
        training clusters have values up to about 2. Infinite if simulated clusters have no star
        brighter than the limit.

    References
    ----------
    .. [1] Gelman, Meng & Stern 1996, Statistica Sinica 6, 733.
    """
    given = posterior.likelihood
    likelihood = StarLikelihood(given.g, given.bp_rp, faint_limit=given.faint_limit, law=given.law)
    places = (np.arange(_N_REPLICATES) + 0.5) / _N_REPLICATES
    theta = posterior.draws.resample(places)
    density = likelihood.member_density(theta)
    rng = np.random.RandomState(seed)
    differences = []
    for k in range(_N_REPLICATES):
        draw = theta[k : k + 1]
        share = _best_share(density[k], likelihood.field_density)
        seen = _log_mixture(density[k], likelihood.field_density, share)
        try:
            other = _simulate(draw, share, likelihood, rng)
        except ValueError:  # All members would be fainter than the limit.
            continue
        expected = _log_mixture(other.member_density(draw)[0], other.field_density, share)
        error = expected.std() / np.sqrt(len(expected)) + 1e-3
        differences.append((expected.mean() - seen.mean()) / error)
    return float(np.abs(np.mean(differences))) if differences else np.inf


def _log_mixture(member: FloatArray, field: FloatArray, share: float) -> FloatArray:
    mixture: FloatArray = np.log(np.maximum((1 - share) * member + share * field, 1e-12))
    return mixture


def _best_share(member: FloatArray, field: FloatArray) -> float:
    """Return the share of field stars that maximises the likelihood, weighted as in the prior."""
    deviations = np.linspace(-2.5, 4.0, 14)
    odds = 0.12 * np.exp(1.2 * deviations)
    shares = odds / (1 + odds)
    fits = [_log_mixture(member, field, share).sum() for share in shares]
    return float(shares[np.argmax(fits - 0.5 * deviations**2)])


def _simulate(
    theta: Parameters, share: float, likelihood: StarLikelihood, rng: np.random.RandomState
) -> StarLikelihood:
    """Simulate a list of as many stars, members and field stars, brighter than the same limit."""
    g, bp_rp, limit = likelihood.g, likelihood.bp_rp, likelihood.faint_limit
    n = len(g)
    in_field = rng.uniform(size=n) < share
    try:
        member_g, member_bp_rp = simulate_members(
            theta, n, faint_limit=limit, law=likelihood.law, random_state=rng
        )
    except ValueError:  # No member is bright enough: only the field is visible.
        member_g, member_bp_rp, in_field = g, bp_rp, np.ones(n, dtype=bool)
    like = rng.randint(n, size=n)
    field_g = g[like] + KERNEL[0] * rng.standard_normal(n)
    # Magnitudes smoothed beyond the limit are reflected.
    field_g = np.where(field_g < limit, field_g, 2 * limit - field_g - 1e-6)
    field_bp_rp = bp_rp[like] + KERNEL[1] * rng.standard_normal(n)
    simulated: StarLikelihood = StarLikelihood(
        np.where(in_field, field_g, member_g),
        np.where(in_field, field_bp_rp, member_bp_rp),
        faint_limit=limit,
        law=likelihood.law,
    )
    return simulated
