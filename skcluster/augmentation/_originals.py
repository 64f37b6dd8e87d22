"""The clusters that copies are made of: their stars with the extinction taken off."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.augmentation._labels import Labels
from skcluster.clusters import Stars
from skcluster.photometry import (
    ExtinctionCoefficients,
    Law,
    deredden,
    extinction_coefficients,
)


@dataclass(frozen=True)
class Originals:
    """Stars and labels of the clusters given, and what moving them needs.

    Attributes
    ----------
    stars : Stars
        The flat stars of all clusters.
    labels : Labels
        Extinctions and distances of the clusters.
    law : {"dr2", "edr3"}
        The extinction law.
    faint_limit : float or None
        The G of the faintest star that a copy may have; None for each cluster's own faintest.
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
        """BP−RP of every star without its cluster's extinction, mag."""
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
        """Number of stars of each cluster that are within the limit where they stand.

        Raises
        ------
        ValueError
            If a cluster has none.
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
        """What moving adds to G, BP and RP of some stars: exactly 0 where nothing changes.

        Parameters
        ----------
        star : ndarray of shape (n,)
            Which stars.
        modulus_shift, a_v : ndarray of shape (n,)
            By how much the distance modulus grows, and the new extinction, for each.
        """
        colour = self.intrinsic[star]
        own = self.labels.a_v[self.stars.cluster[star]]
        before = extinction_coefficients(colour, own, self.law)
        after = extinction_coefficients(colour, a_v, self.law)
        added = (new * a_v - old * own for new, old in zip(after, before, strict=True))
        return ExtinctionCoefficients(*(extinction + modulus_shift for extinction in added))

    def stars_in(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """The stars of some clusters, one cluster after the other.

        Returns
        -------
        star : ndarray of shape (n,)
            Positions of the stars.
        copy : ndarray of shape (n,)
            Position in ``rows`` that each belongs to.
        """
        counts = self.stars.counts[rows]
        copy = np.repeat(np.arange(len(rows)), counts)
        first = self.stars.offsets[rows] - (np.cumsum(counts) - counts)
        return np.arange(copy.size) + first[copy], copy
