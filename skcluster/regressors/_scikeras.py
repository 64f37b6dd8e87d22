"""Base of the three regressors, and the only module that imports scikeras.

It uses the sequence of `fit` and `predict` of scikeras: check the input, drop rows of zero weight,
encode features and targets, call Keras. Building, training, storing and evaluating the network is
implemented here: scikeras would leave TensorFlow's determinism switched on after a seeded fit,
compile a new network (10 MB that TensorFlow keeps) for each fit, and pickle the optimizer too.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from skcluster.regressors._base import (
    KERAS_CONSTRAINTS,
    NetworkRegressorMixin,
    check_same_weights,
    refuse_clusters,
)
from skcluster.regressors.networks.architecture import FloatArray, Weights
from skcluster.regressors.networks.batches import Rows, batch_rows
from skcluster.regressors.networks.feed_forward import FeedForwardArchitecture
from skcluster.regressors.networks.keras_layers import model_with_weights
from skcluster.regressors.networks.losses import resolve_loss
from skcluster.regressors.networks.numpy_layers import ACTIVATIONS, predict
from skcluster.regressors.networks.optimizers import resolve_optimizer
from skcluster.regressors.networks.quiet_keras import keras, without_tensorflow_messages
from skcluster.regressors.networks.regularizers import FixedRegularizers
from skcluster.regressors.networks.training import TrainingSettings, train
from skcluster.regressors.networks.training_data import ShuffledRows

with without_tensorflow_messages():  # scikeras imports TensorFlow with any backend
    from scikeras.wrappers import BaseWrapper

_DTYPES = [np.float32, np.uint8]  # of X; anything else becomes float32


class _Absent:
    """Hide a method of scikeras, so that ``hasattr`` returns False."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__!r} object has no attribute {self._name!r}")


class NetworkRegressor(NetworkRegressorMixin, RegressorMixin, BaseWrapper, ABC):
    """Base of the regressors: everything except the architecture."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "input_noise": [Interval(Real, 0, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "batch_normalization": ["boolean"],
        "loss": [str, dict, callable, HasMethods(["get_config", "call"])],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions({"cosine"}), None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        **KERAS_CONSTRAINTS,
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    architecture_: FeedForwardArchitecture
    weights_: Weights

    # scikeras keeps its parameters in the instance; ours are scikit-learn's.
    _get_param_names: Any = classmethod(BaseEstimator._get_param_names.__func__)
    set_params = BaseEstimator.set_params
    __repr__ = BaseEstimator.__repr__
    initialize = _Absent()
    partial_fit = _Absent()

    def __init__(
        self,
        *,
        hidden_layer_sizes: ArrayLike,
        activation: str,
        dropout: float,
        input_noise: float,
        l2: float,
        batch_normalization: bool,
        loss: str | Mapping[str, Any] | Callable[..., Any],
        optimizer: str | Mapping[str, Any] | keras.optimizers.Optimizer,
        learning_rate: float,
        learning_rate_schedule: str | None,
        epochs: int,
        batch_size: int,
        validation_fraction: float,
        patience: int | None,
        callbacks: Any,
        warm_start: bool,
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
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train a network, from random weights unless ``warm_start`` is True.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features; see the class for the meaning of the columns.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. Scale them to comparable ranges, for instance with
            `sklearn.compose.TransformedTargetRegressor`.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row in the loss, in training and validation. Only ratios matter.

        Returns
        -------
        self : object
            The fitted regressor.

        Raises
        ------
        ValueError
            If X contains clusters instead of numbers.
        """
        refuse_clusters(X)
        super().fit(X, y, sample_weight=sample_weight)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features, in the columns of `fit`.

        Returns
        -------
        array of shape (n_samples,) or (n_samples, n_outputs)
            Predicted targets, with as many dimensions as the ``y`` of `fit`.
        """
        predicted: NDArray[np.float64] = super().predict(X)
        return predicted

    @property
    def model_(self) -> keras.Model:
        """The network as an (uncompiled) Keras model, built at each access.

        Its input is ``feature_encoder_.transform(X)``.
        """
        check_is_fitted(self, "weights_")
        regularizers = FixedRegularizers(self.dropout, self.input_noise, self.l2)
        return model_with_weights(self.architecture_, self.weights_, regularizers)

    @property
    def target_encoder_(self) -> SimpleNamespace:
        """The transformer of y to two dimensions and back."""
        return SimpleNamespace(transform=_as_columns, inverse_transform=self._like_y)

    @property
    def initialized_(self) -> bool:
        """Whether there are weights."""
        return hasattr(self, "weights_")

    @abstractmethod
    def _learn_shapes(self, X: NDArray[Any]) -> dict[str, Any]:
        """Check the columns of X, and return the inputs' part of the architecture."""

    @abstractmethod
    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        """Turn X into the named inputs of the network."""

    # The following methods are called by scikeras' fit and predict, in this order.

    def _initialize(self, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        goes_on = self._goes_on()
        X, y = validate_data(
            self, X, y, dtype=_DTYPES, multi_output=True, y_numeric=True, reset=not goes_on
        )
        architecture = FeedForwardArchitecture(
            n_outputs=1 if y.ndim == 1 else y.shape[1],
            hidden_layers=as_sizes("hidden_layer_sizes", self.hidden_layer_sizes),
            activation=self.activation,
            batch_normalization=bool(self.batch_normalization),
            dropout=self.dropout > 0,
            input_noise=self.input_noise > 0,
            **self._learn_shapes(X),
        )
        if goes_on:
            check_same_weights(self.architecture_.weight_shapes, architecture.weight_shapes)
        self.y_ndim_, self.n_outputs_ = y.ndim, architecture.n_outputs
        self.architecture_ = architecture
        return X, y

    def _validate_data(self, X: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Check the input, continuing the training with a warm start."""
        return self._initialize(X, y)

    def _ensure_compiled_model(self) -> None:
        """Do nothing; see `skcluster.regressors.networks.compiled`."""

    def _check_model_compatibility(self, y: NDArray[Any]) -> None:
        """Do nothing: the network has one output per target by construction."""

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
        start = self._first_weights(rows, rng)
        noise_seed = int(rng.integers(2**31))
        order = batch_rows(len(rows), self.batch_size, epochs, rng)
        data = ShuffledRows(rows, order)
        trained = train(self.architecture_, self._settings(), data, start, noise_seed, validation)
        self.weights_, self.history_, self.best_epoch_ = trained
        self.n_iter_ = len(self.history_["loss"])

    def _first_weights(self, rows: Rows, rng: np.random.Generator) -> Weights:
        if self._goes_on():
            weights: Weights = self.weights_
            return weights
        weights = self.architecture_.initial_weights(rng)
        weights["output_bias"] = rows.mean_targets
        return weights

    def _settings(self) -> TrainingSettings:
        optimizer, learning_rate = resolve_optimizer(self.optimizer, self.learning_rate)
        if learning_rate is None and self.learning_rate_schedule is not None:
            raise ValueError(
                f"learning_rate_schedule={self.learning_rate_schedule!r}, but the optimizer has "
                "a schedule of its own. Give learning_rate_schedule=None."
            )
        return TrainingSettings(
            loss=resolve_loss(self.loss),
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=self.learning_rate_schedule,
            dropout=self.dropout,
            input_noise=self.input_noise,
            l2=self.l2,
            patience=self.patience,
            callbacks=self._callbacks(),
            verbose=int(self.verbose),
        )

    def _predict_raw(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self, "weights_")
        X = validate_data(self, X, dtype=_DTYPES, reset=False)
        inputs, weights = self.feature_encoder_.transform(X), self.weights_
        if self.architecture_.image_shape is None:
            # Double precision costs little and makes rows independent of each other: in float32
            # the rounding of a row's sum depends on the number of rows.
            inputs = {name: values.astype(np.float64) for name, values in inputs.items()}
            weights = {name: values.astype(np.float64) for name, values in weights.items()}
        return predict(self.architecture_, weights, inputs).astype(np.float64)


def _as_columns(y: NDArray[Any]) -> FloatArray:
    return y.reshape(len(y), -1).astype(np.float32)


def as_sizes(name: str, sizes: ArrayLike) -> tuple[int, ...]:
    """Turn a parameter that lists layer sizes into a tuple of whole numbers."""
    values = tuple(np.atleast_1d(np.asarray(sizes, dtype=object)).tolist())
    for value in values:
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must hold positive integers. Got {value!r}.")
    return tuple(int(value) for value in values)
