"""A mixed data model of pictures and guesses."""

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from skcluster.regressors._cnn import CNNRegressor
from skcluster.regressors._scikeras import as_sizes
from skcluster.regressors.networks.architecture import FloatArray


class MDMRegressor(CNNRegressor):
    """Predict any number of targets from pictures and a few features with a joined network.

    This is the mixed data model of the paper [1]_: a convolutional branch for the picture and a
    dense branch for the guesses are joined, and dense layers follow. A row of X holds the pixels,
    then the guesses.

    Parameters
    ----------
    n_guesses : int, default=3
        Number of columns at the end of X that are guesses, not pixels.
    guess_layer_sizes : array-like of int, default=(32, 32)
        Number of units of each dense layer of the guesses' branch; empty joins them unchanged.
    image_shape : (height, width) or (height, width, channels), optional
        Shape of the pictures. By default, square with one channel.
    downsample : int, default=2
        Side of the squares of pixels that are averaged before the first convolution. The time
        decreases with its square: a picture of 180 × 180 pixels costs a quarter at 90 × 90.
    filters : array-like of int, default=(8, 16, 32, 64)
        Number of filters of each convolution; an int is one convolution.
    kernel_size : int, default=3
        Side of every convolution kernel, in pixels.
    strides : int, default=2
        Stride of every convolution. A stride of 2 shrinks the picture as pooling would, in less
        time, because the convolution is not evaluated where pooling would discard it.
    hidden_layer_sizes : array-like of int, default=(128, 64)
        Number of units of each dense layer after the branches are joined; an int is one layer, an
        empty list none.
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
    epochs : int, default=100
        Maximum number of epochs. The default is the paper's.
    batch_size : int, default=64
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
        Determines the initial weights, the validation rows, the order of the rows, dropout and
        noise. An int makes fits bitwise reproducible, whatever ``n_jobs`` is. No global random
        state is changed.

    Attributes
    ----------
    weights_ : dict of float32 arrays
        The weights of the network, convolutions first, then the layers of the guesses, then those
        after the join: kernel and bias of each layer in turn (and scale, offset, mean and variance
        of its normalization).
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
    image_shape_ : (int, int, int)
        Height, width and channels of the pictures.
    pixel_scale_ : float
        255 if a pixel of the training data is above 1, else 1. `predict` divides by it too, so its
        pictures must be in the units of the training data.
    model_ : keras.Model
        The network as a Keras model, built at each access. Its input is
        ``feature_encoder_.transform(X)``.

    See Also
    --------
    ANNRegressor : Dense network on features.
    CNNRegressor : Convolutional network on pictures.

    Notes
    -----
    The guesses are not scaled: scale them to the order of 1, for instance with
    `sklearn.preprocessing.StandardScaler`. See `ANNRegressor` for the reuse of compiled networks.

    References
    ----------
    .. [1] Branco & Ferraz 2023, "Neural networks approaches to star cluster studies: artificial
       neural networks, convolutional neural networks and mixed data models", sections on
       the MDM. Layers, widths and activations are given there in figures only; those here
       are choices of this package.

    Examples
    --------
    >>> import numpy as np
    >>> from skcluster.regressors import MDMRegressor
    >>> rng = np.random.default_rng(0)
    >>> pixels, guesses = rng.random((20, 144)), rng.random((20, 3))
    >>> X, y = np.hstack([pixels, guesses]), guesses[:, :2]
    >>> model = MDMRegressor(filters=4, hidden_layer_sizes=8, epochs=1, random_state=0)
    >>> model.fit(X, y).predict(X).shape
    (20, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CNNRegressor._parameter_constraints,
        "n_guesses": [Interval(Integral, 1, None, closed="left")],
        "guess_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        n_guesses: int = 3,
        guess_layer_sizes: ArrayLike = (32, 32),
        image_shape: ArrayLike | None = None,
        downsample: int = 2,
        filters: ArrayLike = (8, 16, 32, 64),
        kernel_size: int = 3,
        strides: int = 2,
        hidden_layer_sizes: ArrayLike = (128, 64),
        activation: str = "relu",
        dropout: float = 0.0,
        input_noise: float = 0.0,
        l2: float = 0.0,
        batch_normalization: bool = False,
        loss: str | Mapping[str, Any] | Callable[..., Any] = "mse",
        optimizer: Any = "adam",
        learning_rate: float = 1e-3,
        learning_rate_schedule: str | None = None,
        epochs: int = 100,
        batch_size: int = 64,
        validation_fraction: float = 0.1,
        patience: int | None = None,
        callbacks: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            image_shape=image_shape,
            downsample=downsample,
            filters=filters,
            kernel_size=kernel_size,
            strides=strides,
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
        self.n_guesses = n_guesses
        self.guess_layer_sizes = guess_layer_sizes

    def _learn_shapes(self, X: NDArray[Any]) -> dict[str, Any]:
        if X.shape[1] <= self.n_guesses:
            raise ValueError(
                f"MDMRegressor needs pixels before its n_guesses={self.n_guesses} guesses, "
                f"but X has n_features={X.shape[1]}."
            )
        return {
            "n_numbers": int(self.n_guesses),
            "number_layers": as_sizes("guess_layer_sizes", self.guess_layer_sizes),
            **self._learn_image_shapes(X[:, : -self.n_guesses]),
        }

    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        n_guesses = self.architecture_.n_numbers
        guesses = X[:, -n_guesses:].astype(np.float32)
        return {"image": self._fold(X[:, :-n_guesses]), "numbers": guesses}
