"""Calibrate posterior distributions on held-out clusters: the tempering, and the widths."""

from collections.abc import Callable, Iterable
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
from skcluster.inference._regressor import COPY, SCRAMBLED
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
        cls,
        errors: FloatArray,
        std: FloatArray,
        mean: FloatArray,
        zero_points: tuple[float, float],
    ) -> "Calibration":
        """Fit to errors, posterior standard deviations and means, shape (n_clusters, n_targets)."""
        measured = np.isfinite(errors).all(axis=1)
        errors, std, mean = errors[measured], std[measured], mean[measured]
        least = zero_point_errors(mean[:, 2], *zero_points)
        coefficients = np.column_stack(
            [
                _fit(*columns)
                for columns in zip(errors.T, _features(std, mean[:, 0]), least.T, strict=True)
            ]
        )
        spread = cls(coefficients, np.empty((0, len(errors.T))), zero_points).spread(std, mean)
        return cls(coefficients, np.sort(np.abs(errors) / spread, axis=0), zero_points)

    def spread(self, std: FloatArray, mean: FloatArray) -> FloatArray:
        """Return calibrated spreads, shape (n_clusters, n_targets)."""
        features = _features(std, mean[:, 0])
        least = zero_point_errors(mean[:, 2], *self.zero_points)
        parts = zip(features, self.coefficients.T, least.T, strict=True)
        return np.column_stack([_spread(f @ c, floor) for f, c, floor in parts])

    def reach(self, coverage: float) -> FloatArray:
        """Return the half length of intervals in units of the spread, shape (n_targets,)."""
        return conformal_quantile(self.scores, coverage)


class Calibrated(NamedTuple):
    """What `calibrate` learns from held-out clusters."""

    tempering: float
    #: Mean difference between the labels' A_V and the posterior's (mag).
    a_v_zero_point: float
    spreads: Calibration
    #: Posterior means of log age, A_V, distance modulus and metallicity, shape (n_lists, 4).
    mean: FloatArray
    #: None without lists that are no clusters.
    reliability: Reliability | None


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


def calibrate(
    potentials: Potentials,
    true: FloatArray,
    kinds: IntArray,
    source: IntArray,
    stars: Stars,
    *,
    choose_tempering: bool,
    zero_points: tuple[float, float],
    sampling: tuple[int, int, int | None],
) -> Calibrated:
    """Choose the tempering and calibrate the posteriors of held-out clusters.

    ``potentials`` are those of lists with priors that have not seen them; ``true`` their labels
    (log age, A_V, distance modulus), ``kinds`` and ``source`` their kinds and clusters, see
    `skcluster.inference._regressor.with_copies`, ``zero_points`` the errors of zero points, as in
    `Calibration`. ``sampling`` is the number of draws, the seed and the number of processes.
    """
    clusters = np.flatnonzero(kinds < SCRAMBLED)
    some = clusters[:: max(len(clusters) // _N_TRIED, 1)]
    n_tried = len(TEMPERINGS) * len(some) if choose_tempering else 0
    begin_stage("Sampling held-out clusters", n_tried + len(true))
    if choose_tempering:
        unknown = np.full(3, np.nan)
        means = [
            _of_posteriors(lambda p: p.mean[:3], unknown, with_tempering, some, *sampling)
            for with_tempering in (replace(potentials, tempering=t) for t in TEMPERINGS)
        ]
        predicted = potentials.prediction.mean[some]
        tempering = _best_tempering(np.array(means), predicted, true[some])
        potentials = replace(potentials, tempering=tempering)
    found = _of_posteriors(_numbers, None, potentials, range(len(true)), *sampling)
    numbers = np.full((len(true), 8 + N_POSTERIOR_CLUES), np.nan)
    membership = np.full(len(stars), np.nan)
    for i, of_list in enumerate(found):
        if of_list is not None:
            numbers[i], used, values = of_list
            membership[stars.offsets[i] + used] = values
    mean, std, of_stars = np.split(numbers, [4, 8], axis=1)
    errors = true - mean[:, :3]
    zero_point = float(np.nanmean(errors[kinds == 0, 1]))
    errors[:, 1] -= zero_point
    spreads = Calibration.fit(errors[clusters], std[clusters, :3], mean[clusters, :3], zero_points)
    reliability = None
    if SCRAMBLED in kinds:
        reach = spreads.reach(_TOLD) * spreads.spread(std[:, :3], mean[:, :3])
        # A copy that is too much corrupted is neither a cluster nor none.
        told = (kinds != COPY) | (np.abs(errors) <= reach).all(axis=1)
        release = potentials.likelihood_options["release"]
        clues = np.column_stack([of_stars, parallax_clues(stars, membership, release)])
        told &= np.isfinite(clues).all(axis=1)
        reliability = Reliability.fit(
            clues[told], kinds[told] < SCRAMBLED, source[told], sampling[1]
        )
    return Calibrated(potentials.tempering, zero_point, spreads, mean, reliability)


def _of_posteriors(
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

    def value(row: int) -> T:
        potential = potentials[row]
        if potential is None:
            return missing
        return function(sample_posterior(potential, n_draws, seed))

    return list(counted(in_processes(value, rows, n_jobs)))


def _numbers(posterior: ClusterPosterior) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return mean, standard deviation and clues; the used stars, and their memberships."""
    numbers = np.r_[posterior.mean, posterior.std, posterior_clues(posterior)]
    return numbers, posterior.potential.likelihood.stars, posterior.membership


def _best_tempering(means: FloatArray, predicted: FloatArray, true: FloatArray) -> float:
    """Return the largest tempering whose errors are consistent with the smallest.

    Squared errors are in units of those of the prediction; their mean may exceed the smallest one
    by two standard errors of the difference. A larger tempering gives the stars more weight,
    because labels have errors too.

    ``means``, shape (n_temperings, n_clusters, 3), are the estimates with each of `TEMPERINGS`, NaN
    where unknown; ``predicted`` is what the regressor predicts, and ``true`` the truth.
    """
    scale = np.nanmean((predicted - true) ** 2, axis=0) + _LEAST_ERROR**2
    errors = means - true
    # The zero point of A_V is fitted as well.
    errors[..., 1] -= np.nanmean(errors[..., 1], axis=1, keepdims=True)
    losses = (errors**2 / scale).mean(axis=2)
    losses = losses[:, np.isfinite(losses).all(axis=0)]
    worse = losses - losses[np.argmin(losses.mean(axis=1))]
    error = worse.std(axis=1) / np.sqrt(worse.shape[1])
    return TEMPERINGS[int(np.flatnonzero(worse.mean(axis=1) <= 2 * error)[-1])]


def _features(std: FloatArray, log_age: FloatArray) -> list[FloatArray]:
    """Return the features that predict the spread of each target, each of shape (n_clusters, 4)."""
    age = log_age - _MIDDLE_AGE
    logarithms = np.log(np.maximum(std, np.exp(_LOG_RANGE[0])))
    return [np.column_stack([np.ones_like(age), log, age, age**2]) for log in logarithms.T]


def _spread(logarithm: FloatArray, least: FloatArray) -> FloatArray:
    spread: FloatArray = np.hypot(np.exp(np.clip(logarithm, *_LOG_RANGE)), least)
    return spread


def _fit(errors: FloatArray, features: FloatArray, least: FloatArray) -> FloatArray:
    """Return the coefficients for one target; very few clusters determine only the first."""
    start = np.zeros(features.shape[1])
    start[0] = np.log(np.sqrt(np.mean(errors**2)) + 1e-3)
    n_fitted = features.shape[1] if len(errors) >= 10 * features.shape[1] else 1

    def loss(coefficients: FloatArray) -> float:
        spread = _spread(features[:, :n_fitted] @ coefficients, least)
        z2 = np.minimum((errors / spread) ** 2, _MOST**2)
        return float(np.mean(z2 / 2 + np.log(spread)))

    start[:n_fitted] = minimize(loss, start[:n_fitted], method="BFGS").x
    return start
