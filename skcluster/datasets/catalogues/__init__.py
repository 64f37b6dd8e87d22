"""Published catalogues of star clusters, fetched from VizieR and cached.

VizieR is queried by the Table Access Protocol, its mirror by VizieR's own protocol, in parts of
known rows, so that truncated answers are detected. The tests need no network;
``pytest -m network tests/datasets`` checks the live service.
"""

from skcluster._utils.data_home import get_data_home
from skcluster.datasets.catalogues._bossini_2019 import fetch_bossini_2019
from skcluster.datasets.catalogues._by_name import CATALOGUES, fetch_catalogue, fetch_cluster
from skcluster.datasets.catalogues._cantat_gaudin_2020 import fetch_cantat_gaudin_2020
from skcluster.datasets.catalogues._cavallo_2024 import fetch_cavallo_2024
from skcluster.datasets.catalogues._cross_match import cross_match
from skcluster.datasets.catalogues._dias_2021 import fetch_dias_2021
from skcluster.datasets.catalogues._errors import CatalogueChangedError, FetchError
from skcluster.datasets.catalogues._hunt_reffert_2023 import fetch_hunt_reffert_2023
from skcluster.datasets.catalogues._names import ABBREVIATIONS, other_names

__all__ = [
    "ABBREVIATIONS",
    "CATALOGUES",
    "CatalogueChangedError",
    "FetchError",
    "cross_match",
    "fetch_bossini_2019",
    "fetch_cantat_gaudin_2020",
    "fetch_catalogue",
    "fetch_cavallo_2024",
    "fetch_cluster",
    "fetch_dias_2021",
    "fetch_hunt_reffert_2023",
    "get_data_home",
    "other_names",
]
