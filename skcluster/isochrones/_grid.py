"""PARSEC isochrones in Gaia's bands, interpolated in age and metallicity; one as a table.

The data file of this module is derived from PARSEC 1.2S isochrones with Gaia EDR3 magnitudes
(Bressan et al. 2012, MNRAS 427, 127; https://stev.oapd.inaf.it/cmd) by
``tools/derive_isochrones.py``.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pandas as pd

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.photometry import Law, distance_modulus, extinction_coefficients

#: The magnitudes of an isochrone, in the order of the grid.
BANDS = ("phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag")

#: Points of the tip of the giant branch and of the faintest state of helium burning: anchors 6 and
#: 7 in ``tools/derive_isochrones.py``.
_TIP, _HELIUM = 1136, 1296
#: If helium ignites in a degenerate core, there are no stars between these two: the source has no
#: row there, and at least this fraction of the section's points have the same mass.
_LEAST_FRACTION = 0.9
_SAME_MASS = 1e-5


@dataclass(frozen=True)
class Isochrones:
    """The isochrones of many clusters, point by point.

    `IsochroneGrid.interpolate` returns it.

    Parameters
    ----------
    log_mass : ndarray of shape (n_clusters, n_points)
        Logarithm (base 10) of the initial mass in solar masses; it never decreases along an
        isochrone.
    magnitudes : ndarray of shape (3, n_clusters, n_points)
        Absolute magnitudes in G, BP and RP (mag).
    gap : ndarray of bool, shape (n_clusters, n_points)
        Points without stars, between the tip of the giant branch and the onset of core helium
        burning. Stars jump there if helium ignites in a degenerate core, at ages above 1.5 Gyr; at
        younger ages the evolution is continuous, and there is no gap.
    """

    log_mass: FloatArray
    magnitudes: FloatArray
    gap: BoolArray

    def at(self, cluster: IntArray, log_mass: FloatArray) -> FloatArray:
        """Return the absolute magnitudes of stars in G, BP and RP, shape (3, n_stars).

        ``cluster`` is the row of each star's isochrone, ``log_mass`` the logarithm of its initial
        mass; masses beyond the first and last point have the magnitudes of these points.
        """
        n_points = self.log_mass.shape[1]
        # One sorted array for all isochrones: each is offset by 8 dex from the previous one.
        shift = 8.0 * np.arange(len(self.log_mass))
        masses = (self.log_mass + shift[:, None]).ravel()
        wanted = log_mass + shift[cluster]
        first = cluster * n_points
        upper = np.clip(np.searchsorted(masses, wanted), first + 1, first + n_points - 1)
        width = masses[upper] - masses[upper - 1]
        weight = np.clip((wanted - masses[upper - 1]) / np.where(width > 0, width, 1), 0, 1)
        flat = self.magnitudes.reshape(3, -1)
        below = flat[:, upper - 1]
        return below + weight * (flat[:, upper] - below)


@dataclass(frozen=True)
class IsochroneGrid:
    """Isochrones on a grid of metallicities and ages, with interpolation.

    `load` returns the grid of PARSEC isochrones [1]_ in this package.

    Parameters
    ----------
    metallicity : ndarray of shape (n_metallicities,)
        [M/H] of the nodes (dex).
    log_age : ndarray of shape (n_ages,)
        Logarithm (base 10) of the ages of the nodes in years.
    log_mass : ndarray of shape (n_metallicities, n_ages, n_points)
        Logarithm (base 10) of initial masses in solar masses; the k-th points of all isochrones are
        in the same state of evolution.
    magnitudes : ndarray of shape (3, n_metallicities, n_ages, n_points)
        Absolute magnitudes in G, BP and RP (mag).

    See Also
    --------
    isochrone : Return one isochrone as a table.
    PopulationGrid : Density of the stars of a cluster in the colour-magnitude diagram.

    References
    ----------
    .. [1] Bressan et al. 2012, MNRAS 427, 127 (PARSEC).

    Examples
    --------
    >>> from skcluster.isochrones import IsochroneGrid
    >>> grid = IsochroneGrid.load()
    >>> grid.interpolate(9.6, 0.0).magnitudes.shape[:2]
    (3, 1)
    """

    #: Allowed range. The most metal-rich node is +0.30; beyond it the last two are extrapolated.
    METALLICITY_RANGE = (-0.7, 0.4)
    LOG_AGE_RANGE = (6.0, 10.2)

    metallicity: FloatArray
    log_age: FloatArray
    log_mass: FloatArray
    magnitudes: FloatArray

    @staticmethod
    @cache
    def load() -> "IsochroneGrid":
        """Load the grid in this package: PARSEC, Gaia EDR3.

        Returns
        -------
        IsochroneGrid
            The grid; the same object in every call.
        """
        path = files("skcluster.isochrones").joinpath("data/parsec_isochrones.npz")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            magnitudes = np.moveaxis(stored["millimagnitudes"], -1, 0) / 1000
            return IsochroneGrid(
                stored["metallicity"],
                stored["log_age"],
                stored["log_mass"].astype(float),
                magnitudes,
            )

    @cached_property
    def gap(self) -> BoolArray:
        """Points without stars, see `Isochrones`; shape (n_metallicities, n_ages, n_points)."""
        section = np.zeros(self.log_mass.shape[-1], dtype=bool)
        section[_TIP + 1 : _HELIUM] = True
        same_mass = self.log_mass - self.log_mass[..., [_TIP]] < _SAME_MASS
        length = np.abs(self.magnitudes[0, ..., _HELIUM] - self.magnitudes[0, ..., _TIP])
        # Massive stars ignite helium before they are giants: the section has zero length.
        jumps = (same_mass[..., section].mean(axis=-1) >= _LEAST_FRACTION) & (length > 1)
        gap: BoolArray = section & same_mass & jumps[..., None]
        return gap

    def interpolate(self, log_age: npt.ArrayLike, metallicity: npt.ArrayLike) -> Isochrones:
        """Interpolate the isochrones of many clusters.

        Interpolation is linear in log age and [M/H], between points in the same state of evolution.

        Parameters
        ----------
        log_age, metallicity : array-like of shape (n_clusters,)
            Logarithms (base 10) of the ages in years, and [M/H] (dex).

        Returns
        -------
        Isochrones
            One row per cluster.

        Raises
        ------
        ValueError
            If an age or a metallicity is outside the range of the isochrones.
        """
        ages = check_range("log_age", log_age, self.LOG_AGE_RANGE)
        metals = check_range("metallicity", metallicity, self.METALLICITY_RANGE)
        i, u = _bracket(self.metallicity, metals)
        j, v = _bracket(self.log_age, ages)
        corners = [
            (i + di, j + dj, (u if di else 1 - u) * (v if dj else 1 - v))
            for di in (0, 1)
            for dj in (0, 1)
        ]
        log_mass = sum(w[:, None] * self.log_mass[a, b] for a, b, w in corners)
        magnitudes = sum(w[:, None] * self.magnitudes[:, a, b] for a, b, w in corners)
        return Isochrones(
            # Beyond the last node some weights are negative: masses must still not decrease.
            np.maximum.accumulate(np.asarray(log_mass), axis=1),
            np.asarray(magnitudes),
            self.gap[i + (u >= 0.5), j + (v >= 0.5)],
        )


def isochrone(
    log_age: float,
    metallicity: float = 0.0,
    *,
    a_v: float = 0.0,
    distance_kpc: float = 0.01,
    law: Law = "dr2",
) -> pd.DataFrame:
    """Return one isochrone as it would be observed at some distance and extinction.

    Parameters
    ----------
    log_age : float
        Logarithm (base 10) of the age in years, 6.0 to 10.2.
    metallicity : float, default=0.0
        [M/H] in dex, −0.7 to +0.4 (beyond +0.30 extrapolated).
    a_v : float, default=0.0
        Extinction A_V (mag).
    distance_kpc : float, default=0.01
        Distance in kpc. At 10 pc, the default, magnitudes are absolute.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, see `skcluster.photometry.extinction_coefficients`. That of DR2 matches the
        extinctions of Cantat-Gaudin et al. 2020, and estimates of models trained on them or on
        simulated clusters.

    Returns
    -------
    DataFrame
        One row per point, from 0.1 solar masses up to the start of thermal pulses: ``mass``
        (initial, solar masses), ``phot_g_mean_mag``, ``phot_bp_mean_mag``, ``phot_rp_mean_mag``
        and ``bp_rp`` (mag). At ages above about 1.5 Gyr, stars jump from the tip of the giant
        branch to the onset of helium burning; the magnitudes of one row there are NaN, which breaks
        the line in a figure. ``dropna()`` removes it.

    Raises
    ------
    ValueError
        If age or metallicity is outside the range of the isochrones, or if the distance is not
        positive.

    References
    ----------
    .. [1] Bressan et al. 2012, MNRAS 427, 127 (PARSEC).

    Examples
    --------
    The main sequence of the Hyades ends near two solar masses:

    >>> from skcluster.isochrones import isochrone
    >>> points = isochrone(8.9, metallicity=0.15)
    >>> float(points["mass"].max().round(1))
    2.5
    """
    if not distance_kpc > 0:
        raise ValueError(f"distance_kpc must be positive; got {distance_kpc:g}.")
    one = IsochroneGrid.load().interpolate(log_age, metallicity)
    g, bp, rp = one.magnitudes[:, 0]
    k = extinction_coefficients(bp - rp, a_v, law)
    modulus = distance_modulus(distance_kpc)
    seen = [m + coefficient * a_v + modulus for m, coefficient in zip((g, bp, rp), k, strict=True)]
    points = pd.DataFrame({"mass": 10 ** one.log_mass[0], **dict(zip(BANDS, seen, strict=True))})
    points["bp_rp"] = points[BANDS[1]] - points[BANDS[2]]
    gap = one.gap[0]
    points.loc[gap, points.columns.drop("mass")] = np.nan
    repeated = gap & np.roll(gap, 1)
    kept: pd.DataFrame = points[~repeated].reset_index(drop=True)
    return kept


def check_range(name: str, values: npt.ArrayLike, bounds: tuple[float, float]) -> FloatArray:
    """Return values as an array of floats; refuse those outside the range of the isochrones."""
    array = np.atleast_1d(np.asarray(values, dtype=float))
    outside = ~((array >= bounds[0]) & (array <= bounds[1]))
    if outside.any():
        raise ValueError(
            f"{name} must be within {bounds[0]:g} to {bounds[1]:g}, the range of the isochrones; "
            f"got {array[outside][0]:g}."
        )
    return array


def _bracket(nodes: FloatArray, values: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Return the node below each value, and the fraction of the step to the next."""
    below = np.clip(np.searchsorted(nodes, values, side="right") - 1, 0, len(nodes) - 2)
    return below, (values - nodes[below]) / (nodes[below + 1] - nodes[below])
