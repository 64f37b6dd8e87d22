"""Typical errors of Gaia's measurements by magnitude, and parallax zero points, by data release.

The astrometry and photometry of Gaia DR3 are those of EDR3. Functions are pure and take arrays;
magnitudes are in mag, parallaxes in mas.

References
----------
.. [1] Riello et al. 2021, A&A 649, A3 (photometry of EDR3), section 6 and table 2.
.. [2] Gaia Collaboration, Brown et al. 2021, A&A 649, A1 (summary of EDR3), table 3.
.. [3] Gaia Collaboration, Brown et al. 2018, A&A 616, A1 (summary of DR2), table 3.
.. [4] Almeida, Monteiro & Dias 2023, MNRAS 525, 2315 (member lists of open clusters in EDR3).
.. [5] Lindegren et al. 2021, A&A 649, A4 (EDR3), and Lindegren et al. 2018, A&A 616, A2 (DR2).
"""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray

__all__ = [
    "bp_rp_error",
    "parallax_error",
    "parallax_zero_point",
    "photometric_error",
    "proper_motion_error",
]

Band: TypeAlias = Literal["g", "bp", "rp"]
Release: TypeAlias = Literal["edr3", "dr2"]


class _PhotometricErrors(NamedTuple):
    """Standard error at magnitude 17, its increase (dex per mag), and its minimum (mag)."""

    at_17: float
    growth: float
    least: float


# From the typical errors that the releases state at G = 13, 17 and 20 ([2]_ and [3]_), taken as
# those at these magnitudes in each band. DR2 states the same for BP and RP.
_PHOTOMETRIC_ERRORS: dict[Release, dict[Band, _PhotometricErrors]] = {
    "edr3": {
        "g": _PhotometricErrors(0.001, 0.26, 0.0003),
        "bp": _PhotometricErrors(0.012, 0.318, 0.0009),
        "rp": _PhotometricErrors(0.006, 0.313, 0.0006),
    },
    "dr2": {
        "g": _PhotometricErrors(0.002, 0.233, 0.0003),
        "bp": _PhotometricErrors(0.010, 0.434, 0.002),
        "rp": _PhotometricErrors(0.010, 0.434, 0.002),
    },
}

# Median parallax error (mas) of EDR3 members of open clusters by G, in the lists of [4]_.
_PARALLAX_G = np.array([3.0, 5, 7, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21])
_PARALLAX_ERROR = np.array(
    [
        *(0.2, 0.09, 0.033, 0.021, 0.019, 0.0155, 0.0146, 0.0177),
        *(0.0255, 0.040, 0.0668, 0.110, 0.19, 0.37, 0.9),
    ]
)
# DR2 relative to EDR3: 0.1 and 0.7 mas at G = 17 and 20 in [3]_, 0.07 and 0.5 mas in [2]_.
_PARALLAX_ERROR_RATIO: dict[Release, float] = {"edr3": 1.0, "dr2": 1.4}
# Errors of proper motions (mas/yr) relative to those of parallaxes (mas): equal at G = 17 in [2]_
# (0.07 and 0.07), 1.7 to 2 at G = 17 and 20 in [3]_ (0.2 and 0.1, 1.2 and 0.7).
_PROPER_MOTION_RATIO: dict[Release, float] = {"edr3": 1.0, "dr2": 1.8}

_PARALLAX_ZERO_POINT: dict[Release, float] = {"edr3": -0.017, "dr2": -0.029}

# Zero points of EDR3's magnitudes, in the Vega system ([1]_).
_ZERO_POINT = {"g": 25.6873668671, "bp": 25.3385422158, "rp": 24.7478955012}
# Ratio of the BP and RP flux to the G flux of well-behaved stars as polynomials of BP−RP, constant
# first: table 2 of [1]_.
_FLUX_RATIO_BLUE = (1.154360, 0.033772, 0.032277)
_FLUX_RATIO = (1.162004, 0.011464, 0.049255, -0.005879)
_FLUX_RATIO_RED = (1.057572, 0.140537)


def photometric_error(
    magnitude: npt.ArrayLike, band: Band, release: Release = "edr3"
) -> FloatArray:
    """Return the typical standard error of a mean magnitude.

    Parameters
    ----------
    magnitude : array-like
        Mean magnitude in that band (mag).
    band : {"g", "bp", "rp"}
        Gaia's band.
    release : {"edr3", "dr2"}, default="edr3"
        Data release.

    Returns
    -------
    ndarray
        Standard error (mag), of the shape of ``magnitude``: an exponential in magnitude that
        reproduces the typical errors of [2]_ (EDR3) or [3]_ (DR2) of this module at magnitudes 17
        and 20, added in quadrature to a minimum error.

    Raises
    ------
    ValueError
        If there is no such band or release.

    Examples
    --------
    >>> from skcluster.gaia import photometric_error
    >>> photometric_error([13.0, 17.0, 20.0], "bp").round(4)
    array([0.0011, 0.012 , 0.1079])
    """
    bands = _PHOTOMETRIC_ERRORS[_checked(release)]
    if band not in bands:
        raise ValueError(f"band must be one of {', '.join(map(repr, bands))}, not {band!r}.")
    at_17, growth, least = bands[band]
    exponent = growth * (np.asarray(magnitude, dtype=float) - 17)
    error: FloatArray = np.hypot(least, at_17 * 10**exponent)
    return error


def bp_rp_error(g: npt.ArrayLike, bp_rp: npt.ArrayLike, release: Release = "edr3") -> FloatArray:
    """Return the typical standard error of the colour BP−RP of a star of known G.

    Parameters
    ----------
    g, bp_rp : array-like
        Mean G magnitude and colour (mag).
    release : {"edr3", "dr2"}, default="edr3"
        Data release.

    Returns
    -------
    ndarray
        Standard error (mag), of the broadcast shape: those of `photometric_error` in BP and RP, at
        the magnitudes of `split_colour`, added in quadrature.

    Examples
    --------
    >>> from skcluster.gaia import bp_rp_error
    >>> bp_rp_error([15.0, 18.0], 1.0).round(4)
    array([0.004 , 0.0348])
    """
    bp, rp = split_colour(g, bp_rp)
    error: FloatArray = np.hypot(
        photometric_error(bp, "bp", release), photometric_error(rp, "rp", release)
    )
    return error


def split_colour(g: npt.ArrayLike, bp_rp: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return BP and RP (mag) of stars whose G and BP−RP are known.

    The sum of the fluxes in BP and RP is the flux in G times a ratio that depends on the colour,
    for stars without crowding or blends ([1]_ of this module, table 2).
    """
    g, colour = np.asarray(g, dtype=float), np.asarray(bp_rp, dtype=float)
    ratio = np.select(
        [colour < 0.5, colour < 4],
        [np.polyval(_FLUX_RATIO_BLUE[::-1], colour), np.polyval(_FLUX_RATIO[::-1], colour)],
        np.polyval(_FLUX_RATIO_RED[::-1], colour),
    )
    # Fraction of BP in the flux of BP and RP.
    rp_over_bp = 10 ** (0.4 * (colour - _ZERO_POINT["bp"] + _ZERO_POINT["rp"]))
    share = ratio / (1 + rp_over_bp)
    bp = g - _ZERO_POINT["g"] + _ZERO_POINT["bp"] - 2.5 * np.log10(share)
    return bp, bp - colour


def parallax_error(g: npt.ArrayLike, release: Release = "edr3") -> FloatArray:
    """Return the typical standard error of a parallax.

    Parameters
    ----------
    g : array-like
        Mean G magnitude (mag), clipped to 3 and 21.
    release : {"edr3", "dr2"}, default="edr3"
        Data release.

    Returns
    -------
    ndarray
        Standard error (mas), of the shape of ``g``. For EDR3, the median of members of open
        clusters ([4]_ of this module); for DR2, 1.4 times that, the ratio of the typical errors of
        both releases at G = 17 and 20 ([2]_, [3]_).

    Raises
    ------
    ValueError
        If there is no such release.

    Examples
    --------
    >>> from skcluster.gaia import parallax_error
    >>> parallax_error([13.0, 17.0, 20.0]).round(3)
    array([0.015, 0.067, 0.37 ])
    """
    ratio = _PARALLAX_ERROR_RATIO[_checked(release)]
    error: FloatArray = ratio * np.interp(np.asarray(g, float), _PARALLAX_G, _PARALLAX_ERROR)
    return error


def proper_motion_error(g: npt.ArrayLike, release: Release = "edr3") -> FloatArray:
    """Return the typical standard error of a component of the proper motion.

    Parameters
    ----------
    g : array-like
        Mean G magnitude (mag), clipped to 3 and 21.
    release : {"edr3", "dr2"}, default="edr3"
        Data release.

    Returns
    -------
    ndarray
        Standard error (mas/yr), of the shape of ``g``: that of `parallax_error` times the ratio of
        the typical errors that the release states ([2]_, [3]_ of this module).

    Raises
    ------
    ValueError
        If there is no such release.

    Examples
    --------
    >>> from skcluster.gaia import proper_motion_error
    >>> proper_motion_error([13.0, 17.0, 20.0]).round(3)
    array([0.015, 0.067, 0.37 ])
    """
    return _PROPER_MOTION_RATIO[_checked(release)] * parallax_error(g, release)


def parallax_zero_point(release: Release = "edr3") -> float:
    """Return the parallax zero point of a data release, averaged over the sky.

    Parameters
    ----------
    release : {"edr3", "dr2"}, default="edr3"
        Data release.

    Returns
    -------
    float
        Mean parallax of quasars (mas), to be subtracted from parallaxes ([5]_ of this module). In
        EDR3 it varies with magnitude, colour and position by a few hundredths of a mas.

    Raises
    ------
    ValueError
        If there is no such release.

    Examples
    --------
    >>> from skcluster.gaia import parallax_zero_point
    >>> parallax_zero_point("dr2")
    -0.029
    """
    return _PARALLAX_ZERO_POINT[_checked(release)]


def _checked(release: Release) -> Release:
    if release not in _PARALLAX_ZERO_POINT:
        raise ValueError(
            f"release must be one of {', '.join(map(repr, _PARALLAX_ZERO_POINT))}, not {release!r}."
        )
    return release
