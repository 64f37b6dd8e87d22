"""PARSEC isochrones in Gaia's bands, and the density of their stars in the CMD."""

from skcluster.isochrones._grid import IsochroneGrid, Isochrones, isochrone
from skcluster.isochrones._masses_and_binaries import MassFunction, kroupa
from skcluster.isochrones._population import PopulationGrid

__all__ = [
    "IsochroneGrid",
    "Isochrones",
    "MassFunction",
    "PopulationGrid",
    "isochrone",
    "kroupa",
]
