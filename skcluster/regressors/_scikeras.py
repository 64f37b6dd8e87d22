"""Base of the three regressors of the paper, and the only module that imports scikeras.

The regressors are scikeras' wrappers by type, and weights of rows are checked as there. Building,
training, storing and evaluating the network is implemented here: scikeras would leave TensorFlow's
determinism switched on after a seeded fit, compile a new network (10 MB that TensorFlow keeps) for
each fit, and pickle the optimizer too.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from skcluster._utils.messages import warn_caller
from skcluster._utils.order import check_same_order
from skcluster.regressors._base import (
    TRAINING_CONSTRAINTS,
    EpochTasks,
    NetworkRegressorMixin,
    as_sizes,
    check_same_weights,
    refuse_clusters,
)
from skcluster.regressors.networks import without_tensorflow_messages
from skcluster.regressors.networks.architecture import ACTIVATIONS
from skcluster.regressors.networks.compiled import resolve_loss, resolve_optimizer
from skcluster.regressors.networks.feed_forward import FeedForwardArchitecture
from skcluster.regressors.networks.keras_layers import assign, build_model, keras
from skcluster.regressors.networks.training import (
    Rows,
    TrainingSettings,
    batch_rows,
    shuffled_rows,
    train,
)

with without_tensorflow_messages():  # scikeras imports TensorFlow with any backend
    from scikeras.wrappers import BaseWrapper

#: Root mean square of a column above which predictions are much worse than of the same, scaled: of
#: 240 simulated clusters, R² of age, A_V and distance is 0.7 with all columns of size 1, 0.6 with
#: size 30, -0.5 with 100 and -120 with 1000.
_LARGEST = 50.0
_DTYPES = [np.float32, np.uint8]  # of X; anything else becomes float32

#: Parts of the docstrings of all regressors, filled in where they are named in braces.
_TRAINING_PARAMETERS = """
    activation : {"relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"}, default="relu"
        Activation of every layer except the last, which is linear.
    dropout : float, default=0.0
        Fraction of the units of each hidden layer that is dropped at each training step.
    loss : {"mse", "mae", "huber"}, str, dict, keras.losses.Loss or callable, default="mse"
        Loss function, averaged over targets: squared error (the paper's), absolute error, or
        Huber loss with threshold 1. Also any other loss of Keras by name, object or
        configuration, or a function of true and predicted values that returns one loss per row.
    optimizer : str, dict or keras.optimizers.Optimizer, default="adam"
        An optimizer of Keras by name ("adam", "adamw", "nadam", "rmsprop", "sgd", …), with Keras'
        default settings except for the learning rate, or as an object or configuration with its
        own settings. The paper uses Adam. An object is copied.
    learning_rate : float, default=0.001
        Initial learning rate of an optimizer given by name. Others have their own.
    learning_rate_schedule : {"cosine"} or None, default=None
        None keeps the learning rate constant; "cosine" decreases it to zero along half a cosine
        over the epochs. Must be None for an optimizer that has a learning rate schedule of Keras.
    epochs : int, default={epochs}
        Maximum number of epochs. The default is the paper's.
    batch_size : int, default={batch_size}
        Maximum batch size. The rows are divided into the fewest batches of equal size.
    validation_fraction : float, default=0.1
        Fraction of the rows, drawn at random, that is set aside for validation. ``val_loss`` is
        computed on them after each epoch, and the weights of the best epoch are kept. 0 trains on
        all rows and keeps the last weights.
    patience : int or None, default=None
        Number of epochs without improvement of ``val_loss`` after which training stops. None
        trains all epochs.
    callbacks : keras.callbacks.Callback, list of these, or None, default=None
        Callbacks of the training, with ``val_loss`` in the logs of an epoch if there are validation
        rows. Their model exists during training only; `model_` is the result.
    warm_start : bool, default=False
        Whether to start from the weights of the last fit, whose layers must be the same, instead
        of random ones. The state of the optimizer is reset.
    verbose : int, default=0
        0 is silent, 1 shows a progress bar over the epochs, 2 prints a line per epoch.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the validation rows, the order of the rows and dropout. An
        int makes fits bitwise reproducible, whatever ``n_jobs`` is. No global random state is
        changed.
"""
_FITTED_ATTRIBUTES = """
    weights_ : dict of float32 arrays
        The weights by the name of the layer, in the order convolutions, layers of guesses, hidden
        layers, output: kernel and bias.
    history_ : dict of lists
        "loss" and "learning_rate" per epoch, and "val_loss" if there are validation rows.
    best_epoch_ : int
        Epoch of the kept weights, counted from 1.
    n_iter_ : int
        Number of trained epochs.
    n_outputs_ : int
        Number of targets.
    y_ndim_ : int
        Number of dimensions of the ``y`` of `fit`, and of predictions.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : array of str
        Names of the columns, if X has any.
    architecture_ : FeedForwardArchitecture
        Layers and shapes, as plain data.
    model_ : keras.Model
        The network as a Keras model, built at each access. Its input is
        ``feature_encoder_.transform(X)``.
"""
_REFERENCES = """
    References
    ----------
    .. [1] Branco & Ferraz 2023, "Neural networks approaches to star cluster studies: artificial
       neural networks, convolutional neural networks and mixed data models". Layers, widths and
       activations are given there in figures only; those here are choices of this package.
"""


@dataclass(kw_only=True, repr=False, eq=False)
class NetworkRegressor(NetworkRegressorMixin, RegressorMixin, BaseWrapper, ABC):
    """Base of the regressors: everything except the architecture."""

    hidden_layer_sizes: ArrayLike = (512, 256, 128)
    activation: str = "relu"
    dropout: float = 0.0
    loss: str | Mapping[str, Any] | Callable[..., Any] = "mse"
    optimizer: str | Mapping[str, Any] | keras.optimizers.Optimizer = "adam"
    learning_rate: float = 1e-3
    learning_rate_schedule: str | None = None
    epochs: int = 200
    batch_size: int = 299
    validation_fraction: float = 0.1
    patience: int | None = None
    callbacks: Any = None
    warm_start: bool = False
    verbose: int = 0
    random_state: int | np.random.RandomState | None = None

    #: Sections of docstrings by the names in braces that they replace.
    _sections: ClassVar[dict[str, str]] = {
        "training_parameters": _TRAINING_PARAMETERS,
        "fitted_attributes": _FITTED_ATTRIBUTES,
        "references": _REFERENCES,
    }
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TRAINING_CONSTRAINTS,
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "loss": [str, dict, callable, HasMethods(["get_config", "call"])],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
    }

    # scikeras keeps its parameters in the instance; ours are scikit-learn's.
    _get_param_names: ClassVar[Any] = classmethod(BaseEstimator._get_param_names.__func__)
    set_params = BaseEstimator.set_params
    __repr__ = BaseEstimator.__repr__
    # There is no network before `fit`, which trains all epochs.
    initialize = partial_fit = available_if(lambda regressor: False)(BaseWrapper.partial_fit)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        defaults = {name: str(getattr(cls, name)) for name in ("epochs", "batch_size")}
        for name, text in {**cls._sections, **defaults}.items():
            # python -OO removes docstrings.
            cls.__doc__ = cls.__doc__ and cls.__doc__.replace("{" + name + "}", text.strip())

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

        Warns
        -----
        UserWarning
            If a column has a root mean square above 50, with which networks learn little.
        """
        refuse_clusters(X)
        check_same_order(getattr(X, "index", None), y)
        goes_on = self._goes_on()
        table, targets = validate_data(
            self, X, y, dtype=_DTYPES, multi_output=True, y_numeric=True, reset=not goes_on
        )
        architecture = FeedForwardArchitecture(
            n_outputs=1 if targets.ndim == 1 else targets.shape[1],
            hidden_layers=as_sizes("hidden_layer_sizes", self.hidden_layer_sizes),
            activation=self.activation,
            dropout_rate=float(self.dropout),
            **self._learn_shapes(table),
        )
        self._warn_unscaled(table, architecture.n_numbers)
        if goes_on:
            check_same_weights(self.architecture_.weight_shapes, architecture.weight_shapes)
        self.y_ndim_, self.n_outputs_ = targets.ndim, architecture.n_outputs
        self.architecture_: FeedForwardArchitecture = architecture
        if sample_weight is None:
            weights = np.ones(len(table))
        else:  # rows without weight are dropped
            table, targets, weights = self._validate_sample_weight(table, targets, sample_weight)
        if (weights < 0).any():
            raise ValueError("sample_weight must not be negative.")
        columns = targets.reshape(len(targets), -1).astype(np.float32)
        ratios = (weights / weights.mean()).astype(np.float32)
        tasks = EpochTasks(self, table, targets, self.epochs)
        self._train(Rows(self._inputs(table), columns, ratios), tasks)
        tasks.finish()
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
        check_is_fitted(self, "weights_")
        inputs = self._inputs(validate_data(self, X, dtype=_DTYPES, reset=False))
        weights: Mapping[str, NDArray[Any]] = self.weights_
        if self.architecture_.image_shape is None:
            # Double precision costs little and makes rows independent of each other: in float32
            # the rounding of a row's sum depends on the number of rows.
            inputs = {name: values.astype(np.float64) for name, values in inputs.items()}
            weights = {name: values.astype(np.float64) for name, values in weights.items()}
        outputs = self.architecture_.predict(weights, inputs)
        return self._like_y(outputs.astype(np.float64))

    @property
    def model_(self) -> keras.Model:
        """The network as an (uncompiled) Keras model, built at each access.

        Its input is ``feature_encoder_.transform(X)``.
        """
        check_is_fitted(self, "weights_")
        model = build_model(self.architecture_)
        assign(model, self.weights_)
        return model

    def _warn_unscaled(self, X: NDArray[Any], n_numbers: int) -> None:
        """Warn of the largest column, if it is too large to learn from."""
        sizes = np.sqrt(np.einsum("ij,ij->j", X, X, dtype=np.float64) / len(X))
        sizes[: len(sizes) - n_numbers] /= getattr(self, "pixel_scale_", 1.0)
        worst = int(np.argmax(sizes))
        if sizes[worst] > _LARGEST:
            name = getattr(self, "feature_names_in_", range(len(sizes)))[worst]
            warn_caller(
                f"Column {name!r} of X has a root mean square of {sizes[worst]:.3g}, but networks "
                "learn from columns of the order of 1: put a StandardScaler before "
                f"{type(self).__name__}."
            )

    @abstractmethod
    def _learn_shapes(self, X: NDArray[Any]) -> dict[str, Any]:
        """Check the columns of X, and return the inputs' part of the architecture."""

    def _train(self, rows: Rows, tasks: EpochTasks) -> None:
        """Draw what is random in a fixed order, and train."""
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        rng = np.random.default_rng(seed)
        rows, validation = rows.split(self.validation_fraction, rng)
        mean = np.average(rows.targets, axis=0, weights=rows.weights)
        goes_on = self._goes_on()
        start = self.weights_ if goes_on else self.architecture_.initial_weights(rng, mean)
        noise_seed = int(rng.integers(2**31))
        order = batch_rows(len(rows), self.batch_size, self.epochs, rng)
        self.weights_, self.history_, self.best_epoch_ = train(
            self.architecture_,
            self._settings(tasks),
            shuffled_rows(rows, order),
            order.shape[:2],
            start,
            noise_seed,
            validation,
        )
        self.n_iter_ = len(self.history_["loss"])

    def _settings(self, tasks: EpochTasks) -> TrainingSettings:
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
            patience=self.patience,
            callbacks=self._callbacks(),
            verbose=int(self.verbose),
            begin_epoch=tasks.begin,
            end_epoch=lambda weights: tasks.end(lambda: {"weights_": weights()}),
        )
