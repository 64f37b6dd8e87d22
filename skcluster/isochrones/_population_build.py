"""Compute the densities of `PopulationGrid` from isochrones, and encode them in one byte each."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy import fft

from skcluster._utils.typing import FloatArray
from skcluster.isochrones._axes import AXES
from skcluster.isochrones._grid import IsochroneGrid
from skcluster.isochrones._masses_and_binaries import (
    BINARY_FRACTION,
    MASS_RATIO_RANGE,
    MASSIVE_STAR_LOSS,
    kroupa,
)

#: Increase it whenever the densities change.
VERSION = 2

#: Number of mass ratios that represent all binaries.
_N_MASS_RATIOS = 10

#: A_G and E(BP−RP) per A_V. Differential reddening shifts stars of all colours equally.
_REDDENING_VECTOR = (0.85, 0.44)
#: Half-normal deviates that represent the distribution of differential reddening.
_DEVIATES = 0.125 * (np.arange(24) + 0.5)

#: Padding around a map, so that a convolution does not wrap around.
_PADDING = (40, 60)

# Logarithms of densities (1/mag²) are stored in 255 steps of 8 per cent.
_LOWEST, _HIGHEST = np.log(1e-6), np.log(300.0)
_STEP = (_HIGHEST - _LOWEST) / 254

#: The density (1/mag²) that each code stands for.
DENSITY_OF_CODE = np.concatenate([[0], np.exp(_LOWEST + _STEP * np.arange(255))]).astype(np.float32)


def encode(density: FloatArray) -> npt.NDArray[np.uint8]:
    """Return the nearest codes; densities below 1e-6 become 0."""
    logarithm = np.log(np.maximum(density, np.float32(1e-9)))
    code = np.rint((logarithm - np.float32(_LOWEST)) / np.float32(_STEP)) + 1
    nearest: npt.NDArray[np.uint8] = np.clip(code, 0, 255).astype(np.uint8)
    return nearest


def build(advance: Callable[[int], None]) -> npt.NDArray[np.uint8]:
    """Compute the codes of `PopulationGrid`, on two threads.

    Parameters
    ----------
    advance : callable
        Called with the number of ages just computed.
    """
    transfer = _transfer_functions()
    codes = np.empty(AXES.shape, np.uint8)
    maps = Parallel(n_jobs=2, prefer="threads", return_as="generator")(
        delayed(_of_one_age)(log_age, transfer) for log_age in AXES.log_age.values
    )
    for i, of_one_age in enumerate(maps):
        codes[i] = of_one_age
        advance(1)
    return codes


def _of_one_age(log_age: float, transfer: npt.NDArray[np.complex64]) -> npt.NDArray[np.uint8]:
    """Return the codes for one age: all axes but the first."""
    shape = transfer.shape[-2], 2 * (transfer.shape[-1] - 1)
    spectrum = fft.rfft2(_intrinsic_density(log_age), shape)
    codes = np.empty((len(spectrum), *transfer.shape[:2], len(AXES.g), len(AXES.bp_rp)), np.uint8)
    for i, j in np.ndindex(transfer.shape[:2]):
        density = fft.irfft2(spectrum * transfer[i, j], shape)
        density = density[:, : len(AXES.g), : len(AXES.bp_rp)]
        # Narrow sequences ring: negative values are clipped, and the rest is renormalised.
        total = density.sum(axis=(1, 2), keepdims=True)
        density = np.maximum(density, 0)
        density *= total / density.sum(axis=(1, 2), keepdims=True)
        codes[:, i, j] = encode(density)
    return codes


def _intrinsic_density(log_age: float) -> npt.NDArray[np.float32]:
    """Return the unsmeared density, shape (n_metallicities, n_g, n_bp_rp)."""
    metallicity = AXES.metallicity.values
    isochrones = IsochroneGrid.load().interpolate(np.full(len(metallicity), log_age), metallicity)
    log_mass = (isochrones.log_mass[:, 1:] + isochrones.log_mass[:, :-1]) / 2
    magnitudes = (isochrones.magnitudes[:, :, 1:] + isochrones.magnitudes[:, :, :-1]) / 2
    rank = kroupa(MASSIVE_STAR_LOSS).rank(10 ** isochrones.log_mass.ravel())
    stars = np.diff(rank.reshape(isochrones.log_mass.shape), axis=1)
    density = _deposit(magnitudes, (1 - BINARY_FRACTION) * stars)
    row = np.repeat(np.arange(len(metallicity)), log_mass.shape[1])
    low, high = MASS_RATIO_RANGE
    for k in range(_N_MASS_RATIOS):
        ratio = low + (high - low) * (k + 0.5) / _N_MASS_RATIOS
        companion = log_mass + np.log10(ratio)
        light = isochrones.at(row, companion.ravel()).reshape(magnitudes.shape)
        # A companion below the minimum mass of the isochrone adds no light.
        shines = companion >= isochrones.log_mass[:, :1]
        added = 2.5 * np.log10(1 + shines * 10 ** (0.4 * (magnitudes - light)))
        density += _deposit(magnitudes - added, BINARY_FRACTION / _N_MASS_RATIOS * stars)
    total = density.sum(axis=(1, 2), keepdims=True) * AXES.g.step * AXES.bp_rp.step
    normalized: npt.NDArray[np.float32] = (density / total).astype(np.float32)
    return normalized


def _deposit(magnitudes: FloatArray, stars: FloatArray) -> FloatArray:
    """Count stars at the grid points, each star shared among the four points around it."""
    y = (magnitudes[0] - AXES.g.start) / AXES.g.step
    x = (magnitudes[1] - magnitudes[2] - AXES.bp_rp.start) / AXES.bp_rp.step
    row, column = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    n_rows, n_columns = len(AXES.g), len(AXES.bp_rp)
    seen = (row >= 0) & (row < n_rows - 1) & (column >= 0) & (column < n_columns - 1)
    cell = (np.arange(len(y))[:, None] * n_rows + row) * n_columns + column
    cell, stars, y, x = cell[seen], stars[seen], (y - row)[seen], (x - column)[seen]
    corners = [(0, (1 - y) * (1 - x)), (1, (1 - y) * x), (n_columns, y * (1 - x))]
    corners.append((n_columns + 1, y * x))
    size = len(magnitudes[0]) * AXES.map_size
    counts = sum(np.bincount(cell + step, stars * share, size) for step, share in corners)
    return np.asarray(counts).reshape(-1, n_rows, n_columns)


def _transfer_functions() -> npt.NDArray[np.complex64]:
    """Return Fourier transforms by differential reddening (axis 0) and scatter (axis 1)."""
    n_rows = fft.next_fast_len(len(AXES.g) + _PADDING[0], real=True)
    n_columns = fft.next_fast_len(len(AXES.bp_rp) + _PADDING[1], real=True)
    n_columns += n_columns % 2
    along_g, along_colour = fft.fftfreq(n_rows)[:, None], fft.rfftfreq(n_columns)[None]
    share = np.exp(-0.5 * _DEVIATES**2)
    share /= share.sum()
    steps = np.array(_REDDENING_VECTOR) / (AXES.g.step, AXES.bp_rp.step)
    size = len(AXES.reddening), len(AXES.scatter), n_rows, n_columns // 2 + 1
    functions = np.empty(size, dtype=np.complex64)
    for i, scale in enumerate(AXES.reddening):
        phase = along_g * steps[0] + along_colour * steps[1]
        reddened = sum(
            w * np.exp(-2j * np.pi * scale * deviate * phase)
            for w, deviate in zip(share, _DEVIATES, strict=True)
        )
        for j, sigma in enumerate(AXES.scatter):
            # Sharing a star among points, and interpolating between them, each adds a variance of a
            # sixth of the step squared.
            rest = max((sigma / AXES.bp_rp.step) ** 2 - 1 / 3, 0)
            functions[i, j] = reddened * np.exp(-2 * np.pi**2 * rest * along_colour**2)
    return functions
