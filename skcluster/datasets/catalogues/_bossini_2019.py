"""Bossini et al. 2019: careful isochrone fits of nearby clusters."""

import os
from typing import Any

from sklearn.utils._param_validation import validate_params

from skcluster.datasets.catalogues._fetch import FETCHING, fetch
from skcluster.datasets.catalogues._tables import Catalogue, Table, column

_DESCRIPTION = """\
Bossini et al. 2019
-------------------

269 open clusters with ages, extinctions and distances, from VizieR, J/A+A/623/A108 (``tablea``),
without member stars; those used are of Cantat-Gaudin et al. 2018.

Parameters, from Bayesian isochrone fits (BASE-9) to Gaia DR2 photometry, with lower and upper
errors (value minus and plus error in ``uncertainties``):
    log_age       log10 of the age in years (``logA``, ``e_logA``, ``E_logA``)
    a_v           extinction A_V, mag (``AV``, ``e_AV``, ``E_AV``)
    distance_kpc  from the distance modulus (``Dist``, ``e_Dist``, ``E_Dist``)

Left out of ``target``: clusters without any of the three parameters.

Beware
- ``Dist`` is a distance modulus in mag, whatever its name says.
- The metallicity was fixed, not fitted, and the errors are those of the fit: they are far smaller
  than the differences between catalogues.
- These clusters are part of what Cantat-Gaudin et al. 2020 trained their network on: agreement
  between the two proves little (258 clusters in common: root-mean-square differences of 0.151 in
  log age, 0.148 mag in A_V and 0.177 mag in distance modulus).
- Four clusters are there under two names: ASCC 124 and Alessi 37, ASCC 22 and Ferrero 11, ASCC 112
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
    [1]_, to compare with; without member stars.

    Parameters
    ----------
    data_home : str or PathLike, optional
        Folder of the cache; see `get_data_home`.
    download_if_missing : bool, default=True
        Whether to fetch what is not cached. Otherwise an error is raised.
    return_X_y : bool, default=False
        Whether to return ``(X, y)`` instead of a `Bunch`.
    n_retries : int, default=3
        How often VizieR and its mirror are asked again after neither gave a usable answer.
    delay : float, default=1.0
        Seconds before the first retry; twice as many before each further one.
    progress : bool, optional
        Whether to show a progress bar. Unless given: if the standard error is a terminal.

    Returns
    -------
    data : Bunch
        With ``data`` (None: the catalogue has no member lists), ``target`` (y: a DataFrame
        with ``log_age``, ``a_v``, ``distance_kpc``), ``uncertainties`` (bounds ``log_age_low``,
        ``log_age_high`` … in the same units), ``clusters`` (every row of the catalogue, as
        published), ``left_out`` (the reason for each cluster that is not in y), ``unlabelled``
        (None), ``target_names``, ``feature_names`` and ``DESCR``.
    (X, y) : tuple
        If ``return_X_y`` is True.

    Raises
    ------
    FetchError
        If no server gives a complete table (an `OSError`; what arrived is kept, and the next call
        goes on from there), or it is not cached and ``download_if_missing`` is False.
    CatalogueChangedError
        If columns that are needed are not there any more, or the table has other rows (a
        `ValueError`).

    Warns
    -----
    UserWarning
        If a cached file was corrupt and is fetched again.

    Notes
    -----
    ``DESCR`` of the result explains columns and known traps. Whether VizieR still serves the
    catalogue as this function expects it is checked by ``pytest -m network tests/datasets``.

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
