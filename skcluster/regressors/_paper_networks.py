"""The three networks of the paper: on features, on pictures, and on both."""

from dataclasses import dataclass
from math import isqrt
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import Interval

from skcluster.regressors._base import as_sizes
from skcluster.regressors._scikeras import NetworkRegressor
from skcluster.regressors.networks.architecture import FloatArray

#: Of the docstrings of `CNNRegressor` and `MDMRegressor`.
_PICTURE_PARAMETERS = """
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
"""
_PICTURE_ATTRIBUTES = """
    image_shape_ : (int, int, int)
        Height, width and channels of the pictures.
    pixel_scale_ : float
        255 if a pixel of the training data is above 1, else 1. `predict` divides by it too, so its
        pictures must be in the units of the training data.
"""


class ANNRegressor(NetworkRegressor):
    """Predict any number of targets from features with a network of dense layers.

    This is the ANN of the paper [1]_, where the input is 410 histogram counts and 3 guesses; it
    accepts any table of numbers. The defaults of ``epochs`` and ``batch_size`` are the paper's.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(512, 256, 128)
        Number of units of each dense layer; an int is one layer, an empty list none.
    {training_parameters}

    Attributes
    ----------
    {fitted_attributes}

    See Also
    --------
    CNNRegressor : Convolutional network on pictures.
    MDMRegressor : Joined network on pictures and guesses.

    Notes
    -----
    Fits within a process reuse compiled networks (TensorFlow keeps about 10 MB for each): a search
    compiles once for each combination of layers, loss, optimizer and ``dropout``, whatever else it
    varies. Predictions are computed in numpy from ``weights_``, and a pickle contains no Keras
    objects.

    {references}

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

    def _learn_shapes(self, X: NDArray[Any]) -> dict[str, Any]:
        return {"n_numbers": X.shape[1]}

    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        return {"numbers": X.astype(np.float32, copy=False)}


@dataclass(kw_only=True, repr=False, eq=False)
class CNNRegressor(NetworkRegressor):
    """Predict any number of targets from pictures with a convolutional network.

    This is the CNN of the paper [1]_, where the input is a picture of the colour-magnitude diagram
    of 180 × 180 pixels. A row of X holds one picture, its pixels row by row, from 0 to 1 or from 0
    to 255.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(128, 64)
        Number of units of each dense layer after the convolutions; an int is one layer, an empty
        list none.
    {training_parameters}
    {picture_parameters}

    Attributes
    ----------
    {fitted_attributes}
    {picture_attributes}

    See Also
    --------
    ANNRegressor : Dense network on features.
    MDMRegressor : Joined network on pictures and guesses.

    Notes
    -----
    See `ANNRegressor` for the reuse of compiled networks.

    {references}

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

    hidden_layer_sizes: ArrayLike = (128, 64)
    epochs: int = 150
    batch_size: int = 64
    image_shape: ArrayLike | None = None
    downsample: int = 2
    filters: ArrayLike = (8, 16, 32, 64)
    kernel_size: int = 3
    strides: int = 2

    _sections: ClassVar[dict[str, str]] = {
        **NetworkRegressor._sections,
        "picture_parameters": _PICTURE_PARAMETERS,
        "picture_attributes": _PICTURE_ATTRIBUTES,
    }
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NetworkRegressor._parameter_constraints,
        "image_shape": ["array-like", None],
        "downsample": [Interval(Integral, 1, None, closed="left")],
        "filters": ["array-like", Interval(Integral, 1, None, closed="left")],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "strides": [Interval(Integral, 1, None, closed="left")],
    }

    def _learn_shapes(self, X: NDArray[Any]) -> dict[str, Any]:
        self.image_shape_ = resolve_image_shape(self.image_shape, X.shape[1], type(self).__name__)
        height, width, channels = self.image_shape_
        if height % self.downsample or width % self.downsample:
            raise ValueError(
                f"downsample={self.downsample} must divide height and width of the pictures, "
                f"{height} × {width}."
            )
        if not self._goes_on():
            self.pixel_scale_ = 255.0 if X.max() > 1 else 1.0
        return {
            "image_shape": (height // self.downsample, width // self.downsample, channels),
            "filters": as_sizes("filters", self.filters),
            "kernel_size": int(self.kernel_size),
            "strides": int(self.strides),
        }

    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        small_shape = self.architecture_.image_shape
        assert small_shape is not None
        return {"image": fold(X, self.image_shape_, small_shape, self.pixel_scale_)}


@dataclass(kw_only=True, repr=False, eq=False)
class MDMRegressor(CNNRegressor):
    """Predict any number of targets from pictures and a few features with a joined network.

    This is the mixed data model of the paper [1]_: a convolutional branch for the picture and a
    dense branch for the guesses are joined, and dense layers follow. A row of X holds the pixels,
    then the guesses.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(128, 64)
        Number of units of each dense layer after the branches are joined; an int is one layer, an
        empty list none.
    {training_parameters}
    {picture_parameters}
    n_guesses : int, default=3
        Number of columns at the end of X that are guesses, not pixels.
    guess_layer_sizes : array-like of int, default=(32, 32)
        Number of units of each dense layer of the guesses' branch; empty joins them unchanged.

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

    epochs: int = 100
    n_guesses: int = 3
    guess_layer_sizes: ArrayLike = (32, 32)

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CNNRegressor._parameter_constraints,
        "n_guesses": [Interval(Integral, 1, None, closed="left")],
        "guess_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    }

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


def resolve_image_shape(
    image_shape: ArrayLike | None, n_pixels: int, owner: str
) -> tuple[int, int, int]:
    """Return height, width and channels of pictures of ``n_pixels`` numbers."""
    if image_shape is None:
        side = isqrt(n_pixels)
        if side * side != n_pixels:
            raise ValueError(
                f"{owner} got {n_pixels} pixels per row, which do not form a square picture. "
                "Give image_shape=(height, width) or (height, width, channels)."
            )
        return side, side, 1
    shape = tuple(np.asarray(image_shape).tolist())
    if len(shape) not in (2, 3) or not all(isinstance(n, int) and n >= 1 for n in shape):
        raise ValueError(
            f"image_shape must be (height, width) or (height, width, channels). Got {image_shape}."
        )
    height, width, channels = (*shape, 1)[:3]
    if height * width * channels != n_pixels:
        raise ValueError(
            f"{owner} got {n_pixels} pixels per row, but image_shape={image_shape} requires "
            f"{height} × {width} × {channels} = {height * width * channels}."
        )
    return height, width, channels


def fold(
    pixels: NDArray[np.generic],
    shape: tuple[int, int, int],
    small_shape: tuple[int, int, int],
    scale: float,
) -> FloatArray:
    """Reshape rows of pixels to pictures of 0 to 1, and average them down to a smaller shape."""
    height, width, channels = small_shape
    factor = shape[0] // height
    # Whole rows first, then every factor-th column: faster than one mean over both.
    rows = pixels.reshape(-1, height, factor, width * factor * channels)
    tall = rows.sum(axis=2, dtype=np.float32).reshape(-1, height, width, factor, channels)
    images: FloatArray = tall[..., 0, :].copy()
    for column in range(1, factor):
        images += tall[..., column, :]
    images /= np.float32(factor**2)
    images /= np.float32(scale)
    return images
