"""Encode densities in one byte each: their logarithms in 255 steps."""

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray

_LOWEST, _HIGHEST = np.log(1e-6), np.log(300.0)
_STEP = (_HIGHEST - _LOWEST) / 254

#: The density (1/mag²) that each code stands for; steps of 8 per cent.
DENSITY_OF_CODE = np.concatenate([[0], np.exp(_LOWEST + _STEP * np.arange(255))]).astype(np.float32)


def encode(density: FloatArray) -> npt.NDArray[np.uint8]:
    """Return the nearest codes; densities below 1e-6 become 0."""
    logarithm = np.log(np.maximum(density, np.float32(1e-9)))
    code = np.rint((logarithm - np.float32(_LOWEST)) / np.float32(_STEP)) + 1
    nearest: npt.NDArray[np.uint8] = np.clip(code, 0, 255).astype(np.uint8)
    return nearest
