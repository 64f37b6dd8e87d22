"""The stars of copies: members, field stars, and their columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.augmentation._labels import Labels
from skcluster.augmentation._moved_clusters import DereddenedClusters
from skcluster.gaia import parallax_error
from skcluster.photometry import ExtinctionCoefficients


@dataclass(frozen=True)
class MovedStars:
    """The stars of all copies, copy after copy.

    Attributes
    ----------
    copy : ndarray of int, shape (n_stars,)
        Copy of each star.
    host : ndarray of int, shape (n_stars,)
        Index of the member of the copied cluster whose row is copied.
    light : ndarray of int, shape (n_stars,)
        Index of the star with the photometry: the host itself, or any star for a field star.
    field : ndarray of bool, shape (n_stars,)
        Whether the star is a field star, which is not moved.
    """

    copy: IntArray
    host: IntArray
    light: IntArray
    field: BoolArray


def members(
    clusters: DereddenedClusters, rows: IntArray, modulus_shift: FloatArray, a_v: FloatArray
) -> MovedStars:
    """Return the stars of the moved clusters that are within the faint limit."""
    star, copy = clusters.stars_in(rows)
    g = clusters.g[star] + clusters.magnitude_shifts(star, modulus_shift[copy], a_v[copy]).g
    seen = g <= clusters.limits[rows][copy]
    # A copy without an accepted draw keeps its cluster's values; faint_limit applies as well.
    return _subset(MovedStars(copy, star, star, np.zeros(star.size, dtype=bool)), seen)


def drop_stars(
    stars: MovedStars, fraction: float, min_stars: int, rng: np.random.RandomState
) -> MovedStars:
    """Drop each star with a probability, but none of the last ``min_stars`` of a copy."""
    luck = rng.uniform(size=stars.copy.size)
    order = np.lexsort((-luck, stars.copy))
    first = np.searchsorted(stars.copy, stars.copy)
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size) - first[order]
    return _subset(stars, (luck >= fraction) | (rank < min_stars))


def add_field_stars(
    clusters: DereddenedClusters,
    rows: IntArray,
    stars: MovedStars,
    fraction: float,
    rng: np.random.RandomState,
) -> MovedStars:
    """Add a Poisson number of stars of any cluster, within each copy's faint limit."""
    counts = np.bincount(stars.copy, minlength=len(rows))
    added = rng.poisson(fraction * counts)
    copy = np.repeat(np.arange(len(rows)), added)
    # A random member of the same copy provides the other columns.
    first = np.cumsum(counts) - counts
    host = stars.host[rng.randint(first[copy], (first + counts)[copy])]
    by_brightness = np.argsort(clusters.g, kind="stable")
    bright = np.searchsorted(clusters.g[by_brightness], clusters.limits[rows][copy], "right")
    light = by_brightness[rng.randint(0, bright)]
    field = np.ones(copy.size, dtype=bool)
    both = MovedStars(
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


def _subset(stars: MovedStars, which: IntArray | BoolArray) -> MovedStars:
    return MovedStars(stars.copy[which], stars.host[which], stars.light[which], stars.field[which])


def columns_of_copies(
    clusters: DereddenedClusters,
    stars: MovedStars,
    modulus_shift: FloatArray,
    copies: Labels,
    noise: float,
    rng: np.random.RandomState,
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of the copies that differ from those of the original stars.

    Parameters
    ----------
    clusters : DereddenedClusters
        The given clusters.
    stars : MovedStars
        The stars of the copies.
    modulus_shift : ndarray of shape (n_copies_in_all,)
        Increase of the distance modulus of each copy, mag.
    copies : Labels
        Extinctions and distances of the copies.
    noise : float
        Standard deviation of photometric noise, mag.
    rng : RandomState
        Random number generator.

    Returns
    -------
    dict of str to ndarray of shape (n_stars,)
        Magnitudes, colour, parallax, its error and probability, as far as present.
    """
    shifts = clusters.magnitude_shifts(
        stars.light, modulus_shift[stars.copy], copies.a_v[stars.copy]
    )
    shifts = ExtinctionCoefficients(*(np.where(stars.field, 0.0, shift) for shift in shifts))
    columns = _parallaxes(clusters, stars, shifts.g, copies, rng)
    if noise:
        noises = rng.normal(scale=noise, size=(3, stars.copy.size))
        shifts = ExtinctionCoefficients(*(s + n for s, n in zip(shifts, noises, strict=True)))
    added = {
        "phot_g_mean_mag": shifts.g,
        "phot_bp_mean_mag": shifts.bp,
        "phot_rp_mean_mag": shifts.rp,
        "bp_rp": shifts.bp - shifts.rp,
    }
    for name, shift in added.items():
        if name in clusters.stars:
            columns[name] = clusters.stars[name][stars.light] + shift
    if stars.field.any() and "probability" in clusters.stars:
        columns["probability"] = _probabilities(clusters, stars)
    return columns


def _parallaxes(
    clusters: DereddenedClusters,
    stars: MovedStars,
    g_shift: FloatArray,
    copies: Labels,
    rng: np.random.RandomState,
) -> dict[str, npt.NDArray[Any]]:
    """Return parallaxes at the copies' distances, with the noise of stars of that magnitude."""
    if "parallax" not in clusters.stars:
        return {}
    own_distance = clusters.labels.distance_kpc[clusters.stars.cluster[stars.light]]
    g = clusters.g[stars.light]
    typical = parallax_error(g)
    # Noise cannot be removed: a star that becomes brighter keeps its error.
    growth = np.maximum(parallax_error(g + g_shift) / typical, 1)
    columns = {}
    error = typical
    if "parallax_error" in clusters.stars:
        known = clusters.stars["parallax_error"][stars.light]
        columns["parallax_error"] = known * growth
        error = np.where(np.isfinite(known), known, typical)
    extra = error * np.sqrt(growth**2 - 1) * rng.normal(size=error.size)
    moved = 1 / copies.distance_kpc[stars.copy] - 1 / own_distance
    columns["parallax"] = clusters.stars["parallax"][stars.light] + moved + extra
    return columns


def _probabilities(clusters: DereddenedClusters, stars: MovedStars) -> npt.NDArray[Any]:
    """Return the members' own probabilities; for field stars, that of the least certain member."""
    own = clusters.stars["probability"]
    least = np.fmin.reduceat(own, clusters.stars.offsets[:-1])
    return np.where(stars.field, least[clusters.stars.cluster[stars.host]], own[stars.host])


def append_column(
    original: pa.Array, added: npt.NDArray[Any] | None, carried: pa.Array
) -> pa.Array:
    """Return a star column with that of the copies appended, in its own type.

    Parameters
    ----------
    original : pyarrow.Array of shape (n_stars,)
        The original column.
    added : ndarray or None
        The column of the copies, if it changes.
    carried : pyarrow.Array of int
        Indices of the copied stars otherwise.
    """
    if added is None:
        return pa.concat_arrays([original, original.take(carried)])
    kind = original.type if pa.types.is_floating(original.type) else pa.float64()
    return pa.concat_arrays([original.cast(kind), pa.array(added).cast(kind, safe=False)])
