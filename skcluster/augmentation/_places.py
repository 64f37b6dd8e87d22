"""Where copies of clusters are placed: another distance, another extinction."""

from dataclasses import dataclass

import numpy as np

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.augmentation._originals import Originals

#: How often a place is drawn for a copy before it is left where it is.
MAX_DRAWS = 10


@dataclass(frozen=True)
class Limits:
    """How far copies may go; see `ClusterAugmenter`."""

    max_modulus: float
    max_extinction: float
    only_farther: bool
    min_stars: int


def draw_places(
    originals: Originals, rows: IntArray, limits: Limits, rng: np.random.RandomState
) -> tuple[FloatArray, FloatArray]:
    """Draw a place for a copy of each of some clusters.

    A copy with too few stars within the faint limit is drawn again, each time from half the range
    around the cluster's own place; after the last draw it stays at that place.

    Parameters
    ----------
    originals : Originals
        The clusters.
    rows : ndarray of int, shape (n_copies_in_all,)
        Which cluster each copy is of.
    limits : Limits
        How far they may go.
    rng : RandomState
        Source of random numbers.

    Returns
    -------
    modulus_shift : ndarray of shape (n_copies_in_all,)
        What the distance modulus grows by, mag.
    a_v : ndarray of shape (n_copies_in_all,)
        The new extinction, mag.
    """
    a_v = originals.labels.a_v[rows]
    shift = np.zeros(len(rows))
    needed = np.minimum(limits.min_stars, originals.within_limit)[rows]
    pending = np.arange(len(rows))
    for width in 0.5 ** np.arange(MAX_DRAWS):
        if not len(pending):
            break
        shift_drawn, a_v_drawn = _draw(originals, rows[pending], limits, rng, width)
        enough = _seen(originals, rows[pending], shift_drawn, a_v_drawn) >= needed[pending]
        shift[pending[enough]], a_v[pending[enough]] = shift_drawn[enough], a_v_drawn[enough]
        pending = pending[~enough]
    return shift, a_v


def _draw(
    originals: Originals, rows: IntArray, limits: Limits, rng: np.random.RandomState, width: float
) -> tuple[FloatArray, FloatArray]:
    """One draw, from a part ``width`` of the range."""
    moduli = originals.labels.modulus
    modulus, a_v = moduli[rows], originals.labels.a_v[rows]
    u, v = rng.uniform(size=(2, len(rows)))
    if limits.only_farther:
        modulus_range = np.maximum(limits.max_modulus - modulus, 0)
        a_v_range = np.maximum(limits.max_extinction - a_v, 0)
        return width * u * modulus_range, a_v + width * v * a_v_range
    nearest = min(moduli.min(), limits.max_modulus)
    target = nearest + u * (limits.max_modulus - nearest)
    return width * (target - modulus), a_v + width * (v * limits.max_extinction - a_v)


def _seen(
    originals: Originals, rows: IntArray, modulus_shift: FloatArray, a_v: FloatArray
) -> IntArray:
    """How many stars of each copy would be within the faint limit."""
    star, copy = originals.stars_in(rows)
    g = originals.g[star] + originals.magnitude_shifts(star, modulus_shift[copy], a_v[copy]).g
    return np.bincount(copy[g <= originals.limits[rows][copy]], minlength=len(rows))
