"""Prior times likelihood of each cluster: the density that is sampled."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skcluster._utils.typing import FloatArray
from skcluster.clusters import Stars, magnitude_limits
from skcluster.clusters._parallax import modulus_error_of
from skcluster.inference._likelihood import StarLikelihood
from skcluster.inference._prior import Parameters, Prior
from skcluster.inference._regressor import NormalPrediction
from skcluster.io._cluster_tables import stated_priors
from skcluster.photometry import distance_modulus

#: Isochrones do not match the colours of fainter dwarfs (mag).
_FAINTEST_M_G = 8.3
#: Approximate A_G / A_V of such dwarfs.
_A_G = 0.8
#: With fewer stars than this, fainter dwarfs are used as well.
_FEWEST_STARS = 4
#: Minimum spread of priors (dex and mag), so that proposals have a finite width.
_LEAST_SPREAD = 0.01
#: 2.5 / ln 10 converts a relative flux error to a magnitude error.
_MAGNITUDES = 2.5 / np.log(10)
_FLUX_RATIOS = ("phot_bp_mean_flux_over_error", "phot_rp_mean_flux_over_error")
#: Star columns that are used if present, and the arguments of `StarLikelihood` that they are.
_COLUMNS = {"phot_g_mean_mag": "g", "bp_rp": "bp_rp", "probability": "probability"}


@dataclass(frozen=True, eq=False)
class Potential:
    """Prior times likelihood of one cluster: its posterior density up to a constant.

    `IsochronePosterior.potentials` makes those of clusters. Any sampler of log densities can sample
    them.

    Parameters
    ----------
    likelihood : StarLikelihood
        The likelihood of the cluster's stars.
    prior : Prior
        The prior distribution of its parameters.

    See Also
    --------
    IsochronePosterior : Samples the posterior of many clusters.

    Examples
    --------
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.inference import IsochronePosterior, Parameters
    >>> X, y = simulate_clusters(1, log_age=9.0, a_v=0.3, distance_kpc=1.0, random_state=0)
    >>> (potential,) = IsochronePosterior(random_state=0).fit(X).potentials(X)
    >>> theta = Parameters.of(log_age=[8.0, 9.0, 11.0], a_v=0.3, distance_modulus=10.0)
    >>> younger, right, impossible = potential.log_prob(theta)
    >>> bool(right > younger), float(impossible)
    (True, -inf)
    """

    likelihood: StarLikelihood
    prior: Prior

    def log_prob(self, parameters: Parameters) -> FloatArray:
        """Return the logarithm of the posterior density up to a constant.

        Parameters
        ----------
        parameters : Parameters
            The ``n_draws`` sets of parameters.

        Returns
        -------
        ndarray of shape (n_draws,)
            Log prior plus log likelihood; minus infinity outside the support of the prior.
        """
        log_prob = np.full(len(parameters), -np.inf)
        possible = np.flatnonzero(self.prior.supports(parameters))
        if len(possible):
            some = parameters[possible]
            log_prob[possible] = self.likelihood.log_likelihood(some) + self.prior.log_density(some)
        return log_prob


@dataclass(frozen=True, eq=False)
class Potentials:
    """The potentials of many clusters, each of which is made when it is asked for.

    Attributes
    ----------
    stars : mapping of str to ndarray of shape (n_stars,)
        Arguments of `StarLikelihood`, cluster after cluster.
    offsets : ndarray of int, shape (n_clusters + 1,)
        The stars of cluster ``i`` are ``offsets[i]:offsets[i + 1]``.
    limits : ndarray of shape (n_clusters,)
        Magnitude limits in G (mag); NaN without a star that is bright enough to be used.
    prediction : NormalPrediction
        Mean and spread of the priors of log age, A_V and distance modulus.
    tempering : float
        Tempering of the likelihood.
    likelihood_options, prior_options : mapping of str to object
        Further keyword arguments of `StarLikelihood` and `Prior`.
    known : ndarray of shape (n_clusters, 4, 2), optional
        What is known of the clusters from elsewhere, see `Prior`.
    """

    stars: Mapping[str, FloatArray]
    offsets: Any
    limits: FloatArray
    prediction: NormalPrediction
    tempering: float
    likelihood_options: Mapping[str, Any]
    prior_options: Mapping[str, Any]
    known: FloatArray | None = None

    @classmethod
    def of(
        cls,
        stars: Stars,
        prediction: NormalPrediction,
        faint_limit: float,
        tempering: float,
        likelihood_options: Mapping[str, Any],
        prior_options: Mapping[str, Any],
    ) -> "Potentials":
        """Return those of clusters, whose stars fainter than a limit in G (mag) are not used."""
        given: dict[str, FloatArray] = {
            argument: stars[name].astype(np.float64, copy=False)
            for name, argument in _COLUMNS.items()
            if name in stars
        }
        if all(name in stars for name in _FLUX_RATIOS):
            given["colour_error"] = _colour_error(stars)
        limits = magnitude_limits(stars, faint_limit)
        options = tempering, likelihood_options, prior_options
        return cls(given, stars.offsets, limits, prediction, *options)

    def with_priors(self, stars: Stars, a_v_zero_point: float) -> "Potentials":
        """Return the same with what the star columns say of clusters from elsewhere.

        It is known of the estimates, so of A_V including the zero point (mag) that is added.
        """
        known = stated_priors(stars)
        if known is not None:
            known[:, 1, 0] -= a_v_zero_point
            distance, error = known[:, 2].T
            # As for a parallax: the relative errors are the same.
            known[:, 2, 1] = modulus_error_of(distance, error)
            known[:, 2, 0] = distance_modulus(distance)
        return replace(self, known=known)

    def __getitem__(self, i: int) -> Potential | None:
        """Return one; None without a usable star or a prediction."""
        mean, spread = (values[i] for values in self.prediction)
        if not np.isfinite([*mean, *spread, self.limits[i]]).all():
            return None
        here = slice(self.offsets[i], self.offsets[i + 1])
        given = {name: values[here] for name, values in self.stars.items()}
        likelihood: StarLikelihood = StarLikelihood(
            **given,
            faint_limit=_limit(given["g"], self.limits[i], mean),
            tempering=self.tempering,
            **self.likelihood_options,
        )
        prior: Prior = Prior(
            mean,
            np.maximum(spread, _LEAST_SPREAD),
            known=None if self.known is None else self.known[i],
            **self.prior_options,
        )
        return Potential(likelihood, prior)


def _limit(g: FloatArray, magnitude_limit: float, mean: FloatArray) -> float:
    """Return the magnitude (mag) beyond which stars are missing or too faint for the isochrones.

    The latter follows from the expected A_V and distance modulus.
    """
    limit = min(magnitude_limit, _FAINTEST_M_G + mean[2] + _A_G * max(mean[1], 0.0))
    return magnitude_limit if np.count_nonzero(g < limit) < _FEWEST_STARS else float(limit)


def _colour_error(stars: Stars) -> FloatArray:
    """Return errors of colours from those of the fluxes (mag), NaN where one is missing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.hypot(*(_MAGNITUDES / stars[name].astype(np.float64) for name in _FLUX_RATIOS))
    return np.where(np.isfinite(error), error, np.nan)
