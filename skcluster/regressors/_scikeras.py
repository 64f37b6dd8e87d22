"""What the three regressors share, and the only module that imports scikeras.

Of scikeras it uses the order of `fit` and `predict`: check the input, drop rows of no weight,
encode features and targets, hand over to Keras. How the network is built, trained, stored and
evaluated is ours: scikeras would leave TensorFlow's determinism switched on after a seeded fit,
compile a new network (10 MB that TensorFlow keeps) for each, and pickle the optimizer with it.
"""

import os

# TensorFlow reports its CPU features on stderr unless told before it loads to keep to warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from abc import ABC, abstractmethod
from dataclasses import fields
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scikeras.wrappers import BaseWrapper
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils._tags import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from skcluster.regressors._architecture import Architecture, FloatArray
from skcluster.regressors._batches import Rows
from skcluster.regressors._forward import ACTIVATIONS, forward
from skcluster.regressors._network import assign, build_model
from skcluster.regressors._regularizers import FixedRegularizers
from skcluster.regressors._training import LOSSES, Plan, train

OPTIMIZERS = {"adam", "adamw", "nadam", "rmsprop", "sgd"}
_DTYPES = [np.float32, np.uint8]  # of X; anything else becomes float32


class _Absent:
    """Hides a method of scikeras, so that ``hasattr`` says no."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__!r} object has no attribute {self._name!r}")


class NetworkRegressor(RegressorMixin, BaseWrapper, ABC):
    """Base of the regressors: everything but the architecture."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "input_noise": [Interval(Real, 0, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "batch_normalization": ["boolean"],
        "loss": [StrOptions(set(LOSSES))],
        "optimizer": [StrOptions(OPTIMIZERS)],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions({"cosine"}), None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    # scikeras keeps its parameters in the instance; ours are scikit-learn's.
    _get_param_names: Any = classmethod(BaseEstimator._get_param_names.__func__)
    set_params = BaseEstimator.set_params
    __repr__ = BaseEstimator.__repr__
    initialize = _Absent()
    partial_fit = _Absent()
    warm_start = False

    def __init__(
        self,
        *,
        hidden_layer_sizes: ArrayLike,
        activation: str,
        dropout: float,
        input_noise: float,
        l2: float,
        batch_normalization: bool,
        loss: str,
        optimizer: str,
        learning_rate: float,
        learning_rate_schedule: str | None,
        epochs: int,
        batch_size: int,
        validation_fraction: float,
        patience: int | None,
        verbose: int,
        random_state: int | np.random.RandomState | None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.input_noise = input_noise
        self.l2 = l2
        self.batch_normalization = batch_normalization
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train a network from fresh weights.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Numbers; see the class for what the columns are.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. Scale them to comparable ranges, for instance with
            `sklearn.compose.TransformedTargetRegressor`.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in the loss, in training and validation. Only ratios matter.

        Returns
        -------
        self
        """
        super().fit(X, y, sample_weight=sample_weight)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        array of shape (n_samples,) or (n_samples, n_outputs), like the ``y`` of `fit`
        """
        return super().predict(X)

    @property
    def model_(self) -> keras.Model:
        """The network as an (uncompiled) Keras model of its own, built anew at each call.

        It takes ``feature_encoder_.transform(X)``.
        """
        check_is_fitted(self)
        regularizers = FixedRegularizers(self.dropout, self.input_noise, self.l2)
        model, variables = build_model(self.architecture_, regularizers)
        assign(variables, self.weights_)
        return model

    @property
    def feature_encoder_(self) -> SimpleNamespace:
        """Its ``transform`` turns X into the named inputs of the network."""
        return SimpleNamespace(transform=self._inputs)

    @property
    def target_encoder_(self) -> SimpleNamespace:
        """Turns y into two dimensions and back."""
        return SimpleNamespace(transform=_as_columns, inverse_transform=self._like_y)

    @property
    def initialized_(self) -> bool:
        """Whether there are weights."""
        return hasattr(self, "weights_")

    @abstractmethod
    def _learn_shapes(self, X: NDArray[Any]) -> dict[str, Any]:
        """Check the columns of X; give the inputs' part of the architecture."""

    @abstractmethod
    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        """Turn X into the named inputs of the network."""

    # What follows is called by scikeras' fit and predict, in this order.

    def _initialize(self, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        X, y = validate_data(self, X, y, dtype=_DTYPES, multi_output=True, y_numeric=True)
        self.y_ndim_ = y.ndim
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        self.architecture_ = Architecture(
            n_outputs=self.n_outputs_,
            hidden_layers=as_sizes("hidden_layer_sizes", self.hidden_layer_sizes),
            activation=self.activation,
            batch_normalization=bool(self.batch_normalization),
            dropout=self.dropout > 0,
            input_noise=self.input_noise > 0,
            **self._learn_shapes(X),
        )
        return X, y

    def _ensure_compiled_model(self) -> None:
        """Nothing to do: see `skcluster.regressors._compiled`."""

    def _check_model_compatibility(self, y: NDArray[Any]) -> None:
        """Nothing to do: the network has one output a target by construction."""

    def _fit_keras_model(
        self,
        X: dict[str, FloatArray],
        y: FloatArray,
        sample_weight: NDArray[Any] | None,
        warm_start: bool,
        epochs: int,
        initial_epoch: int,
    ) -> None:
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        if (weights < 0).any():
            raise ValueError("sample_weight must not be negative.")
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        rng = np.random.default_rng(seed)
        rows, validation = Rows(X, y, (weights / weights.mean()).astype(np.float32)).split(
            self.validation_fraction, rng
        )
        plan = Plan(**{field.name: getattr(self, field.name) for field in fields(Plan)})
        trained = train(self.architecture_, plan, rows, validation, rng)
        self.weights_, self.history_, self.best_epoch_ = trained
        self.n_iter_ = len(self.history_["loss"])

    def _predict_raw(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=_DTYPES, reset=False)
        inputs, weights = self.feature_encoder_.transform(X), self.weights_
        if self.architecture_.image_shape is None:
            # Twice the digits cost little here, and a row no longer depends on those beside it:
            # in float32 the sum of one row is rounded otherwise than that of many.
            inputs = {name: values.astype(np.float64) for name, values in inputs.items()}
            weights = [values.astype(np.float64) for values in weights]
        return forward(self.architecture_, weights, inputs).astype(np.float64)

    def _like_y(self, y: NDArray[Any]) -> NDArray[Any]:
        return y[:, 0] if self.y_ndim_ == 1 else y

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True  # with few epochs on the small data of the checks
        tags.non_deterministic = False
        return tags


def _as_columns(y: NDArray[Any]) -> FloatArray:
    return y.reshape(len(y), -1).astype(np.float32)


def as_sizes(name: str, sizes: ArrayLike) -> tuple[int, ...]:
    """Turn a parameter that lists layer sizes into a tuple of whole numbers."""
    values = tuple(np.atleast_1d(np.asarray(sizes, dtype=object)).tolist())
    for value in values:
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must hold whole numbers from 1 up. Got {value!r}.")
    return tuple(int(value) for value in values)
