"""A dense network."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcluster.regressors._scikeras import NetworkRegressor
from skcluster.regressors.networks.architecture import FloatArray


class ANNRegressor(NetworkRegressor):
    """Predict any number of targets from features with a network of dense layers.

    This is the ANN of the paper [1]_, where the input is 410 histogram counts and 3 guesses; it
    accepts any table of numbers.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(512, 256, 128)
        Number of units of each dense layer; an int is one layer, an empty list none.
    activation : {"relu", "leaky_relu", "elu", "gelu", "silu", "tanh", "sigmoid"}, default="relu"
        Activation of every layer except the last, which is linear.
    dropout : float, default=0.0
        Fraction of the units of each hidden layer that is dropped at each training step.
    input_noise : float, default=0.0
        Standard deviation of the Gaussian noise added to the inputs during training.
    l2 : float, default=0.0
        Strength of the penalty on the sum of squares of the kernels. The losses in ``history_``
        exclude it.
    batch_normalization : bool, default=False
        Whether to add batch normalization before each activation.
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
    epochs : int, default=200
        Maximum number of epochs. The default is the paper's.
    batch_size : int, default=299
        Maximum batch size (299 is the paper's). The rows are divided into the fewest batches of
        equal size.
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
        Determines the initial weights, the validation rows, the order of the rows, dropout and
        noise. An int makes fits bitwise reproducible, whatever ``n_jobs`` is. No global random
        state is changed.

    Attributes
    ----------
    weights_ : dict of float32 arrays
        The weights of the network by the name of the layer: kernel and bias of each layer in turn
        (and scale, offset, mean and variance of its normalization).
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

    See Also
    --------
    CNNRegressor : Convolutional network on pictures.
    MDMRegressor : Joined network on pictures and guesses.

    Notes
    -----
    Fits within a process reuse compiled networks (TensorFlow keeps about 10 MB for each), so a
    search over parameters other than layers, loss and optimizer compiles once. Predictions are
    computed in numpy from ``weights_``, and a pickle contains no Keras objects.

    References
    ----------
    .. [1] Branco & Ferraz 2023, "Neural networks approaches to star cluster studies: artificial
       neural networks, convolutional neural networks and mixed data models", sections on
       the ANN. Layers, widths and activations are given there in figures only; those here
       are choices of this package.

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
