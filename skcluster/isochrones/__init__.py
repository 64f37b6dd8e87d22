"""PARSEC isochrones in Gaia's bands."""

from skcluster.isochrones._curve import isochrone
from skcluster.isochrones._grid import IsochroneGrid, Isochrones, check_range

__all__ = ["IsochroneGrid", "Isochrones", "check_range", "isochrone"]
