"""Stars of the Galactic disc: in the lists of clusters, and along sightlines of their own."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.isochrones import IsochroneGrid
from skcluster.isochrones._masses_and_binaries import kroupa
from skcluster.photometry import distance_modulus

# Scale length of the dust along a sightline (kpc).
_DUST_SCALE = 4.0
# Tolerance of parallaxes around the cluster's: mas, and a fraction of the parallax.
_WINDOW, _RELATIVE_WINDOW = 0.1, 0.05
_N_DISTANCES = 24
# Numbers of ages of the stars of the disc, and of masses of each age.
_N_AGES, _N_MASSES = 200, 300
# Beyond about this distance (kpc) a list has its full fraction of field stars.
_CONFUSION_DISTANCE = 1.0

# Range of distances of stars along a sightline (kpc).
_NEAREST, _FARTHEST, _N_STEPS = 0.05, 12.0, 60
# Scale lengths of the disc density along a sightline, from leaving the disc to within it (kpc);
# A_V at infinity follows a gamma distribution (mag).
_DENSITY_SCALES = (0.4, 3.0)
_A_V_SHAPE, _A_V_MEAN = 1.2, 3.0


@dataclass(frozen=True)
class DiscStars:
    """Disc stars sorted by brightness."""

    #: Absolute G, BP, RP, brightest star first; shape (3, n_stars).
    magnitudes: FloatArray
    #: Cumulative fraction of stars of each brightness or brighter; shape (n_stars,).
    cumulative: FloatArray

    def share_brighter(self, g: FloatArray) -> FloatArray:
        """Return the share of stars that are brighter than absolute magnitudes."""
        return np.interp(g, self.magnitudes[0], self.cumulative)

    def draw(self, share: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Draw absolute magnitudes of stars among the brightest share, shape (3, n_stars)."""
        rank = np.searchsorted(self.cumulative, rng.random(len(share)) * share)
        return self.magnitudes[:, np.minimum(rank, len(self.cumulative) - 1)]


@cache
def disc_stars() -> DiscStars:
    """Simulate individual stars of a disc with constant star formation over ten billion years."""
    rng = np.random.default_rng(0)
    log_age = np.log10(10 ** rng.uniform(0, 1, _N_AGES) * 1e9)
    log_age[: _N_AGES // 2] = rng.uniform(7.0, 9.0, _N_AGES // 2)
    metallicity = np.clip(rng.normal(-0.1, 0.2, _N_AGES), *IsochroneGrid.METALLICITY_RANGE)
    isochrones = IsochroneGrid.load().interpolate(log_age, metallicity)
    # Half of the masses are uniform in log mass, half on the points of the isochrone, to include
    # giants; each star represents those of an interval of mass and age.
    n = _N_MASSES // 2
    points = isochrones.log_mass[:, :: max(1, isochrones.log_mass.shape[1] // n)]
    even = points[:, :1] + (points[:, -1:] - points[:, :1]) * np.linspace(0, 1, n)
    log_mass = np.sort(np.hstack([points, even]), axis=1)
    middle = (log_mass[:, 1:] + log_mass[:, :-1]) / 2
    edges = np.hstack([log_mass[:, :1], middle, log_mass[:, -1:]])
    stars = np.diff(kroupa().rank(10**edges), axis=1)
    order = np.argsort(log_age)
    span = np.gradient(10 ** log_age[order])[np.argsort(order)]
    weight = (stars * span[:, None]).ravel()
    row = np.repeat(np.arange(_N_AGES), log_mass.shape[1])
    magnitudes = isochrones.at(row, log_mass.ravel())
    order = np.argsort(magnitudes[0])
    cumulative = np.cumsum(weight[order])
    return DiscStars(magnitudes[:, order], cumulative / cumulative[-1])


def field_counts(
    n_stars: IntArray, distance_kpc: FloatArray, mean_share: float, rng: np.random.Generator
) -> IntArray:
    """Draw the number of field stars in each list; parallaxes exclude most near the Sun."""
    if mean_share == 0:
        return np.zeros(len(n_stars), np.int64)
    mean = mean_share * -np.expm1(-distance_kpc / _CONFUSION_DISTANCE)
    # The scatter between clusters is about the maximum for a fraction with this mean.
    share = rng.beta(2.0, 2.0 / mean - 2.0)
    number: IntArray = np.minimum(np.round(share * n_stars).astype(np.int64), n_stars - 1)
    return number


def draw_field(
    cluster: IntArray,
    distance_kpc: FloatArray,
    a_v: FloatArray,
    faint_limit: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw absolute G, BP, RP, shape (3, n_stars), distance and A_V of field stars of clusters.

    ``cluster`` is that of each star; distances and extinctions are those of the clusters.
    """
    disc = disc_stars()
    parallax = 1 / distance_kpc
    window = np.hypot(_WINDOW, _RELATIVE_WINDOW * parallax)
    steps = np.linspace(-2, 2, _N_DISTANCES)
    # Parallaxes consistent with the cluster's, and the number of disc stars there: the volume of a
    # shell of parallax (d^2 dd = p^-4 dp) times the fraction of stars that are bright enough.
    parallaxes = np.maximum(parallax[:, None] + window[:, None] * steps, 0.04)
    distances = 1 / parallaxes
    dust = -np.expm1(-distances / _DUST_SCALE) / -np.expm1(-distance_kpc / _DUST_SCALE)[:, None]
    extinction = a_v[:, None] * dust
    share = disc.share_brighter(faint_limit - distance_modulus(distances) - 0.85 * extinction)
    density = np.exp(-0.5 * steps**2 - distances / 3.0) * parallaxes**-4.0 * share
    at = _draw_steps(density, cluster, rng)
    magnitudes = disc.draw(share.ravel()[at], rng)
    return magnitudes, distances.ravel()[at], extinction.ravel()[at]


def draw_sightlines(
    n_sightlines: int, n_stars: int, faint_limit: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw stars along sightlines, sightline after sightline, as `draw_field` does for clusters."""
    disc = disc_stars()
    distances = np.geomspace(_NEAREST, _FARTHEST, _N_STEPS)
    low, high = np.log(_DENSITY_SCALES)
    scale = np.exp(rng.uniform(low, high, n_sightlines))[:, None]
    dust = rng.gamma(_A_V_SHAPE, _A_V_MEAN / _A_V_SHAPE, n_sightlines)[:, None]
    extinction = dust * -np.expm1(-distances / _DUST_SCALE)
    share = disc.share_brighter(faint_limit - distance_modulus(distances) - 0.85 * extinction)
    # Distances are uniform in logarithm, so the volume of a shell increases with their cube.
    density = distances**3 * np.exp(-distances / scale) * share
    at = _draw_steps(density, np.repeat(np.arange(n_sightlines), n_stars), rng)
    within = np.exp(rng.uniform(-0.5, 0.5, len(at)) * np.log(distances[1] / distances[0]))
    magnitudes = disc.draw(share.ravel()[at], rng)
    return magnitudes, distances[at % _N_STEPS] * within, extinction.ravel()[at]


def _draw_steps(density: FloatArray, row: IntArray, rng: np.random.Generator) -> IntArray:
    """Draw the step of each star along its line of sight, as an index of all steps of all lines.

    The rows of densities are the lines of sight, whose numbers are those in ``row``.
    """
    cumulative = np.cumsum(density, axis=1)
    cumulative /= cumulative[:, -1:]
    # One sorted array for all lines: each is moved by more than its length.
    shift = 2.0 * np.arange(len(density))
    at = np.searchsorted((cumulative + shift[:, None]).ravel(), rng.random(len(row)) + shift[row])
    step: IntArray = np.minimum(at, (row + 1) * density.shape[1] - 1)
    return step
