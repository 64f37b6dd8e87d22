"""A dense network."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcluster.regressors._scikeras import NetworkRegressor
from skcluster.regressors.networks.architecture import FloatArray


class ANNRegressor(NetworkRegressor):
    """Predict any number of targets from numbers with a network of dense layers.

    The ANN of the paper [1]_, whose input is 410 histogram counts and 3 guesses; it takes any table
    of numbers.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(512, 256, 128)
        Units of each dense layer; an int is one layer, an empty list none.
    activation : {"relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"}, default="relu"
        Activation of every layer but the last, which is linear.
    dropout : float, default=0.0
        Share of the units of each hidden layer that is dropped at each step of the training.
    input_noise : float, default=0.0
        Standard deviation of the Gaussian noise added to the inputs while training.
    l2 : float, default=0.0
        Strength of the penalty on the sum of squares of the kernels. The losses in ``history_`` are
        those of the data, without it.
    batch_normalization : bool, default=False
        Whether to normalize before each activation.
    loss : {"mse", "mae", "huber"}, str, dict, keras.losses.Loss or callable, default="mse"
        What is minimised, averaged over targets: squared error (the paper's), absolute error, or
        Huber's with its threshold at 1. Any other loss of Keras by name, object or configuration,
        or a function of true and predicted values that gives one loss for each row.
    optimizer : str, dict or keras.optimizers.Optimizer, default="adam"
        An optimizer of Keras by name ("adam", "adamw", "nadam", "rmsprop", "sgd", …), with Keras'
        settings but for the learning rate, or as an object or configuration with settings of its
        own. Adam is the paper's. An object is copied.
    learning_rate : float, default=0.001
        Size of the first steps of an optimizer that is given by name. Others have their own.
    learning_rate_schedule : {"cosine"} or None, default=None
        Keep the learning rate, or let it fall to zero along half a cosine over the epochs. Must be
        None for an optimizer with a schedule of Keras as its learning rate.
    epochs : int, default=200
        Passes over the data, at most. The default is the paper's.
    batch_size : int, default=299
        Most rows of a step (299 is the paper's). The rows are dealt into as few batches as that
        allows, all of one size.
    validation_fraction : float, default=0.1
        Share of the rows, drawn at random, that is kept from training and measures ``val_loss``
        after each epoch; the weights of the best epoch are kept. 0 trains on all rows and keeps
        the last weights.
    patience : int or None, default=None
        Stop once ``val_loss`` has not improved for so many epochs. None trains them all.
    callbacks : keras.callbacks.Callback, list of these, or None, default=None
        Called while training, with ``val_loss`` in the logs of an epoch where rows are set aside.
        The model that they see belongs to the training only; `model_` is the result.
    warm_start : bool, default=False
        Continue from the weights of the last fit, whose layers must be the same, in place of
        random ones. The optimizer starts afresh.
    verbose : int, default=0
        0 is silent, 1 a progress bar over the epochs with the time left, 2 a line an epoch.
    random_state : int, RandomState instance or None, default=None
        Draws the first weights, the validation rows, the order of the rows, dropout and noise. An
        int gives the same bits in each fit, whatever ``n_jobs`` is. No global state is changed.

    Attributes
    ----------
    weights_ : dict of float32 arrays
        The weights of the network by the name of the layer: kernel and bias of each layer in turn
        (and scale, offset, mean and variance of its normalization).
    history_ : dict of lists
        "loss" and "learning_rate" of each epoch, and "val_loss" where rows are set aside.
    best_epoch_ : int
        Epoch of the weights that were kept, counted from 1.
    n_iter_ : int
        Epochs trained.
    n_outputs_ : int
        Targets.
    y_ndim_ : int
        Dimensions of the ``y`` of `fit`, and of what `predict` returns.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : array of str
        Names of the columns, where X had any.
    architecture_ : FeedForwardArchitecture
        Layers and shapes, as plain data.
    model_ : keras.Model
        The network as a Keras model, built anew at each access; feed it
        ``feature_encoder_.transform(X)``.

    See Also
    --------
    CNNRegressor : From pictures.
    MDMRegressor : From pictures and guesses.

    Notes
    -----
    Fitting reuses compiled networks within a process (TensorFlow keeps about 10 MB for every one
    that it compiles), so a search over anything but layers, loss and optimizer compiles once.
    Predictions are computed in numpy from ``weights_``, and a pickle holds no Keras objects.

    References
    ----------
    .. [1] Branco & Ferraz 2023, "Neural networks approaches to star cluster studies: artificial
       neural networks, convolutional neural networks and mixed data models", sections on
       the ANN. Layers, widths and activations are given there in pictures only; those here
       are a choice of this package.

    Examples
    --------
    >>> import numpy as np
    >>> from skcluster.regressors import ANNRegressor
    >>> X = np.linspace(-1, 1, 64).reshape(-1, 1)
    >>> y = np.column_stack([X[:, 0], 1 - X[:, 0]])
    >>> model = ANNRegressor(hidden_layer_sizes=8, epochs=2, batch_size=64, random_state=0)
    >>> model.fit(X, y).predict(X).shape
    (64, 2)
    """

    def __init__(
        self,
        *,
        hidden_layer_sizes: ArrayLike = (512, 256, 128),
        activation: str = "relu",
        dropout: float = 0.0,
        input_noise: float = 0.0,
        l2: float = 0.0,
        batch_normalization: bool = False,
        loss: str | Mapping[str, Any] | Callable[..., Any] = "mse",
        optimizer: Any = "adam",
        learning_rate: float = 1e-3,
        learning_rate_schedule: str | None = None,
        epochs: int = 200,
        batch_size: int = 299,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        callbacks: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            dropout=dropout,
            input_noise=input_noise,
            l2=l2,
            batch_normalization=batch_normalization,
            loss=loss,
            optimizer=optimizer,
            learning_rate=learning_rate,
            learning_rate_schedule=learning_rate_schedule,
            epochs=epochs,
            batch_size=batch_size,
            validation_fraction=validation_fraction,
            patience=patience,
            callbacks=callbacks,
            warm_start=warm_start,
            verbose=verbose,
            random_state=random_state,
        )

    def _learn_shapes(self, X: NDArray[Any]) -> dict[str, Any]:
        return {"n_numbers": X.shape[1]}

    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        return {"numbers": X.astype(np.float32, copy=False)}
