"""The posterior distribution of one cluster, sampled by adaptive importance sampling."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import lgamma

import numpy as np
from scipy.special import chdtri, logsumexp, ndtri, softmax

from skcluster._utils.typing import FloatArray
from skcluster.inference._potential import Potential
from skcluster.inference._prior import Parameters, Prior, choose
from skcluster.isochrones._population_tables import AXES

#: Degrees of freedom of the proposals, which have heavier tails than a posterior.
_DEGREES = 5
#: Ratio of a proposal's variance to that of the draws, and minimum variances.
_WIDER = 1.15
_LEAST_VARIANCES = np.diag([1e-4, 1e-4, 1e-5, 1e-5, 1e-3, 1e-7])
#: Fraction of a proposal's scales of differential reddening that comes from the prior.
_PRIOR_SHARE = 0.1
#: Effective number of draws of one scale with which its mean counts as much as that of all draws.
_FEW_DRAWS = 12
#: Minimum effective number of draws for fitting a proposal; otherwise the weights are flattened.
_FITTED_TO = 60
#: Maximum number of added stages while the effective number of draws is below `_ENOUGH`.
_MOST_EXTRA_STAGES = 12
_ENOUGH = 100
#: Effective number of draws below which sampling starts again with more draws, which are more
#: likely to include some of the largest mode; by what factor, and from how many on it does not.
_TOO_FEW, _MORE, _MOST_DRAWS = 50, 4, 20_000
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
    parameters : Parameters
        The n_draws sets of parameters that represent the distribution.
    weights : ndarray of shape (n_draws,)
        Their weights, which sum to 1.
    is_fallback : bool
        Whether the draws are those of the prior, because the effective number of draws of the
        posterior is too small.
    """

    potential: Potential
    parameters: Parameters
    weights: FloatArray
    is_fallback: bool = False

    @property
    def effective_size(self) -> float:
        """Effective number of independent draws: 1 / sum of the squared weights."""
        return float(1 / np.sum(self.weights**2))

    def resample(self, uniform: FloatArray) -> Parameters:
        """Return draws of equal weight, chosen by uniform deviates in any order."""
        return self.parameters[choose(self.weights, uniform)]

    @cached_property
    def values(self) -> FloatArray:
        """Log age, A_V, distance modulus and metallicity of the draws, shape (n_draws, 4)."""
        return self.parameters.continuous[:, :4]

    @cached_property
    def mean(self) -> FloatArray:
        """Posterior mean of `values`, shape (4,)."""
        mean: FloatArray = self.weights @ self.values
        return mean

    @cached_property
    def std(self) -> FloatArray:
        """Posterior standard deviation of `values`, shape (4,)."""
        std: FloatArray = np.sqrt(self.weights @ (self.values - self.mean) ** 2)
        return std

    @property
    def known_error(self) -> FloatArray:
        """Standard errors of `values` as known from elsewhere, shape (4,); NaN for unknown ones."""
        known = self.potential.prior.known
        return np.full(4, np.nan) if known is None else known[:, 1]

    @cached_property
    def differential_reddening(self) -> float:
        """Posterior mean of the scale of differential reddening (mag)."""
        scales = np.array(AXES.reddening)[self.parameters.reddening]
        return float(self.weights @ scales)

    @cached_property
    def member_density(self) -> FloatArray:
        """Density of members at each used star, by a few draws (1/mag²), shape (16, n_used)."""
        draws = self.resample((np.arange(_N_REPRESENTATIVES) + 0.5) / _N_REPRESENTATIVES)
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


def sample_posterior(potential: Potential, n_draws: int, seed: int) -> ClusterPosterior:
    """Draw from prior times likelihood by adaptive multiple importance sampling.

    Half of the draws come from the prior. Each following quarter comes from a Student distribution
    fitted to all draws so far. Weights refer to the mixture of all proposals (Cornuet et al. 2012,
    Scandinavian Journal of Statistics 39, 798). Quarters are added as long as the effective number
    of draws is below 100, at most twelve. If it is below 50 then, sampling starts again with four
    times as many draws, if these are at most 20 000. If it is below 15 at last, the draws are those
    of the prior.

    Parameters
    ----------
    potential : Potential
        The density to draw from, with its prior.
    n_draws : int
        Number of draws without added ones.
    seed : int
        Seed of the quasi-random numbers, which are the same for all clusters.
    """
    n, posterior = n_draws, _importance_sampled(potential, n_draws, seed)
    while posterior and posterior.effective_size < _TOO_FEW and _MORE * n <= _MOST_DRAWS:
        n *= _MORE
        posterior = _importance_sampled(potential, n, seed)
    if posterior and posterior.effective_size >= _LEAST_EFFECTIVE:
        return posterior
    return _fallback(potential, n_draws, seed)


def _importance_sampled(potential: Potential, n_draws: int, seed: int) -> ClusterPosterior | None:
    """Return weighted draws; None if no draw from the prior is possible."""
    prior = potential.prior
    theta = prior.draw(_deviates(n_draws // 2, Prior.N_DEVIATES, seed))
    target = potential.log_prob(theta)
    if np.isneginf(target).all():
        return None
    proposals: list[tuple[int, Callable[[Parameters], FloatArray]]] = [
        (len(theta), prior.log_density)
    ]
    posterior = ClusterPosterior(potential, theta, _weights(theta, target, proposals))
    stage = 0
    while stage < 2 or (posterior.effective_size < _ENOUGH and stage < 2 + _MOST_EXTRA_STAGES):
        stage += 1
        proposal = _Student.fit(theta, posterior.weights, prior)
        new = proposal.draw(_deviates(n_draws // 4, _Student.N_DEVIATES, seed + stage))
        proposals.append((len(new), proposal.log_density))
        target = np.concatenate([target, potential.log_prob(new)])
        theta = Parameters.from_continuous(
            np.concatenate([theta.continuous, new.continuous]),
            np.concatenate([theta.reddening, new.reddening]),
        )
        posterior = ClusterPosterior(potential, theta, _weights(theta, target, proposals))
    return posterior


def _fallback(potential: Potential, n_draws: int, seed: int) -> ClusterPosterior:
    """Draw from the prior alone, within its support; if no draw is, move the draws to its edge."""
    prior = potential.prior
    theta = prior.draw(_deviates(n_draws, Prior.N_DEVIATES, seed))
    if not prior.supports(theta).any():
        theta = prior.moved_into_support(theta)
    possible = prior.supports(theta).astype(np.float64)
    return ClusterPosterior(potential, theta, possible / possible.sum(), is_fallback=True)


@lru_cache(maxsize=64)
def _deviates(n: int, dimension: int, seed: int) -> FloatArray:
    """Return quasi-random numbers strictly between 0 and 1, shape (n, dimension)."""
    from scipy.stats import qmc

    n_powers = int(np.ceil(np.log2(max(n, 2))))
    points: FloatArray = qmc.Sobol(dimension, seed=seed).random_base2(n_powers)[:n]
    return points.clip(1e-6, 1 - 1e-6)


def _weights(
    theta: Parameters,
    target: FloatArray,
    proposals: list[tuple[int, Callable[[Parameters], FloatArray]]],
) -> FloatArray:
    total = sum(n for n, _ in proposals)
    mixture = logsumexp([np.log(n / total) + density(theta) for n, density in proposals], axis=0)
    logarithm = target - mixture
    weights: FloatArray = np.exp(logarithm - logarithm.max())
    weights /= weights.sum()
    return weights


@dataclass(frozen=True, eq=False)
class _Student:
    """A Student distribution for each scale of differential reddening.

    The means differ, because A_V is that of the least reddened stars; the covariance is the same.
    """

    #: Number of uniform deviates that `draw` needs per set of parameters.
    N_DEVIATES = 8

    means: FloatArray
    root: FloatArray
    reddening: FloatArray

    @classmethod
    def fit(cls, theta: Parameters, weights: FloatArray, prior: Prior) -> "_Student":
        weights, values = _flattened(weights), theta.continuous
        prior_share = np.array(prior.reddening_prior)
        of_scale = weights[:, None] * (theta.reddening[:, None] == np.arange(len(prior_share)))
        share = of_scale.sum(axis=0)
        # A mean of few draws is drawn towards that of all.
        effective = share**2 / np.maximum((of_scale**2).sum(axis=0), 1e-300)
        pull = (_FEW_DRAWS / (effective + _FEW_DRAWS))[:, None]
        own = of_scale.T @ values / np.maximum(share, 1e-300)[:, None]
        means = (1 - pull) * own + pull * (weights @ values)
        deviation = values - means[theta.reddening]
        covariance = _WIDER * (deviation.T @ (deviation * weights[:, None])) + _LEAST_VARIANCES
        reddening = (1 - _PRIOR_SHARE) * share / share.sum() + _PRIOR_SHARE * prior_share
        return cls(means, np.linalg.cholesky(covariance), reddening)

    def draw(self, uniform: FloatArray) -> Parameters:
        z = ndtri(uniform[:, :6]) * np.sqrt(_DEGREES / chdtri(_DEGREES, uniform[:, 7]))[:, None]
        scale = choose(self.reddening, uniform[:, 6])
        return Parameters.from_continuous(self.means[scale] + z @ self.root.T, scale)

    def log_density(self, theta: Parameters) -> FloatArray:
        n = len(self.root)
        deviation = theta.continuous - self.means[theta.reddening]
        z = np.linalg.solve(self.root, deviation.T)
        normalisation = (
            lgamma((_DEGREES + n) / 2)
            - lgamma(_DEGREES / 2)
            - n / 2 * np.log(_DEGREES * np.pi)
            - np.log(np.diag(self.root)).sum()
        )
        kernel = -(_DEGREES + n) / 2 * np.log1p((z**2).sum(axis=0) / _DEGREES)
        density: FloatArray = normalisation + kernel + np.log(self.reddening[theta.reddening])
        return density


def _flattened(weights: FloatArray) -> FloatArray:
    """Raise weights to a power below 1 if too few draws would determine a proposal."""
    flat, power = weights, 1.0
    while 1 / np.sum(flat**2) < _FITTED_TO and power > 0.05:
        power *= 0.7
        flat = weights**power
        flat = flat / flat.sum()
    return flat
