"""The posterior distribution of one cluster's parameters and of its stars' membership."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import softmax

from skcluster._utils.typing import FloatArray
from skcluster.inference._importance import WeightedDraws, draws_of_prior, sample_posterior
from skcluster.inference._likelihood import StarLikelihood
from skcluster.inference._parameters import TYPICAL_LOG_FIELD_ODDS, Parameters
from skcluster.inference._prior import Prior
from skcluster.isochrones import AXES

#: With fewer effective draws, the prior is used.
_LEAST_EFFECTIVE = 15.0
#: Number of draws from the posterior for quantities per star.
_N_REPRESENTATIVES = 16
#: Deviations of the log field odds over which the fraction of field stars is averaged.
_DEVIATIONS = np.linspace(-2.5, 4.0, 27)


@dataclass(frozen=True, eq=False)
class ClusterPosterior:
    """The posterior distribution of one cluster's parameters.

    Attributes
    ----------
    likelihood : StarLikelihood
        Likelihood of its stars.
    prior : Prior
        Its prior distribution.
    draws : WeightedDraws
        Weighted draws of the posterior distribution.
    is_fallback : bool
        Whether the draws are those of the prior, because the effective number of draws of the
        posterior is too small.
    """

    likelihood: StarLikelihood
    prior: Prior
    draws: WeightedDraws
    is_fallback: bool = False

    @classmethod
    def sample(
        cls, likelihood: StarLikelihood, prior: Prior, n_draws: int = 2048, seed: int = 0
    ) -> "ClusterPosterior":
        """Sample the posterior; see `skcluster.inference._importance.sample_posterior`."""
        draws = sample_posterior(likelihood.log_likelihood, prior, n_draws, seed)
        if draws.effective_size >= _LEAST_EFFECTIVE:
            return cls(likelihood, prior, draws)
        return cls(likelihood, prior, draws_of_prior(prior, n_draws, seed), is_fallback=True)

    @cached_property
    def values(self) -> FloatArray:
        """Log age, A_V, distance modulus and metallicity of the draws, shape (n_draws, 4)."""
        return self.draws.parameters.continuous[:, :4]

    @cached_property
    def mean(self) -> FloatArray:
        """Posterior mean of `values`, shape (4,)."""
        mean: FloatArray = self.draws.weights @ self.values
        return mean

    @cached_property
    def std(self) -> FloatArray:
        """Posterior standard deviation of `values`, shape (4,)."""
        std: FloatArray = np.sqrt(self.draws.weights @ (self.values - self.mean) ** 2)
        return std

    @cached_property
    def differential_reddening(self) -> float:
        """Posterior mean of the scale of differential reddening (mag)."""
        scales = np.array(AXES.reddening)[self.draws.parameters.reddening]
        return float(self.draws.weights @ scales)

    @cached_property
    def representatives(self) -> Parameters:
        """A few draws of equal weight."""
        places = (np.arange(_N_REPRESENTATIVES) + 0.5) / _N_REPRESENTATIVES
        return self.draws.resample(places)

    @cached_property
    def membership(self) -> FloatArray:
        """Membership probability of each used star, shape (n_used,).

        It is computed without tempering, and averaged over the field odds weighted by the
        untempered likelihood, because tempering would leave the fraction of field stars near its
        prior.
        """
        density = self.likelihood.member_density(self.representatives)
        field = self.likelihood.field_density
        log_odds = TYPICAL_LOG_FIELD_ODDS + Prior.LOG_FIELD_ODDS[1] * _DEVIATIONS
        shares = self.likelihood.field_share(log_odds)
        log_density = np.stack(
            [np.log((1 - share) * density + share * field).sum(axis=1) for share in shares]
        )
        weights = softmax(log_density - 0.5 * _DEVIATIONS[:, None] ** 2, axis=0) / len(density)
        found = np.zeros(len(field))
        for share, weight in zip(shares, weights, strict=True):
            member = (1 - share) * density
            found += weight @ (member / (member + share * field))
        return found

    @property
    def field_fraction(self) -> float:
        """Expected fraction of field stars among the used stars."""
        return float(1 - self.membership.mean())
