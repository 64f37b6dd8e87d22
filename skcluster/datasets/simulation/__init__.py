"""Simulated star clusters: parameters, stars, extinction, Gaia's errors, and field stars."""

from skcluster.datasets.simulation._effects import Effects
from skcluster.datasets.simulation._parquet import simulate_to_parquet
from skcluster.datasets.simulation._sightlines import simulate_field_stars
from skcluster.datasets.simulation._simulate import simulate_clusters

__all__ = ["Effects", "simulate_clusters", "simulate_field_stars", "simulate_to_parquet"]
