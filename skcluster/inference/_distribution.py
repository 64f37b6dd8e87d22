"""The interface of predictive distributions."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import pandas as pd

from skcluster._utils.typing import BoolArray, FloatArray, IntArray


class PredictiveDistribution(ABC):
    """Predictive distribution of the parameters of clusters.

    A model whose method ``predict_distribution(X)`` returns such an object predicts more than point
    estimates: `skcluster.estimation.estimate` derives its table, samples and memberships from it.
    Features and networks are evaluated once per object, and its methods share the result. The
    object describes the rows of ``X``, in order.

    A subclass implements `predict`, `interval` and `sample`. The attributes are optional; each adds
    columns or flags to the table of estimates.

    Attributes
    ----------
    targets : tuple of str or None
        Names of the targets. None if the model does not know them.
    n_used : ndarray of int, shape (n_clusters,), or None
        Number of stars per cluster that the estimate used.
    extra_columns : DataFrame of n_clusters rows, or None
        Further columns for the table of estimates, in this order. Its index is ignored.
    flags : mapping of str to ndarray of bool, shape (n_clusters,)
        Reasons to doubt estimates, and which clusters each of them applies to.

    See Also
    --------
    ConformalRegressor, IsochronePosterior : Estimators with ``predict_distribution``.
    skcluster.estimation.estimate : Convert it to a table.

    Examples
    --------
    >>> from skcluster import load_model
    >>> from skcluster.datasets import simulate_clusters
    >>> X, y = simulate_clusters(5, random_state=0)
    >>> distribution = load_model().predict_distribution(X)
    >>> distribution.targets
    ('log_age', 'a_v', 'distance_kpc', 'metallicity')
    >>> distribution.predict().shape
    (5, 4)
    >>> distribution.interval(0.95).shape
    (5, 4, 2)
    >>> distribution.sample(100, random_state=0).shape
    (5, 100, 4)
    >>> "outside domain" in distribution.flags
    True
    """

    targets: tuple[str, ...] | None = None
    n_used: IntArray | None = None
    extra_columns: pd.DataFrame | None = None

    @property
    def flags(self) -> Mapping[str, BoolArray]:
        """Reasons to doubt estimates, and which clusters each of them applies to."""
        return {}

    @property
    def outside_domain(self) -> BoolArray:
        """Which clusters do not resemble the training clusters, shape (n_clusters,).

        Raises
        ------
        ValueError
            If the model has no domain.
        """
        raise ValueError("outside_domain needs the parameter domain, which is None.")

    @abstractmethod
    def predict(self) -> FloatArray:
        """Return point estimates.

        Returns
        -------
        ndarray of shape (n_clusters, n_targets)
            The estimates; NaN for a cluster that cannot be measured.
        """

    @abstractmethod
    def interval(self, coverage: float = 0.68) -> FloatArray:
        """Return the central interval of each target.

        Parameters
        ----------
        coverage : float, default=0.68
            Probability that the interval contains the true value.

        Returns
        -------
        ndarray of shape (n_clusters, n_targets, 2)
            Lower and upper ends.
        """

    @abstractmethod
    def sample(
        self, n_samples: int = 1000, random_state: int | np.random.RandomState | None = None
    ) -> FloatArray:
        """Draw joint samples of the targets.

        Parameters
        ----------
        n_samples : int, default=1000
            Number of samples per cluster.
        random_state : int, RandomState instance or None, default=None
            Determines the samples that are drawn.

        Returns
        -------
        ndarray of shape (n_clusters, n_samples, n_targets)
            The samples.
        """

    def membership(self) -> list[FloatArray] | None:
        """Return the membership probability of each star.

        Returns
        -------
        list of ndarray of shape (n_stars,), or None
            One array per cluster, in the order of its stars; NaN for a star that was not used.
            None if the model does not determine it.
        """
        return None
