"""Cantat-Gaudin et al. 2020: the training set of the paper and of this package."""

import os
from typing import Any

from sklearn.utils._param_validation import validate_params

from skcluster.datasets.catalogues._docs import shared_docs
from skcluster.datasets.catalogues._fetch import FETCHING, fetch
from skcluster.datasets.catalogues._tables import Catalogue, Table, column

_DESCRIPTION = """\
Cantat-Gaudin et al. 2020
-------------------------

2017 open clusters, 1867 of them with age, extinction and distance, and 234 128 member stars, from
VizieR, J/A+A/640/A1 (tables ``table1`` and ``nodup``).

Parameters. A neural network estimated them from the members' Gaia DR2 photometry and the mean
parallax; it was trained on clusters with well-known parameters and on copies of them.
    log_age       log10 of the age in years (``AgeNN``), 6.20 to 9.90
    a_v           extinction A_V, mag (``AVNN``), 0 to 4.80
    distance_kpc  from the distance modulus (``DMNN``, mag): 10**((DM + 5) / 5) / 1000; the
                  catalogue's ``DistPc`` is the same, rounded
Uncertainties are not given per cluster (all NaN here). The paper quotes 0.15 to 0.25 for
the log age of young clusters, 0.1 to 0.2 for old ones.

Left out of ``data`` and ``target``: clusters without parameters. The column ``flag`` gives the
reason (``tooRed``, 81 clusters; ``notEnoughStars``, 69), and the origin of the parameters of others
(``NN`` 1803, ``manual`` 61, ``GDR2HRD`` 2, ``Koposov17`` 1). Their members are in ``unlabelled``.

Members are from Gaia DR2, brighter than G = 18, with membership probabilities of at least 0.7.

Caveats
- Parameters are rounded to 0.01.
- A_V is that of the blue edge of the sequence. Other catalogues give the mean, 0.1 to 0.4 mag more.
- Gaia DR2 parallaxes are too small by about 0.03 mas.
- DR2's magnitudes differ from those of EDR3 by about 0.01 mag.
- Names have underscores (``NGC_2682``).

Cite Cantat-Gaudin et al. 2020, A&A 640, A1, doi:10.1051/0004-6361/202038192; and VizieR:
Ochsenbein et al. 2000, A&AS 143, 23.
"""

CANTAT_GAUDIN_2020 = Catalogue(
    "cantat_gaudin_2020",
    Table(
        "J/A+A/640/A1/table1",
        2017,
        (
            column("cluster", "Cluster", kind="text"),
            column("ra", "RA_ICRS", "RAdeg"),
            column("dec", "DE_ICRS", "DEdeg"),
            column("r50", "r50"),
            column("n_members", "nbstars07"),
            column("pmra", "pmRA*", "pmRA"),
            column("pmra_std", "s_pmRA*", "e_pmRA*", "e_pmRA", needed=False),
            column("pmdec", "pmDE"),
            column("pmdec_std", "s_pmDE", "e_pmDE", needed=False),
            column("parallax", "plx", "Plx"),
            column("parallax_std", "s_plx", "e_plx", "e_Plx", needed=False),
            column("flag", "Flag", kind="text"),
            column("log_age", "AgeNN"),
            column("a_v", "AVNN"),
            column("distance_modulus", "DMNN"),
        ),
    ),
    Table(
        "J/A+A/640/A1/nodup",
        234_128,
        (
            column("cluster", "Cluster", kind="text"),
            column("source_id", "GaiaDR2", "Source", kind="integer"),
            column("ra", "RA_ICRS", "RAdeg"),
            column("dec", "DE_ICRS", "DEdeg"),
            column("phot_g_mean_mag", "Gmag"),
            column("bp_rp", "BP-RP"),
            column("parallax", "Plx"),
            column("parallax_error", "e_Plx", needed=False),
            column("pmra", "pmRA*", "pmRA"),
            column("pmra_error", "e_pmRA*", "e_pmRA", needed=False),
            column("pmdec", "pmDE"),
            column("pmdec_error", "e_pmDE", needed=False),
            column("probability", "proba", "Proba"),
        ),
    ),
    _DESCRIPTION,
)


@validate_params(
    {**FETCHING, "return_X_y": ["boolean"], "members": ["boolean"]},
    prefer_skip_nested_validation=True,
)
@shared_docs
def fetch_cantat_gaudin_2020(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    members: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    progress: bool | None = None,
) -> Any:
    """Fetch the open clusters of Cantat-Gaudin et al. 2020 (regression).

    1867 clusters with log age, extinction and distance, and their member stars in Gaia DR2 [1]_.
    The first call fetches them from VizieR; later calls need no network.

    Parameters
    ----------
    {parameters}
    {X_y}
    {members}
    {network}

    Returns
    -------
    {returns}

    {problems}

    See Also
    --------
    fetch_catalogue : Fetch any of the catalogues by name.
    fetch_hunt_reffert_2023 : Fetch the largest catalogue, from Gaia DR3.

    References
    ----------
    .. [1] Cantat-Gaudin et al. 2020, A&A 640, A1 (VizieR J/A+A/640/A1).

    Examples
    --------
    >>> from skcluster.datasets import fetch_cantat_gaudin_2020
    >>> X, y = fetch_cantat_gaudin_2020(return_X_y=True)  # doctest: +SKIP
    >>> len(X), y.columns.tolist()  # doctest: +SKIP
    (1867, ['log_age', 'a_v', 'distance_kpc'])
    """
    return fetch(
        CANTAT_GAUDIN_2020,
        members=members,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        n_retries=n_retries,
        delay=delay,
        progress=progress,
    )
