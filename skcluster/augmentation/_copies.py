"""Which stars make a copy: those still seen, some dropped, some from the field."""

from dataclasses import dataclass

import numpy as np

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.augmentation._originals import Originals


@dataclass(frozen=True)
class CopiedStars:
    """The stars of all copies, copy after copy.

    Attributes
    ----------
    copy : ndarray of int, shape (n_stars,)
        Which copy a star belongs to.
    host : ndarray of int, shape (n_stars,)
        Position of the star, a member of the copied cluster, whose row is carried along.
    light : ndarray of int, shape (n_stars,)
        Position of the star that is measured: the host itself, or for a field star any star.
    field : ndarray of bool, shape (n_stars,)
        Whether it is a field star, which stands where it is and is not moved.
    """

    copy: IntArray
    host: IntArray
    light: IntArray
    field: BoolArray


def members(
    originals: Originals, rows: IntArray, modulus_shift: FloatArray, a_v: FloatArray
) -> CopiedStars:
    """The stars of the moved clusters that are within the faint limit."""
    star, copy = originals.stars_in(rows)
    g = originals.g[star] + originals.magnitude_shifts(star, modulus_shift[copy], a_v[copy]).g
    seen = g <= originals.limits[rows][copy]
    # A copy that no draw suited stands where its cluster does; faint_limit holds there as well.
    return _subset(CopiedStars(copy, star, star, np.zeros(star.size, dtype=bool)), seen)


def drop_stars(
    stars: CopiedStars, fraction: float, min_stars: int, rng: np.random.RandomState
) -> CopiedStars:
    """Lose each star with a probability, but none of the last ``min_stars`` of a copy."""
    luck = rng.uniform(size=stars.copy.size)
    order = np.lexsort((-luck, stars.copy))
    first = np.searchsorted(stars.copy, stars.copy)
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size) - first[order]
    return _subset(stars, (luck >= fraction) | (rank < min_stars))


def add_field_stars(
    originals: Originals,
    rows: IntArray,
    stars: CopiedStars,
    fraction: float,
    rng: np.random.RandomState,
) -> CopiedStars:
    """Add a Poisson number of stars of any cluster, within each copy's faint limit."""
    counts = np.bincount(stars.copy, minlength=len(rows))
    added = rng.poisson(fraction * counts)
    copy = np.repeat(np.arange(len(rows)), added)
    # A random member of the same copy lends the columns that are not measured light.
    first = np.cumsum(counts) - counts
    host = stars.host[rng.randint(first[copy], (first + counts)[copy])]
    by_brightness = np.argsort(originals.g, kind="stable")
    bright = np.searchsorted(originals.g[by_brightness], originals.limits[rows][copy], "right")
    light = by_brightness[rng.randint(0, bright)]
    field = np.ones(copy.size, dtype=bool)
    both = CopiedStars(
        *(
            np.concatenate(pair)
            for pair in (
                (stars.copy, copy),
                (stars.host, host),
                (stars.light, light),
                (stars.field, field),
            )
        )
    )
    return _subset(both, np.argsort(both.copy, kind="stable"))


def _subset(stars: CopiedStars, which: IntArray | BoolArray) -> CopiedStars:
    return CopiedStars(stars.copy[which], stars.host[which], stars.light[which], stars.field[which])
