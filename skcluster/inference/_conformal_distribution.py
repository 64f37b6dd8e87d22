"""Intervals and samples from a prediction and the errors on held-out clusters."""

from collections.abc import Callable, Mapping
from functools import cached_property
from math import ceil
from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.inference._distribution import PredictiveDistribution
from skcluster.inference._range import clip_targets
from skcluster.inference._transformed import LastStep, TransformedPrediction


class ConformalDistribution(PredictiveDistribution):
    """The distribution returned by `ConformalRegressor.predict_distribution`.

    Parameters
    ----------
    last : LastStep
        The regressor and its features. The prediction is computed once, when first needed.
    scores : ndarray of shape (n_training_clusters, n_targets)
        Errors on training clusters in units of the predicted spread.
    targets : tuple of str or None
        Names of the targets. Intervals and samples of the targets in `skcluster.schema.TARGETS`
        stay within the ranges there.
    find_outside : callable or None
        Function without arguments that returns which clusters are outside the domain. None without
        a domain.
    """

    def __init__(
        self,
        last: LastStep,
        scores: FloatArray,
        targets: tuple[str, ...] | None,
        find_outside: Callable[[], BoolArray] | None,
    ) -> None:
        self.targets = targets
        self._last = last
        self._scores = scores
        self._find_outside = find_outside

    @cached_property
    def _prediction(self) -> TransformedPrediction:
        return self._last.predict()

    def predict(self) -> FloatArray:
        """Return what the regressor predicts, shape (n_clusters, n_targets)."""
        return self._prediction.back(self._prediction.mean)

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
        """Which clusters are "outside domain", if the model has one."""
        return {} if self._find_outside is None else {"outside domain": self.outside_domain}

    @validate_params(
        {"self": [object], "coverage": [Interval(Real, 0, 1, closed="neither")]},
        prefer_skip_nested_validation=True,
    )
    def interval(self, coverage: float = 0.68) -> FloatArray:
        """Return the central interval of each target, shape (n_clusters, n_targets, 2)."""
        n = len(self._scores)
        # Quantile with finite-sample correction.
        rank = min(ceil((n + 1) * coverage), n)
        half_width = np.sort(np.abs(self._scores), axis=0)[rank - 1]
        mean, reach = self._prediction.mean, half_width * self._prediction.spread
        ends = [self._prediction.back(mean + side * reach) for side in (-1, 1)]
        return np.stack([clip_targets(end, self.targets) for end in ends], axis=-1)

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
        """Draw joint samples of the targets, shape (n_clusters, n_samples, n_targets)."""
        mean, spread = self._prediction.mean[:, None], self._prediction.spread[:, None]
        rows = check_random_state(random_state).randint(
            len(self._scores), size=(len(mean), n_samples)
        )
        drawn = mean + self._scores[rows] * spread
        flat = self._prediction.back(drawn.reshape(-1, drawn.shape[-1]))
        return clip_targets(flat, self.targets).reshape(drawn.shape)
