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

from skcluster._utils.files import get_data_home, whole_file
from skcluster._utils.messages import progress_bar, warn_caller
from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.isochrones._population_tables import AXES, DENSITY_OF_CODE, VERSION, Tables, build


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
    metallicity, along the sequence: colours are relative to the mean colour at that M_G, which is
    interpolated as well. Two sequences side by side would be wider than either.

    Parameters
    ----------
    tables : tuple of ndarray
        Codes of the densities, centres of the colours, fractions of brighter stars and mean
        colours, of all ages.
    source : callable, optional
        Returns the tables of an age, given its index; they replace those given when densities of
        that age are first needed.

    See Also
    --------
    IsochroneGrid : The underlying isochrones.
    skcluster.inference.StarLikelihood : Likelihood of stars based on these densities.

    Notes
    -----
    `load` computes the densities when they are first needed, which takes some seconds and is shown
    on the standard error, and stores them, compressed, in the folder of
    `skcluster.datasets.get_data_home` (61 MB). Those of an age are read when they are needed.

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

    tables: Tables
    source: Callable[[int], Tables] | None = None

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
        if (stored := _open(file)) is not None:
            return stored
        title = "Tabulating stellar populations (once, 60 MB)"
        with progress_bar(title, len(AXES.log_age), show=True) as advance:
            tables = build(advance)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(file, overwrite=True) as half:
                _write(half, tables)
        except OSError as error:
            warn_caller(
                f"The densities of stellar populations cannot be stored in {file.parent} "
                f"({error.strerror}), so each process computes them again. The environment "
                "variable SKCLUSTER_DATA sets another folder."
            )
        return PopulationGrid(tables)

    @cached_property
    def _unread(self) -> set[int]:
        """Ages whose tables the source has not been asked for."""
        return set(range(len(AXES.log_age)))

    def _centre(self, nodes: list[tuple[IntArray, FloatArray]]) -> FloatArray:
        """Return the interpolated centres of some draws, shape (n_draws, n_g)."""
        centres = self.tables.centre.reshape(-1, len(AXES.g))
        centre: FloatArray = np.zeros((len(nodes[0][0]), len(AXES.g)), np.float32)
        for node, weight in nodes:
            of_node = centres[node // len(AXES.reddening)]
            centre += weight[:, None].astype(np.float32) * of_node
        return centre

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
            Scale of differential reddening: 0 to 3 stand for 0, 0.12, 0.3 and 0.7 mag.
        m_g, bp_rp : ndarray of float32, shape (n_draws, n_stars)
            Absolute magnitude and intrinsic colour of the stars (mag).
        scatter : array-like of int, shape (n_stars,)
            Scatter of the colour: 0 to 2 stand for 0.02, 0.04 and 0.08 mag.

        Returns
        -------
        ndarray of float32, shape (n_draws, n_stars)
            Density (1/mag²). Its integral over the grid is 1 without differential reddening, and
            less with it, because reddened dwarfs leave the grid at the faint end; divide by
            `share_brighter` to normalise it above a limit. Zero outside the grid.
        """
        nodes = self._nodes(log_age, metallicity, reddening)
        inside, cell, corners = self._cells(m_g, bp_rp, self._centre(nodes))
        cell += np.asarray(scatter)[None, :] * AXES.map_size
        codes = self.tables.codes.reshape(-1)
        place, code = np.empty(m_g.shape, np.int64), np.empty(m_g.shape, np.uint8)
        density, at_node = np.empty((2, *m_g.shape), np.float32)
        total: FloatArray = np.zeros(m_g.shape, np.float32)
        for node, weight in nodes:
            np.add(cell, (node * (len(AXES.scatter) * AXES.map_size))[:, None], out=place)
            at_node[:] = 0
            for offset, corner in corners:
                # Into arrays that exist, and without checks of the indices: twice as fast.
                np.take(codes[offset:], place, out=code, mode="clip")
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
        brighter = self.tables.brighter.reshape(-1, len(AXES.g) + 1)
        place = np.clip((m_g - AXES.g.start) / AXES.g.step + 0.5, 0, len(AXES.g) - 1e-3)
        row = place.astype(np.int64)
        above = place - row
        fraction: FloatArray = sum(
            weight * ((1 - above) * brighter[node, row] + above * brighter[node, row + 1])
            for node, weight in self._nodes(log_age, metallicity, reddening)
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
        mean = self.tables.colour.reshape(-1, len(AXES.g))
        nodes = self._nodes(log_age, metallicity, reddening)
        row = np.clip(np.round((m_g - AXES.g.start) / AXES.g.step), 0, len(AXES.g) - 1)
        row = row.astype(np.int64)
        colour: FloatArray = sum(weight * mean[node, row] for node, weight in nodes)
        return colour

    def _nodes(
        self, log_age: npt.ArrayLike, metallicity: npt.ArrayLike, reddening: npt.ArrayLike
    ) -> list[tuple[IntArray, FloatArray]]:
        """Return the four nodes in age and metallicity around each draw, and their weights."""
        i, u = AXES.log_age.bracket(log_age)
        if self.source is not None:
            for age in self._unread.intersection(np.r_[i, i + 1].tolist()):
                for table, of_age in zip(self.tables, self.source(age), strict=True):
                    table[age] = of_age
                self._unread.discard(age)
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
        m_g: FloatArray, bp_rp: FloatArray, centre: FloatArray
    ) -> tuple[BoolArray, IntArray, list[tuple[int, FloatArray]]]:
        """Return which stars lie on the grid, their cells, and the cells' corners with weights.

        ``centre`` is that of each draw, shape (n_draws, n_g).
        """
        width = len(AXES.bp_rp_offset)
        bottom, right = np.float32(len(AXES.g) - 1.01), np.float32(width - 1.01)
        y = (m_g - AXES.g.start) / AXES.g.step
        inside = (y >= 0) & (y <= bottom)
        y = np.clip(y, 0, bottom)
        row = y.astype(np.int64)
        y -= row
        of_draw = row + len(AXES.g) * np.arange(len(row))[:, None]
        above = np.take(centre, of_draw, mode="clip")
        below = np.take(centre.reshape(-1)[1:], of_draw, mode="clip")
        x = bp_rp - (above + y * (below - above))
        x = (x - AXES.bp_rp_offset.start) / AXES.bp_rp_offset.step
        inside &= (x >= 0) & (x <= right)
        x = np.clip(x, 0, right)
        column = x.astype(np.int64)
        x -= column
        xy = x * y
        corners = [(0, 1 - x - y + xy), (1, x - xy), (width, y - xy), (width + 1, xy)]
        return inside, row * width + column, corners


def _write(file: Path, tables: Tables) -> None:
    """Write tables to an Arrow file, one compressed batch of one row per age."""
    schema = pa.schema({name: pa.binary() for name in Tables._fields})
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with (
        pa.OSFile(str(file), "wb") as sink,
        pa.ipc.new_file(sink, schema, options=options) as arrow,
    ):
        for of_age in zip(*tables, strict=True):
            columns = [[values.tobytes()] for values in of_age]
            arrow.write_batch(pa.record_batch(columns, schema=schema))


def _open(file: Path) -> PopulationGrid | None:
    """Return the grid in a file, which is read when it is needed; None if there is no whole one."""
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(file)))
    except (OSError, pa.ArrowInvalid):
        return None
    tables = Tables.empty()  # memory is taken only for the ages that are read

    def read(age: int) -> Tables:
        batch = reader.get_batch(age)
        columns = (batch.column(name)[0].as_buffer() for name in Tables._fields)
        return Tables(
            *(
                np.frombuffer(column, table.dtype).reshape(table.shape[1:])
                for column, table in zip(columns, tables, strict=True)
            )
        )

    return PopulationGrid(tables, read)


@cache
def _fingerprint() -> str:
    """Return a fingerprint of what the grid is computed from."""
    source = files("skcluster.isochrones").joinpath("data/parsec_isochrones.npz").read_bytes()
    return hashlib.sha256(source + f"{VERSION} {AXES}".encode()).hexdigest()[:16]
