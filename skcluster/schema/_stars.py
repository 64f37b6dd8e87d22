"""Columns of stars, see `skcluster.schema`."""

from typing import Any

from skcluster._utils.columns import Column


def by_name(*columns: Column) -> dict[str, Column]:
    """Return columns by their names."""
    return {column.name: column for column in columns}


#: The column, or index, of the cluster of a star or of a row of labels.
CLUSTER = Column(
    "cluster",
    "Name of the cluster",
    kind="text",
    synonyms=("Cluster", "Name", "Cluster_name", "ClusterName"),
    ucd="meta.id;meta.main",
)


def _magnitude(name: str, band: str, label: str, ucd: str, **others: Any) -> Column:
    """Return the column of a mean magnitude."""
    text, exact = f"Mean {band} magnitude", (f"{band}mag",)
    return Column(name, text, "mag", label, low=-5, high=30, exact=exact, ucd=ucd, **others)


def _flux_over_error(name: str, band: str, ucd: str, **others: Any) -> Column:
    """Return the column of a mean flux divided by its error."""
    text, ucd = f"Mean {band} flux divided by its error", f"stat.snr;phot.flux;{ucd}"
    return Column(name, text, low=0, synonyms=(f"RF{band}",), ucd=ucd, **others)


#: The known columns of stars by their names in the Gaia archive. The ranges of magnitudes and
#: colours include all stars that Gaia measured, and exclude markers of missing values such as 99
#: or -999. Parallaxes may be zero or negative because of noise. The synonyms are those
#: of VizieR's tables of Gaia (I/345, I/350, I/355) and of the catalogues J/A+A/640/A1,
#: J/A+A/618/A93, J/A+A/673/A114 and J/MNRAS/504/356.
STAR_COLUMNS: dict[str, Column] = by_name(
    Column(
        "source_id",
        "Gaia source identifier",
        kind="identifier",
        synonyms=("GaiaDR3", "GaiaEDR3", "GaiaDR2", "Source"),
        carried=True,
        ucd="meta.id",
    ),
    _magnitude("phot_g_mean_mag", "G", "$G$", "phot.mag;em.opt"),
    _magnitude("phot_bp_mean_mag", "BP", r"$G_\mathrm{BP}$", "phot.mag;em.opt.B"),
    _magnitude("phot_rp_mean_mag", "RP", r"$G_\mathrm{RP}$", "phot.mag;em.opt.R"),
    Column(
        "bp_rp",
        "Colour BP−RP",
        "mag",
        r"$G_\mathrm{BP} - G_\mathrm{RP}$",
        low=-5,
        high=25,
        synonyms=("BP-RP",),
        ucd="phot.color;em.opt.B;em.opt.R",
    ),
    _flux_over_error("phot_g_mean_flux_over_error", "G", "em.opt", carried=True),
    _flux_over_error("phot_bp_mean_flux_over_error", "BP", "em.opt.B"),
    _flux_over_error("phot_rp_mean_flux_over_error", "RP", "em.opt.R"),
    Column(
        "parallax",
        "Parallax",
        "mas",
        "parallax",
        low=-1000,
        high=1000,
        synonyms=("Plx",),
        others=("plx_mas", "parallax_mas", "gaia_parallax", "gaia_plx"),
        ucd="pos.parallax.trig",
    ),
    Column(
        "parallax_error",
        "Standard error of the parallax",
        "mas",
        low=0,
        synonyms=("e_Plx",),
        others=(
            *("e_parallax", "parallax_e", "parallax_err", "err_parallax", "error_parallax"),
            *("sigma_parallax", "parallax_sigma", "parallax_std", "parallax_uncertainty"),
            *("plx_e", "plx_err", "plx_error", "err_plx", "error_plx", "sigma_plx", "s_plx"),
        ),
        ucd="stat.error;pos.parallax.trig",
    ),
    Column(
        "probability",
        "Membership probability",
        label="membership probability",
        low=0,
        high=1,
        synonyms=("Proba", "Prob", "PMemb", "membership_probability"),
        others=(
            *("probs", "probas", "probabilities", "prob_memb", "memb_prob", "prob_member"),
            *("member_prob", "prob_members", "members_prob", "member_probability", "probmemb"),
            *("probability_member", "prob_membership", "membership_prob", "membership_proba"),
            *("mem_prob", "prob_mem", "gmm_mem_prob", "gmm_prob", "p_mem", "p_memb", "p_member"),
            *("pmem", "pmember", "p_membership"),
        ),
        ucd="stat.probability",
    ),
    Column(
        "magnitude_limit",
        "Magnitude limit in G of the member list",
        "mag",
        low=-5,
        high=30,
        ucd="phot.mag;em.opt;stat.max",
    ),
    Column(
        "ra",
        "Right ascension",
        "deg",
        synonyms=("RA_ICRS", "RAdeg"),
        carried=True,
        ucd="pos.eq.ra;meta.main",
    ),
    Column(
        "dec",
        "Declination",
        "deg",
        low=-90,
        high=90,
        synonyms=("DE_ICRS", "DEdeg", "DEC_ICRS"),
        carried=True,
        ucd="pos.eq.dec;meta.main",
    ),
    Column(
        "pmra",
        "Proper motion in right ascension, times cos(declination)",
        "mas / yr",
        r"$\mu_{\alpha*}$",
        synonyms=("pmRA*", "pmRA_"),
        carried=True,
        ucd="pos.pm;pos.eq.ra",
    ),
    Column(
        "pmdec",
        "Proper motion in declination",
        "mas / yr",
        r"$\mu_\delta$",
        synonyms=("pmDE",),
        carried=True,
        ucd="pos.pm;pos.eq.dec",
    ),
    Column(
        "pmra_error",
        "Standard error of pmra",
        "mas / yr",
        low=0,
        synonyms=("e_pmRA", "e_pmRA*", "e_pmRA_"),
        carried=True,
        ucd="stat.error;pos.pm;pos.eq.ra",
    ),
    Column(
        "pmdec_error",
        "Standard error of pmdec",
        "mas / yr",
        low=0,
        synonyms=("e_pmDE",),
        carried=True,
        ucd="stat.error;pos.pm;pos.eq.dec",
    ),
    Column("ruwe", "Renormalised unit weight error", low=0, carried=True, ucd="stat.error"),
)

#: Columns that every star needs: one whose value is missing is left out.
NEEDED_STAR_COLUMNS = ("phot_g_mean_mag", "bp_rp")
