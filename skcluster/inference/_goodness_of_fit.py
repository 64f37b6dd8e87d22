"""Goodness of fit: discrepancies between stars and estimate, and how unusual they are."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._likelihood import KERNEL, StarLikelihood
from skcluster.inference._prior import Parameters, Prior
from skcluster.inference._simulate_members import simulate_members

#: Number of simulated clusters of the predictive check.
_N_REPLICATES = 6
#: Deviations of the log field odds among which the best fraction of field stars is sought.
_DEVIATIONS = np.linspace(-2.5, 4.0, 14)


@dataclass(frozen=True, eq=False)
class Consistency:
    """Discrepancies of held-out training clusters, and goodness of fit relative to them.

    The p-value of a discrepancy is the fraction of training clusters whose discrepancy is at least
    as large.
    The p-values are combined by the sum of their logarithms (Fisher's method). The sum is in turn
    compared with those of the training clusters, so that the discrepancies need not be independent.

    Parameters
    ----------
    training : ndarray of shape (n_training_clusters, 4)
        The discrepancies, in the order of `NAMES`; NaN where unknown.
    """

    #: Names of the discrepancies, and the flags of large ones.
    NAMES: ClassVar = {
        "field_fraction": "mostly field",
        "predictive": "stars do not follow the isochrone",
        "network": "stars disagree with the network",
        "parallax": "parallaxes disagree",
    }
    #: A discrepancy with a p-value below this is flagged.
    _REASON: ClassVar = 0.1

    training: FloatArray

    def p_values(self, discrepancies: FloatArray) -> FloatArray:
        """Return the p-value of each discrepancy, shape (n_clusters, 4); 1 where it is unknown."""
        columns = [
            _share_as_large(training[np.isfinite(training)], values)
            for training, values in zip(self.training.T, discrepancies.T, strict=True)
        ]
        return np.column_stack(columns)

    def goodness_of_fit(self, discrepancies: FloatArray) -> FloatArray:
        """Return the fraction of training clusters that fit no better; NaN if unknown."""
        training, given = (
            -np.log(self.p_values(values)).sum(axis=1) for values in (self.training, discrepancies)
        )
        share = _share_as_large(training, given)
        return np.where(np.isnan(discrepancies[:, 0]), np.nan, share)

    def flags(self, discrepancies: FloatArray, false_alarm_rate: float) -> dict[str, BoolArray]:
        """Return flags, by discrepancy, of clusters with a goodness of fit below the rate."""
        doubtful = self.goodness_of_fit(discrepancies) < false_alarm_rate
        p_values = self.p_values(discrepancies)
        worst = p_values == p_values.min(axis=1, keepdims=True)
        named = doubtful[:, None] & (worst | (p_values < self._REASON))
        return dict(zip(self.NAMES.values(), named.T, strict=True))


def _share_as_large(training: FloatArray, values: FloatArray) -> FloatArray:
    """Return the share of training clusters with at least each value, shape (n,); 1 for NaN."""
    above = len(training) - np.searchsorted(np.sort(training), values)
    share: FloatArray = (1 + above) / (1 + len(training))
    return np.where(np.isnan(values), 1.0, share)


def discrepancies_of_stars(posterior: ClusterPosterior) -> tuple[float, float, float]:
    """Return the discrepancies of a cluster, in the order of `Consistency.NAMES`.

    That of the parallaxes follows from the stars alone (`skcluster.clusters`) and is not among
    them. The predictive check takes as long as the sampling of the posterior.
    """
    prior = posterior.potential.prior
    shift = float(np.linalg.norm((posterior.mean[:3] - prior.mean) / prior.spread))
    return posterior.field_fraction, predictive_discrepancy(posterior), shift


def predictive_discrepancy(posterior: ClusterPosterior, seed: int = 0) -> float:
    """Return how much less likely the stars are than those of clusters simulated from the estimate.

    The mean log density of the stars, under the best-fitting mixture of members and field, is
    compared with that of simulated lists of as many stars (Gelman, Meng & Stern 1996, Statistica
    Sinica 6, 733), without membership probabilities. It is an absolute difference in standard
    errors: clusters that follow the isochrones as well as the training clusters have values up to
    about 2.
    """
    given, prior = posterior.potential.likelihood, posterior.potential.prior
    likelihood: StarLikelihood = StarLikelihood(
        given.g, given.bp_rp, faint_limit=given.faint_limit, law=given.law
    )
    theta = posterior.representatives(_N_REPLICATES)
    density = likelihood.member_density(theta)
    rng = np.random.RandomState(seed)
    differences = []
    for k in range(_N_REPLICATES):
        draw = theta[k : k + 1]
        share = _best_share(density[k], likelihood.field_density, prior)
        seen = _log_mixture(density[k], likelihood.field_density, share)
        other = _simulate(draw, share, likelihood, rng)
        expected = _log_mixture(other.member_density(draw)[0], other.field_density, share)
        error = expected.std() / np.sqrt(len(expected)) + 1e-3
        differences.append((expected.mean() - seen.mean()) / error)
    return float(np.abs(np.mean(differences)))


def _log_mixture(member: FloatArray, field: FloatArray, share: float) -> FloatArray:
    mixture: FloatArray = np.log(np.maximum((1 - share) * member + share * field, 1e-12))
    return mixture


def _best_share(member: FloatArray, field: FloatArray, prior: Prior) -> float:
    """Return the share of field stars that maximises the likelihood, weighted as in the prior."""
    median, width = prior.field_odds_prior
    odds = median * np.exp(width * _DEVIATIONS)
    shares = odds / (1 + odds)
    fits = [_log_mixture(member, field, share).sum() for share in shares]
    return float(shares[np.argmax(fits - 0.5 * _DEVIATIONS**2)])


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
