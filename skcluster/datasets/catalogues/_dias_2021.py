"""Dias et al. 2021: isochrone fits to Gaia DR2."""

import os
from typing import Any

from sklearn.utils._param_validation import validate_params

from skcluster.datasets.catalogues._docs import shared_docs
from skcluster.datasets.catalogues._fetch import FETCHING, fetch
from skcluster.datasets.catalogues._tables import Catalogue, Table, column

_DESCRIPTION = """\
Dias et al. 2021
----------------

1743 open clusters with ages, extinctions and distances, from VizieR, J/MNRAS/504/356 (``table12``).
There is no table of member stars.

Parameters, from isochrone fits to Gaia DR2 photometry of published members, with symmetric errors
(value minus and plus error in ``uncertainties``):
    log_age       log10 of the age in years (``logage``, ``e_logage``)
    a_v           mean extinction A_V, mag (``Av``, ``e_Av``)
    distance_kpc  from the fit (``Dist``, ``e_Dist``, in pc)
The metallicity is in ``clusters`` (``[Fe/H]``).

Left out of ``target``: clusters without any of the three parameters.

Caveats
- The errors are those of the fit, without those of member lists and isochrones.
- Against Cantat-Gaudin et al. 2020 (1481 clusters in common): root-mean-square differences of 0.388
  in log age, 0.394 mag in A_V (0.29 larger on average) and 0.271 mag in distance modulus.
- Names have underscores, numbers of FSR and ESO clusters leading zeros (``FSR_0133``).
  ``Ruprecht_123`` is listed twice (also as ``Ruprecht_123_v0``).

Cite Dias et al. 2021, MNRAS 504, 356, doi:10.1093/mnras/stab770; and VizieR: Ochsenbein et al.
2000, A&AS 143, 23.
"""

DIAS_2021 = Catalogue(
    "dias_2021",
    Table(
        "J/MNRAS/504/356/table12",
        1743,
        (
            column("cluster", "Cluster", kind="text"),
            column("ra", "RA_ICRS", "RAdeg"),
            column("dec", "DE_ICRS", "DEdeg"),
            column("r50", "r50"),
            column("n_members", "N"),
            column("pmra", "pmRA", "pmRA*"),
            column("pmdec", "pmDE"),
            column("parallax", "Plx"),
            column("log_age", "logage", "logAge"),
            column("log_age_error", "e_logage", "e_logAge"),
            column("a_v", "Av", "AV"),
            column("a_v_error", "e_Av", "e_AV"),
            column("distance_pc", "Dist"),
            column("distance_pc_error", "e_Dist"),
            column("metallicity", "[Fe/H]", needed=False),
            column("metallicity_error", "e_[Fe/H]", needed=False),
        ),
    ),
    None,
    _DESCRIPTION,
)


@validate_params({**FETCHING, "return_X_y": ["boolean"]}, prefer_skip_nested_validation=True)
@shared_docs
def fetch_dias_2021(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    n_retries: int = 3,
    delay: float = 1.0,
    progress: bool | None = None,
) -> Any:
    """Fetch the parameters of open clusters of Dias et al. 2021.

    1743 clusters with log age, extinction and distance from isochrone fits to Gaia DR2 [1]_,
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
    fetch_bossini_2019 : Isochrone fits of fewer clusters, with asymmetric uncertainties.

    References
    ----------
    .. [1] Dias et al. 2021, MNRAS 504, 356 (VizieR J/MNRAS/504/356).

    Examples
    --------
    >>> from skcluster.datasets import fetch_dias_2021
    >>> labels = fetch_dias_2021()  # doctest: +SKIP
    >>> labels.target.loc["NGC_2682"]  # doctest: +SKIP
    """
    return fetch(
        DIAS_2021,
        members=False,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        n_retries=n_retries,
        delay=delay,
        progress=progress,
    )
