"""Convert tables of estimates, labels and stars to astropy, with units and UCDs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from skcluster.schema import INTERVAL_ENDS, estimate_column

#: Unified content descriptors (IVOA, UCD1+) of the columns of `skcluster.schema`.
UCDS = {
    "cluster": "meta.id;meta.main",
    "n_stars": "meta.number",
    "n_used": "meta.number",
    "log_age": "time.age",
    "a_v": "phys.absorption;em.opt.V",
    "distance_kpc": "pos.distance",
    "distance_pc": "pos.distance",
    "distance_modulus": "phot.mag.distMod",
    "metallicity": "phys.abund.Z",
    "differential_reddening": "stat.stdev;phys.absorption;em.opt.V",
    "field_fraction": "stat.value;arith.ratio",
    "goodness_of_fit": "stat.fit.goodness",
    "effective_samples": "meta.number",
    "flag": "meta.note",
    "membership": "stat.probability",
    "probability": "stat.probability",
    "source_id": "meta.id",
    "phot_g_mean_mag": "phot.mag;em.opt",
    "phot_bp_mean_mag": "phot.mag;em.opt.B",
    "phot_rp_mean_mag": "phot.mag;em.opt.R",
    "bp_rp": "phot.color;em.opt.B;em.opt.R",
    "phot_g_mean_flux_over_error": "stat.snr;phot.flux;em.opt",
    "phot_bp_mean_flux_over_error": "stat.snr;phot.flux;em.opt.B",
    "phot_rp_mean_flux_over_error": "stat.snr;phot.flux;em.opt.R",
    "parallax": "pos.parallax.trig",
    "parallax_error": "stat.error;pos.parallax.trig",
    "ra": "pos.eq.ra;meta.main",
    "dec": "pos.eq.dec;meta.main",
    "pmra": "pos.pm;pos.eq.ra",
    "pmdec": "pos.pm;pos.eq.dec",
    "pmra_error": "stat.error;pos.pm;pos.eq.ra",
    "pmdec_error": "stat.error;pos.pm;pos.eq.dec",
    "ruwe": "stat.error",
}
_ENDS = dict(zip(INTERVAL_ENDS, ("stat.min", "stat.max"), strict=True))


def to_astropy(table: pd.DataFrame, metadata: Mapping[str, str] | None = None) -> Any:
    """Convert a table of estimates, of labels or of stars to an astropy Table.

    Parameters
    ----------
    table : DataFrame
        A table returned by `skcluster.estimate`, y, or a table of stars; a named index becomes the
        first column.
    metadata : mapping of str to str, optional
        Content of ``meta``.

    Returns
    -------
    astropy.table.Table
        Columns with the units and descriptions of `skcluster.schema`, and the UCD in
        ``info.meta["ucd"]``. Convert it to a ``QTable`` for quantities.

    See Also
    --------
    write_estimates : Write the same into a file.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.io import to_astropy
    >>> y = pd.DataFrame({"log_age": [9.6], "a_v": [0.1], "distance_kpc": [0.86]},
    ...                  index=pd.Index(["M 67"], name="cluster"))
    >>> table = to_astropy(y)
    >>> table["distance_kpc"].unit, table["distance_kpc"].description
    (Unit("kpc"), 'Distance')
    >>> table["distance_kpc"].quantity.to("pc")
    <Quantity [860.] pc>
    """
    from astropy.table import Table

    unnamed = table.index.names == [None]
    made = Table.from_pandas(table.reset_index(drop=unnamed))
    for name in made.colnames:
        column = made[name]
        if column.dtype == object:
            made[name] = column.astype(str)
        elif column.dtype.kind == "f" and hasattr(column, "mask"):
            # NaN marks them too, and astropy has no masked quantities of logarithmic units.
            made[name] = column.filled(np.nan)
        column, known = made[name], estimate_column(name)
        column.info.unit = known.unit or None
        column.info.description = known.description
        if ucd := ucd_of(name):
            column.info.meta = {"ucd": ucd}
    made.meta = dict(metadata or {})
    return made


def ucd_of(name: str) -> str:
    """Return the UCD of a column, ends of intervals included; empty if it has none."""
    for ending, meaning in _ENDS.items():
        if name.endswith(ending) and name.removesuffix(ending) in UCDS:
            return f"{UCDS[name.removesuffix(ending)]};{meaning}"
    return UCDS.get(name, "")
