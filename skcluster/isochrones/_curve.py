"""One isochrone as a table."""

import numpy as np
import pandas as pd

from skcluster.isochrones._grid import IsochroneGrid
from skcluster.photometry import Law, distance_modulus, extinction_coefficients

#: The magnitudes of an isochrone, in the order of the grid.
BANDS = ("phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag")


def isochrone(
    log_age: float,
    metallicity: float = 0.0,
    *,
    a_v: float = 0.0,
    distance_kpc: float = 0.01,
    law: Law = "dr2",
) -> pd.DataFrame:
    """Return one isochrone as it would be observed at some distance and extinction.

    Parameters
    ----------
    log_age : float
        Logarithm (base 10) of the age in years, 6.0 to 10.2.
    metallicity : float, default=0.0
        [M/H] in dex, −0.7 to +0.4 (beyond +0.30 extrapolated).
    a_v : float, default=0.0
        Extinction A_V (mag).
    distance_kpc : float, default=0.01
        Distance in kpc. At 10 pc, the default, magnitudes are absolute.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, see `skcluster.photometry.extinction_coefficients`. That of DR2 matches the
        extinctions of Cantat-Gaudin et al. 2020, and estimates of models trained on them or on
        simulated clusters.

    Returns
    -------
    DataFrame
        One row per point, from 0.1 solar masses up to the start of thermal pulses: ``mass``
        (initial, solar masses), ``phot_g_mean_mag``, ``phot_bp_mean_mag``, ``phot_rp_mean_mag``
        and ``bp_rp`` (mag). At ages above about 1.5 Gyr, stars jump from the tip of the giant
        branch to the onset of helium burning; the magnitudes of one row there are NaN, which breaks
        the line in a figure. ``dropna()`` removes it.

    Raises
    ------
    ValueError
        If age or metallicity is outside the range of the isochrones.

    References
    ----------
    .. [1] Bressan et al. 2012, MNRAS 427, 127 (PARSEC).

    Examples
    --------
    The main sequence of the Hyades ends near two solar masses:

    >>> from skcluster.isochrones import isochrone
    >>> points = isochrone(8.9, metallicity=0.15)
    >>> float(points["mass"].max().round(1))
    2.5
    """
    found = IsochroneGrid.load().interpolate(log_age, metallicity)
    g, bp, rp = found.magnitudes[:, 0]
    k = extinction_coefficients(bp - rp, a_v, law)
    modulus = distance_modulus(distance_kpc)
    seen = [m + coefficient * a_v + modulus for m, coefficient in zip((g, bp, rp), k, strict=True)]
    points = pd.DataFrame({"mass": 10 ** found.log_mass[0], **dict(zip(BANDS, seen, strict=True))})
    points["bp_rp"] = points[BANDS[1]] - points[BANDS[2]]
    gap = found.gap[0]
    points.loc[gap, points.columns.drop("mass")] = np.nan
    repeated = gap & np.roll(gap, 1)
    kept: pd.DataFrame = points[~repeated].reset_index(drop=True)
    return kept
