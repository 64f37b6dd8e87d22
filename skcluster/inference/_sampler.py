"""Sample the posterior distributions of many clusters."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

# scikit-learn's Parallel would change the warning filters of all threads.
from joblib import Parallel, delayed

from skcluster._utils.typing import FloatArray
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._member_lists import MemberList, StarModel
from skcluster.inference._normal_prediction import NormalPrediction
from skcluster.inference._posterior_summary import PosteriorSummary, discrepancies
from skcluster.inference._prior import Prior

#: Number of clusters whose draws are in memory at a time if only summaries are needed.
_CHUNK = 32
#: Minimum spread of priors (dex and mag), so that proposals have a finite width.
_LEAST_SPREAD = 0.01
#: Values of the tempering to choose from, in increasing order.
TEMPERINGS = (0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True, eq=False)
class Sampler:
    """Settings of the sampling: parameters of `IsochronePosterior`, with the same names."""

    model: StarModel
    inflation: FloatArray
    tail_weight: float
    n_draws: int
    seed: int
    n_jobs: int | None

    def tempered(self, tempering: float) -> "Sampler":
        """Return the same sampler with another tempering."""
        return replace(self, model=replace(self.model, tempering=tempering))

    def posteriors(
        self, lists: Sequence[MemberList], prediction: NormalPrediction
    ) -> list[ClusterPosterior | None]:
        """Yield the posterior of each cluster; None without a usable star or a prediction."""
        found: list[ClusterPosterior | None] = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(self._posterior)(stars, mean, spread)
            for stars, mean, spread in zip(lists, *prediction, strict=True)
        )
        return found

    def _posterior(
        self, stars: MemberList, mean: FloatArray, spread: FloatArray
    ) -> ClusterPosterior | None:
        if not (np.isfinite(mean).all() and np.isfinite(spread).all()):
            return None
        likelihood = stars.likelihood(self.model, mean)
        if likelihood is None:
            return None
        prior = Prior(mean, np.maximum(spread * self.inflation, _LEAST_SPREAD), self.tail_weight)
        return ClusterPosterior.sample(likelihood, prior, self.n_draws, self.seed)

    def summary(
        self, lists: Sequence[MemberList], prediction: NormalPrediction
    ) -> tuple[PosteriorSummary, FloatArray]:
        """Return a summary and the discrepancies of the posteriors, without keeping them."""
        parts = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(self._summary)(
                lists[start : start + _CHUNK],
                NormalPrediction(*(values[start : start + _CHUNK] for values in prediction)),
            )
            for start in range(0, len(lists), _CHUNK)
        )
        summaries, found = zip(*parts, strict=True)
        return PosteriorSummary.concatenate(summaries), np.concatenate(found)

    def _summary(
        self, lists: Sequence[MemberList], prediction: NormalPrediction
    ) -> tuple[PosteriorSummary, FloatArray]:
        posteriors = replace(self, n_jobs=1).posteriors(lists, prediction)
        return PosteriorSummary.of(posteriors), discrepancies(posteriors, lists, self.model)

    def discrepancies(
        self, posteriors: Sequence[ClusterPosterior | None], lists: Sequence[MemberList]
    ) -> FloatArray:
        """Return the discrepancies between posteriors and their stars, in parallel."""
        parts = Parallel(n_jobs=self.n_jobs, prefer="threads")(
            delayed(discrepancies)(
                posteriors[start : start + _CHUNK], lists[start : start + _CHUNK], self.model
            )
            for start in range(0, len(lists), _CHUNK)
        )
        return np.concatenate(parts)

    def best_tempering(
        self, lists: Sequence[MemberList], prediction: NormalPrediction, true: FloatArray
    ) -> float:
        """Return the largest tempering whose errors are consistent with the smallest.

        Squared errors are in units of those of the prediction; their mean may exceed the smallest
        one by two standard errors of the difference. A larger tempering gives the stars more
        weight, because labels have errors too.

        Parameters
        ----------
        lists, prediction : of the n_clusters held-out clusters
        true : ndarray of shape (n_clusters, 3)
            Log age, A_V and distance modulus.
        """
        scale = np.nanmean((prediction.mean - true) ** 2, axis=0) + _LEAST_SPREAD**2
        losses = np.empty((len(TEMPERINGS), len(lists)))
        for loss, tempering in zip(losses, TEMPERINGS, strict=True):
            posteriors = self.tempered(tempering).posteriors(lists, prediction)
            means = np.array([np.full(4, np.nan) if p is None else p.mean for p in posteriors])
            errors = means[:, :3] - true
            errors[:, 1] -= np.nanmean(errors[:, 1])  # the zero point of A_V is fitted as well
            loss[:] = (errors**2 / scale).mean(axis=1)
        losses = losses[:, np.isfinite(losses).all(axis=0)]
        worse = losses - losses[np.argmin(losses.mean(axis=1))]
        error = worse.std(axis=1) / np.sqrt(worse.shape[1])
        return TEMPERINGS[int(np.flatnonzero(worse.mean(axis=1) <= 2 * error)[-1])]
