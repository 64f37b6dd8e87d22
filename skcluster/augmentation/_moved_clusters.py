"""Dereddened clusters, and the distances and extinctions of their copies."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.augmentation._labels import Labels
from skcluster.clusters import Stars
from skcluster.photometry import ExtinctionCoefficients, Law, deredden, extinction_coefficients

#: Number of draws for a copy before it keeps the values of its cluster.
MAX_DRAWS = 10


@dataclass(frozen=True)
class DereddenedClusters:
    """Stars and labels of the given clusters, and quantities needed to move them.

    Attributes
    ----------
    stars : Stars
        The flat stars of all clusters.
    labels : Labels
        Extinctions and distances of the clusters.
    law : {"dr2", "edr3"}
        The extinction law.
    faint_limit : float or None
        Magnitude limit of copies in G; None for that of each cluster's faintest star.
    """

    stars: Stars
    labels: Labels
    law: Law
    faint_limit: float | None

    @cached_property
    def g(self) -> FloatArray:
        """G of every star, mag."""
        return np.asarray(self.stars["phot_g_mean_mag"], dtype=float)

    @cached_property
    def intrinsic(self) -> FloatArray:
        """Dereddened BP−RP of every star, mag."""
        a_v = self.labels.a_v[self.stars.cluster]
        return deredden(self.g, self.stars["bp_rp"], a_v, self.law)[1]

    @cached_property
    def limits(self) -> FloatArray:
        """Faint limit of each cluster's copies, mag."""
        if self.faint_limit is None:
            return np.maximum.reduceat(self.g, self.stars.offsets[:-1])
        return np.full(len(self.stars.index), float(self.faint_limit))

    @cached_property
    def within_limit(self) -> IntArray:
        """Number of stars of each cluster within the limit.

        Raises
        ------
        ValueError
            If a cluster has no such star.
        """
        cluster = self.stars.cluster
        within = np.bincount(cluster[self.g <= self.limits[cluster]], minlength=len(self.limits))
        if not within.all():
            name = self.stars.index[int(np.argmin(within))]
            raise ValueError(
                f"cluster {name!r} has no star as bright as faint_limit = {self.faint_limit:g} "
                "mag; no copy can be made of it."
            )
        return within

    def magnitude_shifts(
        self, star: IntArray, modulus_shift: FloatArray, a_v: FloatArray
    ) -> ExtinctionCoefficients:
        """Return what moving adds to G, BP and RP of some stars: exactly 0 where nothing changes.

        Parameters
        ----------
        star : ndarray of shape (n,)
            Indices of the stars.
        modulus_shift, a_v : ndarray of shape (n,)
            Increase of the distance modulus, and new extinction, of each.
        """
        colour = self.intrinsic[star]
        own = self.labels.a_v[self.stars.cluster[star]]
        before = extinction_coefficients(colour, own, self.law)
        after = extinction_coefficients(colour, a_v, self.law)
        added = (new * a_v - old * own for new, old in zip(after, before, strict=True))
        return ExtinctionCoefficients(*(extinction + modulus_shift for extinction in added))

    def stars_in(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """Return the stars of some clusters, one cluster after the other.

        Returns
        -------
        star : ndarray of shape (n,)
            Indices of the stars.
        copy : ndarray of shape (n,)
            Index in ``rows`` of each.
        """
        counts = self.stars.counts[rows]
        copy = np.repeat(np.arange(len(rows)), counts)
        first = self.stars.offsets[rows] - (np.cumsum(counts) - counts)
        return np.arange(copy.size) + first[copy], copy


@dataclass(frozen=True)
class MoveLimits:
    """Ranges of the copies; see `ClusterAugmenter`."""

    max_modulus: float
    max_extinction: float
    only_farther: bool
    min_stars: int


def draw_moves(
    clusters: DereddenedClusters, rows: IntArray, limits: MoveLimits, rng: np.random.RandomState
) -> tuple[FloatArray, FloatArray]:
    """Draw distance and extinction for a copy of each of some clusters.

    A copy with too few stars within the faint limit is drawn again, each time from half the range
    around the cluster's own values; after the last draw it keeps these.

    Parameters
    ----------
    clusters : DereddenedClusters
        The clusters.
    rows : ndarray of int, shape (n_copies_in_all,)
        The cluster of each copy.
    limits : MoveLimits
        Ranges of the copies.
    rng : RandomState
        Random number generator.

    Returns
    -------
    modulus_shift : ndarray of shape (n_copies_in_all,)
        Increase of the distance modulus, mag.
    a_v : ndarray of shape (n_copies_in_all,)
        The new extinction, mag.
    """
    a_v = clusters.labels.a_v[rows]
    shift = np.zeros(len(rows))
    needed = np.minimum(limits.min_stars, clusters.within_limit)[rows]
    pending = np.arange(len(rows))
    for width in 0.5 ** np.arange(MAX_DRAWS):
        if not len(pending):
            break
        shift_drawn, a_v_drawn = _draw(clusters, rows[pending], limits, rng, width)
        enough = _seen(clusters, rows[pending], shift_drawn, a_v_drawn) >= needed[pending]
        shift[pending[enough]], a_v[pending[enough]] = shift_drawn[enough], a_v_drawn[enough]
        pending = pending[~enough]
    return shift, a_v


def _draw(
    clusters: DereddenedClusters,
    rows: IntArray,
    limits: MoveLimits,
    rng: np.random.RandomState,
    width: float,
) -> tuple[FloatArray, FloatArray]:
    """Return one draw, from a part ``width`` of the range."""
    moduli = clusters.labels.modulus
    modulus, a_v = moduli[rows], clusters.labels.a_v[rows]
    u, v = rng.uniform(size=(2, len(rows)))
    if limits.only_farther:
        modulus_range = np.maximum(limits.max_modulus - modulus, 0)
        a_v_range = np.maximum(limits.max_extinction - a_v, 0)
        return width * u * modulus_range, a_v + width * v * a_v_range
    nearest = min(moduli.min(), limits.max_modulus)
    target = nearest + u * (limits.max_modulus - nearest)
    return width * (target - modulus), a_v + width * (v * limits.max_extinction - a_v)


def _seen(
    clusters: DereddenedClusters, rows: IntArray, modulus_shift: FloatArray, a_v: FloatArray
) -> IntArray:
    """Return the number of stars of each copy that would be within the faint limit."""
    star, copy = clusters.stars_in(rows)
    g = clusters.g[star] + clusters.magnitude_shifts(star, modulus_shift[copy], a_v[copy]).g
    return np.bincount(copy[g <= clusters.limits[rows][copy]], minlength=len(rows))
