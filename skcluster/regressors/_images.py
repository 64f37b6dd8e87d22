"""Reshape columns of pixels to pictures."""

from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skcluster.regressors.networks.architecture import FloatArray


def resolve_image_shape(
    image_shape: ArrayLike | None, n_pixels: int, owner: str
) -> tuple[int, int, int]:
    """Return height, width and channels of pictures of ``n_pixels`` numbers.

    Raises
    ------
    ValueError
        If the numbers do not fill such a picture.
    """
    if image_shape is None:
        side = isqrt(max(n_pixels, 0))
        if side < 1 or side * side != n_pixels:
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


def downsampled_shape(shape: tuple[int, int, int], factor: int) -> tuple[int, int, int]:
    """Return the shape of a picture after averaging squares of ``factor`` pixels."""
    height, width, channels = shape
    if height % factor or width % factor:
        raise ValueError(
            f"downsample={factor} must divide height and width of the pictures, {height} × {width}."
        )
    return height // factor, width // factor, channels


def pixel_scale(pixels: NDArray[np.generic]) -> float:
    """Return the value of a full pixel: 255 where any pixel is above 1, else 1."""
    return 255.0 if pixels.max() > 1 else 1.0


def fold(
    pixels: NDArray[np.generic],
    shape: tuple[int, int, int],
    small_shape: tuple[int, int, int],
    scale: float,
) -> FloatArray:
    """Reshape rows of pixels to pictures of 0 to 1, and average them down to a smaller shape."""
    height, width, channels = small_shape
    factor = shape[0] // height
    if factor == 1:
        images = pixels.reshape(-1, height, width, channels).astype(np.float32)
    else:
        # Whole rows first, then every factor-th column: faster than one mean over both.
        rows = pixels.reshape(-1, height, factor, width * factor * channels)
        tall = rows.sum(axis=2, dtype=np.float32).reshape(-1, height, width, factor, channels)
        images = tall[..., 0, :].copy()
        for column in range(1, factor):
            images += tall[..., column, :]
        images /= np.float32(factor**2)
    images /= np.float32(scale)
    return images
