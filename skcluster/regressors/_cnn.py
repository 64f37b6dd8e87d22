"""A convolutional network."""

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from skcluster.regressors._images import (
    downsampled_shape,
    fold,
    pixel_scale,
    resolve_image_shape,
)
from skcluster.regressors._scikeras import NetworkRegressor, as_sizes
from skcluster.regressors.networks.architecture import FloatArray


class CNNRegressor(NetworkRegressor):
    """Predict any number of targets from pictures with a convolutional network.

    This is the CNN of the paper [1]_, where the input is a picture of the colour-magnitude diagram
    of 180 × 180 pixels. A row of X holds one picture, its pixels row by row, from 0 to 1 or from 0
    to 255.

    Parameters
    ----------
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
        Number of units of each dense layer after the convolutions; an int is one layer, an empty
        list none.
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
    epochs : int, default=150
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
        The weights of the network, convolutions first: kernel and bias of each layer in turn (and
        scale, offset, mean and variance of its normalization).
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
    MDMRegressor : Joined network on pictures and guesses.

    Notes
    -----
    See `ANNRegressor` for the reuse of compiled networks.

    References
    ----------
    .. [1] Branco & Ferraz 2023, "Neural networks approaches to star cluster studies: artificial
       neural networks, convolutional neural networks and mixed data models", sections on
       the CNN. Layers, widths and activations are given there in figures only; those here
       are choices of this package.

    Examples
    --------
    >>> import numpy as np
    >>> from skcluster.regressors import CNNRegressor
    >>> rng = np.random.default_rng(0)
    >>> pictures = rng.random((20, 12, 12))
    >>> X, y = pictures.reshape(20, -1), pictures.mean(axis=(1, 2))
    >>> model = CNNRegressor(filters=4, hidden_layer_sizes=8, epochs=1, random_state=0)
    >>> model.fit(X, y).predict(X).shape
    (20,)
    >>> model.image_shape_
    (12, 12, 1)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NetworkRegressor._parameter_constraints,
        "image_shape": ["array-like", None],
        "downsample": [Interval(Integral, 1, None, closed="left")],
        "filters": ["array-like", Interval(Integral, 1, None, closed="left")],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "strides": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
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
        epochs: int = 150,
        batch_size: int = 64,
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
        self.image_shape = image_shape
        self.downsample = downsample
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides

    def _learn_shapes(self, X: NDArray[Any]) -> dict[str, Any]:
        return self._learn_image_shapes(X)

    def _learn_image_shapes(self, pixels: NDArray[Any]) -> dict[str, Any]:
        self.image_shape_ = resolve_image_shape(
            self.image_shape, pixels.shape[1], type(self).__name__
        )
        if not self._goes_on():
            self.pixel_scale_ = pixel_scale(pixels)
        return {
            "image_shape": downsampled_shape(self.image_shape_, self.downsample),
            "filters": as_sizes("filters", self.filters),
            "kernel_size": int(self.kernel_size),
            "strides": int(self.strides),
        }

    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        return {"image": self._fold(X)}

    def _fold(self, pixels: NDArray[Any]) -> FloatArray:
        small_shape = self.architecture_.image_shape
        assert small_shape is not None
        return fold(pixels, self.image_shape_, small_shape, self.pixel_scale_)
