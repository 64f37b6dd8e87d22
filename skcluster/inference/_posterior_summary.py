"""Summaries of the posterior distributions of many clusters."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._consistency import Consistency
from skcluster.inference._member_lists import MemberList, StarModel
from skcluster.inference._predictive_check import predictive_discrepancy
from skcluster.inference._prior import Prior

#: Log age, A_V, distance modulus, metallicity.
N_PARAMETERS = 4


@dataclass(frozen=True, eq=False)
class PosteriorSummary:
    """Numbers per cluster, each an array of n_clusters rows; NaN where there is no posterior.

    Attributes
    ----------
    mean, std : ndarray of shape (n_clusters, 4)
        Mean and standard deviation of log age, A_V, distance modulus and metallicity.
    differential_reddening, field_fraction, effective_samples : ndarray of shape (n_clusters,)
        As in the table of estimates.
    n_used : ndarray of int, shape (n_clusters,)
        Number of stars in the likelihood.
    """

    mean: FloatArray
    std: FloatArray
    differential_reddening: FloatArray
    field_fraction: FloatArray
    effective_samples: FloatArray
    n_used: IntArray

    @classmethod
    def of(cls, posteriors: Sequence[ClusterPosterior | None]) -> "PosteriorSummary":
        """Summarise the posteriors of clusters."""
        n = len(posteriors)
        mean, std = (np.full((n, N_PARAMETERS), np.nan) for _ in range(2))
        numbers = np.full((n, 3), np.nan)
        n_used = np.zeros(n, dtype=np.int64)
        for i, posterior in enumerate(posteriors):
            if posterior is None:
                continue
            mean[i], std[i] = posterior.mean, posterior.std
            numbers[i] = (
                posterior.differential_reddening,
                posterior.field_fraction,
                posterior.draws.effective_size,
            )
            n_used[i] = len(posterior.likelihood.stars)
        reddening, field, effective = numbers.T
        return cls(mean, std, reddening, field, effective, n_used)

    @classmethod
    def concatenate(cls, parts: "Sequence[PosteriorSummary]") -> "PosteriorSummary":
        """Concatenate several summaries."""
        joined: Any = (np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls))
        return cls(*joined)


def discrepancies(
    posteriors: Sequence[ClusterPosterior | None],
    lists: Sequence[MemberList],
    model: StarModel,
) -> FloatArray:
    """Return the discrepancies between posteriors and the stars behind them.

    They take as long to compute as the posteriors, so only goodness of fit and flags use them.

    Returns
    -------
    ndarray of shape (n_clusters, 4)
        In the order of `skcluster.inference._consistency.Consistency.NAMES`; NaN where there is no
        posterior.
    """
    found = np.full((len(posteriors), len(Consistency.NAMES)), np.nan)
    for i, (posterior, stars) in enumerate(zip(posteriors, lists, strict=True)):
        if posterior is not None:
            found[i] = (
                posterior.field_fraction,
                predictive_discrepancy(posterior),
                _shift(posterior),
                stars.parallax_outliers(model),
            )
    return found


def _shift(posterior: ClusterPosterior) -> float:
    """Return how far the stars moved the estimate from the prior's, in spreads of the prior."""
    prior: Prior = posterior.prior
    return float(np.linalg.norm((posterior.mean[:3] - prior.mean) / prior.spread))
