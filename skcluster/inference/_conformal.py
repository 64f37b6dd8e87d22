"""Calibrated intervals and samples for any regressor."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, partial
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, _fit_context
from sklearn.utils import Tags, _safe_indexing, check_array, check_random_state, get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import _num_samples, check_is_fitted, indexable

from skcluster._utils.models import last_step
from skcluster._utils.order import check_same_order
from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.inference._distribution import (
    PredictiveDistribution,
    PredictiveMethodsMixin,
    conformal_quantile,
    validate_request,
)
from skcluster.inference._regressor import (
    TransformedPrediction,
    fit_and_predict_held_out,
    folds_of,
    route,
)
from skcluster.regressors._base import target_names
from skcluster.schema import clip_targets


@dataclass(repr=False, eq=False)
class ConformalRegressor(PredictiveMethodsMixin, MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """Prediction intervals and joint samples for any regressor.

    The length of the intervals is calibrated with the errors of the regressor on held-out clusters,
    by cross-validation. If the regressor predicts a standard deviation (``predict(X,
    return_std=True)``, as `SetRegressor` and scikit-learn's Gaussian process do), the length is
    proportional to it; otherwise it is the same for all clusters. Errors in several targets keep
    their correlation in the joint samples. If the regressor is a
    `sklearn.compose.TransformedTargetRegressor`, errors are taken in its transformed targets.

    Parameters
    ----------
    estimator : estimator
        A regressor, or a pipeline that ends with one.
    cv : int or cross-validation splitter, default=5
        Splits of the training clusters, to measure errors on held-out clusters. An int is the
        number of shuffled folds.
    domain : transformer, callable or None, default=None
        Features that tell whether a cluster resembles the training clusters, for
        `outside_domain`. A transformer is fitted on ``X``. A callable is applied to the features
        that the pipeline passes to its last step (to ``X``, if the estimator is no pipeline), so
        that they are computed only once; it returns an array of one row per cluster.
    n_jobs : int or None, default=None
        Number of folds fitted in parallel.
    random_state : int, RandomState instance or None, default=None
        Determines the shuffling of the folds. The regressor has its own parameter.

    Attributes
    ----------
    estimator_ : estimator
        The regressor fitted on all clusters.
    errors_ : ndarray of shape (n_clusters, n_targets)
        True minus predicted value of each training cluster when it was held out, in transformed
        targets.
    scores_ : ndarray of shape (n_clusters, n_targets)
        The errors in units of the predicted standard deviation.
    held_out_ : ndarray of the shape of ``y``
        Predictions for the training clusters when held out.
    y_ndim_ : int
        Number of dimensions of the ``y`` of `fit`, and of predictions.
    target_names_ : tuple of str or None
        Column names of ``y``, if it is a DataFrame or Series with names that are strings. Intervals
        and samples of targets in `skcluster.schema.TARGETS` stay within the range given there: no
        distance or extinction is negative.
    domain_ : transformer, callable or None
        The fitted ``domain``.
    domain_scaler_ : RobustScaler
        Scaler of the features of the domain.
    domain_points_ : ndarray of shape (n_clusters, n_features)
        The training clusters in the domain.
    domain_limit_ : float
        Distance to them beyond which a cluster is outside the domain.
    n_features_in_ : int
        Number of features seen during `fit`, if the estimator defines it.
    feature_names_in_ : ndarray of str
        Names of the features seen during `fit`, if the estimator defines it.
    card_ : dict or None
        Card of the file that the model was loaded from.

    See Also
    --------
    PredictiveDistribution : Values, intervals and samples of one pass.
    skcluster.pipelines.reference_pipeline : The pipeline with isochrones.

    Notes
    -----
    If clusters are exchangeable, an interval covers at least the stated fraction of the true
    values, up to the difference between the models trained on all clusters and on all but one fold.
    The coverage holds for all clusters together, not for each kind of cluster.

    References
    ----------
    Lei et al. 2018, *Distribution-free predictive inference for regression*, JASA 113, 1094, on
    scaled residuals; Barber et al. 2021, *Predictive inference with the jackknife+*, Annals of
    Statistics 49, 486, on cross-validation.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.linear_model import Ridge
    >>> from skcluster.inference import ConformalRegressor
    >>> X, y = make_regression(200, 5, n_targets=2, noise=10, random_state=0)
    >>> model = ConformalRegressor(Ridge(), random_state=0).fit(X, y)
    >>> model.predict_interval(X, coverage=0.9).shape
    (200, 2, 2)
    >>> model.sample(X, 50, random_state=0).shape
    (200, 50, 2)

    Values, intervals and samples of one pass:

    >>> distribution = model.predict_distribution(X)
    >>> distribution.predict().shape, distribution.interval(0.9).shape
    ((200, 2), (200, 2, 2))
    """

    estimator: Any
    _: KW_ONLY
    cv: Any = 5
    domain: Any = None
    n_jobs: int | None = None
    random_state: int | np.random.RandomState | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "cv": ["cv_object"],
        "domain": [HasMethods(["fit", "transform"]), callable, None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: npt.ArrayLike, **fit_params: Any) -> Self:
        """Fit the regressor, and measure its errors on held-out clusters.

        Parameters
        ----------
        X : array-like of n_clusters rows
            Clusters or features, any input of the regressor.
        y : array-like of shape (n_clusters,) or (n_clusters, n_targets)
            Targets.
        **fit_params : object
            Metadata such as ``sample_weight``, divided among the folds. If metadata routing is
            enabled, they are routed as requested. Otherwise all are passed to the ``fit`` of the
            regressor, except ``groups``, which are passed to ``cv``.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If ``cv`` does not put each cluster into exactly one test fold.
        """
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None."
            )
        if isinstance(X, NestedFrame):
            check_same_order(X.index, y)
            for name, value in fit_params.items():
                check_same_order(X.index, value, names=("X", name))
        return self._fitted(X, y, fit_params)

    def _learn(self, X: Any, y: npt.ArrayLike, fit_params: dict[str, Any]) -> None:
        self.card_ = None
        names = target_names(y)
        self.target_names_ = None if names is None else tuple(names)
        X, y = indexable(X, y)
        true = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        self.y_ndim_ = true.ndim
        routed = route(self, fit_params)
        self.estimator_, (predicted, self.errors_, spreads) = fit_and_predict_held_out(
            lambda rows: partial(_held_out, X=_safe_indexing(X, rows), true=true[rows]),
            self.estimator,
            X,
            y,
            folds_of(self.cv, self.random_state, X, true, routed.splitter.split),
            routed.estimator.fit,
            self.n_jobs,
        )
        self.scores_ = self.errors_ / spreads
        self.held_out_ = predicted.reshape(true.shape)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        self._learn_domain(X)

    def predict(self, X: Any) -> FloatArray:
        """Predict the targets with the regressor.

        Parameters
        ----------
        X : array-like of n_clusters rows
            Clusters or features, any input of the regressor.

        Returns
        -------
        ndarray of shape (n_clusters,) or (n_clusters, n_targets)
            Predicted targets.
        """
        check_is_fitted(self)
        predicted: FloatArray = self.estimator_.predict(X)
        return predicted

    def predict_distribution(self, X: Any) -> "ConformalDistribution":
        """Predict the distribution of the targets in one pass.

        Parameters
        ----------
        X : array-like of n_clusters rows
            Clusters or features, any input of the regressor.

        Returns
        -------
        PredictiveDistribution
            Its ``predict()``, ``interval(coverage)``, ``sample(n_samples)`` and ``outside_domain``
            equal the results of this estimator's methods, always with an axis of targets.
        """
        check_is_fitted(self)
        if _num_samples(X) == 0:  # which few regressors accept
            nothing = np.empty((0, self.scores_.shape[1]))
            find, outside = partial(TransformedPrediction, nothing, nothing, None), None
        else:
            last = last_step(self.estimator_, X)
            find = partial(TransformedPrediction.of, last)
            outside = self._find_outside(X, last.features)
        return ConformalDistribution(find, self.scores_, self.target_names_, outside)

    def _like_y(self, values: FloatArray) -> FloatArray:
        return values[:, 0] if self.y_ndim_ == 1 else values

    def _samples_like_y(self, samples: FloatArray) -> FloatArray:
        return samples[..., 0] if self.y_ndim_ == 1 else samples

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.target_tags = inner.target_tags
        tags.regressor_tags = inner.regressor_tags
        return tags


def _held_out(estimator: Any, X: Any, true: FloatArray) -> tuple[FloatArray, ...]:
    """Return what a fitted regressor predicts, its errors and spreads in transformed targets."""
    prediction = TransformedPrediction.of(last_step(estimator, X))
    true = true.reshape(len(prediction.mean), -1)
    if prediction.transformer is not None:
        names = getattr(prediction.transformer, "feature_names_in_", None)
        named = true if names is None else pd.DataFrame(true, columns=names)
        true = np.asarray(prediction.transformer.transform(named))
    return prediction.back(prediction.mean), true - prediction.mean, prediction.spread


@dataclass(eq=False, repr=False)
class ConformalDistribution(PredictiveDistribution):
    """The distribution returned by `ConformalRegressor.predict_distribution`."""

    #: Function that returns what the regressor predicts, which may not accept all clusters whose
    #: domain can be told.
    find_prediction: Callable[[], TransformedPrediction]
    #: Errors of training clusters in units of the predicted spread, one column per target.
    scores: FloatArray
    targets: tuple[str, ...] | None
    _outside: BoolArray | None

    @cached_property
    def prediction(self) -> TransformedPrediction:
        """What the regressor predicts, asked for once."""
        return self.find_prediction()

    def predict(self) -> FloatArray:
        """Return what the regressor predicts, shape (n_clusters, n_targets)."""
        return self.prediction.back(self.prediction.mean)

    @validate_request
    def interval(self, coverage: float = 0.68) -> FloatArray:
        """Return the central interval of each target, shape (n_clusters, n_targets, 2)."""
        half_width = conformal_quantile(np.sort(np.abs(self.scores), axis=0), coverage)
        mean, reach = self.prediction.mean, half_width * self.prediction.spread
        ends = [self.prediction.back(mean + side * reach) for side in (-1, 1)]
        return np.stack([clip_targets(end, self.targets) for end in ends], axis=-1)

    @validate_request
    def sample(
        self, n_samples: int = 1000, random_state: int | np.random.RandomState | None = None
    ) -> FloatArray:
        """Draw joint samples of the targets, shape (n_clusters, n_samples, n_targets)."""
        mean, spread = self.prediction.mean[:, None], self.prediction.spread[:, None]
        rows = check_random_state(random_state).randint(
            len(self.scores), size=(len(mean), n_samples)
        )
        drawn = mean + self.scores[rows] * spread
        flat = self.prediction.back(drawn.reshape(-1, drawn.shape[-1]))
        return clip_targets(flat, self.targets).reshape(drawn.shape)
