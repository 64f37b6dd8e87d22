"""Intervals and samples that hold what they promise, for any regressor.

`ConformalRegressor` wraps a regressor or pipeline, compares it with clusters that it has not seen,
and scales its error bars so that they cover as many as they say.
"""

from inspect import signature
from math import ceil
from numbers import Integral, Real
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, _fit_context, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import KFold, check_cv
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import RobustScaler
from sklearn.utils import _safe_indexing, check_array, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, validate_params
from sklearn.utils._tags import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

__all__ = ["ConformalRegressor"]

Floats = npt.NDArray[np.float64]

#: Neighbours whose mean distance says how far a cluster lies from those learnt from.
_N_NEIGHBOURS = 5
#: Share of the training clusters that lie within the domain.
_WITHIN = 0.995


class ConformalRegressor(MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """Intervals and joint samples around the predictions of any regressor.

    Errors on clusters that a model has not seen, by cross-validation, say how long error bars must
    be. If the regressor tells how uncertain each prediction is (``predict(X, return_std=True)``, as
    `SetRegressor` and scikit-learn's Gaussian process do), easy clusters get short bars and hard
    ones long bars; otherwise all get the same. Works with several targets, inside which errors keep
    their correlation. Where the regressor is a `sklearn.compose.TransformedTargetRegressor`, errors
    are taken in its transformed targets, so that a distance, say, stays positive.

    Parameters
    ----------
    estimator : estimator
        A regressor, or a pipeline that ends with one.
    cv : int or cross-validation splitter, default=5
        Which clusters are kept from training when errors are measured; an int means so many
        shuffled folds.
    domain : transformer or None, default=None
        Features that tell whether a cluster is like those learnt from, for `outside_domain`.
    n_jobs : int or None, default=None
        Folds fitted at the same time.
    random_state : int, RandomState instance or None, default=None
        Shuffles the folds. The regressor has its own.

    Attributes
    ----------
    estimator_ : estimator
        Fitted on all clusters.
    errors_ : ndarray of shape (n_clusters, n_outputs)
        True less predicted, of each training cluster while it was unseen, in transformed targets.
    scores_ : ndarray of shape (n_clusters, n_outputs)
        The same in predicted spreads.
    y_ndim_ : int
        Dimensions of the ``y`` of `fit`, and of what `predict` returns.
    domain_ : transformer
        Fitted ``domain``; None without one.
    domain_scaler_ : RobustScaler
        Scales the features of the domain.
    domain_points_ : ndarray of shape (n_clusters, n_features)
        The training clusters in the domain.
    domain_limit_ : float
        Distance from them beyond which a cluster is outside.

    See Also
    --------
    skcluster.pipelines.reference_pipeline : The regressor that this was made for.

    Notes
    -----
    With exchangeable clusters an interval covers at least its share, up to the difference between
    models trained on all clusters and on all but a fold. It covers that share of all clusters
    together, not of each kind.

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
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "cv": ["cv_object"],
        "domain": [HasMethods(["fit", "transform"]), None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        cv: Any = 5,
        domain: Any = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.cv = cv
        self.domain = domain
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: npt.ArrayLike) -> Self:
        """Fit the regressor, and measure its errors on clusters that it has not seen.

        Parameters
        ----------
        X : whatever the regressor takes, n_clusters rows
        y : array-like of shape (n_clusters,) or (n_clusters, n_outputs)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the folds leave a cluster out, or put one into two.
        """
        true = check_array(y, ensure_2d=False, dtype=np.float64)
        self.y_ndim_ = true.ndim
        folds = self._folds(X, true)
        parts = Parallel(n_jobs=self.n_jobs)(
            delayed(_errors)(clone(self.estimator), X, y, train, test) for train, test in folds
        )
        self.errors_, self.scores_ = np.empty((2, len(true), true.size // len(true)))
        for (_, test), (errors, spreads) in zip(folds, parts, strict=True):
            self.errors_[test], self.scores_[test] = errors, errors / spreads
        self.estimator_ = clone(self.estimator).fit(X, y)
        self._learn_domain(X)
        return self

    def predict(self, X: Any) -> Floats:
        """Predict the targets, as the regressor does.

        Parameters
        ----------
        X : whatever the regressor takes, n_clusters rows

        Returns
        -------
        ndarray of shape (n_clusters,) or (n_clusters, n_outputs)
        """
        check_is_fitted(self)
        predicted: Floats = self.estimator_.predict(X)
        return predicted

    @validate_params(
        {
            "self": [object],
            "X": [object],
            "coverage": [Interval(Real, 0, 1, closed="neither")],
            "return_prediction": ["boolean"],
        },
        prefer_skip_nested_validation=True,
    )
    def predict_interval(
        self, X: Any, coverage: float = 0.68, *, return_prediction: bool = False
    ) -> Any:
        """Intervals that cover a share of the clusters, for each target on its own.

        Parameters
        ----------
        X : whatever the regressor takes, n_clusters rows
        coverage : float, default=0.68
            The share, between 0 and 1.
        return_prediction : bool, default=False
            Whether to give what `predict` gives too, for the time of one prediction.

        Returns
        -------
        prediction : ndarray of shape (n_clusters, n_outputs) or (n_clusters,)
            Only with ``return_prediction``.
        intervals : ndarray of shape (n_clusters, n_outputs, 2) or (n_clusters, 2)
            Lower and upper ends. With too few training clusters for the share the ends are those
            of the farthest error.
        """
        check_is_fitted(self)
        predicted = _predict(self.estimator_, X)
        half = self._half_width(coverage) * predicted.spread
        ends = [predicted.back(predicted.mean + side * half) for side in (-1, 1)]
        intervals = np.stack(ends, axis=-1)
        if self.y_ndim_ == 1:
            intervals = intervals[:, 0]
        if not return_prediction:
            return intervals
        values = predicted.back(predicted.mean)
        return (values[:, 0] if self.y_ndim_ == 1 else values), intervals

    @validate_params(
        {
            "self": [object],
            "X": [object],
            "n_samples": [Interval(Integral, 1, None, closed="left")],
            "random_state": ["random_state"],
        },
        prefer_skip_nested_validation=True,
    )
    def sample(
        self,
        X: Any,
        n_samples: int = 1000,
        *,
        random_state: int | np.random.RandomState | None = None,
    ) -> Floats:
        """Draw from the joint distribution of the targets of each cluster.

        Each draw is the prediction plus the error, scaled, on a training cluster drawn at random,
        the same one for all targets.

        Parameters
        ----------
        X : whatever the regressor takes, n_clusters rows
        n_samples : int, default=1000
            Draws a cluster.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_clusters, n_samples, n_outputs) or (n_clusters, n_samples)
        """
        check_is_fitted(self)
        predicted = _predict(self.estimator_, X)
        n_clusters, n_outputs = predicted.mean.shape
        rows = check_random_state(random_state).randint(
            len(self.scores_), size=(n_clusters, n_samples)
        )
        drawn = predicted.mean[:, None] + self.scores_[rows] * predicted.spread[:, None]
        drawn = predicted.back(drawn.reshape(-1, n_outputs)).reshape(drawn.shape)
        return drawn[..., 0] if self.y_ndim_ == 1 else drawn

    def outside_domain(self, X: Any) -> npt.NDArray[np.bool_]:
        """Tell which clusters are unlike those learnt from.

        Parameters
        ----------
        X : whatever the regressor takes, n_clusters rows

        Returns
        -------
        ndarray of bool, shape (n_clusters,)
            Whether a cluster lies farther from the training clusters, in the features of
            ``domain``, than all but 0.5 per cent of these from each other, or cannot be measured.

        Raises
        ------
        ValueError
            If there is no ``domain``.
        """
        check_is_fitted(self)
        if self.domain_ is None:
            raise ValueError("outside_domain needs the parameter domain, which is None.")
        features = self.domain_.transform(X)
        known = np.isfinite(features).all(axis=1)
        outside = ~known
        if known.any():
            scaled = self.domain_scaler_.transform(features[known])
            outside[known] = self._distance(scaled) > self.domain_limit_
        return outside

    def _folds(self, X: Any, y: Floats) -> list[Any]:
        cv = self.cv
        if isinstance(cv, Integral):
            cv = KFold(cv, shuffle=True, random_state=check_random_state(self.random_state))
        folds = list(check_cv(cv).split(X, y))
        tested = np.bincount(np.concatenate([test for _, test in folds]), minlength=len(y))
        if (tested != 1).any():
            row = int(np.argmax(tested != 1))
            raise ValueError(
                f"cv must put each cluster into one test fold, but row {row} is in {tested[row]}."
            )
        return folds

    def _half_width(self, coverage: float) -> Floats:
        """Quantile of the scores' sizes, with the correction for a finite sample."""
        n = len(self.scores_)
        rank = min(ceil((n + 1) * coverage), n)
        half: Floats = np.sort(np.abs(self.scores_), axis=0)[rank - 1]
        return half

    def _learn_domain(self, X: Any) -> None:
        self.domain_ = None
        if self.domain is None:
            return
        self.domain_ = clone(self.domain)
        features = self.domain_.fit(X).transform(X)
        self.domain_scaler_ = RobustScaler().fit(features)
        self.domain_points_ = self.domain_scaler_.transform(features)
        self.domain_limit_ = float(np.quantile(self._distance(None), _WITHIN))

    def _distance(self, points: Floats | None) -> Floats:
        """Mean distance to the nearest training clusters; without points, of these themselves."""
        k = min(_N_NEIGHBOURS, len(self.domain_points_) - 1)
        neighbours = NearestNeighbors(n_neighbors=k).fit(self.domain_points_)
        distance: Floats = neighbours.kneighbors(points)[0].mean(axis=1)
        return distance

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.target_tags.multi_output = inner.target_tags.multi_output
        tags.regressor_tags.poor_score = True
        return tags


class _Predicted(NamedTuple):
    """Means and spreads in transformed targets, shape (n, n_outputs), and what transforms."""

    mean: Floats
    spread: Floats
    transformer: Any

    def back(self, values: Floats) -> Floats:
        if self.transformer is None:
            return values
        original: Floats = np.full_like(values, np.nan)
        known = np.isfinite(values).all(axis=1)
        if known.any():
            original[known] = self.transformer.inverse_transform(values[known])
        return original


def _predict(estimator: Any, X: Any) -> _Predicted:
    """Predict in the transformed targets of a regressor, with spreads of 1 if it has none."""
    if isinstance(estimator, Pipeline):
        if len(estimator) > 1:
            X = estimator[:-1].transform(X)
        estimator = estimator[-1]
    transformer = None
    if isinstance(estimator, TransformedTargetRegressor):
        transformer, estimator = estimator.transformer_, estimator.regressor_
    if "return_std" in signature(estimator.predict).parameters:
        mean, spread = estimator.predict(X, return_std=True)
    else:
        mean = np.asarray(estimator.predict(X), dtype=np.float64)
        spread = np.ones_like(mean)
    return _Predicted(mean.reshape(len(mean), -1), spread.reshape(len(mean), -1), transformer)


def _errors(
    estimator: Any,
    X: Any,
    y: npt.ArrayLike,
    train: npt.NDArray[np.intp],
    test: npt.NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Errors on clusters kept from training, and the spreads predicted for them."""
    estimator.fit(_safe_indexing(X, train), _safe_indexing(y, train))
    predicted = _predict(estimator, _safe_indexing(X, test))
    true = np.asarray(_safe_indexing(y, test), dtype=np.float64).reshape(len(test), -1)
    if predicted.transformer is not None:
        true = predicted.transformer.transform(true)
    return true - predicted.mean, predicted.spread
