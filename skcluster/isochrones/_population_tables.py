"""Tables of the density of a cluster's stars in the colour-magnitude diagram, from isochrones."""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from skcluster._utils.typing import FloatArray
from skcluster.isochrones._axes import AXES, REDDENING_VECTOR
from skcluster.isochrones._grid import IsochroneGrid
from skcluster.isochrones._masses_and_binaries import MASSIVE_STAR_LOSS, kroupa, with_companions

#: Increase it whenever the densities change.
VERSION = 6

#: Half-normal deviates that represent the distribution of differential reddening.
_DEVIATES = 0.125 * (np.arange(24) + 0.5)

#: Sum of densities at an M_G below which the mean colour there is not known.
_FEW_STARS = 1e-6

#: Standard deviation (mag) of the kernel that smooths mean colours along M_G. Without it, ages
#: between those of the grid are up to 2.5 in log likelihood less likely, because giants of one age
#: move the mean where the other has none.
_SMOOTHING = 0.3

#: Padding around a map, so that a convolution does not wrap around.
_PADDING = (40, 60)

# Logarithms of densities (1/mag²) are stored in 255 steps of 6 per cent. Lower densities are the
# rounding errors of the convolution.
_LOWEST, _HIGHEST = np.log(3e-5), np.log(300.0)
_STEP = (_HIGHEST - _LOWEST) / 254

#: The density (1/mag²) that each code stands for.
DENSITY_OF_CODE = np.concatenate([[0], np.exp(_LOWEST + _STEP * np.arange(255))]).astype(np.float32)


class Tables(NamedTuple):
    """Codes and centre of `PopulationGrid`, of all ages or of one."""

    codes: npt.NDArray[np.uint8]
    centre: npt.NDArray[np.float32]

    @classmethod
    def empty(cls) -> Self:
        """Return those of all ages, of no star."""
        return cls(
            np.zeros(AXES.shape, np.uint8),
            np.zeros((len(AXES.log_age), len(AXES.metallicity), len(AXES.g)), np.float32),
        )


def encode(density: FloatArray) -> npt.NDArray[np.uint8]:
    """Return the nearest codes; densities below 1e-6 become 0."""
    logarithm = np.log(np.maximum(density, np.float32(1e-9)))
    code = np.rint((logarithm - np.float32(_LOWEST)) / np.float32(_STEP)) + 1
    nearest: npt.NDArray[np.uint8] = np.clip(code, 0, 255).astype(np.uint8)
    return nearest


def build(advance: Callable[[int], None]) -> Tables:
    """Compute the tables of `PopulationGrid`, on two threads.

    Parameters
    ----------
    advance : callable
        Called with the number of ages just computed.
    """
    transfer = _transfer_functions()
    tables = Tables.empty()
    of_ages = Parallel(n_jobs=2, prefer="threads", return_as="generator")(
        delayed(_of_one_age)(log_age, *transfer) for log_age in AXES.log_age.values
    )
    for i, (codes, centre) in enumerate(of_ages):
        tables.codes[i], tables.centre[i] = codes, centre
        advance(1)
    return tables


def _of_one_age(
    log_age: float, reddened: npt.NDArray[np.complex64], blurred: npt.NDArray[np.float32]
) -> Tables:
    """Return the tables of one age; see `_transfer_functions`."""
    n_columns = 2 * (len(blurred[0]) - 1)
    intrinsic = _intrinsic_density(log_age)
    centre = _centre_of_rows(intrinsic)
    moves = _moves(centre, fft.rfftfreq(n_columns))
    codes = np.empty(AXES.shape[1:], np.uint8)
    # One map at a time, so that it stays in the cache of a core.
    for m, (of_metallicity, move) in enumerate(zip(intrinsic, moves, strict=True)):
        spectrum = fft.rfft2(of_metallicity, (len(reddened[0]), n_columns))
        for i, of_reddening in enumerate(reddened):
            # The scatter is along the colour only, so that one transform along the magnitude does.
            rows = fft.ifft(spectrum * of_reddening, axis=0)[: len(AXES.g)] * move
            for j, of_scatter in enumerate(blurred):
                density = fft.irfft(rows * of_scatter, n_columns)[:, : len(AXES.bp_rp_offset)]
                # Narrow sequences ring: negative values are clipped, and the rest is renormalised.
                total = density.sum()
                np.maximum(density, 0, out=density)
                density *= total / density.sum()
                codes[m, i, j] = encode(density)
    return Tables(codes, centre)


def _centre_of_rows(density: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the mean colour by metallicity and M_G, smoothed; the nearest one without any star."""
    share = density.sum(axis=-1)
    mean = density @ AXES.bp_rp.values.astype(np.float32) / np.maximum(share, np.float32(1e-9))
    g = AXES.g.values
    for of_one, has_stars in zip(mean, share > _FEW_STARS, strict=True):
        of_one[:] = np.interp(g, g[has_stars], of_one[has_stars])
    centre: npt.NDArray[np.float32] = gaussian_filter1d(mean, _SMOOTHING / AXES.g.step, axis=1)
    return centre


def _moves(centre: npt.NDArray[np.float32], frequency: FloatArray) -> npt.NDArray[np.complex64]:
    """Return transforms that move the colour at each centre to an offset of 0."""
    columns = (centre + (AXES.bp_rp_offset.start - AXES.bp_rp.start)) / AXES.bp_rp.step
    whole, part = np.divmod(columns[..., None], 1)
    first, last = int(whole.min()), int(whole.max())
    of_whole = np.exp(2j * np.pi * np.arange(first, last + 1)[:, None] * frequency)
    # A star is shared between two columns, which adds a variance that its scatter lacks then.
    shared = 1 - part + part * np.exp(2j * np.pi * frequency).astype(np.complex64)
    variance = part * (1 - part)
    lacking = np.exp(variance * (2 * np.pi**2 * frequency**2).astype(np.float32))
    moved = whole[..., 0].astype(np.int64) - first
    moves: npt.NDArray[np.complex64] = of_whole.astype(np.complex64)[moved] * shared * lacking
    return moves


def _intrinsic_density(log_age: float) -> npt.NDArray[np.float32]:
    """Return the unsmeared density, shape (n_metallicities, n_g, n_bp_rp)."""
    metallicity = AXES.metallicity.values
    isochrones = IsochroneGrid.load().interpolate(np.full(len(metallicity), log_age), metallicity)
    rank = kroupa(MASSIVE_STAR_LOSS).rank(10 ** isochrones.log_mass.ravel())
    stars = np.diff(rank.reshape(isochrones.log_mass.shape), axis=1)
    # One isochrone at a time, so that its stars stay in the cache of a core.
    curves = zip(isochrones.log_mass, isochrones.magnitudes.swapaxes(0, 1), stars, strict=True)
    density = np.array([_deposit(*with_companions(*curve)) for curve in curves])
    total = density.sum(axis=(1, 2), keepdims=True) * AXES.g.step * AXES.bp_rp.step
    normalized: npt.NDArray[np.float32] = (density / total).astype(np.float32)
    return normalized


def _deposit(magnitudes: FloatArray, stars: FloatArray) -> FloatArray:
    """Count stars at the grid points, each shared among the four points around it."""
    y = (magnitudes[0] - AXES.g.start) / AXES.g.step
    x = (magnitudes[1] - magnitudes[2] - AXES.bp_rp.start) / AXES.bp_rp.step
    row, column = np.floor(y).astype(np.int64), np.floor(x).astype(np.int64)
    n_rows, n_columns = len(AXES.g), len(AXES.bp_rp)
    seen = (row >= 0) & (row < n_rows - 1) & (column >= 0) & (column < n_columns - 1)
    cell = (row * n_columns + column)[seen]
    stars, y, x = stars[seen], (y - row)[seen], (x - column)[seen]
    corners = {0: (1 - y) * (1 - x), 1: (1 - y) * x, n_columns: y * (1 - x), n_columns + 1: y * x}
    size = n_rows * n_columns
    counts = sum(np.bincount(cell + s, stars * share, size) for s, share in corners.items())
    return np.asarray(counts).reshape(n_rows, n_columns)


def _transfer_functions() -> tuple[npt.NDArray[np.complex64], npt.NDArray[np.float32]]:
    """Return Fourier transforms of the differential reddening and of the scatter in colour.

    Of shapes (n_reddenings, n_rows, n_frequencies) and (n_scatters, n_frequencies).
    """
    n_rows = fft.next_fast_len(len(AXES.g) + _PADDING[0], real=True)
    n_columns = fft.next_fast_len(len(AXES.bp_rp) + _PADDING[1], real=True)
    n_columns += n_columns % 2
    along_g, along_colour = fft.fftfreq(n_rows)[:, None], fft.rfftfreq(n_columns)
    share = np.exp(-0.5 * _DEVIATES**2)
    share /= share.sum()
    steps = np.array(REDDENING_VECTOR) / (AXES.g.step, AXES.bp_rp.step)
    phase = along_g * steps[0] + along_colour * steps[1]
    reddened = [
        sum(
            w * np.exp(-2j * np.pi * scale * deviate * phase)
            for w, deviate in zip(share, _DEVIATES, strict=True)
        )
        for scale in AXES.reddening
    ]
    # Sharing a star among points, and interpolating between them, each adds a variance of a sixth
    # of the step squared.
    rest = np.maximum((np.array(AXES.scatter) / AXES.bp_rp.step) ** 2 - 1 / 3, 0)
    blurred = np.exp(-2 * np.pi**2 * rest[:, None] * along_colour**2)
    return np.array(reddened, np.complex64), blurred.astype(np.float32)
