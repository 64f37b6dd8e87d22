"""The published catalogues: one specification each.

A new catalogue is one more of them: the table at VizieR, the number of its rows, its columns, and
a description with known problems and the reference to cite.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "integer", "text"]


class Column:
    """A wanted column.

    Parameters
    ----------
    name : str
        Name in skcluster; for stars, that of the Gaia archive.
    *names : str
        Names at VizieR, case sensitive (``e_Dist`` and ``E_Dist`` are lower and upper errors). The
        first one in the table is used.
    kind : {"number", "integer", "text"}
        Type; numbers may be missing (NaN), integers may not.
    needed : bool
        Whether the column is required.
    """

    def __init__(self, name: str, *names: str, kind: Kind = "number", needed: bool = True) -> None:
        self.name, self.names, self.kind, self.needed = name, names, kind, needed


@dataclass(frozen=True)
class Table:
    """A table at VizieR."""

    #: Name of the table (``J/A+A/640/A1/table1``), or of its catalogue (``J/AJ/167/12``); then the
    #: table with the columns is searched for.
    name: str
    #: Number of published rows.
    n_rows: int
    #: The wanted columns.
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Catalogue:
    """A published catalogue of star clusters."""

    #: Name in skcluster (``cantat_gaudin_2020``), and of the folder in the cache.
    name: str
    #: The reference to cite, which starts with authors and year.
    reference: str
    #: What it contains, in a first paragraph of its own; then columns and units, what is left out,
    #: and caveats.
    description: str
    #: The table of clusters. Its columns ``log_age``, ``a_v`` and ``distance_modulus`` or else
    #: ``distance_pc`` are the parameters; their uncertainties are named ``…_low`` and ``…_high``
    #: (bounds), ``…_lower_error`` and ``…_upper_error``, or ``…_error``.
    clusters: Table
    #: The table of member stars.
    members: Table | None = None

    @property
    def title(self) -> str:
        """Authors and year."""
        return self.reference.partition(",")[0]


#: Columns that many tables have.
_POSITION = (
    Column("ra", "RA_ICRS", "RAdeg", "RAICRS", "RAJ2000", "_RA"),
    Column("dec", "DE_ICRS", "DEdeg", "DEICRS", "DEJ2000", "_DE"),
)
_MOTION = (
    Column("pmra", "pmRA*", "pmRA"),
    Column("pmdec", "pmDE"),
    Column("parallax", "plx", "Plx"),
)
#: Standard deviations of the motions of members, and errors of those of stars.
_SPREAD = (
    Column("pmra_std", "s_pmRA*", "s_pmRA", "e_pmRA*", "e_pmRA", needed=False),
    Column("pmdec_std", "s_pmDE", "e_pmDE", needed=False),
    Column("parallax_std", "s_plx", "s_Plx", "e_plx", "e_Plx", needed=False),
)
_ERRORS = (
    Column("pmra_error", "e_pmRA*", "e_pmRA", needed=False),
    Column("pmdec_error", "e_pmDE", needed=False),
    Column("parallax_error", "e_Plx", needed=False),
)


def _percentiles(name: str, theirs: str, *, needed: bool = True) -> tuple[Column, ...]:
    """Return the columns of a median and of the 16th and 84th percentile."""
    ends = {"": 50, "_low": 16, "_high": 84}
    return tuple(Column(name + end, f"{theirs}{p}", needed=needed) for end, p in ends.items())


_CANTAT_GAUDIN_2020 = Catalogue(
    name="cantat_gaudin_2020",
    reference="Cantat-Gaudin et al. 2020, A&A 640, A1, doi:10.1051/0004-6361/202038192",
    description="""\
2017 open clusters, 1867 of them with age, extinction and distance, and 234 128 member stars, from
VizieR, J/A+A/640/A1 (tables ``table1`` and ``nodup``).

Parameters. A neural network estimated them from the members' Gaia DR2 photometry and the mean
parallax; it was trained on clusters with well-known parameters and on copies of them.

- ``log_age``: log10 of the age in years (``AgeNN``), 6.20 to 9.90
- ``a_v``: extinction A_V, mag (``AVNN``), 0 to 4.80
- ``distance_kpc``: from the distance modulus (``DMNN``, mag): ``10**((DM + 5) / 5) / 1000``;
  the catalogue's ``DistPc`` is the same, rounded

Uncertainties are not given per cluster (all NaN here). The paper quotes 0.15 to 0.25 for
the log age of young clusters, 0.1 to 0.2 for old ones.

Left out of ``data`` and ``target``: clusters without parameters. The column ``flag`` gives the
reason (``tooRed``, 81 clusters; ``notEnoughStars``, 69), and the origin of the parameters of others
(``NN`` 1803, ``manual`` 61, ``GDR2HRD`` 2, ``Koposov17`` 1). Their members are in ``unlabelled``.

Members are from Gaia DR2, brighter than G = 18, with membership probabilities of at least 0.7.

Caveats:

- Parameters are rounded to 0.01.
- A_V is that of the blue edge of the sequence. Other catalogues give the mean, 0.1 to 0.4 mag more.
- Gaia DR2 parallaxes are too small by about 0.03 mas.
- DR2's magnitudes differ from those of EDR3 by about 0.01 mag.
- Names have underscores (``NGC_2682``).
""",
    clusters=Table(
        "J/A+A/640/A1/table1",
        2017,
        (
            Column("cluster", "Cluster", kind="text"),
            *_POSITION,
            Column("r50", "r50"),
            Column("n_members", "nbstars07"),
            *_MOTION,
            *_SPREAD,
            Column("flag", "Flag", kind="text"),
            Column("log_age", "AgeNN"),
            Column("a_v", "AVNN"),
            Column("distance_modulus", "DMNN"),
        ),
    ),
    members=Table(
        "J/A+A/640/A1/nodup",
        234_128,
        (
            Column("cluster", "Cluster", kind="text"),
            Column("source_id", "GaiaDR2", "Source", kind="integer"),
            *_POSITION,
            Column("phot_g_mean_mag", "Gmag"),
            Column("bp_rp", "BP-RP"),
            *_MOTION,
            *_ERRORS,
            Column("probability", "proba", "Proba"),
        ),
    ),
)

_HUNT_REFFERT_2023 = Catalogue(
    name="hunt_reffert_2023",
    reference="Hunt & Reffert 2023, A&A 673, A114, doi:10.1051/0004-6361/202346285",
    description="""\
7167 clusters from a blind search in Gaia DR3, with ages, extinctions, distances, and 1 291 929
member stars, from VizieR, J/A+A/673/A114 (tables ``clusters`` and ``members``).

Parameters, each the median, with the 16th and 84th percentile in ``uncertainties``:

- ``log_age``: log10 of the age in years (``logAge16``, ``logAge50``, ``logAge84``)
- ``a_v``: mean extinction A_V, mag (``AV16``, ``AV50``, ``AV84``)
- ``distance_kpc``: from the members' parallaxes (``dist16``, ``dist50``, ``dist84``, in pc)

Age and extinction come from a Bayesian convolutional network that was trained on 50 000 simulated
clusters. Its distance is in ``clusters`` as ``photometric_modulus`` (``MOD50``, mag).

Left out of ``data`` and ``target``: clusters without any of the three parameters.

Caveats:

- Not all are open clusters: ``type`` is ``o`` for open clusters, ``m`` for moving groups, ``g`` for
  globular clusters, and so on. Select before training:
  ``clusters.query("type == 'o'")``.
- Many are uncertain. Reliable ones, according to the paper, have ``cst`` > 5 (astrometric signal to
  noise) and ``cmd_class`` > 0.5 (similarity of the colour-magnitude diagram to a cluster's).
- The ages of old clusters are underestimated: the simulations had neither blue stragglers nor field
  stars.
- Against Cantat-Gaudin et al. 2020 (1764 clusters in common): root-mean-square differences of 0.376
  in log age, 0.496 mag in A_V (0.28 larger on average) and 0.328 mag in distance modulus.
- Members include tidal tails: ``within_tidal_radius`` is 1 for stars inside.
- Gaia DR3, down to G of about 20, where BP magnitudes are biased.
""",
    clusters=Table(
        "J/A+A/673/A114/clusters",
        7167,
        (
            Column("cluster", "Name", kind="text"),
            Column("aliases", "AllNames", kind="text"),
            Column("type", "Type", kind="text"),
            Column("cst", "CST"),
            Column("n_members", "N"),
            *_POSITION,
            Column("r50", "r50"),
            *_MOTION,
            *_SPREAD,
            Column("cmd_class", "CMDCl50"),
            *_percentiles("log_age", "logAge"),
            *_percentiles("a_v", "AV"),
            Column("differential_a_v", "diffAV50", needed=False),
            *_percentiles("distance_pc", "dist"),
            Column("photometric_modulus", "MOD50", needed=False),
        ),
    ),
    members=Table(
        "J/A+A/673/A114/members",
        1_291_929,
        (
            Column("cluster", "Name", kind="text"),
            Column("source_id", "GaiaDR3", "Source", kind="integer"),
            *_POSITION,
            Column("phot_g_mean_mag", "Gmag"),
            Column("phot_bp_mean_mag", "BPmag"),
            Column("phot_rp_mean_mag", "RPmag"),
            *_MOTION,
            *_ERRORS,
            Column("ruwe", "RUWE", needed=False),
            Column("within_tidal_radius", "inrt", needed=False),
            Column("probability", "Prob"),
        ),
    ),
)

_DIAS_2021 = Catalogue(
    name="dias_2021",
    reference="Dias et al. 2021, MNRAS 504, 356, doi:10.1093/mnras/stab770",
    description="""\
1743 open clusters with ages, extinctions and distances, from VizieR, J/MNRAS/504/356 (``table12``).
There is no table of member stars.

Parameters, from isochrone fits to Gaia DR2 photometry of published members, with symmetric errors
(value minus and plus error in ``uncertainties``):

- ``log_age``: log10 of the age in years (``logage``, ``e_logage``)
- ``a_v``: mean extinction A_V, mag (``Av``, ``e_Av``)
- ``distance_kpc``: from the fit (``Dist``, ``e_Dist``, in pc)

The metallicity is in ``clusters`` (``[Fe/H]``).

Left out of ``target``: clusters without any of the three parameters.

Caveats:

- The errors are those of the fit, without those of member lists and isochrones.
- Against Cantat-Gaudin et al. 2020 (1481 clusters in common): root-mean-square differences of 0.388
  in log age, 0.394 mag in A_V (0.29 larger on average) and 0.271 mag in distance modulus.
- Names have underscores, numbers of FSR and ESO clusters leading zeros (``FSR_0133``).
  ``Ruprecht_123`` is listed twice (also as ``Ruprecht_123_v0``).
""",
    clusters=Table(
        "J/MNRAS/504/356/table12",
        1743,
        (
            Column("cluster", "Cluster", kind="text"),
            *_POSITION,
            Column("r50", "r50"),
            Column("n_members", "N"),
            *_MOTION,
            Column("log_age", "logage", "logAge"),
            Column("log_age_error", "e_logage", "e_logAge"),
            Column("a_v", "Av", "AV"),
            Column("a_v_error", "e_Av", "e_AV"),
            Column("distance_pc", "Dist"),
            Column("distance_pc_error", "e_Dist"),
            Column("metallicity", "[Fe/H]", needed=False),
            Column("metallicity_error", "e_[Fe/H]", needed=False),
        ),
    ),
)

_CAVALLO_2024 = Catalogue(
    name="cavallo_2024",
    reference="Cavallo et al. 2024, AJ 167, 12, doi:10.3847/1538-3881/ad07e5",
    description="""\
6413 clusters with ages, extinctions, distances and metallicities, from VizieR, J/AJ/167/12; without
member stars.

Parameters, from a network trained on simulated clusters, each the median, with the 16th and 84th
percentile in ``uncertainties``:

- ``log_age``: log10 of the age in years (``logAge16``, ``logAge50``, ``logAge84``)
- ``a_v``: mean extinction A_V, mag (``AV16``, ``AV50``, ``AV84``)
- ``distance_kpc``: from the distance modulus (``dMod16``, ``dMod50``, ``dMod84``, mag)

The metallicity is in ``clusters`` (``[Fe/H]50``).

Left out of ``target``: clusters without any of the three parameters.

Caveats:

- Not all are open clusters: ``kind`` is ``o`` for open clusters, ``g`` for globular clusters (116),
  ``m`` for moving groups (145), and blank for 7.
- ``quality`` grades the estimates as described in the paper.
- Against Cantat-Gaudin et al. 2020 (1639 clusters in common): root-mean-square differences of 0.384
  in log age, 0.552 mag in A_V (0.40 larger on average) and 0.385 mag in distance modulus.
""",
    clusters=Table(
        "J/AJ/167/12",
        6413,
        (
            Column("cluster", "Cluster", "Name", kind="text"),
            *_POSITION,
            Column("parallax", "Plx", "plx", needed=False),
            Column("kind", "kind", "Kind", kind="text"),
            Column("quality", "Quality", needed=False),
            *_percentiles("log_age", "logAge"),
            *_percentiles("a_v", "AV"),
            *_percentiles("distance_modulus", "dMod"),
            *_percentiles("metallicity", "[Fe/H]", needed=False),
        ),
    ),
)

_BOSSINI_2019 = Catalogue(
    name="bossini_2019",
    reference="Bossini et al. 2019, A&A 623, A108, doi:10.1051/0004-6361/201834693",
    description="""\
269 open clusters with ages, extinctions and distances, from VizieR, J/A+A/623/A108 (``tablea``),
without member stars; those of Cantat-Gaudin et al. 2018 were used.

Parameters, from Bayesian isochrone fits (BASE-9) to Gaia DR2 photometry, with lower and upper
errors (value minus and plus error in ``uncertainties``):

- ``log_age``: log10 of the age in years (``logA``, ``e_logA``, ``E_logA``)
- ``a_v``: extinction A_V, mag (``AV``, ``e_AV``, ``E_AV``)
- ``distance_kpc``: from the distance modulus (``Dist``, ``e_Dist``, ``E_Dist``)

Left out of ``target``: clusters without any of the three parameters.

Caveats:

- ``Dist`` is a distance modulus in mag, despite its name.
- The metallicity was fixed, not fitted, and the errors are those of the fit: they are much smaller
  than the differences between catalogues.
- These clusters are part of the training set of Cantat-Gaudin et al. 2020, so the two catalogues
  are not independent (258 clusters in common: root-mean-square differences of 0.151 in log age,
  0.148 mag in A_V and 0.177 mag in distance modulus).
- Four clusters are listed under two names: ASCC 124 and Alessi 37, ASCC 22 and Ferrero 11, ASCC 112
  and Alessi Teutsch 11, Harvard 5 and Collinder 258.
- Numbers may have leading zeros (``NGC 0188``).
""",
    clusters=Table(
        "J/A+A/623/A108/tablea",
        269,
        (
            Column("cluster", "Cluster", kind="text"),
            *_POSITION,
            Column("log_age", "logA"),
            Column("log_age_lower_error", "e_logA"),
            Column("log_age_upper_error", "E_logA"),
            Column("a_v", "AV"),
            Column("a_v_lower_error", "e_AV"),
            Column("a_v_upper_error", "E_AV"),
            Column("distance_modulus", "Dist"),
            Column("distance_modulus_lower_error", "e_Dist"),
            Column("distance_modulus_upper_error", "E_Dist"),
            Column("metallicity", "Fe/H", "[Fe/H]", needed=False),
        ),
    ),
)

#: All catalogues by name.
CATALOGUES: dict[str, Catalogue] = {
    catalogue.name: catalogue
    for catalogue in (
        _CANTAT_GAUDIN_2020,
        _HUNT_REFFERT_2023,
        _DIAS_2021,
        _CAVALLO_2024,
        _BOSSINI_2019,
    )
}
