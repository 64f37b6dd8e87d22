"""Estimates, intervals, samples and flags from the posterior distributions of clusters."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri
from sklearn.utils import check_random_state

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.inference._calibration import Calibration
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._distribution import PredictiveDistribution, validate_request
from skcluster.inference._goodness_of_fit import Consistency, discrepancies_of_stars
from skcluster.photometry import distance_from_modulus
from skcluster.schema import CLUSTER_PARAMETERS, clip_targets

TARGETS = (*CLUSTER_PARAMETERS, "metallicity")
#: Systematic error of [M/H] (dex), added in quadrature to that of the posterior, which is not
#: calibrated, because training clusters have no label of it. It stands for errors of the isochrones
#: and is as large as those of spectra; with it, 19 of 27 published [Fe/H] lie inside the 68 per
#: cent intervals (``benchmarks/accuracy/well_known.py``), without it 16.
METALLICITY_ERROR = 0.05


def to_targets(values: FloatArray, a_v_zero_point: float) -> FloatArray:
    """Convert log age, A_V, distance modulus and metallicity, shape (..., 4), to targets.

    The zero point (mag) is added to A_V; targets are clipped to their ranges.
    """
    shifted = values + np.array([0.0, a_v_zero_point, 0.0, 0.0])
    shifted[..., 2] = distance_from_modulus(shifted[..., 2])
    return clip_targets(shifted, TARGETS)


@dataclass(eq=False, repr=False)
class PosteriorDistribution(PredictiveDistribution):
    """The distribution returned by `IsochronePosterior.predict_distribution`.

    Attributes
    ----------
    mean, std : ndarray of shape (n_clusters, 4)
        Mean and standard deviation of log age, A_V, distance modulus and metallicity, without zero
        point and calibration; NaN where there is no posterior.
    """

    targets = TARGETS

    #: The posterior of each cluster; None for a cluster without a usable star.
    posteriors: Sequence[ClusterPosterior | None]
    #: Number of stars of each cluster.
    counts: IntArray
    #: Fraction of the parallaxes of each cluster that are outliers; NaN where unknown.
    parallax_outliers: FloatArray
    #: Correction added to A_V (mag).
    a_v_zero_point: float
    #: Calibration of log age, A_V and distance modulus. Without it, intervals are those of a normal
    #: distribution with the posterior's standard deviation.
    calibration: Calibration | None
    #: Discrepancies of training clusters. Without them, there is no goodness of fit.
    consistency: Consistency | None
    #: Goodness of fit below which clusters are flagged.
    false_alarm_rate: float
    _find_outside: Callable[[], BoolArray] | None

    def __post_init__(self) -> None:
        """Collect the numbers of all posteriors."""
        unknown = np.full(len(TARGETS), np.nan)
        self.mean = self._numbers(lambda posterior: posterior.mean, unknown)
        self.std = self._numbers(lambda posterior: posterior.std, unknown)
        self._known_error = self._numbers(lambda posterior: posterior.known_error, unknown)
        used = self._numbers(lambda posterior: len(posterior.potential.likelihood.stars), 0)
        self.n_used = used.astype(np.int64)

    def _numbers(
        self, of: Callable[[ClusterPosterior], npt.ArrayLike], missing: npt.ArrayLike = np.nan
    ) -> FloatArray:
        """Return numbers of each cluster; the given ones where there is no posterior."""
        numbers = [missing if posterior is None else of(posterior) for posterior in self.posteriors]
        return np.array(numbers, dtype=np.float64).reshape(len(numbers), *np.shape(missing))

    def predict(self) -> FloatArray:
        """Return posterior means, shape (n_clusters, 4).

        The distance is that of the mean distance modulus.
        """
        return to_targets(self.mean, self.a_v_zero_point)

    @cached_property
    def _discrepancies(self) -> FloatArray:
        """Discrepancies in the order of `Consistency.NAMES`, shape (n_clusters, 4)."""
        measured = [posterior for posterior in self.posteriors if posterior is not None]
        rows = np.array([posterior is not None for posterior in self.posteriors], dtype=bool)
        values = np.full((len(rows), len(Consistency.NAMES)), np.nan)
        if measured:
            values[rows, :-1] = list(map(discrepancies_of_stars, measured))
            values[rows, -1] = self.parallax_outliers[rows]
        return values

    @cached_property
    def _spread(self) -> FloatArray:
        """Calibrated spreads, shape (n_clusters, 4)."""
        spread = self.std.copy()
        spread[:, 3] = np.hypot(spread[:, 3], METALLICITY_ERROR)
        if self.calibration is not None:
            spread[:, :3] = self.calibration.spread(spread[:, :3], self.mean[:, :3])
        return spread

    def _reach(self, coverage: float) -> FloatArray:
        """Return the half length of intervals in units of the spread, shape (4,)."""
        reach = np.full(len(self.targets), ndtri(0.5 + coverage / 2))
        if self.calibration is not None:
            reach[:3] = self.calibration.reach(coverage)
        return reach

    def _half_length(self, coverage: float) -> FloatArray:
        """Return the half length of intervals, shape (n_clusters, 4).

        They are no longer than those of what is known from elsewhere, unlike the training clusters.
        """
        half: FloatArray = self._reach(coverage) * self._spread
        longest = ndtri(0.5 + coverage / 2) * self._known_error
        return np.where(half > longest, longest, half)

    @validate_request
    def interval(self, coverage: float = 0.68) -> FloatArray:
        """Return the interval of each target, shape (n_clusters, 4, 2)."""
        half = self._half_length(coverage)
        ends = [to_targets(self.mean + side * half, self.a_v_zero_point) for side in (-1, 1)]
        return np.stack(ends, axis=-1)

    @validate_request
    def sample(
        self, n_samples: int = 1000, random_state: int | np.random.RandomState | None = None
    ) -> FloatArray:
        """Draw joint samples of the targets, shape (n_clusters, n_samples, 4).

        These are draws of the posterior whose deviations from its mean are scaled by the same
        calibration as the intervals of coverage 0.68.
        """
        rng = check_random_state(random_state)
        mean, std = self.mean, self.std
        scale = self._half_length(0.68) / ndtri(0.84) / np.where(std > 0, std, 1.0)
        drawn = np.full((len(mean), n_samples, mean.shape[1]), np.nan)
        for i, posterior in enumerate(self.posteriors):
            uniform = rng.uniform(size=n_samples)
            if posterior is not None:
                values = posterior.draws.resample(uniform).continuous[:, : mean.shape[1]]
                drawn[i] = mean[i] + scale[i] * (values - mean[i])
        return to_targets(drawn, self.a_v_zero_point)

    def _for_samples(self) -> "PosteriorDistribution":
        light = copy(self)
        light.posteriors = [p and replace(p, potential=cast(Any, None)) for p in self.posteriors]
        light._find_outside = None
        return light

    @cached_property
    def goodness_of_fit(self) -> FloatArray:
        """Fraction of training clusters that fit no better, shape (n_clusters,)."""
        if self.consistency is None:
            return np.full(len(self.posteriors), np.nan)
        return self.consistency.goodness_of_fit(self._discrepancies)

    @cached_property
    def extra_columns(self) -> pd.DataFrame:  # type: ignore[override]
        """Differential reddening, fraction of field stars, goodness of fit, effective samples."""
        return pd.DataFrame(
            {
                "differential_reddening": self._numbers(lambda p: p.differential_reddening),
                "field_fraction": self._numbers(lambda p: p.field_fraction),
                "goodness_of_fit": self.goodness_of_fit,
                "effective_samples": self._numbers(lambda p: p.draws.effective_size),
            }
        )

    @property
    def flags(self) -> Mapping[str, BoolArray]:
        """Reasons to doubt estimates, and the clusters to which each of them applies."""
        flags: dict[str, BoolArray] = {}
        if self.consistency is not None:
            flags.update(self.consistency.flags(self._discrepancies, self.false_alarm_rate))
        flags["posterior not sampled"] = self._numbers(lambda p: p.is_fallback, 0) > 0
        return {**flags, **super().flags}

    def membership(self) -> list[FloatArray]:
        """Return membership probabilities, an array of shape (n_stars,) per cluster.

        NaN for stars that are fainter than the limit and not used.
        """
        membership = [np.full(n, np.nan) for n in self.counts]
        for values, posterior in zip(membership, self.posteriors, strict=True):
            if posterior is not None:
                values[posterior.potential.likelihood.stars] = posterior.membership
        return membership
