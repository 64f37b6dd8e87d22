"""Augment a training set with corrupted member lists."""

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.augmentation._base import ClusterResampler, Copies
from skcluster.augmentation._list_copies import Contaminants, ListCopies, field_of
from skcluster.clusters import Stars

_PROBABILITY = Interval(Real, 0, 1, closed="both")
_SCALE = Interval(Real, 0, None, closed="left")
#: The magnitude limit of unlimited lists (mag).
_NO_LIMIT = 99.0
_MOST_BRIGHT_STARS = 15


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

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_copies": [Interval(Integral, 0, None, closed="left")],
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
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_copies: int = 1,
        contamination: float = 0.5,
        max_contamination: float = 0.6,
        field: Any = None,
        limited: float = 0.25,
        limits: tuple[float, float] = (14.0, 18.0),
        no_bright_stars: float = 0.15,
        no_giants: float = 0.08,
        no_binaries: float = 0.04,
        sparse: float = 0.2,
        min_stars: int = 6,
        other_probabilities: float = 0.5,
        no_parallaxes: float = 0.08,
        no_parallax_errors: float = 0.1,
        shifted: float = 0.25,
        parallax_scale: float = 0.04,
        colour_scale: float = 0.03,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_copies = n_copies
        self.contamination = contamination
        self.max_contamination = max_contamination
        self.field = field
        self.limited = limited
        self.limits = limits
        self.no_bright_stars = no_bright_stars
        self.no_giants = no_giants
        self.no_binaries = no_binaries
        self.sparse = sparse
        self.min_stars = min_stars
        self.other_probabilities = other_probabilities
        self.no_parallaxes = no_parallaxes
        self.no_parallax_errors = no_parallax_errors
        self.shifted = shifted
        self.parallax_scale = parallax_scale
        self.colour_scale = colour_scale
        self.random_state = random_state

    def _make_copies(self, stars: Stars, y: Any, rows: IntArray) -> Copies:
        low, high = self._limits()
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        rng = np.random.default_rng(seed)
        copies = ListCopies.of(stars, rows)
        limited = self._chosen(self.limited, copies, rng)
        limit = np.where(limited, rng.uniform(low, high, copies.n), _NO_LIMIT)
        self._remove(copies, limit, rng)
        contaminants = Contaminants.of(stars, field_of(self.field, seed))
        faintest = np.maximum.reduceat(stars["phot_g_mean_mag"], stars.offsets[:-1])
        fraction = rng.uniform(0, self.max_contamination, copies.n)
        fraction[~self._chosen(self.contamination, copies, rng)] = 0
        copies.add(contaminants, fraction, np.minimum(limit, faintest[rows]), rng)
        self._falsify(copies, rng)
        return Copies(copies.copy, copies.host, copies.columns)

    def _limits(self) -> tuple[float, float]:
        limits = tuple(float(limit) for limit in self.limits)
        if len(limits) != 2 or not limits[0] <= limits[1]:
            raise ValueError(f"limits must be two increasing magnitudes, not {self.limits!r}.")
        return limits

    def _chosen(
        self, probability: float, copies: ListCopies, rng: np.random.Generator
    ) -> BoolArray:
        return np.asarray(rng.random(copies.n) < probability)

    def _remove(self, copies: ListCopies, limit: FloatArray, rng: np.random.Generator) -> None:
        """Remove stars of the copies."""
        bright = copies.columns["phot_g_mean_mag"] < limit[copies.copy]
        copies.keep(bright, self.min_stars)
        copies.lower("magnitude_limit", limit)
        chosen = self._chosen(self.no_giants, copies, rng)
        copies.keep(copies.not_giants(chosen), self.min_stars)
        chosen = self._chosen(self.no_binaries, copies, rng)
        copies.keep(copies.not_binaries(chosen), self.min_stars)
        n_missing = rng.integers(1, _MOST_BRIGHT_STARS + 1, size=copies.n)
        n_missing[~self._chosen(self.no_bright_stars, copies, rng)] = 0
        copies.keep(copies.not_brightest(n_missing), self.min_stars)
        fraction = 10 ** rng.uniform(-1, 0, copies.n)
        fraction[~self._chosen(self.sparse, copies, rng)] = 1
        copies.keep(rng.random(len(copies.copy)) < fraction[copies.copy], self.min_stars)

    def _falsify(self, copies: ListCopies, rng: np.random.Generator) -> None:
        copies.restate_probabilities(self._chosen(self.other_probabilities, copies, rng), rng)
        shifted = self._chosen(self.shifted, copies, rng)
        copies.shift("parallax", shifted * rng.normal(0, self.parallax_scale, copies.n))
        change = shifted * rng.normal(0, self.colour_scale, copies.n)
        copies.shift("bp_rp", change)
        copies.shift("phot_bp_mean_mag", change)
        missing = self._chosen(self.no_parallaxes, copies, rng)
        copies.blank("parallax", missing)
        copies.blank("parallax_error", missing | self._chosen(self.no_parallax_errors, copies, rng))
