"""What a colour-magnitude diagram shows: limits, shades of stars, isochrones and their bands."""

from typing import NamedTuple

import numpy as np

from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.isochrones import IsochroneGrid
from skcluster.photometry import Law, distance_modulus, redden
from skcluster.plotting._style import BLUES, GREYS
from skcluster.schema import MEMBER_COLUMNS, STAR_COLUMNS

#: The fraction of a half-normal distribution below this multiple of its scale is 95 per cent.
MOST_REDDENED = 1.96
#: Differential reddening below this scale (mag) cannot be seen in a diagram.
LEAST_REDDENING = 0.02


def diagram_limits(colour: FloatArray, magnitude: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the limits of a diagram's axes, colour first, with a margin around the stars.

    They are at least 1 mag apart in colour and 3 mag in magnitude; arrays of shape (2,).
    """
    stars = np.stack([colour, magnitude]).astype(float)
    low, high = stars.min(axis=1), stars.max(axis=1)
    half = np.maximum((high - low) * 0.54, [0.5, 1.5])
    return (low + high) / 2 - half, (low + high) / 2 + half


class Shades(NamedTuple):
    """The values that shade stars, and their colours."""

    #: Shape (n_stars,); NaN for stars that were not used.
    probability: FloatArray
    #: Label of the colour bar.
    label: str
    #: Colours from unlikely to likely members, all visible on white.
    colours: tuple[str, ...]
    #: The value of the first colour; that of the last is 1.
    low: float


def shades_of(membership: FloatArray | None, probability: FloatArray | None) -> Shades | None:
    """Return shades by an estimate's membership or, without one, by the list's probabilities."""
    if membership is not None and np.isfinite(membership).any():
        return Shades(membership, MEMBER_COLUMNS["membership"].label, BLUES, 0.0)
    if probability is not None and np.isfinite(probability).any():
        # Stars without a probability are used as well.
        filled = np.nan_to_num(probability, nan=0.0)
        return Shades(filled, STAR_COLUMNS["probability"].label, GREYS, min(0.5, filled.min()))
    return None


def seen_isochrones(parameters: FloatArray, law: Law = "dr2", *, every: int = 1) -> FloatArray:
    """Return isochrones at their distances and extinctions, shape (n_isochrones, n_points, 2).

    The parameters are log age (dex), A_V (mag), distance (kpc) and [M/H] (dex), a row per
    isochrone. The result is BP−RP and G (mag) of every ``every``-th point; the k-th points of all
    are in the same state of evolution. NaN where stars jump from one state to another, to break the
    line.
    """
    log_age, a_v, distance, metallicity = parameters.T
    curves = IsochroneGrid.load().interpolate(log_age, metallicity)
    g, bp, rp = curves.magnitudes[..., ::every]
    magnitude, colour = redden(g, bp - rp, a_v[:, None], law)
    seen = np.stack([colour, magnitude + distance_modulus(distance)[:, None]], axis=-1)
    gap = np.logical_or.reduceat(curves.gap, np.arange(0, curves.gap.shape[1], every), axis=1)
    seen[gap] = np.nan
    return seen


def can_be_drawn(parameters: FloatArray) -> BoolArray:
    """Return which estimates have an isochrone in the diagram; see `seen_isochrones`.

    Those with NaN, or with ages or metallicities outside the isochrones, have none.
    """
    log_age, a_v, distance, metallicity = parameters.T
    drawn: BoolArray = np.isfinite(a_v + distance) & (distance > 0)
    for values, (low, high) in (
        (log_age, IsochroneGrid.LOG_AGE_RANGE),
        (metallicity, IsochroneGrid.METALLICITY_RANGE),
    ):
        drawn &= (values >= low) & (values <= high)
    return drawn


def most_credible(samples: FloatArray, coverage: float, most: int) -> FloatArray:
    """Return the given fraction of joint samples that is closest to their centre, at most ``most``.

    The Mahalanobis distance in log age, A_V, distance modulus and metallicity is used, so that the
    region takes correlations into account. Samples without an isochrone (outside the grid, NaN)
    cannot be drawn and are left out after the selection.
    """
    samples = samples[np.isfinite(samples).all(axis=1) & (samples[:, 2] > 0)]
    if len(samples) < 2:
        return samples[can_be_drawn(samples)]
    plane = samples.copy()
    plane[:, 2] = distance_modulus(samples[:, 2])
    offset = plane - np.median(plane, axis=0)
    # A constant parameter has no inverse variance; the pseudo-inverse ignores it.
    inverse = np.linalg.pinv(np.cov(plane.T), hermitian=True)
    far = np.einsum("ij,jk,ik->i", offset, inverse, offset)
    kept = samples[np.argsort(far)[: max(1, round(coverage * len(far)))]]
    kept = kept[can_be_drawn(kept)]
    if len(kept) <= most:
        return kept
    # From the edge inwards: the edge defines the outline.
    spread: FloatArray = kept[np.linspace(0, len(kept) - 1, most).round().astype(int)]
    return spread


def thinned(line: FloatArray, step: float) -> FloatArray:
    """Return a line with one of the points in a row that are in the same square of this size."""
    moves = (np.diff((line / step).round(), axis=0) != 0).any(axis=1)
    return line[np.r_[True, moves]]
