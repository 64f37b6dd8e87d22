"""A mixed data model of pictures and guesses."""

from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from skcluster.regressors._base import as_sizes
from skcluster.regressors._cnn import CNNRegressor
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
    {picture_parameters}
    hidden_layer_sizes : array-like of int, default=(128, 64)
        Number of units of each dense layer after the branches are joined; an int is one layer, an
        empty list none.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}
    {picture_attributes}

    See Also
    --------
    ANNRegressor : Dense network on features.
    CNNRegressor : Convolutional network on pictures.

    Notes
    -----
    The guesses are not scaled: scale them to the order of 1, for instance with
    `sklearn.preprocessing.StandardScaler`. See `ANNRegressor` for the reuse of compiled networks.

    {references}

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
            **super()._learn_shapes(X[:, : -self.n_guesses]),
        }

    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        n_guesses = self.architecture_.n_numbers
        guesses = X[:, -n_guesses:].astype(np.float32)
        return {**super()._inputs(X[:, :-n_guesses]), "numbers": guesses}
