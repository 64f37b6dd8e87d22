"""Pools of stars that do not belong to a cluster."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars

#: Wider than any range of magnitudes.
_APART = 100.0


@dataclass(frozen=True)
class ForeignStars:
    """Stars in groups, each group sorted by G: clusters, sightlines, and all of them together.

    Attributes
    ----------
    g, bp_rp : ndarray of shape (n_stars,)
        Magnitudes and colours (mag).
    key : ndarray of shape (n_stars,)
        Sort key: number of the group times 100, plus G.
    n_groups : int
        Number of groups; the last one contains all stars of all clusters.
    n_clusters : int
        Number of groups that are the stars of one cluster; they come first.
    """

    g: FloatArray
    bp_rp: FloatArray
    key: FloatArray
    n_groups: int
    n_clusters: int

    @classmethod
    def of(cls, clusters: Stars, field: Stars | None) -> Self:
        """Return the stars of clusters, and field stars by sightline."""
        parts = [clusters] if field is None else [clusters, field]
        n_clusters = len(clusters.index)
        n_groups = sum(len(part.index) for part in parts) + 1
        group = np.concatenate(
            [
                clusters.cluster,
                *(part.cluster + n_clusters for part in parts[1:]),
                np.full(len(clusters), n_groups - 1),
            ]
        )
        g, colour = (
            np.concatenate([part[name].astype(np.float64) for part in [*parts, clusters]])
            for name in ("phot_g_mean_mag", "bp_rp")
        )
        key = _APART * group + g
        order = np.argsort(key, kind="stable")
        return cls(g[order], colour[order], key[order], n_groups, n_clusters)

    def draw(
        self, copy: IntArray, brightest: FloatArray, faintest: FloatArray, rng: np.random.Generator
    ) -> IntArray:
        """Return indices of stars, drawn per copy from all clusters, one cluster, or one sightline.

        Parameters
        ----------
        copy : ndarray of int, shape (n_drawn,)
            The copy that each star is drawn for.
        brightest, faintest : ndarray of shape (n_copies,)
            Range of G for each copy (mag).
        rng : Generator
            Random number generator.

        Returns
        -------
        ndarray of int, shape (n_drawn,)
            Indices; −1 if no star is in the range.
        """
        n = len(brightest)
        everything = self.n_groups - 1
        kinds = [
            np.full(n, everything),
            rng.integers(self.n_clusters, size=n),
            rng.integers(self.n_clusters, max(everything, self.n_clusters + 1), size=n),
        ]
        has_field = everything > self.n_clusters
        kind = rng.choice(3, size=n, p=[0.3, 0.2, 0.5] if has_field else [0.6, 0.4, 0.0])
        group = np.choose(kind, kinds)
        start = np.searchsorted(self.key, _APART * group + brightest)
        end = np.searchsorted(self.key, _APART * group + faintest)
        found = start[copy] + (rng.random(len(copy)) * (end - start)[copy]).astype(np.int64)
        return np.where((end > start)[copy], found, -1)
