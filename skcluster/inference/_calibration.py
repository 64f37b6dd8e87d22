"""Calibrate posterior distributions on held-out clusters: the tempering, and the widths."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.optimize import minimize

from skcluster._utils.messages import begin_stage, counted
from skcluster._utils.parallel import in_processes
from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars
from skcluster.clusters._parallax import modulus_error_of
from skcluster.inference._cluster_posterior import ClusterPosterior, sample_posterior
from skcluster.inference._distribution import conformal_quantile
from skcluster.inference._potential import Potentials
from skcluster.inference._regressor import COPY, TrainingLists
from skcluster.inference._reliability import (
    N_POSTERIOR_CLUES,
    Reliability,
    parallax_clues,
    posterior_clues,
)
from skcluster.isochrones._population_tables import REDDENING_VECTOR
from skcluster.photometry import distance_from_modulus

T = TypeVar("T")

#: The age around which the spread's dependence on age is expanded (dex).
_MIDDLE_AGE = 8.4
#: Smallest and largest logarithm of a spread.
_LOG_RANGE = (-6.0, 2.0)
#: Errors are clipped to this many spreads, to limit the influence of outliers.
_MOST = 3.0
#: Maximum number of held-out clusters for the choice of the tempering.
_N_TRIED = 240
#: Values of the tempering to choose from, in increasing order.
TEMPERINGS = (0.05, 0.1, 0.2, 0.3)
#: Coverage of the intervals that hold for copies from which the reliability is learned.
_TOLD = 0.95
#: Error of a perfect prediction (dex and mag), in whose units others would be infinite.
_LEAST_ERROR = 0.01


@dataclass(frozen=True, eq=False)
class Calibration:
    """Spreads of estimates that are calibrated on errors of held-out clusters.

    The logarithm of an estimate's spread is linear in that of the posterior's standard deviation
    and quadratic in log age, because labels of young clusters are less certain. The errors that
    follow from the zero points of parallaxes and colours are added in quadrature. It is fitted by
    maximum likelihood of normal errors. Intervals take the quantile of errors in units of this
    spread, as in conformal prediction.

    Attributes
    ----------
    coefficients : ndarray of shape (4, n_targets)
        Coefficients of 1, the log posterior standard deviation, log age and its square.
    scores : ndarray of shape (n_training_clusters, n_targets)
        Absolute errors in units of the spread, sorted.
    zero_points : (float, float)
        Standard errors of the zero points of parallaxes (mas) and BP−RP (mag).
    """

    coefficients: FloatArray
    scores: FloatArray
    zero_points: tuple[float, float]

    @classmethod
    def fit(
        cls, errors: FloatArray, std: FloatArray, mean: FloatArray, zero_points: tuple[float, float]
    ) -> "Calibration":
        """Fit to errors, posterior standard deviations and means, shape (n_clusters, n_targets)."""
        measured = np.isfinite(errors).all(axis=1)
        errors, std, mean = errors[measured], std[measured], mean[measured]
        least = zero_point_errors(mean[:, 2], *zero_points)
        coefficients = [
            _fit(errors[:, k], std[:, k], mean[:, 0], least[:, k]) for k in range(errors.shape[1])
        ]
        unscored = cls(np.column_stack(coefficients), np.empty((0, errors.shape[1])), zero_points)
        scores = np.sort(np.abs(errors) / unscored.spread(std, mean), axis=0)
        return replace(unscored, scores=scores)

    def spread(self, std: FloatArray, mean: FloatArray) -> FloatArray:
        """Return calibrated spreads, shape (n_clusters, n_targets)."""
        least = zero_point_errors(mean[:, 2], *self.zero_points)
        numbers = zip(self.coefficients.T, std.T, least.T, strict=True)
        return np.column_stack([_spread(c, s, mean[:, 0], floor) for c, s, floor in numbers])

    def reach(self, coverage: float) -> FloatArray:
        """Return the half length of intervals in units of the spread, shape (n_targets,)."""
        return conformal_quantile(self.scores, coverage)


def zero_point_errors(
    modulus: FloatArray, parallax_error: float, colour_error: float
) -> FloatArray:
    """Return the errors of log age, A_V and distance modulus, shape (n_clusters, 3).

    They follow from the standard errors of the zero points of parallaxes (mas) and colours (mag);
    that of the age is small.
    """
    errors = np.zeros((len(modulus), 3))
    errors[:, 1] = colour_error / REDDENING_VECTOR[1]
    parallax = 1 / distance_from_modulus(modulus)
    errors[:, 2] = modulus_error_of(parallax, np.full(len(modulus), parallax_error))
    return errors


class Sampler(NamedTuple):
    """How the posteriors of many lists are sampled."""

    n_draws: int
    seed: int
    #: Number of processes.
    n_jobs: int | None

    def each(
        self, function: Callable[[ClusterPosterior], T], potentials: Potentials, rows: Iterable[int]
    ) -> Iterator[T | None]:
        """Yield a function of the posterior of some lists; None where there is no potential.

        The posteriors themselves are not kept, which would take much memory.
        """

        def value(row: int) -> T | None:
            potential = potentials[row]
            if potential is None:
                return None
            return function(sample_posterior(potential, self.n_draws, self.seed))

        return counted(in_processes(value, rows, self.n_jobs))


def best_tempering(potentials: Potentials, lists: TrainingLists, sampler: Sampler) -> float:
    """Return the largest tempering whose errors are consistent with the smallest.

    Squared errors of posterior means are in units of those of the prediction, which is the mean of
    the prior; the mean of them may exceed the smallest one by two standard errors of the
    difference. A larger tempering gives the stars more weight, because labels have errors too.
    ``potentials`` are those of the lists with priors that have not seen them.
    """
    clusters = np.flatnonzero(lists.are_clusters)
    some = clusters[:: max(len(clusters) // _N_TRIED, 1)]
    begin_stage("Choosing the tempering", len(TEMPERINGS) * len(some))
    means = np.full((len(TEMPERINGS), len(some), 3), np.nan)
    for of_clusters, tempering in zip(means, TEMPERINGS, strict=True):
        tempered = replace(potentials, tempering=tempering)
        for i, mean in enumerate(sampler.each(lambda p: p.mean[:3], tempered, some)):
            if mean is not None:
                of_clusters[i] = mean
    true = lists.true[some]
    scale = np.nanmean((potentials.prediction.mean[some] - true) ** 2, axis=0) + _LEAST_ERROR**2
    errors = means - true
    # The zero point of A_V is fitted as well.
    errors[..., 1] -= np.nanmean(errors[..., 1], axis=1, keepdims=True)
    losses = (errors**2 / scale).mean(axis=2)
    losses = losses[:, np.isfinite(losses).all(axis=0)]
    worse = losses - losses[np.argmin(losses.mean(axis=1))]
    error = worse.std(axis=1) / np.sqrt(worse.shape[1])
    return TEMPERINGS[int(np.flatnonzero(worse.mean(axis=1) <= 2 * error)[-1])]


def calibrate(
    potentials: Potentials, lists: TrainingLists, sampler: Sampler, zero_points: tuple[float, float]
) -> tuple[float, Calibration, Reliability | None, FloatArray]:
    """Calibrate posteriors on lists whose clusters have been held out.

    Parameters
    ----------
    potentials : Potentials
        Those of the lists, with priors that have not seen them.
    lists : TrainingLists
        The lists, with their labels.
    sampler : Sampler
        How the posteriors are sampled.
    zero_points : (float, float)
        Standard errors of zero points, as in `Calibration`.

    Returns
    -------
    a_v_zero_point : float
        Mean difference between the labels' A_V and the posterior's (mag).
    calibration : Calibration
        Calibrated spreads of clusters, copies included.
    reliability : Reliability or None
        None without lists that are no clusters, or with too few lists.
    mean : ndarray of shape (n_lists, 4)
        Posterior means of log age, A_V, distance modulus and metallicity.
    """
    mean, std, clues = _summaries(potentials, lists.stars, sampler)
    errors = lists.true - mean[:, :3]
    a_v_zero_point = float(np.nanmean(errors[lists.kinds == 0, 1]))
    errors[:, 1] -= a_v_zero_point
    is_cluster = lists.are_clusters
    calibration = Calibration.fit(
        errors[is_cluster], std[is_cluster, :3], mean[is_cluster, :3], zero_points
    )
    reliability = None
    if not is_cluster.all():
        reach = calibration.reach(_TOLD) * calibration.spread(std[:, :3], mean[:, :3])
        # A copy that is too much corrupted is neither a cluster nor none.
        told = (lists.kinds != COPY) | (np.abs(errors) <= reach).all(axis=1)
        told &= np.isfinite(clues).all(axis=1)
        learned = clues[told], is_cluster[told], lists.source[told]
        reliability = Reliability.fit(*learned, sampler.seed)
    return a_v_zero_point, calibration, reliability, mean


def _summaries(
    potentials: Potentials, stars: Stars, sampler: Sampler
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return means and standard deviations, shape (n_lists, 4), and clues; NaN for no posterior."""
    n_lists = len(stars.index)
    mean, std = np.full((2, n_lists, 4), np.nan)
    clues = np.full((n_lists, N_POSTERIOR_CLUES), np.nan)
    membership = np.full(len(stars), np.nan)
    begin_stage("Sampling held-out clusters", n_lists)
    for i, summary in enumerate(sampler.each(_summary, potentials, range(n_lists))):
        if summary is not None:
            mean[i], std[i], clues[i], used, of_used = summary
            membership[stars.offsets[i] + used] = of_used
    release = potentials.likelihood_options["release"]
    return mean, std, np.column_stack([clues, parallax_clues(stars, membership, release)])


def _summary(
    posterior: ClusterPosterior,
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray, FloatArray]:
    """Return mean, standard deviation and clues; the used stars, and their memberships."""
    used = posterior.potential.likelihood.stars
    return posterior.mean, posterior.std, posterior_clues(posterior), used, posterior.membership


def _spread(
    coefficients: FloatArray, std: FloatArray, log_age: FloatArray, least: FloatArray
) -> FloatArray:
    """Return the calibrated spreads of one target, shape (n_clusters,)."""
    age = log_age - _MIDDLE_AGE
    log_std = np.log(np.maximum(std, np.exp(_LOG_RANGE[0])))
    features = np.column_stack([np.ones_like(age), log_std, age, age**2])
    spread: FloatArray = np.hypot(np.exp(np.clip(features @ coefficients, *_LOG_RANGE)), least)
    return spread


def _fit(errors: FloatArray, *numbers: FloatArray) -> FloatArray:
    """Return the coefficients of `_spread` for one target, by maximum likelihood.

    Very few clusters determine only the first one.
    """
    coefficients = np.zeros(4)
    coefficients[0] = np.log(np.sqrt(np.mean(errors**2)) + 1e-3)
    n_fitted = 4 if len(errors) >= 40 else 1

    def loss(fitted: FloatArray) -> float:
        coefficients[:n_fitted] = fitted
        spread = _spread(coefficients, *numbers)
        z2 = np.minimum((errors / spread) ** 2, _MOST**2)
        return float(np.mean(z2 / 2 + np.log(spread)))

    coefficients[:n_fitted] = minimize(loss, coefficients[:n_fitted], method="BFGS").x
    return coefficients
