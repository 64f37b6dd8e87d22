"""Augment a training set with corrupted member lists."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.augmentation._base import (
    ClusterResampler,
    Copies,
    changeable_columns,
    field_of,
    parallax_scatter,
    photometry,
    stars_of_copies,
)
from skcluster.clusters import Stars
from skcluster.clusters._parallax import modulus_at_least

_PROBABILITY = Interval(Real, 0, 1, closed="both")
_SCALE = Interval(Real, 0, None, closed="left")
#: The magnitude limit of unlimited lists (mag).
_NO_LIMIT = 99.0
_MOST_BRIGHT_STARS = 15
#: Giants: brighter than this in absolute G, and redder by this than the bluest twentieth.
_GIANT_M_G, _GIANT_COLOUR = 3.2, 0.55
#: Binaries: fainter than this, and redder than this quantile of the colour in strips of G.
_BINARY_M_G, _STRIP, _BINARY_QUANTILE = 3.0, 0.5, 0.65
#: Wider than any range of magnitudes.
_APART = 100.0
#: Frequencies of the styles of membership probabilities, see `_ListCopies.restate_probabilities`.
_STYLES = (0.3, 0.25, 0.2, 0.1, 0.1, 0.05)


@dataclass(kw_only=True, repr=False, eq=False)
class ClusterCorruptor(ClusterResampler):
    """Add copies of clusters with member lists that are corrupted like published ones.

    A model that is trained on lists of one kind is inaccurate on others. Copies that contain
    contaminants, have brighter magnitude limits or lack stars, probabilities or parallaxes make it
    robust, with realistic uncertainties. This is a step of imbalanced-learn's `Pipeline`
    (`skcluster.Pipeline`) that acts in ``fit`` only. Labels of copies are those of their clusters.

    Each kind of corruption occurs independently with the given probability.

    Parameters
    ----------
    n_copies : int, default=1
        Number of copies of each cluster.
    contamination : float, default=0.5
        Probability that a list contains contaminants, that is non-members.
    max_contamination : float, default=0.6
        Maximum fraction of contaminants in a list. The fraction is drawn uniformly from 0 to it.
    field : clusters, callable or None, default=None
        Field stars, one row per sightline, or a function that returns them for a
        ``random_state``, such as `skcluster.datasets.simulate_field_stars`. The contaminants of
        a copy come from one sightline, from one other cluster, or from all clusters; without
        ``field`` from clusters only.
    limited : float, default=0.25
        Probability of a brighter magnitude limit.
    limits : tuple of two float, default=(14.0, 18.0)
        Range of such limits in G (mag), drawn uniformly.
    no_bright_stars : float, default=0.15
        Probability that the 1 to 15 brightest stars are missing, as in saturated surveys.
    no_giants : float, default=0.08
        Probability that giants are missing.
    no_binaries : float, default=0.04
        Probability that stars on the red side of the main sequence are missing.
    sparse : float, default=0.2
        Probability that only a random subset of the stars is kept, from a tenth to all.
    min_stars : int, default=6
        A corruption that would leave fewer stars is not applied to that copy.
    other_probabilities : float, default=0.5
        Probability of other membership probabilities: from 0 to 1, missing, all 1, or unrelated to
        membership.
    no_parallaxes : float, default=0.08
        Probability that parallaxes are missing.
    no_parallax_errors : float, default=0.1
        Probability that the errors of parallaxes are missing.
    shifted : float, default=0.25
        Probability that the zero points of parallax and colour differ.
    parallax_scale, colour_scale : float, default=0.04, 0.03
        Standard deviations of these differences (mas and mag).
    random_state : int, RandomState instance or None, default=None
        Determines the random numbers. Pass an int for reproducible copies.

    Attributes
    ----------
    sample_indices_ : ndarray of int, shape (n_clusters * (1 + n_copies),)
        The row of X from which each row of the result was made.

    See Also
    --------
    ClusterAugmenter : Copies at larger distances and extinctions.
    skcluster.datasets.simulate_field_stars : Simulation of field stars.

    Notes
    -----
    Contaminants lie within the magnitude limit of the list. Their parallaxes scatter around the
    cluster's by their errors or, in some copies, up to three times as much; their probabilities are
    those of random members, except with ``other_probabilities``. Everything else (position, motion)
    is that of a random member. Columns that the clusters lack are not added.

    Training on many kinds of corruption, so that real lists are one more kind, is known as domain
    randomization [1]_. The frequencies and ranges are choices of this package;
    ``benchmarks/robustness`` measures the robustness of a network that is trained with them.

    References
    ----------
    .. [1] Tobin et al. 2017, *Domain randomization for transferring deep neural networks from
       simulation to the real world*, IROS.

    Examples
    --------
    >>> from skcluster import ClusterCorruptor
    >>> from skcluster.datasets import simulate_clusters
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> X_more, y_more = ClusterCorruptor(n_copies=2, random_state=0).fit_resample(X, y)
    >>> len(X_more), y_more["log_age"].nunique()
    (6, 2)
    >>> X_more.index[2]
    'sim_000000 (copy 1)'
    """

    contamination: float = 0.5
    max_contamination: float = 0.6
    field: Any = None
    limited: float = 0.25
    limits: tuple[float, float] = (14.0, 18.0)
    no_bright_stars: float = 0.15
    no_giants: float = 0.08
    no_binaries: float = 0.04
    sparse: float = 0.2
    min_stars: int = 6
    other_probabilities: float = 0.5
    no_parallaxes: float = 0.08
    no_parallax_errors: float = 0.1
    shifted: float = 0.25
    parallax_scale: float = 0.04
    colour_scale: float = 0.03
    random_state: int | np.random.RandomState | None = None

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ClusterResampler._parameter_constraints,
        "contamination": [_PROBABILITY],
        "max_contamination": [Interval(Real, 0, 1, closed="left")],
        "field": "no_validation",
        "limited": [_PROBABILITY],
        "limits": [tuple, list],
        "no_bright_stars": [_PROBABILITY],
        "no_giants": [_PROBABILITY],
        "no_binaries": [_PROBABILITY],
        "sparse": [_PROBABILITY],
        "min_stars": [Interval(Integral, 1, None, closed="left")],
        "other_probabilities": [_PROBABILITY],
        "no_parallaxes": [_PROBABILITY],
        "no_parallax_errors": [_PROBABILITY],
        "shifted": [_PROBABILITY],
        "parallax_scale": [_SCALE],
        "colour_scale": [_SCALE],
    }

    def _make_copies(self, stars: Stars, y: Any, rows: IntArray) -> Copies:
        low, high = self._limits()
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        rng = np.random.default_rng(seed)
        copies = _ListCopies(stars, rows)
        limited = copies.chosen(self.limited, rng)
        limit = np.where(limited, rng.uniform(low, high, copies.n), _NO_LIMIT)
        self._remove(copies, limit, rng)
        contaminants = _Contaminants(stars, field_of(self.field, seed))
        faintest = np.maximum.reduceat(stars["phot_g_mean_mag"], stars.offsets[:-1])
        fraction = rng.uniform(0, self.max_contamination, copies.n)
        fraction[~copies.chosen(self.contamination, rng)] = 0
        copies.add(contaminants, fraction, np.minimum(limit, faintest[rows]), rng)
        self._falsify(copies, rng)
        return copies.result()

    def _limits(self) -> tuple[float, float]:
        limits = tuple(float(limit) for limit in self.limits)
        if len(limits) != 2 or not limits[0] <= limits[1]:
            raise ValueError(f"limits must be two increasing magnitudes, not {self.limits!r}.")
        return limits

    def _remove(self, copies: "_ListCopies", limit: FloatArray, rng: np.random.Generator) -> None:
        """Remove stars of the copies."""
        copies.keep(copies.brighter(limit), self.min_stars)
        copies.change("magnitude_limit", np.fmin, limit)
        chosen = copies.chosen(self.no_giants, rng)
        copies.keep(copies.not_giants(chosen), self.min_stars)
        chosen = copies.chosen(self.no_binaries, rng)
        copies.keep(copies.not_binaries(chosen), self.min_stars)
        n_missing = rng.integers(1, _MOST_BRIGHT_STARS + 1, size=copies.n)
        n_missing[~copies.chosen(self.no_bright_stars, rng)] = 0
        copies.keep(copies.not_brightest(n_missing), self.min_stars)
        fraction = 10 ** rng.uniform(-1, 0, copies.n)
        fraction[~copies.chosen(self.sparse, rng)] = 1
        copies.keep(rng.random(len(copies.stars)) < fraction[copies.stars["copy"]], self.min_stars)

    def _falsify(self, copies: "_ListCopies", rng: np.random.Generator) -> None:
        copies.restate_probabilities(copies.chosen(self.other_probabilities, rng), rng)
        shifted = copies.chosen(self.shifted, rng)
        copies.change("parallax", np.add, shifted * rng.normal(0, self.parallax_scale, copies.n))
        change = shifted * rng.normal(0, self.colour_scale, copies.n)
        copies.change("bp_rp", np.add, change)
        copies.change("phot_bp_mean_mag", np.add, change)
        missing = copies.chosen(self.no_parallaxes, rng)
        copies.change("parallax", _blank, missing)
        missing |= copies.chosen(self.no_parallax_errors, rng)
        copies.change("parallax_error", _blank, missing)


def _blank(values: FloatArray, missing: BoolArray) -> FloatArray:
    return np.where(missing, np.nan, values)


class _ListCopies:
    """The stars of all copies, which the methods change in place."""

    def __init__(self, stars: Stars, rows: IntArray) -> None:
        host, copy = stars_of_copies(stars, rows)
        columns = {name: values[host] for name, values in changeable_columns(stars).items()}
        self.n = len(rows)
        #: A row per star, copy after copy: the number of its copy, the star in the original lists
        #: that provides the other columns, whether it is a contaminant, and what may change.
        self.stars = pd.DataFrame({"copy": copy, "host": host, "contaminant": False, **columns})

    def result(self) -> Copies:
        """Return the copies as they are now."""
        copy, host, _, *columns = (self.stars[name].to_numpy() for name in self.stars)
        return Copies(copy, host, dict(zip(self.stars.columns[3:], columns, strict=True)))

    def chosen(self, probability: float, rng: np.random.Generator) -> BoolArray:
        """Draw copies with a probability."""
        return np.asarray(rng.random(self.n) < probability)

    def keep(self, kept: NDArray[Any], min_stars: int) -> None:
        """Keep only these stars, except in copies that would have fewer than ``min_stars``."""
        copy = self.stars["copy"].to_numpy()
        enough = np.bincount(copy, kept, minlength=self.n) >= min_stars
        self.stars = self.stars[kept | ~enough[copy]].reset_index(drop=True)

    def brighter(self, limit: FloatArray) -> BoolArray:
        """Return which stars are brighter than the limit of their copy (mag)."""
        return np.asarray(self.stars["phot_g_mean_mag"] < limit[self.stars["copy"]])

    def not_brightest(self, n_missing: IntArray) -> BoolArray:
        """Return which stars are not among the brightest of their copy."""
        rank = self.stars.groupby("copy")["phot_g_mean_mag"].rank("first")
        return np.asarray(rank > n_missing[self.stars["copy"]])

    def not_giants(self, chosen: BoolArray) -> BoolArray:
        """Return which stars are not giants of the chosen copies."""
        stars = self._diagrams(chosen)
        blue = stars.groupby("copy")["bp_rp"].transform("quantile", 0.05)
        giant = (stars["bp_rp"] > blue + _GIANT_COLOUR) & (stars["m_g"] < _GIANT_M_G)
        return np.asarray(~self.stars.index.isin(stars.index[giant]))

    def not_binaries(self, chosen: BoolArray) -> BoolArray:
        """Return which stars are not on the red side of the main sequence of the chosen copies."""
        stars = self._diagrams(chosen)
        strips = stars.groupby(["copy", np.floor(stars["phot_g_mean_mag"] / _STRIP)])["bp_rp"]
        limit = strips.transform("quantile", _BINARY_QUANTILE)
        binary = (stars["bp_rp"] > limit) & (stars["m_g"] > _BINARY_M_G)
        return np.asarray(~self.stars.index.isin(stars.index[binary]))

    def _diagrams(self, chosen: BoolArray) -> pd.DataFrame:
        """Return the stars of the chosen copies, with their absolute magnitudes M_G."""
        stars = self.stars[chosen[self.stars["copy"]]]
        modulus = modulus_at_least(self._parallaxes())[stars["copy"]]
        return stars.assign(m_g=stars["phot_g_mean_mag"] - modulus)

    def _parallaxes(self) -> FloatArray:
        """Return the median parallax of each copy (mas); NaN without any."""
        if "parallax" not in self.stars:
            return np.full(self.n, np.nan)
        medians = self.stars.groupby("copy")["parallax"].median()
        return medians.reindex(np.arange(self.n)).to_numpy()

    def add(
        self,
        contaminants: "_Contaminants",
        fraction: FloatArray,
        limit: FloatArray,
        rng: np.random.Generator,
    ) -> None:
        """Add contaminants with parallaxes consistent with those of the copy.

        ``fraction`` is that of contaminants in the resulting list of each copy, below 1, ``limit``
        the magnitude limit in G of each copy (mag).
        """
        own = np.bincount(self.stars["copy"], minlength=self.n)
        n_added = np.round(fraction / (1 - fraction) * own).astype(np.int64)
        copy = np.repeat(np.arange(self.n), n_added)
        brightest = self.stars.groupby("copy")["phot_g_mean_mag"].min()
        bounds = brightest.reindex(np.arange(self.n)).to_numpy() - 0.5, limit
        place = contaminants.draw(copy, *bounds, rng)
        copy, place = copy[place >= 0], place[place >= 0]
        first = np.cumsum(own) - own
        lent = first[copy] + (rng.random(len(copy)) * own[copy]).astype(np.int64)
        light = self._light(contaminants, place, copy, rng)
        added = self.stars.iloc[lent].assign(contaminant=True, **light)
        both = pd.concat([self.stars, added])
        self.stars = both.sort_values("copy", kind="stable", ignore_index=True)

    def _light(
        self,
        contaminants: "_Contaminants",
        place: IntArray,
        copy: IntArray,
        rng: np.random.Generator,
    ) -> dict[str, FloatArray]:
        """Return magnitudes, colours and parallaxes of contaminants, if the lists have them."""
        g = contaminants.g[place]
        scatter, error = parallax_scatter(g, rng)
        # The parallax selection is wider in some lists than in others.
        width = np.where(rng.random(self.n) < 0.3, rng.uniform(1, 3, self.n), 1.0)
        columns = {
            **photometry(g, contaminants.bp_rp[place]),
            "parallax": self._parallaxes()[copy] + width[copy] * scatter,
            "parallax_error": error,
        }
        return {name: values for name, values in columns.items() if name in self.stars}

    def change(self, column: str, function: Callable[..., Any], of_copies: NDArray[Any]) -> None:
        """Replace a column by a function of itself and a value per copy, if it is there."""
        if column in self.stars:
            self.stars[column] = function(self.stars[column], of_copies[self.stars["copy"]])

    def restate_probabilities(self, chosen: BoolArray, rng: np.random.Generator) -> None:
        """Set the membership probabilities of the chosen copies in the styles of other lists."""
        if "probability" not in self.stars:
            return
        style = rng.choice(len(_STYLES), size=len(chosen), p=_STYLES)
        style = np.where(chosen, style, -1)[self.stars["copy"]]
        own, contaminant, n = self.stars["probability"], self.stars["contaminant"], len(self.stars)
        styles = [
            # Contaminants are somewhat less probable than members, or improbable.
            np.where(contaminant, rng.uniform(0.5, 0.8, n), own),
            np.where(contaminant, rng.uniform(0.0, 0.6, n), own),
            # Both are from 0 to 1, some of them misleading.
            np.where(contaminant, rng.beta(1.2, 3.0, n), rng.beta(4.0, 1.2, n)),
            np.full(n, np.nan),
            np.ones(n),
            rng.random(n),  # unrelated to membership
        ]
        values = np.select([style == i for i in range(len(styles))], styles, own)
        self.stars["probability"] = values


class _Contaminants:
    """Stars in groups, each group sorted by G: clusters, sightlines, and all of them together."""

    def __init__(self, clusters: Stars, field: Stars | None) -> None:
        #: Number of groups that are the stars of one cluster; they come first.
        self.n_clusters = len(clusters.index)
        #: The last group, all stars of all clusters.
        self.everything = self.n_clusters + (0 if field is None else len(field.index))
        groups = [(clusters, clusters.cluster)]
        if field is not None:
            groups.append((field, field.cluster + self.n_clusters))
        groups.append((clusters, np.full(len(clusters), self.everything)))
        g, colour = (
            np.concatenate([part[name].astype(np.float64) for part, _ in groups])
            for name in ("phot_g_mean_mag", "bp_rp")
        )
        key = _APART * np.concatenate([group for _, group in groups]) + g
        order = np.argsort(key, kind="stable")
        #: Magnitudes and colours (mag), and the sort key, number of the group times 100, plus G.
        self.g, self.bp_rp, self.key = g[order], colour[order], key[order]

    def draw(
        self, copy: IntArray, brightest: FloatArray, faintest: FloatArray, rng: np.random.Generator
    ) -> IntArray:
        """Return indices of stars, drawn per copy from all clusters, one cluster, or one sightline.

        ``copy``, shape (n_drawn,), is the copy that each star is drawn for; ``brightest`` and
        ``faintest`` are the range of G of each copy (mag). −1 if no star is in the range.
        """
        n, everything = len(brightest), self.everything
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
