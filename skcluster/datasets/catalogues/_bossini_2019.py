"""Bossini et al. 2019: Bayesian isochrone fits of nearby clusters."""

import os
from typing import Any

from sklearn.utils._param_validation import validate_params

from skcluster.datasets.catalogues._docs import shared_docs
from skcluster.datasets.catalogues._fetch import FETCHING, fetch
from skcluster.datasets.catalogues._tables import Catalogue, Table, column

_DESCRIPTION = """\
Bossini et al. 2019
-------------------

269 open clusters with ages, extinctions and distances, from VizieR, J/A+A/623/A108 (``tablea``),
without member stars; those of Cantat-Gaudin et al. 2018 were used.

Parameters, from Bayesian isochrone fits (BASE-9) to Gaia DR2 photometry, with lower and upper
errors (value minus and plus error in ``uncertainties``):
    log_age       log10 of the age in years (``logA``, ``e_logA``, ``E_logA``)
    a_v           extinction A_V, mag (``AV``, ``e_AV``, ``E_AV``)
    distance_kpc  from the distance modulus (``Dist``, ``e_Dist``, ``E_Dist``)

Left out of ``target``: clusters without any of the three parameters.

Caveats
- ``Dist`` is a distance modulus in mag, despite its name.
- The metallicity was fixed, not fitted, and the errors are those of the fit: they are much smaller
  than the differences between catalogues.
- These clusters are part of the training set of Cantat-Gaudin et al. 2020, so the two catalogues
  are not independent (258 clusters in common: root-mean-square differences of 0.151 in log age,
  0.148 mag in A_V and 0.177 mag in distance modulus).
- Four clusters are listed under two names: ASCC 124 and Alessi 37, ASCC 22 and Ferrero 11, ASCC 112
  and Alessi Teutsch 11, Harvard 5 and Collinder 258.
- Numbers may have leading zeros (``NGC 0188``).

Cite Bossini et al. 2019, A&A 623, A108, doi:10.1051/0004-6361/201834693; and VizieR: Ochsenbein et
al. 2000, A&AS 143, 23.
"""

BOSSINI_2019 = Catalogue(
    "bossini_2019",
    Table(
        "J/A+A/623/A108/tablea",
        269,
        (
            column("cluster", "Cluster", kind="text"),
            column("ra", "RA_ICRS", "RAdeg", "RAJ2000", "_RA"),
            column("dec", "DE_ICRS", "DEdeg", "DEJ2000", "_DE"),
            column("log_age", "logA"),
            column("log_age_lower_error", "e_logA"),
            column("log_age_upper_error", "E_logA"),
            column("a_v", "AV"),
            column("a_v_lower_error", "e_AV"),
            column("a_v_upper_error", "E_AV"),
            column("distance_modulus", "Dist"),
            column("distance_modulus_lower_error", "e_Dist"),
            column("distance_modulus_upper_error", "E_Dist"),
            column("metallicity", "Fe/H", "[Fe/H]", needed=False),
        ),
    ),
    None,
    _DESCRIPTION,
)


@validate_params({**FETCHING, "return_X_y": ["boolean"]}, prefer_skip_nested_validation=True)
@shared_docs
def fetch_bossini_2019(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    progress: bool | None = None,
) -> Any:
    """Fetch the parameters of open clusters of Bossini et al. 2019.

    269 clusters with log age, extinction and distance from Bayesian isochrone fits to Gaia DR2
    [1]_, without member stars.

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
    fetch_dias_2021 : Isochrone fits of more clusters.

    References
    ----------
    .. [1] Bossini et al. 2019, A&A 623, A108 (VizieR J/A+A/623/A108).

    Examples
    --------
    >>> from skcluster.datasets import fetch_bossini_2019
    >>> labels = fetch_bossini_2019()  # doctest: +SKIP
    >>> labels.uncertainties["log_age_high"] - labels.target["log_age"]  # doctest: +SKIP
    """
    return fetch(
        BOSSINI_2019,
        members=False,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        n_retries=n_retries,
        delay=delay,
        progress=progress,
    )
