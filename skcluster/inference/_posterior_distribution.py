"""Estimates, intervals, samples, flags and notes from the posterior distributions of clusters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri
from sklearn.utils import check_random_state

from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.clusters import Stars
from skcluster.clusters._parallax import parallax_outliers
from skcluster.gaia import Release
from skcluster.inference._calibration import Calibration
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._distribution import PredictiveDistribution, validate_request
from skcluster.inference._reliability import (
    N_POSTERIOR_CLUES,
    Reliability,
    parallax_clues,
    posterior_clues,
)
from skcluster.photometry import distance_from_modulus
from skcluster.schema import CLUSTER_PARAMETERS, CONTAMINANTS, OUTSIDE_DOMAIN, clip_targets

TARGETS = (*CLUSTER_PARAMETERS, "metallicity")
#: Fraction of field stars, and fraction of parallaxes that are outliers, from which on they are
#: noted; adopted values.
_NOTED_FIELD, _NOTED_OUTLIERS = 0.25, 0.05
#: Systematic error of [M/H] (dex), added in quadrature to that of the posterior, which is not
#: calibrated, because training clusters have no label of it. It stands for errors of the isochrones
#: and of spectra, and was chosen so that 19 of 27 published [Fe/H] lie inside the 68 per cent
#: intervals (``benchmarks/accuracy/well_known.py``); without it, 15 do.
METALLICITY_ERROR = 0.08


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
    #: The stars of all clusters.
    stars: Stars
    #: Data release of the typical errors of parallaxes.
    release: Release
    #: Correction added to A_V (mag).
    a_v_zero_point: float
    #: Calibration of log age, A_V and distance modulus. Without it, intervals are those of a normal
    #: distribution with the posterior's standard deviation.
    calibration: Calibration | None
    #: Without it, there is no reliability.
    classifier: Reliability | None
    #: Reliability below which estimates are flagged.
    least_reliability: float
    #: Log age, A_V and distance of held-out training clusters, shape (n_training, 3).
    trained: FloatArray | None
    _outside: BoolArray | None

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
    def _clues(self) -> FloatArray:
        """What tells whether the lists are clusters, in the order of `CLUES`; NaN if unknown."""
        of_stars = self._numbers(posterior_clues, np.full(N_POSTERIOR_CLUES, np.nan))
        of_parallaxes = parallax_clues(self.stars, self._membership, self.release)
        return np.column_stack([of_stars, of_parallaxes])

    @cached_property
    def _membership(self) -> FloatArray:
        """Membership probability of all stars, NaN of those that are not used."""
        return np.concatenate([np.empty(0), *self.membership()])

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
                values = posterior.resample(uniform).continuous[:, : mean.shape[1]]
                drawn[i] = mean[i] + scale[i] * (values - mean[i])
        return to_targets(drawn, self.a_v_zero_point)

    @cached_property
    def reliability(self) -> FloatArray | None:  # type: ignore[override]
        """Probability that each list is one cluster, shape (n_clusters,); None if not learned."""
        return None if self.classifier is None else self.classifier.probability(self._clues)

    @cached_property
    def extra_columns(self) -> pd.DataFrame:  # type: ignore[override]
        """Differential reddening, fraction of field stars, effective samples."""
        return pd.DataFrame(
            {
                "differential_reddening": self._numbers(lambda p: p.differential_reddening),
                "field_fraction": self._numbers(lambda p: p.field_fraction),
                "effective_samples": self._numbers(lambda p: p.effective_size),
            }
        )

    @property
    def flags(self) -> Mapping[str, BoolArray]:
        """Reasons to doubt estimates, and the clusters to which each of them applies."""
        flags: dict[str, BoolArray] = {}
        if self.classifier is not None and self.reliability is not None:
            doubtful = self.reliability < self.least_reliability
            reasons = self.classifier.reasons(self._clues)
            flags |= {text: doubtful & applies for text, applies in reasons.items()}
        flags["posterior not sampled"] = self._numbers(lambda p: p.is_fallback, 0) > 0
        if self.trained is not None:
            flags[OUTSIDE_DOMAIN] = self._beyond
        return flags

    @cached_property
    def _beyond(self) -> BoolArray:
        """Whether an interval of coverage 0.68 is outside the range of all training clusters."""
        trained = np.full((1, 3), np.nan) if self.trained is None else self.trained
        lower, upper = np.moveaxis(self.interval(0.68)[:, :3], -1, 0)
        beyond = (upper < trained.min(axis=0)) | (lower > trained.max(axis=0))
        return np.asarray(beyond.any(axis=1))

    @property
    def notes(self) -> Mapping[str, BoolArray]:
        """What was seen in the lists and accounted for, and the clusters it applies to."""
        used = self.stars.take(np.isfinite(self._membership))
        outliers = parallax_outliers(used, self.release)
        notes = {
            CONTAMINANTS: self._numbers(lambda p: p.field_fraction) >= _NOTED_FIELD,
            "parallaxes deeper than the errors": outliers >= _NOTED_OUTLIERS,
        }
        if self._outside is not None:
            unlike = self._outside & ~self._beyond
            notes["unlike the training lists"] = unlike & (np.asarray(self.n_used) > 0)
        return notes

    def membership(self) -> list[FloatArray]:
        """Return membership probabilities, an array of shape (n_stars,) per cluster.

        NaN for stars that are fainter than the limit and not used.
        """
        membership = [np.full(n, np.nan) for n in self.stars.counts]
        for values, posterior in zip(membership, self.posteriors, strict=True):
            if posterior is not None:
                values[posterior.potential.likelihood.stars] = posterior.membership
        return membership
