"""Simulate member stars from the model of the likelihood."""

import numpy as np
from sklearn.utils import check_random_state

from skcluster._utils.typing import FloatArray
from skcluster.inference._likelihood import scatter_classes
from skcluster.inference._prior import Parameters
from skcluster.isochrones import PopulationGrid
from skcluster.isochrones._axes import AXES
from skcluster.photometry import Law, redden

#: Number of draws after which a population without members brighter than the limit is an error.
_MANY = 100_000


def simulate_members(
    parameters: Parameters,
    n_stars: int,
    *,
    faint_limit: float = 18.0,
    law: Law = "dr2",
    random_state: int | np.random.RandomState | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Simulate members of a cluster from the model of `StarLikelihood`.

    Magnitudes and colours follow the member density: the population of the given age and
    metallicity with unresolved binaries and differential reddening, at the distance modulus and
    A_V, with photometric scatter, down to the faint limit. There are no field stars.

    Parameters
    ----------
    parameters : Parameters
        A single set of parameters.
    n_stars : int
        Number of stars.
    faint_limit : float, default=18.0
        Magnitude limit in G (mag).
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, see `skcluster.photometry.extinction_coefficients`.
    random_state : int, RandomState instance or None, default=None
        Determines the drawn stars.

    Returns
    -------
    g, bp_rp : ndarray of shape (n_stars,)
        Observed magnitudes and colours (mag).

    Raises
    ------
    ValueError
        If no member is brighter than the limit, or ``parameters`` has more than one set.

    See Also
    --------
    skcluster.datasets.simulate_clusters : Simulate catalogues with field stars and Gaia's errors.

    Examples
    --------
    >>> from skcluster.inference import Parameters
    >>> from skcluster.inference._simulate_members import simulate_members
    >>> theta = Parameters.of(log_age=9.0, a_v=0.3, distance_modulus=10.0)
    >>> g, bp_rp = simulate_members(theta, 100, random_state=0)
    >>> bool(g.max() < 18)
    True
    """
    if len(parameters) != 1:
        raise ValueError(f"One set of parameters is needed, not {len(parameters)}.")
    rng = check_random_state(random_state)
    a_v, modulus = parameters.a_v[0], parameters.distance_modulus[0]
    population = parameters.log_age[0], parameters.metallicity[0], int(parameters.reddening[0])
    density, centre = PopulationGrid.load().around_centre(*population, scatter=0)
    # The rows around the limit are included, and fainter stars are removed individually.
    last = int((faint_limit - modulus - AXES.g.start) / AXES.g.step) + 2
    cumulative = np.cumsum(density[: max(last, 0)], dtype=np.float64)
    g, bp_rp = np.empty((2, 0))
    size = 2 * n_stars
    while len(g) < n_stars:
        if not len(cumulative) or not cumulative[-1] > 0:
            raise ValueError(f"No member is brighter than G = {faint_limit:g}.")
        cell = np.searchsorted(cumulative, cumulative[-1] * rng.uniform(size=size))
        row, column = np.divmod(cell, density.shape[1])
        m_g = AXES.g.values[row] + AXES.g.step * _triangular(rng, len(cell))
        offset = AXES.bp_rp_offset
        colour = offset.values[column] + offset.step * _triangular(rng, len(cell))
        colour += np.interp(m_g, AXES.g.values, centre)
        # The scatter is added to intrinsic colours; its size is that of observed ones.
        colour = _scattered(colour, *redden(m_g + modulus, colour, a_v, law), rng)
        new_g, new_colour = redden(m_g + modulus, colour, a_v, law)
        seen = new_g < faint_limit
        if not seen.any():
            if size >= _MANY:
                raise ValueError(f"No member is brighter than G = {faint_limit:g}.")
            size = _MANY
        g, bp_rp = np.append(g, new_g[seen]), np.append(bp_rp, new_colour[seen])
    return g[:n_stars], bp_rp[:n_stars]


def _triangular(rng: np.random.RandomState, n: int) -> FloatArray:
    """Draw triangular deviates within ±1, as linear interpolation between grid points has them."""
    return rng.uniform(size=n) + rng.uniform(size=n) - 1


def _scattered(
    intrinsic: FloatArray, g: FloatArray, bp_rp: FloatArray, rng: np.random.RandomState
) -> FloatArray:
    """Add the colour scatter of that magnitude; stars have the smallest of the grid already."""
    scatter = np.array(AXES.scatter)
    rest: FloatArray = np.sqrt(scatter[scatter_classes(g, bp_rp)] ** 2 - scatter[0] ** 2)
    return intrinsic + rest * rng.standard_normal(len(g))
