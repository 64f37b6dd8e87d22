"""Corrupted copies of member lists, as flat arrays."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.augmentation._foreign_stars import ForeignStars
from skcluster.clusters import Stars
from skcluster.gaia import parallax_error, split_colour
from skcluster.photometry import modulus_from_parallax

#: Scatter of parallaxes in excess of their errors, and minimum parallax for a distance (mas).
_PARALLAX_FLOOR, _LEAST_PARALLAX = 0.03, 0.05
#: Giants: brighter than this in absolute G, and redder by this than the bluest twentieth.
_GIANT_M_G, _GIANT_COLOUR = 3.2, 0.55
#: Binaries: fainter than this, and redder than this quantile of the colour in strips of G.
_BINARY_M_G, _STRIP, _BINARY_QUANTILE = 3.0, 0.5, 0.65


@dataclass
class ListCopies:
    """The stars of all copies, copy after copy. Methods change them in place.

    Attributes
    ----------
    n : int
        Number of copies.
    copy : ndarray of int, shape (n_stars,)
        The copy that each star belongs to.
    host : ndarray of int, shape (n_stars,)
        Index of the star in the original lists that provides the other columns.
    foreign : ndarray of bool, shape (n_stars,)
        Whether the star was added.
    columns : dict of str to ndarray of shape (n_stars,)
        Columns that may change, by the names of the Gaia archive.
    """

    n: int
    copy: IntArray
    host: IntArray
    foreign: BoolArray
    columns: dict[str, Any]

    #: Columns that may change.
    CHANGED = (
        "phot_g_mean_mag",
        "bp_rp",
        "phot_bp_mean_mag",
        "phot_rp_mean_mag",
        "parallax",
        "parallax_error",
        "probability",
        "magnitude_limit",
    )

    @classmethod
    def of(cls, stars: Stars, rows: IntArray) -> Self:
        """Return unchanged copies of clusters."""
        counts = stars.counts[rows]
        copy = np.repeat(np.arange(len(rows)), counts)
        first = np.cumsum(counts) - counts
        host = stars.offsets[rows][copy] + np.arange(len(copy)) - first[copy]
        columns = {
            name: stars[name].astype(np.float64)[host] for name in cls.CHANGED if name in stars
        }
        return cls(len(rows), copy, host, np.zeros(len(copy), dtype=bool), columns)

    @property
    def counts(self) -> IntArray:
        """Number of stars of each copy."""
        return np.bincount(self.copy, minlength=self.n)

    def keep(self, kept: BoolArray, min_stars: int) -> None:
        """Keep only these stars, except in copies that would have fewer than ``min_stars``."""
        enough = np.bincount(self.copy, kept, minlength=self.n) >= min_stars
        kept = kept | ~enough[self.copy]
        self.copy, self.host, self.foreign = self.copy[kept], self.host[kept], self.foreign[kept]
        self.columns = {name: values[kept] for name, values in self.columns.items()}

    def brighter_than(self, limit: FloatArray) -> BoolArray:
        """Return which stars are brighter than the magnitude limit of their copy (mag)."""
        brighter: BoolArray = self.columns["phot_g_mean_mag"] < limit[self.copy]
        return brighter

    def not_brightest(self, n_missing: IntArray) -> BoolArray:
        """Return which stars are not among the brightest of their copy."""
        order = np.lexsort((self.columns["phot_g_mean_mag"], self.copy))
        first = np.cumsum(self.counts) - self.counts
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order)) - first[self.copy[order]]
        return rank >= n_missing[self.copy]

    def not_giants(self, chosen: BoolArray) -> BoolArray:
        """Return which stars are not giants of the chosen copies."""
        stars, m_g, colour = self._diagrams(chosen)
        blue = pd.Series(colour).groupby(self.copy[stars]).transform("quantile", 0.05).to_numpy()
        kept = np.ones(len(self.copy), dtype=bool)
        kept[stars] = ~((colour > blue + _GIANT_COLOUR) & (m_g < _GIANT_M_G))
        return kept

    def not_binaries(self, chosen: BoolArray) -> BoolArray:
        """Return which stars are not on the red side of the main sequence of the chosen copies."""
        stars, m_g, colour = self._diagrams(chosen)
        strip = np.floor(self.columns["phot_g_mean_mag"][stars] / _STRIP)
        strips = pd.Series(colour).groupby([self.copy[stars], strip])
        limit = strips.transform("quantile", _BINARY_QUANTILE).to_numpy()
        kept = np.ones(len(self.copy), dtype=bool)
        kept[stars] = ~((colour > limit) & (m_g > _BINARY_M_G))
        return kept

    def some(self, fraction: FloatArray, rng: np.random.Generator) -> BoolArray:
        """Return a random fraction of the stars of each copy."""
        return rng.random(len(self.copy)) < fraction[self.copy]

    def _diagrams(self, chosen: BoolArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return indices, absolute magnitudes M_G and colours of the stars of the chosen copies."""
        stars = np.flatnonzero(chosen[self.copy])
        g, colour = self.columns["phot_g_mean_mag"][stars], self.columns["bp_rp"][stars]
        return stars, g - self._modulus()[self.copy[stars]], colour

    def _parallaxes(self) -> FloatArray:
        """Return the median parallax of each copy (mas); NaN without any."""
        if "parallax" not in self.columns:
            return np.full(self.n, np.nan)
        medians = pd.Series(self.columns["parallax"]).groupby(self.copy).median()
        return medians.reindex(np.arange(self.n)).to_numpy()

    def _modulus(self) -> FloatArray:
        """Return the distance modulus of the median parallax (mag); NaN without any."""
        return np.asarray(modulus_from_parallax(np.maximum(self._parallaxes(), _LEAST_PARALLAX)))

    def add(
        self,
        foreign: ForeignStars,
        fraction: FloatArray,
        limit: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        """Add foreign stars with parallaxes consistent with those of the copy.

        Parameters
        ----------
        foreign : ForeignStars
            Stars to draw from.
        fraction : ndarray of shape (n,)
            Fraction of foreign stars in the resulting list of each copy, below 1.
        limit : ndarray of shape (n,)
            Magnitude limit in G of each copy (mag).
        rng : Generator
            Random number generator.
        """
        own = self.counts
        n_added = np.round(fraction / (1 - fraction) * own).astype(np.int64)
        copy = np.repeat(np.arange(self.n), n_added)
        brightest = pd.Series(self.columns["phot_g_mean_mag"]).groupby(self.copy).min()
        bounds = brightest.reindex(np.arange(self.n)).to_numpy() - 0.5, limit
        place = foreign.draw(copy, *bounds, rng)
        copy, place = copy[place >= 0], place[place >= 0]
        first = np.cumsum(own) - own
        lent = first[copy] + (rng.random(len(copy)) * own[copy]).astype(np.int64)
        added = {name: values[lent] for name, values in self.columns.items()}
        added |= self._light(foreign, place, copy, rng)
        order = np.argsort(np.concatenate([self.copy, copy]), kind="stable")
        self.host = np.concatenate([self.host, self.host[lent]])[order]
        self.columns = {
            name: np.concatenate([values, added[name]])[order]
            for name, values in self.columns.items()
        }
        is_foreign = np.ones(len(copy), dtype=bool)
        self.foreign = np.concatenate([self.foreign, is_foreign])[order]
        self.copy = np.concatenate([self.copy, copy])[order]

    def _light(
        self, foreign: ForeignStars, place: IntArray, copy: IntArray, rng: np.random.Generator
    ) -> dict[str, FloatArray]:
        """Return magnitudes, colours and parallaxes of foreign stars, if the lists have them."""
        g, colour = foreign.g[place], foreign.bp_rp[place]
        bp, rp = split_colour(g, colour)
        error = parallax_error(g)
        scatter = np.hypot(error, _PARALLAX_FLOOR) * rng.standard_normal(len(g))
        # The parallax selection is wider in some lists than in others.
        width = np.where(rng.random(self.n) < 0.3, rng.uniform(1, 3, self.n), 1.0)
        found = {
            "phot_g_mean_mag": g,
            "bp_rp": colour,
            "phot_bp_mean_mag": bp,
            "phot_rp_mean_mag": rp,
            "parallax": self._parallaxes()[copy] + width[copy] * scatter,
            "parallax_error": error,
        }
        return {name: values for name, values in found.items() if name in self.columns}

    def shift(self, column: str, amount: FloatArray) -> None:
        """Add a constant per copy to a column, if there is one."""
        if column in self.columns:
            self.columns[column] = self.columns[column] + amount[self.copy]

    def lower(self, column: str, largest: FloatArray) -> None:
        """Limit the values of a column to a maximum per copy, if the column is there."""
        if column in self.columns:
            self.columns[column] = np.fmin(self.columns[column], largest[self.copy])

    def blank(self, column: str, chosen: BoolArray) -> None:
        """Set a column of the chosen copies to NaN, if there is one."""
        if column in self.columns:
            self.columns[column] = np.where(chosen[self.copy], np.nan, self.columns[column])
