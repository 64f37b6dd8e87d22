"""Distance modulus, distance and parallax; Gaia's extinction laws.

The functions are pure and take arrays. Units throughout: magnitudes and A0 in mag, distances in
kpc, parallaxes in mas. A0 is the extinction at 550 nm, which skcluster uses as A_V (they differ by
less than 1 per cent for ordinary stars).

The law of Gaia DR2 is the default of this package: the published extinctions of open clusters
(Cantat-Gaudin et al. 2020, A&A 640, A1, and catalogues based on it) were derived from DR2
photometry, and isochrones with that law fit the clusters best at these values. For the same A0, the
law of EDR3 reddens about a tenth less.

References
----------
.. [1] Gaia Collaboration, Babusiaux et al. 2018, A&A 616, A10, equation 1 and table 1 (DR2).
.. [2] Gaia EDR3 extinction law, main sequence, after Fitzpatrick et al. 2019, ApJ 886, 108; the
   coefficients are those that the Gaia collaboration publishes with the release.
"""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray

Law = Literal["dr2", "edr3"]

__all__ = [
    "deredden",
    "distance_from_modulus",
    "distance_from_parallax",
    "distance_modulus",
    "extinction_coefficients",
    "parallax_from_distance",
    "redden",
]

# Powers of the intrinsic colour C and of A0 that each coefficient multiplies.
_DR2_TERMS = ((0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (0, 2), (1, 1))
_EDR3_TERMS = (*_DR2_TERMS[:6], (0, 3), (1, 1), (2, 1), (1, 2))

# Rows: G, BP, RP. Columns: c1 … c7 of [1].
_DR2 = (
    (0.9761, -0.1704, 0.0086, 0.0011, -0.0438, 0.0013, 0.0099),
    (1.1517, -0.0871, -0.0333, 0.0173, -0.0230, 0.0006, 0.0043),
    (0.6104, -0.0170, -0.0026, -0.0017, -0.0078, 0.00005, 0.0006),
)
# Rows: G, BP, RP. Columns: intercept, X, X2, X3, A, A2, A3, XA, AX2, XA2 of [2].
_EDR3 = (
    (
        *(0.995969721536602, -0.159726460302015, 0.0122380738156057, 0.00090726555099859),
        *(-0.0377160263914123, 0.00151347495244888, -2.52364537395142e-05),
        *(0.0114522658102451, -0.000936914989014318, -0.000260296774134201),
    ),
    (
        *(1.15363197483424, -0.0814012991657388, -0.036013023976704, 0.0192143585568966),
        *(-0.022397548243016, 0.000840562680547171, -1.31018008013549e-05),
        *(0.00660124080271006, -0.000882247501989453, -0.000111215755291684),
    ),
    (
        *(0.66320787941067, -0.0179847164933981, 0.000493769449961458, -0.00267994405695751),
        *(-0.00651422146709376, 3.30179903473159e-05, 1.57894227641527e-06),
        *(-7.9800898337247e-05, 0.000255679812110045, 1.10476584967393e-05),
    ),
)
_LAWS = {"dr2": (_DR2_TERMS, np.array(_DR2)), "edr3": (_EDR3_TERMS, np.array(_EDR3))}

#: A star's colour is found when it changes by less than this (mag), in at most so many steps: 7 at
#: A0 = 1 mag, 31 at 10 mag.
_TOLERANCE, _MOST_STEPS = 1e-6, 100
#: Range of intrinsic BP−RP in which the polynomials were fitted; colours are clipped to it, because
#: a cubic diverges outside.
COLOUR_RANGE = (-0.06, 2.5)


class ExtinctionCoefficients(NamedTuple):
    """Extinction coefficients A_X / A0 in Gaia's bands, which `extinction_coefficients` returns."""

    g: FloatArray
    bp: FloatArray
    rp: FloatArray


def distance_modulus(distance_kpc: npt.ArrayLike) -> FloatArray:
    """Return the distance moduli of distances.

    Parameters
    ----------
    distance_kpc : array-like
        Distances in kpc.

    Returns
    -------
    ndarray
        Distance moduli in mag: -inf for a distance of zero, NaN for a negative one.

    Examples
    --------
    >>> from skcluster.photometry import distance_modulus
    >>> float(distance_modulus(1.0))
    10.0
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        modulus: FloatArray = 5 * np.log10(np.asarray(distance_kpc)) + 10
    return modulus


def distance_from_modulus(modulus: npt.ArrayLike) -> FloatArray:
    """Return the distances of distance moduli: ``10**((DM + 5) / 5) / 1000``.

    Parameters
    ----------
    modulus : array-like
        Distance moduli in mag.

    Returns
    -------
    ndarray
        Distances in kpc.

    Examples
    --------
    >>> from skcluster.photometry import distance_from_modulus
    >>> float(distance_from_modulus(10.0))
    1.0
    """
    return 10 ** (np.asarray(modulus) / 5 - 2)


def distance_from_parallax(parallax: npt.ArrayLike, zero_point: float = 0.0) -> FloatArray:
    """Return the distances of parallaxes.

    Parameters
    ----------
    parallax : array-like
        Parallaxes in mas. Small ones may be zero or negative because of noise.
    zero_point : float, default=0
        Parallax zero point of the catalogue, in mas, which is subtracted: −0.029 in Gaia DR2
        (Lindegren et al. 2018, A&A 616, A2).

    Returns
    -------
    ndarray
        Distances in kpc; NaN for parallaxes that are not positive after the correction.

    Examples
    --------
    >>> from skcluster.photometry import distance_from_parallax
    >>> distance_from_parallax([2.0, 0.0, -0.1])
    array([0.5, nan, nan])
    """
    true = np.asarray(parallax, dtype=np.result_type(np.asarray(parallax), np.float32)) - zero_point
    with np.errstate(divide="ignore"):
        return np.where(true > 0, 1 / true, np.nan)


def parallax_from_distance(distance_kpc: npt.ArrayLike, zero_point: float = 0.0) -> FloatArray:
    """Return the parallaxes of distances; the inverse of `distance_from_parallax`.

    Parameters
    ----------
    distance_kpc : array-like
        Distances in kpc.
    zero_point : float, default=0
        Parallax zero point of the catalogue, in mas, which is added.

    Returns
    -------
    ndarray
        Parallaxes in mas.

    Examples
    --------
    >>> from skcluster.photometry import parallax_from_distance
    >>> float(parallax_from_distance(0.5))
    2.0
    """
    return 1 / np.asarray(distance_kpc, dtype=float) + zero_point


def extinction_coefficients(
    intrinsic_bp_rp: npt.ArrayLike, a0: npt.ArrayLike, law: Law = "dr2"
) -> ExtinctionCoefficients:
    """Return A_G / A0, A_BP / A0 and A_RP / A0 of stars of an intrinsic colour.

    Parameters
    ----------
    intrinsic_bp_rp : array-like
        Intrinsic BP−RP, mag, clipped to `COLOUR_RANGE`.
    a0 : array-like
        Extinction, mag.
    law : {"dr2", "edr3"}, default="dr2"
        Polynomials fitted to the photometry of Gaia DR2 ([1]_ of this module) or of EDR3 and DR3
        ([2]_).

    Returns
    -------
    ExtinctionCoefficients
        The coefficients of G, BP and RP, of the broadcast shape.

    Raises
    ------
    ValueError
        If there is no such law.

    Examples
    --------
    >>> from skcluster.photometry import extinction_coefficients
    >>> k = extinction_coefficients(0.5, 1.0)
    >>> print(f"{k.g:.3f} {k.bp:.3f} {k.rp:.3f}")
    0.856 1.082 0.594
    """
    if law not in _LAWS:
        raise ValueError(f"law must be one of {sorted(_LAWS)}, not {law!r}.")
    terms, coefficients = _LAWS[law]
    colour, extinction = np.clip(np.asarray(intrinsic_bp_rp), *COLOUR_RANGE), np.asarray(a0)
    # Products, because numpy's third power is twenty times slower.
    of_colour, of_a0 = ([1.0, x, x * x, x * x * x] for x in (colour, extinction))
    powers = [of_colour[i] * of_a0[j] for i, j in terms]
    return ExtinctionCoefficients(
        *(sum(c * p for c, p in zip(row, powers, strict=True)) for row in coefficients)
    )


def redden(
    g: npt.ArrayLike, bp_rp: npt.ArrayLike, a0: npt.ArrayLike, law: Law = "dr2"
) -> tuple[FloatArray, FloatArray]:
    """Apply an extinction to stars of known intrinsic magnitude and colour.

    Parameters
    ----------
    g, bp_rp : array-like
        Intrinsic G and BP−RP, mag.
    a0 : array-like
        Extinction, mag.
    law : {"dr2", "edr3"}, default="dr2"
        As in `extinction_coefficients`.

    Returns
    -------
    g, bp_rp : ndarray
        Observed G and BP−RP, mag.

    Examples
    --------
    >>> from skcluster.photometry import redden
    >>> g, bp_rp = redden(12.0, 0.5, 1.0)
    >>> print(f"{g:.3f} {bp_rp:.3f}")
    12.856 0.988
    """
    k = extinction_coefficients(bp_rp, a0, law)
    a0 = np.asarray(a0)
    return np.asarray(g) + k.g * a0, np.asarray(bp_rp) + (k.bp - k.rp) * a0


def deredden(
    g: npt.ArrayLike, bp_rp: npt.ArrayLike, a0: npt.ArrayLike, law: Law = "dr2"
) -> tuple[FloatArray, FloatArray]:
    """Correct observed stars for extinction; the inverse of `redden`.

    The laws depend on the intrinsic colour, which is found by iteration to a millionth of a mag.

    Parameters
    ----------
    g, bp_rp : array-like
        Observed G and BP−RP, mag.
    a0 : array-like
        Extinction, mag.
    law : {"dr2", "edr3"}, default="dr2"
        As in `extinction_coefficients`.

    Returns
    -------
    g, bp_rp : ndarray
        Intrinsic G and BP−RP, mag.

    Raises
    ------
    RuntimeError
        If the iteration does not converge.

    Examples
    --------
    >>> from skcluster.photometry import deredden, redden
    >>> g, bp_rp = deredden(*redden(12.0, 0.5, 1.0), 1.0)
    >>> print(f"{g:.5f} {bp_rp:.5f}")
    12.00000 0.50000
    """
    g, observed, a0 = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (g, bp_rp, a0)))
    intrinsic = _intrinsic_colour(observed.ravel(), a0.ravel(), law).reshape(g.shape)[()]
    return g - extinction_coefficients(intrinsic, a0, law).g * a0, intrinsic


def _intrinsic_colour(observed: FloatArray, a0: FloatArray, law: Law) -> FloatArray:
    """Return intrinsic colours that are reddened to the observed ones, by iteration per star."""
    # Observed colour increases with intrinsic colour, with a slope from 1 - 0.05 A0 to 1 + 0.17 A0.
    # Steps with slope 1 would diverge for red stars at A0 > 6; those with the mean slope cannot.
    slope = 1 + 0.06 * a0
    intrinsic = observed - 0.4 * a0
    moving = np.arange(len(observed))
    for _ in range(_MOST_STEPS):
        colour, extinction = intrinsic[moving], a0[moving]
        k = extinction_coefficients(colour, extinction, law)
        step = (observed[moving] - colour - (k.bp - k.rp) * extinction) / slope[moving]
        intrinsic[moving] = colour + step
        moving = moving[np.abs(step) > _TOLERANCE]
        if not len(moving):
            return intrinsic
    raise RuntimeError(f"Dereddening did not converge within {_MOST_STEPS} iterations.")
