"""Corrupted copies of member lists, as flat arrays, and the contaminants added to them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.augmentation._base import stars_of_copies
from skcluster.clusters import Stars, validate_clusters
from skcluster.clusters._parallax import PARALLAX_FLOOR, modulus_at_least
from skcluster.gaia import parallax_error, split_colour

#: Giants: brighter than this in absolute G, and redder by this than the bluest twentieth.
_GIANT_M_G, _GIANT_COLOUR = 3.2, 0.55
#: Binaries: fainter than this, and redder than this quantile of the colour in strips of G.
_BINARY_M_G, _STRIP, _BINARY_QUANTILE = 3.0, 0.5, 0.65
#: Wider than any range of magnitudes.
_APART = 100.0
#: Frequencies of the styles of membership probabilities, see `ListCopies.restate_probabilities`.
_STYLES = (0.3, 0.25, 0.2, 0.1, 0.1, 0.05)


def field_of(field: Any, seed: int) -> Stars | None:
    """Return field stars, one row per sightline, that are given or made by a function, if any."""
    if field is None:
        return None
    try:
        return validate_clusters(field(random_state=seed) if callable(field) else field)
    except (TypeError, ValueError) as error:
        raise type(error)(f"field must contain stars of sightlines. {error}") from error


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
    contaminant : ndarray of bool, shape (n_stars,)
        Whether the star was added.
    columns : dict of str to ndarray of shape (n_stars,)
        Columns that may change, by the names of the Gaia archive.
    """

    n: int
    copy: IntArray
    host: IntArray
    contaminant: BoolArray
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
        host, copy = stars_of_copies(stars, rows)
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
        self.copy, self.host = self.copy[kept], self.host[kept]
        self.contaminant = self.contaminant[kept]
        self.columns = {name: values[kept] for name, values in self.columns.items()}

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

    def _diagrams(self, chosen: BoolArray) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return indices, absolute magnitudes M_G and colours of the stars of the chosen copies."""
        stars = np.flatnonzero(chosen[self.copy])
        g, colour = self.columns["phot_g_mean_mag"][stars], self.columns["bp_rp"][stars]
        return stars, g - modulus_at_least(self._parallaxes())[self.copy[stars]], colour

    def _parallaxes(self) -> FloatArray:
        """Return the median parallax of each copy (mas); NaN without any."""
        if "parallax" not in self.columns:
            return np.full(self.n, np.nan)
        medians = pd.Series(self.columns["parallax"]).groupby(self.copy).median()
        return medians.reindex(np.arange(self.n)).to_numpy()

    def add(
        self,
        contaminants: "Contaminants",
        fraction: FloatArray,
        limit: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        """Add contaminants with parallaxes consistent with those of the copy.

        ``fraction`` is that of contaminants in the resulting list of each copy, below 1, ``limit``
        the magnitude limit in G of each copy (mag).
        """
        own = self.counts
        n_added = np.round(fraction / (1 - fraction) * own).astype(np.int64)
        copy = np.repeat(np.arange(self.n), n_added)
        brightest = pd.Series(self.columns["phot_g_mean_mag"]).groupby(self.copy).min()
        bounds = brightest.reindex(np.arange(self.n)).to_numpy() - 0.5, limit
        place = contaminants.draw(copy, *bounds, rng)
        copy, place = copy[place >= 0], place[place >= 0]
        first = np.cumsum(own) - own
        lent = first[copy] + (rng.random(len(copy)) * own[copy]).astype(np.int64)
        added = {name: values[lent] for name, values in self.columns.items()}
        added |= self._light(contaminants, place, copy, rng)
        order = np.argsort(np.concatenate([self.copy, copy]), kind="stable")
        self.host = np.concatenate([self.host, self.host[lent]])[order]
        self.columns = {
            name: np.concatenate([values, added[name]])[order]
            for name, values in self.columns.items()
        }
        self.contaminant = np.concatenate([self.contaminant, np.ones(len(copy), dtype=bool)])[order]
        self.copy = np.concatenate([self.copy, copy])[order]

    def _light(
        self,
        contaminants: "Contaminants",
        place: IntArray,
        copy: IntArray,
        rng: np.random.Generator,
    ) -> dict[str, FloatArray]:
        """Return magnitudes, colours and parallaxes of contaminants, if the lists have them."""
        g, colour = contaminants.g[place], contaminants.bp_rp[place]
        bp, rp = split_colour(g, colour)
        error = parallax_error(g)
        scatter = np.hypot(error, PARALLAX_FLOOR) * rng.standard_normal(len(g))
        # The parallax selection is wider in some lists than in others.
        width = np.where(rng.random(self.n) < 0.3, rng.uniform(1, 3, self.n), 1.0)
        columns = {
            "phot_g_mean_mag": g,
            "bp_rp": colour,
            "phot_bp_mean_mag": bp,
            "phot_rp_mean_mag": rp,
            "parallax": self._parallaxes()[copy] + width[copy] * scatter,
            "parallax_error": error,
        }
        return {name: values for name, values in columns.items() if name in self.columns}

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

    def restate_probabilities(self, chosen: BoolArray, rng: np.random.Generator) -> None:
        """Set the membership probabilities of the chosen copies in the styles of other lists."""
        if "probability" not in self.columns:
            return
        style = rng.choice(len(_STYLES), size=len(chosen), p=_STYLES)
        style = np.where(chosen, style, -1)[self.copy]
        own, n = self.columns["probability"], len(self.copy)
        styles = [
            # Contaminants are somewhat less probable than members, or improbable.
            np.where(self.contaminant, rng.uniform(0.5, 0.8, n), own),
            np.where(self.contaminant, rng.uniform(0.0, 0.6, n), own),
            # Both are from 0 to 1, some of them misleading.
            np.where(self.contaminant, rng.beta(1.2, 3.0, n), rng.beta(4.0, 1.2, n)),
            np.full(n, np.nan),
            np.ones(n),
            rng.random(n),  # unrelated to membership
        ]
        values = np.select([style == i for i in range(len(styles))], styles, own)
        self.columns["probability"] = values


@dataclass(frozen=True)
class Contaminants:
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

        ``copy``, shape (n_drawn,), is the copy that each star is drawn for; ``brightest`` and
        ``faintest`` are the range of G of each copy (mag). −1 if no star is in the range.
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
        drawn = start[copy] + (rng.random(len(copy)) * (end - start)[copy]).astype(np.int64)
        return np.where((end > start)[copy], drawn, -1)
