"""Data sets of clusters: an example, simulations, and published catalogues."""

from skcluster._utils.files import get_data_home
from skcluster.datasets._gaia_archive import fetch_gaia_cone
from skcluster.datasets._load import load_example, load_example_field, load_simulated_clusters
from skcluster.datasets.catalogues._cross_match import cross_match
from skcluster.datasets.catalogues._download import CatalogueChangedError, FetchError
from skcluster.datasets.catalogues._fetch import (
    fetch_cantat_gaudin_2020,
    fetch_catalogue,
    fetch_cluster,
    fetch_hunt_reffert_2023,
)
from skcluster.datasets.simulation._effects import Effects
from skcluster.datasets.simulation._fields import simulate_field_stars, simulate_fields
from skcluster.datasets.simulation._simulate import simulate_clusters, simulate_to_parquet

__all__ = [
    "CatalogueChangedError",
    "Effects",
    "FetchError",
    "cross_match",
    "fetch_cantat_gaudin_2020",
    "fetch_catalogue",
    "fetch_cluster",
    "fetch_gaia_cone",
    "fetch_hunt_reffert_2023",
    "get_data_home",
    "load_example",
    "load_example_field",
    "load_simulated_clusters",
    "simulate_clusters",
    "simulate_field_stars",
    "simulate_fields",
    "simulate_to_parquet",
]
