"""Densities of populations, for tests."""

import numpy as np

from skcluster.isochrones import PopulationGrid
from skcluster.isochrones._population_tables import AXES


def density_map(log_age, metallicity, reddening, scatter):
    """Density of a population at the points of the grid, shape (n_g, n_bp_rp)."""
    points = np.meshgrid(*(axis.values.astype(np.float32) for axis in (AXES.g, AXES.bp_rp)))
    m_g, bp_rp = (values.T.reshape(1, -1) for values in points)
    scatters = np.full(m_g.size, scatter)
    grid = PopulationGrid.load()
    density = grid.density([log_age], [metallicity], [reddening], m_g, bp_rp, scatters)
    return density.reshape(len(AXES.g), len(AXES.bp_rp))
