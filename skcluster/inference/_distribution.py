"""What models with a predictive distribution offer: the distribution, methods, the domain."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import copy
from math import ceil
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from sklearn.base import clone
from sklearn.preprocessing import RobustScaler
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from skcluster._utils.models import DaskTokenMixin, last_step
from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.features._star_set import CONTEXT
from skcluster.schema import OUTSIDE_DOMAIN

#: Number of nearest training clusters whose mean distance is used.
_N_NEIGHBOURS = 5
#: Fraction of the training clusters within the domain.
_WITHIN = 0.995


#: Decorates the methods of distributions, to check their parameters.
validate_request = validate_params(
    {
        "self": "no_validation",
        "coverage": [Interval(Real, 0, 1, closed="neither")],
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)


def conformal_quantile(scores: FloatArray, coverage: float) -> FloatArray:
    """Return the quantile of sorted scores, one per target, corrected for their number."""
    n = len(scores)
    quantile: FloatArray = scores[min(ceil((n + 1) * coverage), n) - 1]
    return quantile


class PredictiveDistribution(ABC):
    """Predictive distribution of the parameters of clusters.

    A model whose method ``predict_distribution(X)`` returns such an object predicts more than point
    estimates: `skcluster.estimation.estimate` derives its table, samples and memberships from it.
    Features and networks are evaluated once per object, and its methods share the result. The
    object describes the rows of ``X``, in order; ``X`` may have no rows.

    A subclass implements `predict`, `interval` and `sample`. The attributes are optional; each adds
    columns, flags or notes to the table of estimates.

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
    notes : mapping of str to ndarray of bool, shape (n_clusters,)
        What was seen in the lists and accounted for, and which clusters each of them applies to.
    reliability : ndarray of shape (n_clusters,), or None
        Probability that the list is one cluster, whose estimate can be trusted, between 0 and 1.

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
    reliability: FloatArray | None = None
    #: Which clusters are outside the domain of the model, if it has one.
    _outside: BoolArray | None = None

    @property
    def flags(self) -> Mapping[str, BoolArray]:
        """Reasons to doubt estimates, and which clusters each of them applies to."""
        return {} if self._outside is None else {OUTSIDE_DOMAIN: self._outside}

    @property
    def notes(self) -> Mapping[str, BoolArray]:
        """What was seen in the lists and accounted for, and the clusters it applies to.

        A note is no reason to doubt an estimate.
        """
        return {}

    @property
    def outside_domain(self) -> BoolArray:
        """Which clusters do not resemble the training clusters, shape (n_clusters,).

        Raises
        ------
        ValueError
            If the model has no domain.
        """
        if self._outside is None:
            raise ValueError("outside_domain needs the parameter domain, which is None.")
        return self._outside

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


class PredictiveMethodsMixin(DaskTokenMixin, ABC):
    """Intervals, samples and domain of a meta-estimator that has ``predict_distribution``.

    Subclasses are dataclasses, whose fields are the parameters.
    """

    estimator: Any
    cv: Any
    domain: Any
    estimator_: Any
    domain_scaler_: RobustScaler
    domain_points_: FloatArray
    domain_limit_: float

    @abstractmethod
    def predict_distribution(self, X: Any) -> PredictiveDistribution:
        """Predict the distribution of the targets."""

    @abstractmethod
    def _like_y(self, values: FloatArray) -> FloatArray:
        """Return values or intervals, with the targets along axis 1, in the layout of y."""

    def _samples_like_y(self, samples: FloatArray) -> FloatArray:
        """Return samples, shape (n_clusters, n_samples, n_targets), in the layout of y."""
        return samples

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
        return self._like_y(self.predict_distribution(X).interval(coverage))

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
        owner: Any = self
        to_fit, to_split = (MethodMapping().add(caller="fit", callee=c) for c in ("fit", "split"))
        router = MetadataRouter(owner=owner).add(estimator=self.estimator, method_mapping=to_fit)
        return router.add(splitter=self.cv, method_mapping=to_split)

    def _fitted(self, X: Any, y: Any, fit_params: dict[str, Any]) -> Self:
        """Return the estimator with what `_learn` learns, or leave it as it was if that fails."""
        fitted = copy(self)
        fitted._learn(X, y, fit_params)
        self.__dict__.update(fitted.__dict__)
        return self

    @abstractmethod
    def _learn(self, X: Any, y: Any, fit_params: dict[str, Any]) -> None:
        """Learn from clusters and labels that have been checked."""

    def _learn_domain(self, X: Any) -> None:
        """Learn the domain from training clusters, after the regressor, if there is one.

        A domain that is a callable is applied to the features of the regressor's last step.
        """
        domain = None if self.estimator_ is None else self.domain
        is_transformer = domain is not None and not callable(domain)
        self.domain_: Any = clone(domain).fit(X) if is_transformer else domain
        if domain is not None:
            features = None if is_transformer else last_step(self.estimator_, X).features
            values = self._in_domain(X, features)
            self.domain_scaler_ = RobustScaler().fit(values)
            self.domain_points_ = self.domain_scaler_.transform(values)
            distances = _distance(self.domain_points_, None)
            self.domain_limit_ = float(np.quantile(distances, _WITHIN))

    def _in_domain(self, X: Any, features: Any) -> FloatArray:
        values = self.domain_(features) if callable(self.domain_) else self.domain_.transform(X)
        return np.asarray(values)

    def _find_outside(self, X: Any, features: Any) -> BoolArray | None:
        """Return which clusters are outside the domain, or have a feature that is not finite.

        None without a domain.
        """
        if self.domain_ is None:
            return None
        values = self._in_domain(X, features)
        finite = np.asarray(np.isfinite(values).all(axis=1))
        outside = ~finite
        if finite.any():
            scaled = self.domain_scaler_.transform(values[finite])
            outside[finite] = _distance(self.domain_points_, scaled) > self.domain_limit_
        return outside


def _distance(training: FloatArray, points: FloatArray | None) -> FloatArray:
    """Return the mean distance of points to their nearest training clusters, or of these if None.

    A training cluster is not its own neighbour.
    """
    k = min(_N_NEIGHBOURS, len(training) - 1)
    # A training cluster is its own nearest. With scipy's tree, because importing that of
    # scikit-learn takes longer than estimating a cluster.
    ranks = np.arange(1, k + 1) + (points is None)
    distances, _ = cKDTree(training).query(training if points is None else points, ranks)
    mean: FloatArray = distances.mean(axis=1)
    return mean


def describe_cluster(stars: FloatArray) -> FloatArray:
    """Return the cluster-level features of `skcluster.features.StarSet`.

    As ``domain`` of a `ConformalRegressor` around `skcluster.pipelines.set_pipeline`, it reuses
    the features that the pipeline computes.

    Parameters
    ----------
    stars : ndarray of shape (n_clusters, n_features)
        Output of `skcluster.features.StarSet`.

    Returns
    -------
    ndarray of shape (n_clusters, 16)
        Its first columns.

    Examples
    --------
    >>> from skcluster import StarSet
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.inference import describe_cluster
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> describe_cluster(StarSet().fit_transform(X)).shape
    (2, 16)
    """
    return stars[:, : len(CONTEXT)]
