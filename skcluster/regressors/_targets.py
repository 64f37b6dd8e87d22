"""Targets as networks see them: scaled, with their names, and inverted to possible values."""

from collections.abc import Container
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin, _fit_context, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from sklearn.utils import Tags, check_array
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    check_is_fitted,
    validate_data,
)

from skcluster._utils.messages import documentation
from skcluster._utils.order import check_same_order
from skcluster.photometry import distance_from_modulus, distance_modulus
from skcluster.regressors._base import target_names
from skcluster.schema import CLUSTER_PARAMETERS, TARGETS, clip_targets

#: Centre and scale of targets; the distance is scaled as its modulus. They are constant, because
#: pretrained weights depend on them.
_FIXED = dict(zip(CLUSTER_PARAMETERS, ((8.4, 1.0), (1.2, 1.0), (11.0, 2.0)), strict=True))


class TargetScaler(TransformerMixin, BaseEstimator):
    """Scale targets of clusters for a network.

    Log age, A_V and distance, the last as a distance modulus, are scaled by constants, because
    pretrained weights depend on them. Any other target is scaled by its mean and standard
    deviation.

    The three are recognised by the names ``log_age`` (dex), ``a_v`` (mag) and ``distance_kpc``
    (kpc), or by their order if there are three columns without names.

    Attributes
    ----------
    targets_ : list of str
        The kind of each column: "log_age", "a_v", "distance_kpc" or "other".
    center_ : ndarray of shape (n_targets,)
        Centre of each target.
    scale_ : ndarray of shape (n_targets,)
        Scale of each target.
    n_features_in_ : int
        Number of targets.
    feature_names_in_ : ndarray of str
        Names of the targets, if they have any.

    See Also
    --------
    NamedTargetRegressor : Regressor that passes the names of targets to a transformer.
    skcluster.pipelines.set_pipeline : Pipeline that scales its targets in this way.

    References
    ----------
    The constants are choices of this package: about the mean and scatter of known open clusters.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.regressors import TargetScaler
    >>> y = pd.DataFrame({"log_age": [8.4, 9.4], "metallicity": [-0.2, 0.2]})
    >>> TargetScaler().fit_transform(y)
    array([[ 0., -1.],
           [ 1.,  1.]])
    >>> TargetScaler().fit_transform([[8.4, 1.2, 1.0]])
    array([[ 0. ,  0. , -0.5]])
    """

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the names of the columns, and the mean and standard deviation of other targets.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_targets)
            Targets.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        values = validate_data(self, X, dtype=np.float64)
        self.targets_ = _quantities(self, _FIXED)
        spread = values.std(axis=0)
        learned = zip(values.mean(axis=0), np.where(spread > 0, spread, 1.0), strict=True)
        numbers = [
            _FIXED.get(name, pair) for name, pair in zip(self.targets_, learned, strict=True)
        ]
        self.center_, self.scale_ = np.array(numbers).T
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Scale the targets.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_targets)
            Targets.

        Returns
        -------
        ndarray of shape (n_clusters, n_targets)
            Scaled targets, about −2 to 2, with the distance as a modulus.

        Raises
        ------
        ValueError
            If a distance is not positive.
        """
        check_is_fitted(self)
        values = validate_data(self, X, dtype=np.float64, reset=False, copy=True)
        if "distance_kpc" in self.targets_:
            distance = values[:, self.targets_.index("distance_kpc")]
            if not (distance > 0).all():
                row = int(np.argmin(distance > 0))
                raise ValueError(
                    f"Distances must be positive, but row {row} of y has {distance[row]}."
                )
            distance[:] = distance_modulus(distance)
        scaled: NDArray[np.float64] = (values - self.center_) / self.scale_
        return scaled

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Undo `transform`; values outside the ranges in `skcluster.schema.TARGETS` are clipped.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_targets)
            Scaled targets; those of clusters that could not be measured are NaN.

        Returns
        -------
        ndarray of shape (n_clusters, n_targets)
            Targets in their own units.
        """
        check_is_fitted(self)
        _check_names(self, X)
        scaled = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan")
        _check_n_features(self, scaled, reset=False)
        values: NDArray[np.float64] = scaled * self.scale_ + self.center_
        if "distance_kpc" in self.targets_:
            column = self.targets_.index("distance_kpc")
            values[:, column] = distance_from_modulus(values[:, column])
        return clip_targets(values, self.targets_)


class TargetMinMaxScaler(MinMaxScaler):
    """Scale targets to 0 … 1, and limit inverted values to the range of their quantity.

    A `sklearn.preprocessing.MinMaxScaler` whose `inverse_transform` clips log age, A_V, distance
    and metallicity to the ranges in `skcluster.schema.TARGETS`. They are recognised by the names of
    the columns; three columns without names are log age, A_V and distance. The output of a network
    with linear output units can be outside of the ranges, such as a negative distance for a cluster
    nearer than all training clusters. The training is not affected.

    Parameters
    ----------
    feature_range : tuple of two floats, default=(0, 1)
        Range of the scaled targets.
    copy : bool, default=True
        Whether to copy the given targets rather than scale them in place.
    clip : bool, default=False
        Whether scaled targets outside ``feature_range`` are clipped to it.

    Attributes
    ----------
    min_, scale_, data_min_, data_max_, data_range_ : ndarray of shape (n_targets,)
        As in `sklearn.preprocessing.MinMaxScaler`.
    n_features_in_ : int
        Number of targets.
    n_samples_seen_ : int
        Number of clusters.
    feature_names_in_ : ndarray of str
        Names of the targets, if they have any.

    See Also
    --------
    TargetScaler : Scaling by fixed numbers, with the distance as its modulus.
    skcluster.pipelines.ann_pipeline : A pipeline that uses it.

    References
    ----------
    Branco & Ferraz 2023 scale their targets to 0 … 1.

    Examples
    --------
    >>> from skcluster.regressors import TargetMinMaxScaler
    >>> scaler = TargetMinMaxScaler().fit([[8.0, 0.1, 0.5], [9.0, 1.1, 2.5]])
    >>> scaler.transform([[8.5, 0.6, 1.5]])
    array([[0.5, 0.5, 0.5]])
    >>> scaler.inverse_transform([[0.5, -0.3, -0.3]])
    array([[8.5e+00, 0.0e+00, 1.0e-03]])
    """

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Undo the scaling, and replace impossible values by the nearest possible ones.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_targets)
            Scaled targets.

        Returns
        -------
        ndarray of shape (n_clusters, n_targets)
            Targets.
        """
        check_is_fitted(self)
        _check_names(self, X)
        return clip_targets(super().inverse_transform(X), _quantities(self, TARGETS))

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.array_api_support = False  # unlike the parent: the ranges are numpy arrays
        return tags


def _check_names(scaler: Any, X: ArrayLike) -> None:
    """Refuse other columns than those of `fit`, or in another order."""
    if hasattr(X, "columns"):  # regressors return arrays, without the names of the targets
        _check_feature_names(scaler, X, reset=False)


def _quantities(scaler: Any, quantities: Container[str]) -> list[str]:
    """Return the quantity of each column, by name, or by order if there are three without names."""
    if hasattr(scaler, "feature_names_in_"):
        return [str(n) if n in quantities else "other" for n in scaler.feature_names_in_]
    n = scaler.n_features_in_
    return list(CLUSTER_PARAMETERS) if n == len(CLUSTER_PARAMETERS) else ["other"] * n


class NamedTargetRegressor(MetaEstimatorMixin, TransformedTargetRegressor):
    """Transform the targets of a regressor, and keep their names while fitting.

    This is a `sklearn.compose.TransformedTargetRegressor` whose transformer and regressor receive
    the column names of ``y``, if it has any: `TargetScaler` scales by them, and `SetRegressor`
    starts each target from its own pretrained weights.

    Parameters
    ----------
    regressor : estimator, default=None
        Any regressor; None is linear regression.
    transformer : transformer, default=None
        Transformer of the targets; None leaves them unchanged.

    Attributes
    ----------
    regressor_ : estimator
        The fitted regressor.
    transformer_ : transformer
        The fitted transformer.
    target_names_ : tuple of str, or None
        Names of the columns of ``y``, if it has any.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of str
        Names of the columns of X, if it has any.

    See Also
    --------
    TargetScaler : Transformer that depends on the names.
    sklearn.compose.TransformedTargetRegressor : Regressor that drops the names.

    References
    ----------
    Its parent is scikit-learn's.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LinearRegression
    >>> from skcluster.regressors import NamedTargetRegressor, TargetScaler
    >>> y = pd.DataFrame({"a_v": [0.1, 0.4, 1.2], "metallicity": [-0.2, 0.0, 0.2]})
    >>> model = NamedTargetRegressor(LinearRegression(), transformer=TargetScaler())
    >>> model.fit([[0.0], [1.0], [2.0]], y).transformer_.targets_
    ['a_v', 'other']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "regressor": [HasMethods(["fit", "predict"]), None],
        "transformer": [HasMethods(["fit", "transform", "inverse_transform"]), None],
    }
    # Parameters of the parent that this class does not have.
    func = inverse_func = None
    check_inverse = False

    def __init__(self, regressor: Any = None, *, transformer: Any = None) -> None:
        self.regressor = regressor
        self.transformer = transformer

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, **fit_params: Any) -> Self:
        """Fit the transformer to the targets, and the regressor to the transformed targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, or any other input of the regressor.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets. The names of its columns are passed to transformer and regressor.
        **fit_params : object
            Parameters of the regressor's ``fit``, routed if metadata routing is enabled.

        Returns
        -------
        self : object
            The fitted regressor.

        Raises
        ------
        ValueError
            If there are more or fewer weights than targets, as after a step that resamples.
        """
        check_same_order(getattr(X, "index", None), y)
        _check_weights(fit_params.get("sample_weight"), y)
        names = target_names(y)
        self.target_names_ = None if names is None else tuple(names)
        if names is None:
            fitted: Self = super().fit(X, y, **fit_params)
            return fitted
        values = check_array(y, ensure_2d=False, dtype="numeric", input_name="y")
        self._training_dim = values.ndim  # the parent's predict returns as many
        frame = pd.DataFrame(values.reshape(len(values), -1), columns=names)
        transformer = FunctionTransformer() if self.transformer is None else self.transformer
        self.transformer_ = clone(transformer).fit(frame)
        scaled = pd.DataFrame(np.asarray(self.transformer_.transform(frame)), columns=names)
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit", **fit_params).regressor.fit
        self.regressor_ = self._get_regressor(get_clone=True)
        self.regressor_.fit(X, scaled[names[0]] if values.ndim == 1 else scaled, **fit_params)
        if hasattr(self.regressor_, "feature_names_in_"):
            self.feature_names_in_ = self.regressor_.feature_names_in_
        return self


def _check_weights(weights: Any, y: Any) -> None:
    check_same_order(getattr(y, "index", None), weights, names=("y", "sample_weight"))
    if weights is not None and np.ndim(weights) and len(weights) != len(y):
        raise ValueError(
            f"There are {len(weights)} sample weights for {len(y)} rows of y. A step of a pipeline "
            "that resamples, such as ClusterCorruptor or ClusterAugmenter, changes the number of "
            "rows, and imbalanced-learn's pipeline passes no weights through it: replace the step "
            "by 'passthrough' (augment='passthrough') to fit with weights. See "
            f"{documentation('recipes#weights-of-clusters')}."
        )
