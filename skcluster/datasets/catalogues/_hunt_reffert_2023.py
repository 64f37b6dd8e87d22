"""Hunt & Reffert 2023: the largest catalogue of clusters in Gaia DR3."""

import os
from typing import Any

from sklearn.utils._param_validation import validate_params

from skcluster.datasets.catalogues._docs import shared_docs
from skcluster.datasets.catalogues._fetch import FETCHING, fetch
from skcluster.datasets.catalogues._tables import Catalogue, Table, column

_DESCRIPTION = """\
Hunt & Reffert 2023
-------------------

7167 clusters from a blind search in Gaia DR3, with ages, extinctions, distances, and 1 291 929
member stars, from VizieR, J/A+A/673/A114 (tables ``clusters`` and ``members``).

Parameters, each the median, with the 16th and 84th percentile in ``uncertainties``:
    log_age       log10 of the age in years (``logAge16``, ``logAge50``, ``logAge84``)
    a_v           mean extinction A_V, mag (``AV16``, ``AV50``, ``AV84``)
    distance_kpc  from the members' parallaxes (``dist16``, ``dist50``, ``dist84``, in pc)
Age and extinction come from a Bayesian convolutional network that was trained on 50 000 simulated
clusters. Its distance is in ``clusters`` as ``photometric_modulus`` (``MOD50``, mag).

Left out of ``data`` and ``target``: clusters without any of the three parameters.

Caveats
- Not all are open clusters: ``type`` is ``o`` for open clusters, ``m`` for moving groups, ``g`` for
  globular clusters, and so on. Select before training.
- Many are uncertain. Reliable ones, according to the paper, have ``cst`` > 5 (astrometric signal to
  noise) and ``cmd_class`` > 0.5 (similarity of the colour-magnitude diagram to a cluster's).
- The ages of old clusters are underestimated: the simulations had neither blue stragglers nor field
  stars.
- Against Cantat-Gaudin et al. 2020 (1764 clusters in common): root-mean-square differences of 0.376
  in log age, 0.496 mag in A_V (0.28 larger on average) and 0.328 mag in distance modulus.
- Members include tidal tails: ``within_tidal_radius`` is 1 for stars inside.
- Gaia DR3, down to G of about 20, where BP magnitudes are biased.

Cite Hunt & Reffert 2023, A&A 673, A114, doi:10.1051/0004-6361/202346285; and VizieR: Ochsenbein et
al. 2000, A&AS 143, 23.
"""

HUNT_REFFERT_2023 = Catalogue(
    "hunt_reffert_2023",
    Table(
        "J/A+A/673/A114/clusters",
        7167,
        (
            column("cluster", "Name", kind="text"),
            column("aliases", "AllNames", kind="text"),
            column("type", "Type", kind="text"),
            column("cst", "CST"),
            column("n_members", "N"),
            column("ra", "RA_ICRS", "RAdeg"),
            column("dec", "DE_ICRS", "DEdeg"),
            column("r50", "r50"),
            column("pmra", "pmRA"),
            column("pmra_std", "s_pmRA", needed=False),
            column("pmdec", "pmDE"),
            column("pmdec_std", "s_pmDE", needed=False),
            column("parallax", "Plx"),
            column("parallax_std", "s_Plx", needed=False),
            column("cmd_class", "CMDCl50"),
            column("log_age", "logAge50"),
            column("log_age_low", "logAge16"),
            column("log_age_high", "logAge84"),
            column("a_v", "AV50"),
            column("a_v_low", "AV16"),
            column("a_v_high", "AV84"),
            column("differential_a_v", "diffAV50", needed=False),
            column("distance_pc", "dist50"),
            column("distance_pc_low", "dist16"),
            column("distance_pc_high", "dist84"),
            column("photometric_modulus", "MOD50", needed=False),
        ),
    ),
    Table(
        "J/A+A/673/A114/members",
        1_291_929,
        (
            column("cluster", "Name", kind="text"),
            column("source_id", "GaiaDR3", "Source", kind="integer"),
            column("ra", "RA_ICRS", "RAdeg"),
            column("dec", "DE_ICRS", "DEdeg"),
            column("phot_g_mean_mag", "Gmag"),
            column("phot_bp_mean_mag", "BPmag"),
            column("phot_rp_mean_mag", "RPmag"),
            column("parallax", "Plx"),
            column("parallax_error", "e_Plx"),
            column("pmra", "pmRA"),
            column("pmra_error", "e_pmRA", needed=False),
            column("pmdec", "pmDE"),
            column("pmdec_error", "e_pmDE", needed=False),
            column("ruwe", "RUWE", needed=False),
            column("within_tidal_radius", "inrt", needed=False),
            column("probability", "Prob"),
        ),
    ),
    _DESCRIPTION,
)


@validate_params(
    {**FETCHING, "return_X_y": ["boolean"], "members": ["boolean"]},
    prefer_skip_nested_validation=True,
)
@shared_docs
def fetch_hunt_reffert_2023(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    members: bool = True,
    n_retries: int = 3,
    delay: float = 1.0,
    progress: bool | None = None,
) -> Any:
    """Fetch the clusters of Hunt & Reffert 2023 (regression).

    7167 open clusters, moving groups and globular clusters with log age, extinction and distance,
    and their 1.29 million member stars in Gaia DR3 [1]_. The first call fetches them from VizieR,
    members in 52 parts, which takes a while; later calls need no network.

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
    fetch_cantat_gaudin_2020 : Fetch the catalogue of the paper, from Gaia DR2.

    References
    ----------
    .. [1] Hunt & Reffert 2023, A&A 673, A114 (VizieR J/A+A/673/A114).

    Examples
    --------
    >>> from skcluster.datasets import fetch_hunt_reffert_2023
    >>> labels = fetch_hunt_reffert_2023(members=False)  # doctest: +SKIP
    >>> open_clusters = labels.clusters.query("type == 'o'")  # doctest: +SKIP
    """
    return fetch(
        HUNT_REFFERT_2023,
        members=members,
        data_home=data_home,
        download_if_missing=download_if_missing,
        return_X_y=return_X_y,
        n_retries=n_retries,
        delay=delay,
        progress=progress,
    )
