"""Estimates, intervals, samples and flags from the posterior distributions of clusters."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from numbers import Integral, Real

import numpy as np
import pandas as pd
from scipy.special import ndtri
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.inference._calibration import Calibration
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._consistency import Consistency
from skcluster.inference._distribution import PredictiveDistribution
from skcluster.inference._posterior_summary import PosteriorSummary
from skcluster.inference._range import clip_targets
from skcluster.photometry import distance_from_modulus
from skcluster.schema import CLUSTER_PARAMETERS


class PosteriorDistribution(PredictiveDistribution):
    """The distribution returned by `IsochronePosterior.predict_distribution`.

    Parameters
    ----------
    posteriors : sequence of ClusterPosterior or None
        The posterior of each cluster; None for a cluster without a usable star.
    counts : ndarray of int, shape (n_clusters,)
        Number of stars of each cluster.
    summary : PosteriorSummary
        Summary of the posteriors.
    a_v_zero_point : float
        Correction added to A_V (mag).
    calibration : Calibration or None
        Calibration of log age, A_V and distance modulus. Without it, intervals are those of a
        normal distribution with the posterior's standard deviation.
    consistency : Consistency or None
        Discrepancies of training clusters. Without them, there is no goodness of fit.
    false_alarm_rate : float
        Goodness of fit below which clusters are flagged.
    find_discrepancies : callable
        Function without arguments that returns discrepancies of shape (n_clusters, 4), in the order
        of `skcluster.inference._consistency.Consistency.NAMES`. Called once, when needed.
    find_outside : callable or None
        Function without arguments that returns which clusters are outside the domain. None if the
        model has no domain.
    """

    targets = (*CLUSTER_PARAMETERS, "metallicity")

    def __init__(
        self,
        posteriors: Sequence[ClusterPosterior | None],
        counts: IntArray,
        summary: PosteriorSummary,
        a_v_zero_point: float,
        calibration: Calibration | None,
        consistency: Consistency | None,
        false_alarm_rate: float,
        find_discrepancies: Callable[[], FloatArray],
        find_outside: Callable[[], BoolArray] | None,
    ) -> None:
        self.posteriors = posteriors
        self._counts = counts
        self.summary = summary
        self.n_used = summary.n_used
        self._zero_point = np.array([0.0, a_v_zero_point, 0.0, 0.0])
        self._calibration = calibration
        self._consistency = consistency
        self._false_alarm_rate = false_alarm_rate
        self._find_discrepancies = find_discrepancies
        self._find_outside = find_outside

    def predict(self) -> FloatArray:
        """Return posterior means, shape (n_clusters, 4).

        The distance is that of the mean distance modulus.
        """
        return self._back(self.summary.mean)

    def _back(self, values: FloatArray) -> FloatArray:
        """Convert log age, A_V, distance modulus and metallicity to targets."""
        shifted = values + self._zero_point
        shifted[..., 2] = distance_from_modulus(shifted[..., 2])
        return clip_targets(shifted, self.targets)

    @cached_property
    def _discrepancies(self) -> FloatArray:
        return self._find_discrepancies()

    @cached_property
    def _spread(self) -> FloatArray:
        """Calibrated spreads, shape (n_clusters, 4)."""
        spread = self.summary.std.copy()
        if self._calibration is not None:
            spread[:, :3] = self._calibration.spread(spread[:, :3], self.summary.mean[:, 0])
        return spread

    def _reach(self, coverage: float) -> FloatArray:
        """Return the half length of intervals in units of the spread, shape (4,)."""
        reach = np.full(len(self.targets), ndtri(0.5 + coverage / 2))
        if self._calibration is not None:
            reach[:3] = self._calibration.reach(coverage)
        return reach

    @validate_params(
        {"self": [object], "coverage": [Interval(Real, 0, 1, closed="neither")]},
        prefer_skip_nested_validation=True,
    )
    def interval(self, coverage: float = 0.68) -> FloatArray:
        """Return the interval of each target, shape (n_clusters, 4, 2)."""
        half = self._reach(coverage) * self._spread
        return np.stack([self._back(self.summary.mean + side * half) for side in (-1, 1)], axis=-1)

    @validate_params(
        {
            "self": [object],
            "n_samples": [Interval(Integral, 1, None, closed="left")],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    def sample(
        self, n_samples: int = 1000, random_state: int | np.random.RandomState | None = None
    ) -> FloatArray:
        """Draw joint samples of the targets, shape (n_clusters, n_samples, 4).

        These are draws of the posterior whose deviations from its mean are scaled by the same
        calibration as the intervals of coverage 0.68.
        """
        rng = check_random_state(random_state)
        mean, std = self.summary.mean, self.summary.std
        scale = self._reach(0.68) / ndtri(0.84) * self._spread / np.where(std > 0, std, 1.0)
        drawn = np.full((len(mean), n_samples, mean.shape[1]), np.nan)
        for i, posterior in enumerate(self.posteriors):
            uniform = rng.uniform(size=n_samples)
            if posterior is not None:
                values = posterior.draws.resample(uniform).continuous[:, : mean.shape[1]]
                drawn[i] = mean[i] + scale[i] * (values - mean[i])
        return self._back(drawn)

    @cached_property
    def goodness_of_fit(self) -> FloatArray:
        """Fraction of training clusters that fit no better, shape (n_clusters,)."""
        if self._consistency is None:
            return np.full(len(self.posteriors), np.nan)
        return self._consistency.goodness_of_fit(self._discrepancies)

    @cached_property
    def extra_columns(self) -> pd.DataFrame:  # type: ignore[override]
        """Differential reddening, fraction of field stars, goodness of fit, effective samples."""
        return pd.DataFrame(
            {
                "differential_reddening": self.summary.differential_reddening,
                "field_fraction": self.summary.field_fraction,
                "goodness_of_fit": self.goodness_of_fit,
                "effective_samples": self.summary.effective_samples,
            }
        )

    @cached_property
    def outside_domain(self) -> BoolArray:
        """Which clusters do not resemble the training clusters, shape (n_clusters,).

        Raises
        ------
        ValueError
            If the model has no domain.
        """
        if self._find_outside is None:
            raise ValueError("outside_domain needs the parameter domain, which is None.")
        return self._find_outside()

    @property
    def flags(self) -> Mapping[str, BoolArray]:
        """Reasons to doubt estimates, and the clusters to which each of them applies."""
        found: dict[str, BoolArray] = {}
        if self._consistency is not None:
            found.update(self._consistency.flags(self._discrepancies, self._false_alarm_rate))
        found["posterior not sampled"] = np.array(
            [posterior is not None and posterior.is_fallback for posterior in self.posteriors],
            dtype=bool,
        )
        if self._find_outside is not None:
            found["outside domain"] = self.outside_domain
        return found

    def membership(self) -> list[FloatArray]:
        """Return membership probabilities, an array of shape (n_stars,) per cluster.

        NaN for stars that are fainter than the limit and not used.
        """
        found = [np.full(n, np.nan) for n in self._counts]
        for values, posterior in zip(found, self.posteriors, strict=True):
            if posterior is not None:
                values[posterior.likelihood.stars] = posterior.membership
        return found
