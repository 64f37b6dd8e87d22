"""Cavallo et al. 2024: a neural network on colour-magnitude diagrams of Gaia DR3."""

import os
from typing import Any

from sklearn.utils._param_validation import validate_params

from skcluster.datasets.catalogues._docs import shared_docs
from skcluster.datasets.catalogues._fetch import FETCHING, fetch
from skcluster.datasets.catalogues._tables import Catalogue, Table, column

_DESCRIPTION = """\
Cavallo et al. 2024
-------------------

6413 clusters with ages, extinctions, distances and metallicities, from VizieR, J/AJ/167/12; without
member stars.

Parameters, from a network trained on simulated clusters, each the median, with the 16th and 84th
percentile in ``uncertainties``:
    log_age       log10 of the age in years (``logAge16``, ``logAge50``, ``logAge84``)
    a_v           mean extinction A_V, mag (``AV16``, ``AV50``, ``AV84``)
    distance_kpc  from the distance modulus (``dMod16``, ``dMod50``, ``dMod84``, mag)
The metallicity is in ``clusters`` (``[Fe/H]50``).

Left out of ``target``: clusters without any of the three parameters.

Caveats
- Not all are open clusters: ``kind`` is ``o`` for open clusters, ``g`` for globular clusters (116),
  ``m`` for moving groups (145), and blank for 7.
- ``quality`` grades the estimates as described in the paper.
- Against Cantat-Gaudin et al. 2020 (1639 clusters in common): root-mean-square differences of 0.384
  in log age, 0.552 mag in A_V (0.40 larger on average) and 0.385 mag in distance modulus.

Cite Cavallo et al. 2024, AJ 167, 12, doi:10.3847/1538-3881/ad07e5; and VizieR: Ochsenbein et al.
2000, A&AS 143, 23.
"""

CAVALLO_2024 = Catalogue(
    "cavallo_2024",
    Table(
        "J/AJ/167/12",
        6413,
        (
            column("cluster", "Cluster", "Name", kind="text"),
            column("ra", "RA_ICRS", "RAdeg", "RAICRS", "RAJ2000", "_RA"),
            column("dec", "DE_ICRS", "DEdeg", "DEICRS", "DEJ2000", "_DE"),
            column("parallax", "Plx", "plx", needed=False),
            column("kind", "kind", "Kind", kind="text"),
            column("quality", "Quality", needed=False),
            column("log_age", "logAge50"),
            column("log_age_low", "logAge16"),
            column("log_age_high", "logAge84"),
            column("a_v", "AV50"),
            column("a_v_low", "AV16"),
            column("a_v_high", "AV84"),
            column("distance_modulus", "dMod50"),
            column("distance_modulus_low", "dMod16"),
            column("distance_modulus_high", "dMod84"),
            column("metallicity", "[Fe/H]50", needed=False),
            column("metallicity_low", "[Fe/H]16", needed=False),
            column("metallicity_high", "[Fe/H]84", needed=False),
        ),
    ),
    None,
    _DESCRIPTION,
)


@validate_params({**FETCHING, "return_X_y": ["boolean"]}, prefer_skip_nested_validation=True)
@shared_docs
def fetch_cavallo_2024(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    progress: bool | None = None,
) -> Any:
    """Fetch the parameters of clusters of Cavallo et al. 2024.

    6413 clusters with log age, extinction and distance from a neural network on Gaia DR3 [1]_,
    without member stars.

    Parameters
    ----------
    {parameters}
    {X_y}
    {network}

    Returns
    -------
    {returns}

    {problems}

    See Also
    --------
    fetch_catalogue : Fetch any of the catalogues by name.
    fetch_hunt_reffert_2023 : Fetch a catalogue from the same data, with member stars.

    References
    ----------
    .. [1] Cavallo et al. 2024, AJ 167, 12 (VizieR J/AJ/167/12).

    Examples
    --------
    >>> from skcluster.datasets import fetch_cavallo_2024
    >>> labels = fetch_cavallo_2024()  # doctest: +SKIP
    >>> open_clusters = labels.clusters.query("kind == 'o'")  # doctest: +SKIP
    """
    return fetch(
        CAVALLO_2024,
        members=False,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        n_retries=n_retries,
        delay=delay,
        progress=progress,
    )
