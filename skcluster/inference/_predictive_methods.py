"""Methods that follow from the predictive distribution of a model."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from sklearn.utils import estimator_html_repr
from sklearn.utils.metadata_routing import MetadataRouter

from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.inference._distribution import PredictiveDistribution
from skcluster.inference._routing import routing_of


class PredictiveMethodsMixin(ABC):
    """Intervals, samples and domain of a meta-estimator that has ``predict_distribution``."""

    #: Card of a model that was loaded from a file, with a ``_repr_html_``.
    card_: Any = None

    def _html_repr(self) -> str:
        """Return the HTML for notebooks: the card, if any, and the diagram of scikit-learn."""
        card = "" if self.card_ is None else self.card_._repr_html_()
        return f"{card}{estimator_html_repr(self)}"

    def _forget_card(self) -> None:
        """Remove the card, which does not apply to a model that is fitted again."""
        self.__dict__.pop("card_", None)

    @abstractmethod
    def predict_distribution(self, X: Any) -> PredictiveDistribution:
        """Predict the distribution of the targets."""

    @abstractmethod
    def _intervals_like_y(self, intervals: FloatArray) -> FloatArray:
        """Return intervals, shape (n_clusters, n_targets, 2), in the layout of y."""

    @abstractmethod
    def _samples_like_y(self, samples: FloatArray) -> FloatArray:
        """Return samples, shape (n_clusters, n_samples, n_targets), in the layout of y."""

    def predict_interval(self, X: Any, coverage: float = 0.68) -> FloatArray:
        """Predict an interval of each target.

        Parameters
        ----------
        X : array-like of n_clusters rows
            Clusters or features, any input of `predict`.
        coverage : float, default=0.68
            Fraction of clusters whose interval contains the true value, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_clusters, n_targets, 2), or (n_clusters, 2) for a ``y`` of one dimension
            Lower and upper ends, in the order of the columns of ``y``. With too few training
            clusters for the coverage, the ends are those of the largest error.
        """
        return self._intervals_like_y(self.predict_distribution(X).interval(coverage))

    def sample(
        self,
        X: Any,
        n_samples: int = 1000,
        *,
        random_state: int | np.random.RandomState | None = None,
    ) -> FloatArray:
        """Draw joint samples of the targets of each cluster.

        Parameters
        ----------
        X : array-like of n_clusters rows
            Clusters or features, any input of `predict`.
        n_samples : int, default=1000
            Number of samples per cluster.
        random_state : int, RandomState instance or None, default=None
            Determines the samples that are drawn.

        Returns
        -------
        ndarray of shape (n_clusters, n_samples, n_targets), or (n_clusters, n_samples) for 1d y
            For `ConformalRegressor`, the prediction plus the scaled error of a random training
            cluster, the same one for all targets. For `IsochronePosterior`, draws of log age (dex),
            A_V (mag), distance (kpc) and metallicity (dex), in this order, calibrated like
            intervals of coverage 0.68.
        """
        return self._samples_like_y(self.predict_distribution(X).sample(n_samples, random_state))

    def outside_domain(self, X: Any) -> BoolArray:
        """Determine which clusters do not resemble the training clusters.

        Parameters
        ----------
        X : array-like of n_clusters rows
            Clusters or features, any input of `predict`.

        Returns
        -------
        ndarray of bool, shape (n_clusters,)
            Whether the mean distance of a cluster to its five nearest training clusters, in the
            features of ``domain``, is larger than that of 99.5 per cent of the training clusters,
            or cannot be computed.

        Raises
        ------
        ValueError
            If there is no ``domain``.
        """
        outside: BoolArray = self.predict_distribution(X).outside_domain
        return outside

    def get_metadata_routing(self) -> MetadataRouter:
        """Get metadata routing of this object.

        Returns
        -------
        routing : MetadataRouter
            Routing from `fit` to the ``fit`` of the regressor and the ``split`` of ``cv``.
        """
        return routing_of(self)
