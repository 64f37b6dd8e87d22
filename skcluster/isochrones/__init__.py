"""PARSEC isochrones in Gaia's bands, and the density of their stars in the CMD."""

from skcluster.isochrones._grid import IsochroneGrid, isochrone
from skcluster.isochrones._population import PopulationGrid

__all__ = ["IsochroneGrid", "PopulationGrid", "isochrone"]
