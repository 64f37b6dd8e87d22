"""The posterior distribution of one cluster's parameters and of its stars' membership."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
from scipy.special import softmax

from skcluster._utils.parallel import in_processes
from skcluster._utils.progress import counted
from skcluster._utils.typing import FloatArray
from skcluster.inference._potential import Potential, Potentials
from skcluster.inference._prior import Parameters
from skcluster.inference._sampler import WeightedDraws, draws_of_prior, sample_posterior
from skcluster.isochrones._population_tables import AXES

T = TypeVar("T")

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
    potential : Potential
        Prior and likelihood of its stars.
    draws : WeightedDraws
        Weighted draws of the posterior distribution.
    is_fallback : bool
        Whether the draws are those of the prior, because the effective number of draws of the
        posterior is too small.
    """

    potential: Potential
    draws: WeightedDraws
    is_fallback: bool = False

    @classmethod
    def sample(cls, potential: Potential, n_draws: int, seed: int) -> "ClusterPosterior":
        """Sample the posterior; see `skcluster.inference._sampler.sample_posterior`."""
        draws = sample_posterior(potential, n_draws, seed)
        if draws.effective_size >= _LEAST_EFFECTIVE:
            return cls(potential, draws)
        return cls(potential, draws_of_prior(potential.prior, n_draws, seed), is_fallback=True)

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

    @property
    def known_error(self) -> FloatArray:
        """Standard errors of `values` as known from elsewhere, shape (4,); NaN for unknown ones."""
        known = self.potential.prior.known
        return np.full(4, np.nan) if known is None else known[:, 1]

    @cached_property
    def differential_reddening(self) -> float:
        """Posterior mean of the scale of differential reddening (mag)."""
        scales = np.array(AXES.reddening)[self.draws.parameters.reddening]
        return float(self.draws.weights @ scales)

    def representatives(self, n: int) -> Parameters:
        """Return a few draws of equal weight."""
        return self.draws.resample((np.arange(n) + 0.5) / n)

    @cached_property
    def member_density(self) -> FloatArray:
        """Density of members at each used star, by a few draws (1/mag²), shape (16, n_used)."""
        draws = self.representatives(_N_REPRESENTATIVES)
        return self.potential.likelihood.member_density(draws)

    @cached_property
    def membership(self) -> FloatArray:
        """Membership probability of each used star, shape (n_used,).

        It is computed without tempering, and averaged over the field odds weighted by the
        untempered likelihood, because tempering would leave the fraction of field stars near its
        prior.
        """
        likelihood, prior = self.potential.likelihood, self.potential.prior
        density, field = self.member_density, likelihood.field_density
        mean, std = prior.log_field_odds
        shares = likelihood.field_share(mean + std * _DEVIATIONS)
        log_density = np.stack(
            [np.log((1 - share) * density + share * field).sum(axis=1) for share in shares]
        )
        weights = softmax(log_density - 0.5 * _DEVIATIONS[:, None] ** 2, axis=0) / len(density)
        membership = np.zeros(len(field))
        for share, weight in zip(shares, weights, strict=True):
            member = (1 - share) * density
            membership += weight @ (member / (member + share * field))
        return membership

    @property
    def field_fraction(self) -> float:
        """Expected fraction of field stars among the used stars."""
        return float(1 - self.membership.mean())


def of_posteriors(
    function: Callable[[ClusterPosterior], T],
    missing: T,
    potentials: Potentials,
    rows: Iterable[int],
    n_draws: int,
    seed: int,
    n_jobs: int | None,
) -> list[T]:
    """Return a function of the posterior of some clusters, which are sampled in processes.

    ``missing`` where there is no potential. The posteriors themselves are not kept.
    """
    value = partial(_value, function, missing, potentials, n_draws, seed)
    return list(counted(in_processes(value, rows, n_jobs)))


def _value(
    function: Callable[[ClusterPosterior], T],
    missing: T,
    potentials: Potentials,
    n_draws: int,
    seed: int,
    row: int,
) -> T:
    potential = potentials[row]
    if potential is None:
        return missing
    return function(ClusterPosterior.sample(potential, n_draws, seed))
