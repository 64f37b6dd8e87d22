"""Tables of the density of a cluster's stars in the colour-magnitude diagram, and their axes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy import fft
from scipy.ndimage import gaussian_filter1d

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.isochrones._grid import IsochroneGrid
from skcluster.isochrones._masses_and_binaries import MASSIVE_STAR_LOSS, kroupa, with_companions

#: A_G and E(BP−RP) per A_V of stars of typical colours, for what shifts stars of all colours
#: equally: differential reddening, and errors of the zero point of colours.
REDDENING_VECTOR = (0.85, 0.44)

#: Increase it whenever the densities change.
VERSION = 7

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


@dataclass(frozen=True)
class Axis:
    """Evenly spaced values."""

    #: The first value and the step.
    start: float
    step: float
    size: int

    def __len__(self) -> int:
        return self.size

    @cached_property
    def values(self) -> FloatArray:
        """All values, shape (size,)."""
        return self.start + self.step * np.arange(self.size)

    def bracket(self, wanted: npt.ArrayLike) -> tuple[IntArray, FloatArray]:
        """Return the grid value below each wanted one, and the fraction of the step to the next."""
        place = np.clip((np.asarray(wanted) - self.start) / self.step, 0, self.size - 1)
        below = np.minimum(place.astype(np.int64), self.size - 2)
        return below, place - below


@dataclass(frozen=True)
class Axes:
    """The axes of `PopulationGrid`."""

    #: log10 of the age in years.
    log_age: Axis
    #: [M/H] (dex).
    metallicity: Axis
    #: Scales of differential reddening: of the half-normal distribution of the A_V of individual
    #: stars in excess of the cluster's (mag).
    reddening: tuple[float, ...]
    #: Standard deviations of the colour (mag).
    scatter: tuple[float, ...]
    #: Absolute magnitude and intrinsic colour (mag).
    g: Axis
    bp_rp: Axis
    #: Intrinsic colour relative to the centre at that M_G (mag).
    bp_rp_offset: Axis

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes of densities."""
        of_maps = self.g, self.bp_rp_offset
        axes = (self.log_age, self.metallicity, self.reddening, self.scatter, *of_maps)
        return tuple(len(axis) for axis in axes)

    @property
    def map_size(self) -> int:
        """Number of points of one map in magnitude and colour offset."""
        return len(self.g) * len(self.bp_rp_offset)


#: Steps in age and metallicity shift the sequence by less than its width; the scatters increase by
#: factors of two, from the minimum that isochrones and Gaia allow.
AXES = Axes(
    log_age=Axis(6.0, 0.06, 71),
    metallicity=Axis(-0.65, 0.15, 8),
    reddening=(0.0, 0.12, 0.3, 0.7),
    scatter=(0.02, 0.04, 0.08),
    g=Axis(-7.5, 0.1, 168),
    bp_rp=Axis(-0.8, 0.02, 208),
    bp_rp_offset=Axis(-1.6, 0.02, 208),
)


class Tables(NamedTuple):
    """Tables of the densities of populations, of all ages or of one."""

    #: Logarithms of the densities in steps of 0.06, and 0 for none; dimensions as in `Axes`.
    codes: npt.NDArray[Any]
    #: Intrinsic colour relative to which stars are tabulated, by age, metallicity and M_G: a smooth
    #: mean (mag).
    centre: npt.NDArray[Any]
    #: Fraction of stars brighter than each M_G, by age, metallicity and reddening. It is that at
    #: the edges between the rows of the grid, from 0 at the bright end.
    brighter: npt.NDArray[Any]
    #: Mean colour at each M_G, by age, metallicity and reddening (mag).
    colour: npt.NDArray[Any]

    @classmethod
    def empty(cls) -> Self:
        """Return those of all ages, of no star."""
        n_ages, n_metallicities, n_reddenings, _, n_g, _ = AXES.shape
        nodes = n_ages, n_metallicities, n_reddenings
        return cls(
            np.zeros(AXES.shape, np.uint8),
            np.zeros((n_ages, n_metallicities, n_g), np.float32),
            np.zeros((*nodes, n_g + 1), np.float32),
            np.zeros((*nodes, n_g), np.float32),
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
    for i, of_age in enumerate(of_ages):
        for table, values in zip(tables, of_age, strict=True):
            table[i] = values
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
    codes, _, brighter, colour = (table[0] for table in Tables.empty())
    offset = AXES.bp_rp_offset
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
            stored = DENSITY_OF_CODE[codes[m, i, 0]]
            share = stored.sum(axis=-1)
            brighter[m, i, 1:] = np.cumsum(share) * AXES.g.step * offset.step
            colour[m, i] = stored @ offset.values.astype(np.float32) / np.maximum(share, 1e-9)
            colour[m, i] += centre[m]
    return Tables(codes, centre, brighter, colour)


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
