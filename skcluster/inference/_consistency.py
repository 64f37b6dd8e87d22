"""Goodness of fit: the consistency of stars, parallaxes and estimate."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from skcluster._utils.typing import BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class Consistency:
    """Discrepancies of held-out training clusters, and goodness of fit relative to them.

    The p-value of a discrepancy is the fraction of training clusters whose discrepancy is at least
    as large.
    The p-values are combined by the sum of their logarithms (Fisher's method). The sum is in turn
    compared with those of the training clusters, so that the discrepancies need not be independent.

    Parameters
    ----------
    training : ndarray of shape (n_training_clusters, 4)
        The discrepancies, in the order of `NAMES`; NaN where unknown.
    """

    #: Names of the discrepancies, and the flags of large ones.
    NAMES: ClassVar = {
        "field_fraction": "mostly field",
        "predictive": "stars do not follow the isochrone",
        "network": "stars disagree with the network",
        "parallax": "parallaxes disagree",
    }
    #: A discrepancy with a p-value below this is flagged.
    _REASON: ClassVar = 0.1

    training: FloatArray

    def p_values(self, discrepancies: FloatArray) -> FloatArray:
        """Return the p-value of each discrepancy, shape (n_clusters, 4); 1 where it is unknown."""
        columns = [
            _share_as_large(known[np.isfinite(known)], values)
            for known, values in zip(self.training.T, discrepancies.T, strict=True)
        ]
        return np.column_stack(columns)

    def goodness_of_fit(self, discrepancies: FloatArray) -> FloatArray:
        """Return the fraction of training clusters that fit no better; NaN if unknown."""
        known = -np.log(self.p_values(self.training)).sum(axis=1)
        found = -np.log(self.p_values(discrepancies)).sum(axis=1)
        share = _share_as_large(known, found)
        return np.where(np.isnan(discrepancies[:, 0]), np.nan, share)

    def flags(self, discrepancies: FloatArray, false_alarm_rate: float) -> dict[str, BoolArray]:
        """Return flags, by discrepancy, of clusters with a goodness of fit below the rate."""
        doubtful = self.goodness_of_fit(discrepancies) < false_alarm_rate
        p_values = self.p_values(discrepancies)
        worst = p_values == p_values.min(axis=1, keepdims=True)
        named = doubtful[:, None] & (worst | (p_values < self._REASON))
        return dict(zip(self.NAMES.values(), named.T, strict=True))


def _share_as_large(known: FloatArray, values: FloatArray) -> FloatArray:
    """Return the share of known values at least as large, shape (n,); 1 for NaN."""
    above = len(known) - np.searchsorted(np.sort(known), values)
    share: FloatArray = (1 + above) / (1 + len(known))
    return np.where(np.isnan(values), 1.0, share)
