"""The density of a cluster's stars in the colour-magnitude diagram, by age and metallicity."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from joblib import Parallel, delayed
from scipy import fft

from skcluster._utils.files import get_data_home, whole_file
from skcluster._utils.messages import warn_caller
from skcluster._utils.progress import progress_bar
from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.isochrones._axes import AXES
from skcluster.isochrones._grid import IsochroneGrid
from skcluster.isochrones._masses_and_binaries import (
    BINARY_FRACTION,
    MASS_RATIO_RANGE,
    MASSIVE_STAR_LOSS,
    kroupa,
)

#: Increase it whenever the densities change.
VERSION = 3

#: Number of mass ratios that represent all binaries.
_N_MASS_RATIOS = 10

#: A_G and E(BP−RP) per A_V. Differential reddening shifts stars of all colours equally.
_REDDENING_VECTOR = (0.85, 0.44)
#: Half-normal deviates that represent the distribution of differential reddening.
_DEVIATES = 0.125 * (np.arange(24) + 0.5)

#: Padding around a map, so that a convolution does not wrap around.
_PADDING = (40, 60)

# Logarithms of densities (1/mag²) are stored in 255 steps of 6 per cent. Lower densities are the
# rounding errors of the convolution.
_LOWEST, _HIGHEST = np.log(3e-5), np.log(300.0)
_STEP = (_HIGHEST - _LOWEST) / 254

#: The density (1/mag²) that each code stands for.
DENSITY_OF_CODE = np.concatenate([[0], np.exp(_LOWEST + _STEP * np.arange(255))]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class PopulationGrid:
    """Probability density of cluster members in absolute magnitude and intrinsic colour.

    For each age and metallicity of a grid, the distribution of stars in M_G and (BP−RP)_0 follows
    from the isochrone [2]_, a mass function and unresolved binaries. Masses follow the initial mass
    function of Kroupa [1]_, with a slope steeper by 0.5 above two solar masses as in member lists
    (see `skcluster.datasets.Effects`). 60 per cent of the stars have an unresolved
    companion, whose mass ratio is uniform between 0.1 and 1. Each density is tabulated for several
    scales of differential reddening, whose A_V is half-normal and so only adds extinction, and for
    several values of the scatter in colour. Densities are interpolated linearly in log age and
    metallicity.

    Parameters
    ----------
    codes : ndarray of uint8, one dimension per axis of `skcluster.isochrones.AXES`
        Natural logarithms of the densities in steps of 0.06; code 0 is a density of zero.
    source : callable, optional
        Returns the codes of an age, given its index; they replace those in ``codes`` when densities
        of that age are first needed.

    See Also
    --------
    IsochroneGrid : The underlying isochrones.
    skcluster.inference.StarLikelihood : Likelihood of stars based on these densities.

    Notes
    -----
    `load` computes the densities when they are first needed, which takes some seconds, and stores
    them, compressed, in the folder of `skcluster.datasets.get_data_home` (59 MB). From there, those
    of each age are read when they are first needed.

    References
    ----------
    .. [1] Kroupa 2001, MNRAS 322, 231, equation 2.
    .. [2] Bressan et al. 2012, MNRAS 427, 127 (PARSEC, the isochrones).

    Examples
    --------
    Stars of a 1 Gyr old cluster lie on its main sequence rather than a magnitude below it:

    >>> import numpy as np
    >>> from skcluster.isochrones import PopulationGrid
    >>> grid = PopulationGrid.load()  # doctest: +SKIP
    >>> grid.density([9.0], [0.0], [0], np.array([[5.0, 6.0]]), np.array([[0.85, 0.85]]), [0, 0])
    ... # doctest: +SKIP
    """

    codes: npt.NDArray[np.uint8]
    source: Callable[[int], npt.NDArray[np.uint8]] | None = None

    @staticmethod
    @cache
    def load() -> "PopulationGrid":
        """Load the grid from the cache on disk; compute and store it if it is missing.

        Returns
        -------
        PopulationGrid
            The grid; the same object in every call.

        Warns
        -----
        UserWarning
            If the cache cannot be written. Each process then computes the grid again.
        """
        file = get_data_home() / f"population_{_fingerprint()}.arrow"
        source = _open(file)
        if source is not None:
            # Memory is taken only for the ages that are read.
            return PopulationGrid(np.zeros(AXES.shape, np.uint8), source)
        with progress_bar("Tabulating stellar populations", len(AXES.log_age)) as advance:
            codes = build(advance)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(file, overwrite=True) as half:
                _write(half, codes)
        except OSError as error:
            warn_caller(
                f"The densities of stellar populations cannot be stored in {file.parent} "
                f"({error.strerror}), so each process computes them again. The environment "
                "variable SKCLUSTER_DATA sets another folder.",
            )
        return PopulationGrid(codes)

    @cached_property
    def _is_read(self) -> BoolArray:
        return np.full(len(AXES.log_age), self.source is None)

    @cached_property
    def _flat(self) -> npt.NDArray[np.uint8]:
        return np.asarray(self.codes).reshape(-1)

    @cached_property
    def _maps(self) -> npt.NDArray[np.uint8]:
        """Codes of each node, shape (n_nodes, n_scatters, n_g, n_bp_rp)."""
        return self._flat.reshape(-1, *self.codes.shape[3:])

    @cached_property
    def _computed_marginals(self) -> tuple[BoolArray, FloatArray, FloatArray]:
        """Which nodes' marginal distributions are computed, and these; see `_marginals`."""
        n_nodes, n_g = len(self._maps), len(AXES.g)
        empty = np.empty((n_nodes, n_g + 1), np.float32), np.empty((n_nodes, n_g), np.float32)
        return np.zeros(n_nodes, dtype=bool), *empty

    def _marginals(self, nodes: list[IntArray]) -> tuple[FloatArray, FloatArray]:
        """Return the fraction of stars brighter than each M_G, and the mean colour, at some nodes.

        Arrays of one row per node of the grid, of which those of the given nodes are filled. The
        fraction is that at the edges between the rows of the grid, from 0 at the bright end.
        """
        is_computed, cumulative, mean = self._computed_marginals
        if not all(is_computed[node].all() for node in nodes):
            missing = np.unique(np.concatenate(nodes))
            missing = missing[~is_computed[missing]]
            g, colour = AXES.g, AXES.bp_rp
            density = DENSITY_OF_CODE[self._maps[missing, 0]]
            share = density.sum(-1)
            mean[missing] = density @ colour.values.astype(np.float32) / np.maximum(share, 1e-9)
            cumulative[missing, 0] = 0
            cumulative[missing, 1:] = np.cumsum(share, -1) * g.step * colour.step
            is_computed[missing] = True
        return cumulative, mean

    def density(
        self,
        log_age: npt.ArrayLike,
        metallicity: npt.ArrayLike,
        reddening: npt.ArrayLike,
        m_g: FloatArray,
        bp_rp: FloatArray,
        scatter: npt.ArrayLike,
    ) -> FloatArray:
        """Return the density of stars in absolute magnitude and intrinsic colour.

        Parameters
        ----------
        log_age, metallicity : array-like of shape (n_draws,)
            Logarithm (base 10) of the age in years and [M/H] (dex). Values outside
            the grid are clipped to it.
        reddening : array-like of int, shape (n_draws,)
            Scale of differential reddening, as an index into ``AXES.reddening``.
        m_g, bp_rp : ndarray of float32, shape (n_draws, n_stars)
            Absolute magnitude and intrinsic colour of the stars (mag).
        scatter : array-like of int, shape (n_stars,)
            Scatter of the colour, as an index into ``AXES.scatter``.

        Returns
        -------
        ndarray of float32, shape (n_draws, n_stars)
            Density (1/mag²). Its integral over the grid is 1 without differential reddening, and
            less with it, because reddened dwarfs leave the grid at the faint end; divide by
            `share_brighter` to normalise it above a limit. Zero outside the grid.
        """
        inside, cell, corners = self._cells(m_g, bp_rp)
        cell += np.asarray(scatter)[None, :] * AXES.map_size
        place, code = np.empty(m_g.shape, np.int64), np.empty(m_g.shape, np.uint8)
        density, at_node = np.empty((2, *m_g.shape), np.float32)
        total: FloatArray = np.zeros(m_g.shape, np.float32)
        for node, weight in self._nodes(log_age, metallicity, reddening):
            np.add(cell, (node * (len(AXES.scatter) * AXES.map_size))[:, None], out=place)
            at_node[:] = 0
            for offset, corner in corners:
                # Into arrays that exist, and without checks of the indices: twice as fast.
                np.take(self._flat[offset:], place, out=code, mode="clip")
                np.take(DENSITY_OF_CODE, code, out=density, mode="clip")
                density *= corner
                at_node += density
            at_node *= weight[:, None].astype(np.float32)
            total += at_node
        total *= inside
        return total

    def share_brighter(
        self,
        log_age: npt.ArrayLike,
        metallicity: npt.ArrayLike,
        reddening: npt.ArrayLike,
        m_g: FloatArray,
    ) -> FloatArray:
        """Return the fraction of stars brighter than an absolute magnitude.

        Parameters
        ----------
        log_age, metallicity, reddening : array-like of shape (n_draws,)
            As in `density`.
        m_g : ndarray of shape (n_draws,)
            Absolute magnitude (mag).

        Returns
        -------
        ndarray of shape (n_draws,)
            The fraction, from 0 to 1.
        """
        nodes = self._nodes(log_age, metallicity, reddening)
        cumulative, _ = self._marginals([node for node, _ in nodes])
        place = np.clip((m_g - AXES.g.start) / AXES.g.step + 0.5, 0, len(AXES.g) - 1e-3)
        row = place.astype(np.int64)
        above = place - row
        fraction: FloatArray = sum(
            weight * ((1 - above) * cumulative[node, row] + above * cumulative[node, row + 1])
            for node, weight in nodes
        )
        return fraction

    def mean_colour(
        self,
        log_age: npt.ArrayLike,
        metallicity: npt.ArrayLike,
        reddening: npt.ArrayLike,
        m_g: FloatArray,
    ) -> FloatArray:
        """Return the mean intrinsic colour of stars at an absolute magnitude.

        Parameters
        ----------
        log_age, metallicity, reddening : array-like of shape (n_draws,)
            As in `density`.
        m_g : ndarray of shape (n_draws,)
            Absolute magnitude (mag).

        Returns
        -------
        ndarray of shape (n_draws,)
            Mean of (BP−RP)_0 (mag).
        """
        nodes = self._nodes(log_age, metallicity, reddening)
        _, mean = self._marginals([node for node, _ in nodes])
        row = np.clip(np.round((m_g - AXES.g.start) / AXES.g.step), 0, len(AXES.g) - 1)
        row = row.astype(np.int64)
        colour: FloatArray = sum(weight * mean[node, row] for node, weight in nodes)
        return colour

    def map(self, log_age: float, metallicity: float, reddening: int, scatter: int) -> FloatArray:
        """Return the density at the points of the grid.

        Parameters
        ----------
        log_age, metallicity : float
            Logarithm (base 10) of the age in years and [M/H] (dex).
        reddening, scatter : int
            Scale of differential reddening and scatter of the colour, as indices into
            ``AXES.reddening`` and ``AXES.scatter``.

        Returns
        -------
        ndarray of shape (n_g, n_bp_rp)
            Density (1/mag²).
        """
        density: FloatArray = sum(
            weight * DENSITY_OF_CODE[self._maps[node[0], scatter]]
            for node, weight in self._nodes([log_age], [metallicity], [reddening])
        )
        return density

    def _nodes(
        self, log_age: npt.ArrayLike, metallicity: npt.ArrayLike, reddening: npt.ArrayLike
    ) -> list[tuple[IntArray, FloatArray]]:
        """Return the four nodes in age and metallicity around each draw, and their weights."""
        i, u = AXES.log_age.bracket(log_age)
        if self.source is not None:
            for age in np.flatnonzero(~self._is_read).tolist():
                if ((i == age) | (i + 1 == age)).any():
                    self.codes[age] = self.source(age)
                    self._is_read[age] = True
        j, v = AXES.metallicity.bracket(metallicity)
        k = np.asarray(reddening)
        if (unknown := (k < 0) | (k >= len(AXES.reddening))).any():
            raise ValueError(
                f"reddening must be within 0 to {len(AXES.reddening) - 1}; got {k[unknown][0]}."
            )
        return [
            (
                ((i + di) * len(AXES.metallicity) + j + dj) * len(AXES.reddening) + k,
                (u if di else 1 - u) * (v if dj else 1 - v),
            )
            for di in (0, 1)
            for dj in (0, 1)
        ]

    @staticmethod
    def _cells(
        m_g: FloatArray, bp_rp: FloatArray
    ) -> tuple[BoolArray, IntArray, list[tuple[int, FloatArray]]]:
        """Return which stars lie on the grid, their cells, and the cells' corners with weights."""
        y, x = ((v - a.start) / a.step for v, a in ((m_g, AXES.g), (bp_rp, AXES.bp_rp)))
        bottom, right = np.float32(len(AXES.g) - 1.01), np.float32(len(AXES.bp_rp) - 1.01)
        inside = (y >= 0) & (y <= bottom) & (x >= 0) & (x <= right)
        y, x = np.clip(y, 0, bottom), np.clip(x, 0, right)
        row, column = y.astype(np.int32), x.astype(np.int32)
        y, x = y - row.astype(np.float32), x - column.astype(np.float32)
        width = len(AXES.bp_rp)
        xy = x * y
        corners = [(0, 1 - x - y + xy), (1, x - xy), (width, y - xy), (width + 1, xy)]
        return inside, (row * width + column).astype(np.int64), corners


def _write(file: Path, codes: npt.NDArray[np.uint8]) -> None:
    """Write codes to an Arrow file, one compressed batch per age."""
    schema = pa.schema({"codes": pa.uint8()})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with (
        pa.OSFile(str(file), "wb") as sink,
        pa.ipc.new_file(sink, schema, options=options) as arrow,
    ):
        for of_age in codes:
            arrow.write_batch(pa.record_batch([of_age.reshape(-1)], schema=schema))


def _open(file: Path) -> Callable[[int], npt.NDArray[np.uint8]] | None:
    """Return what reads the codes of an age from a file; None if it is missing or incomplete."""

    def codes_of(age: int) -> npt.NDArray[np.uint8]:
        codes = reader.get_batch(age).column(0).to_numpy(zero_copy_only=False)
        of_age: npt.NDArray[np.uint8] = codes.reshape(AXES.shape[1:])
        return of_age

    try:
        reader = pa.ipc.open_file(pa.memory_map(str(file)))
        if reader.num_record_batches != len(AXES.log_age):
            return None
        codes_of(0)
    except (OSError, ValueError):  # pyarrow's errors are of these types.
        return None
    return codes_of


@cache
def _fingerprint() -> str:
    """Return a fingerprint of what the grid is computed from."""
    source = files("skcluster.isochrones").joinpath("data/parsec_isochrones.npz").read_bytes()
    return hashlib.sha256(source + f"{VERSION} {AXES}".encode()).hexdigest()[:16]


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
        delayed(_of_one_age)(log_age, *transfer) for log_age in AXES.log_age.values
    )
    for i, of_one_age in enumerate(maps):
        codes[i] = of_one_age
        advance(1)
    return codes


def _of_one_age(
    log_age: float, reddened: npt.NDArray[np.complex64], blurred: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """Return the codes for one age: all axes but the first; see `_transfer_functions`."""
    n_columns = 2 * (len(blurred[0]) - 1)
    spectrum = fft.rfft2(_intrinsic_density(log_age), (len(reddened[0]), n_columns))
    codes = np.empty((len(spectrum), *AXES.shape[2:]), np.uint8)
    for i, of_reddening in enumerate(reddened):
        # The scatter is along the colour only, so that one transform along the magnitude does.
        rows = fft.ifft(spectrum * of_reddening, axis=1)[:, : len(AXES.g)]
        for j, of_scatter in enumerate(blurred):
            density = fft.irfft(rows * of_scatter, n_columns)[..., : len(AXES.bp_rp)]
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
    seen, numbers = [magnitudes], [(1 - BINARY_FRACTION) * stars]
    row = np.repeat(np.arange(len(metallicity)), log_mass.shape[1])
    low, high = MASS_RATIO_RANGE
    for k in range(_N_MASS_RATIOS):
        ratio = low + (high - low) * (k + 0.5) / _N_MASS_RATIOS
        companion = log_mass + np.log10(ratio)
        light = isochrones.at(row, companion.ravel()).reshape(magnitudes.shape)
        # A companion below the minimum mass of the isochrone adds no light.
        shines = companion >= isochrones.log_mass[:, :1]
        added = 2.5 * np.log10(1 + shines * 10 ** (0.4 * (magnitudes - light)))
        seen.append(magnitudes - added)
        numbers.append(BINARY_FRACTION / _N_MASS_RATIOS * stars)
    density = _deposit(np.concatenate(seen, axis=2), np.concatenate(numbers, axis=1))
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
    steps = np.array(_REDDENING_VECTOR) / (AXES.g.step, AXES.bp_rp.step)
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
