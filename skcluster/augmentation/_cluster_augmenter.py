"""Augment a training set with clusters moved farther away and reddened."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.augmentation._base import ClusterResampler, Copies, stars_of_copies
from skcluster.clusters import Stars
from skcluster.gaia import parallax_error
from skcluster.photometry import (
    ExtinctionCoefficients,
    Law,
    deredden,
    distance_from_modulus,
    distance_modulus,
    extinction_coefficients,
)
from skcluster.schema import CLUSTER_PARAMETERS

#: Number of draws for a copy before it keeps the values of its cluster.
_MAX_DRAWS = 10
#: The labels that change when a cluster is moved.
_MOVED = ("a_v", "distance_kpc")


@dataclass(kw_only=True, repr=False, eq=False)
class ClusterAugmenter(ClusterResampler):
    """Add copies of clusters at larger distances and extinctions.

    This step of imbalanced-learn's `Pipeline` (`skcluster.Pipeline`) acts in ``fit`` only.
    Each cluster is copied ``n_copies`` times. Its stars are dereddened individually by the
    extinction of its label. The copy is placed at a distance modulus drawn uniformly between its
    own and ``max_distance_modulus``, and at an extinction A_V drawn uniformly between its own and
    ``max_extinction``. Stars beyond the faint limit are removed, and the labels are updated.

    Parameters
    ----------
    n_copies : int, default=1
        Number of copies of each cluster; 1 doubles the training set.
    max_distance_modulus : float, default=10
        Maximum distance modulus of copies, mag. Clusters beyond it keep their distance.
    max_extinction : float, default=3
        Maximum A_V of copies, mag. Clusters with more extinction keep it.
    only_farther : bool, default=True
        Whether copies are never closer or less reddened than their clusters, so that they lack no
        stars that were too faint to be observed. If False, A_V is drawn from 0 and the distance
        modulus from that of the nearest given cluster; clusters beyond a maximum are then moved
        within it, and copies that are closer lack faint stars.
    faint_limit : float or None, default=None
        Magnitude limit of copies in G, mag. By default, that of each cluster's faintest star, which
        suits lists with a common magnitude limit, and mixtures of them.
    min_stars : int, default=10
        Minimum number of stars of a copy (or the number of stars of its cluster within the faint
        limit, if that is smaller). A copy with fewer stars is drawn again, up to ten times, each
        time from half the range around the cluster's own values; then it keeps these.
    star_dropout : float, default=0.0
        Probability that a star of a copy is left out, at least 0 and less than 1, down to
        ``min_stars``.
    photometric_noise : float, default=0.0
        Standard deviation of independent noise in G, BP and RP of a copy, mag; the noise of the
        colour is that of BP minus that of RP. It is added after the cut at the faint limit.
    field_stars : float, default=0.0
        Mean number of field stars added per star of a copy, see Notes.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law of Gaia DR2, on whose photometry published A_V are based, or of EDR3 and DR3;
        see `skcluster.photometry`.
    random_state : int, RandomState instance or None, default=None
        Determines the random numbers. Pass an int for reproducible copies.

    Attributes
    ----------
    sample_indices_ : ndarray of int, shape (n_clusters * (1 + n_copies),)
        The row of X from which each row of the result was made: all rows in order, then all again
        for each round of copies.

    See Also
    --------
    skcluster.photometry.deredden : Dereddening of stars.

    Notes
    -----
    The training set of [1]_ is doubled in this way, following section 3.2 of [2]_, with distance
    moduli up to 10 and A_V up to 3. Many real clusters lie beyond a modulus of 10; their copies
    are only reddened, unless ``max_distance_modulus`` is increased.

    *Photometry.* A star keeps its intrinsic colour: G, BP, RP and BP−RP change by the difference of
    the extinctions at that colour, and by the change of distance modulus.

    *Parallaxes* change by ``1 / d_new − 1 / d_own``, which keeps each star's deviation and the zero
    point. The ``parallax_error`` of a star that becomes fainter increases by the ratio of the
    typical errors at the two magnitudes (`skcluster.gaia.parallax_error`), and noise is added
    accordingly. Without a ``parallax_error``, the typical errors are used. A star that becomes
    brighter keeps its error.
    The depth of a cluster, visible in the parallaxes of the nearest ones, is not distinguished from
    noise and does not change.

    *Field stars.* Member lists contain disc stars with the cluster's proper motion and parallax,
    but another age, distance and extinction. They are represented by random stars of all given
    clusters within the faint limit. Such a star keeps its magnitudes, colour and parallax error;
    its parallax is moved to the copy's distance, because it would not be in the list otherwise; its
    ``probability`` is that of the cluster's least probable member; everything else (position,
    motion) is that of a random star of the copy.

    *Labels.* A DataFrame needs the columns ``a_v`` (mag) and ``distance_kpc``; the columns of an
    array are log age, A_V, distance in kpc and any others, in this order. All except A_V and
    distance are copied, including missing values. They must be in physical units: scale targets
    within the pipeline's last step (`~sklearn.compose.TransformedTargetRegressor`), not around the
    pipeline.

    A copy without changes is bitwise equal to its cluster. All other columns of stars and clusters
    are kept.

    *Weights.* A resampling step of imbalanced-learn's pipeline returns X and y only, so weights
    given to a pipeline's ``fit`` do not match the clusters that its last step receives. To use
    weights, append the copies first and fit a pipeline without this step: ``X, y, weight =
    augmenter.fit_resample(X, y, weight)``, then ``pipeline.fit(X, y,
    regressor__sample_weight=weight)``; in cross-validation, within each training set.

    References
    ----------
    .. [1] Branco & Ferraz 2023, "Neural networks approaches to star cluster studies".
    .. [2] Cantat-Gaudin et al. 2020, A&A 640, A1, section 3.2.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster import ClusterAugmenter
    >>> members = pd.DataFrame({"cluster": "Melotte_22", "parallax": [7.3, 7.4, 7.5],
    ...     "phot_g_mean_mag": [5.0, 9.1, 18.0], "bp_rp": [-0.1, 0.6, 3.5]})
    >>> y = pd.DataFrame({"log_age": [7.9], "a_v": [0.2], "distance_kpc": [0.128]},
    ...                  index=["Melotte_22"])
    >>> augmenter = ClusterAugmenter(min_stars=2, random_state=0)
    >>> X_more, y_more = augmenter.fit_resample(members, y)
    >>> y_more.round(2)
                         log_age  a_v  distance_kpc
    Melotte_22               7.9  0.2          0.13
    Melotte_22 (copy 1)      7.9  2.2          0.40
    >>> X_more["stars"].iloc[1].round(2)
       parallax  phot_g_mean_mag  bp_rp
    0      2.02             9.23   0.92
    1      2.12            13.17   1.54
    """

    max_distance_modulus: float = 10
    max_extinction: float = 3
    only_farther: bool = True
    faint_limit: float | None = None
    min_stars: int = 10
    star_dropout: float = 0.0
    photometric_noise: float = 0.0
    field_stars: float = 0.0
    law: Law = "dr2"
    random_state: int | np.random.RandomState | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **ClusterResampler._parameter_constraints,
        "max_distance_modulus": [Interval(Real, None, None, closed="neither")],
        "max_extinction": [Interval(Real, 0, 10, closed="both")],
        "only_farther": ["boolean"],
        "faint_limit": [None, Interval(Real, None, None, closed="neither")],
        "min_stars": [Interval(Integral, 1, None, closed="left")],
        "star_dropout": [Interval(Real, 0, 1, closed="left")],
        "photometric_noise": [Interval(Real, 0, None, closed="left")],
        "field_stars": [Interval(Real, 0, None, closed="left")],
        "law": [StrOptions({"dr2", "edr3"})],
    }

    def _make_copies(self, stars: Stars, y: Any, rows: IntArray) -> Copies:
        rng = check_random_state(self.random_state)
        clusters = _Dereddened(stars, *_read_labels(y, stars.index), self.law, self.faint_limit)
        modulus_shift, a_v = self._draw_moves(clusters, rows, rng)
        factor = distance_from_modulus(modulus_shift + 10)  # exactly 1 without a shift
        distance_kpc = clusters.distance_kpc[rows] * factor
        chosen = self._choose_stars(clusters, rows, modulus_shift, a_v, rng)
        copy, host, light, field = (column.to_numpy() for _, column in chosen.items())
        shifts = clusters.magnitude_shifts(light, modulus_shift[copy], a_v[copy])
        # Field stars are not moved.
        shifts = ExtinctionCoefficients(*(np.where(field, 0.0, s) for s in shifts))
        moved = 1 / distance_kpc[copy] - 1 / clusters.distance_kpc[stars.cluster[light]]
        columns = {
            **_parallaxes(stars, light, shifts.g, moved, rng),
            **self._photometry(stars, light, shifts, rng),
        }
        if field.any() and "probability" in stars:
            own = stars["probability"]
            least = np.fmin.reduceat(own, stars.offsets[:-1])
            columns["probability"] = np.where(field, least[stars.cluster[host]], own[host])
        return Copies(copy, host, columns, {"a_v": a_v, "distance_kpc": distance_kpc})

    def _draw_moves(
        self, clusters: "_Dereddened", rows: IntArray, rng: np.random.RandomState
    ) -> tuple[FloatArray, FloatArray]:
        """Return the increase of the distance modulus (mag) and the new A_V of each copy.

        A copy with too few stars within the faint limit is drawn again, each time from half the
        range around the cluster's own values; after the last draw it keeps these.
        """
        a_v = clusters.a_v[rows]
        shift = np.zeros(len(rows))
        needed = np.minimum(self.min_stars, clusters.within_limit)[rows]
        pending = np.arange(len(rows))
        for width in 0.5 ** np.arange(_MAX_DRAWS):
            if not len(pending):
                break
            drawn = self._draw(clusters, rows[pending], width, rng)
            copy = clusters.visible(rows[pending], *drawn)[1]
            enough = np.bincount(copy, minlength=len(pending)) >= needed[pending]
            shift[pending[enough]], a_v[pending[enough]] = (values[enough] for values in drawn)
            pending = pending[~enough]
        return shift, a_v

    def _draw(
        self, clusters: "_Dereddened", rows: IntArray, width: float, rng: np.random.RandomState
    ) -> tuple[FloatArray, FloatArray]:
        """Draw shifts of the modulus and A_V from a fraction ``width`` of their ranges."""
        moduli = distance_modulus(clusters.distance_kpc)
        modulus, a_v = moduli[rows], clusters.a_v[rows]
        u, v = rng.uniform(size=(2, len(rows)))
        if self.only_farther:
            modulus_range = np.maximum(self.max_distance_modulus - modulus, 0)
            a_v_range = np.maximum(self.max_extinction - a_v, 0)
            return width * u * modulus_range, a_v + width * v * a_v_range
        nearest = min(moduli.min(), self.max_distance_modulus)
        target = nearest + u * (self.max_distance_modulus - nearest)
        return width * (target - modulus), a_v + width * (v * self.max_extinction - a_v)

    def _choose_stars(
        self,
        clusters: "_Dereddened",
        rows: IntArray,
        modulus_shift: FloatArray,
        a_v: FloatArray,
        rng: np.random.RandomState,
    ) -> pd.DataFrame:
        """Return a row per star, copy after copy.

        Its columns are the number of its copy, the star whose row is copied, the star with the
        photometry, which is the same except for a field star, and whether it is one.
        """
        # The faint limit applies to a copy that keeps its cluster's values as well.
        star, copy = clusters.visible(rows, modulus_shift, a_v)
        chosen = pd.DataFrame({"copy": copy, "host": star, "light": star, "field": False})
        if self.star_dropout:
            luck = pd.Series(rng.uniform(size=star.size))
            # The luckiest min_stars of each copy are kept in any case.
            luckiest = luck.groupby(copy).rank("first", ascending=False) <= self.min_stars
            chosen = chosen[(luck >= self.star_dropout) | luckiest]
        if self.field_stars:
            chosen = self._add_field_stars(clusters, rows, chosen, rng)
        return chosen

    def _add_field_stars(
        self,
        clusters: "_Dereddened",
        rows: IntArray,
        members: pd.DataFrame,
        rng: np.random.RandomState,
    ) -> pd.DataFrame:
        """Add a Poisson number of stars of any cluster, within each copy's faint limit."""
        counts = np.bincount(members["copy"], minlength=len(rows))
        copy = np.repeat(np.arange(len(rows)), rng.poisson(self.field_stars * counts))
        # A random member of the same copy provides the other columns.
        first = np.cumsum(counts) - counts
        added = members.iloc[rng.randint(first[copy], (first + counts)[copy])]
        by_brightness = np.argsort(clusters.g, kind="stable")
        bright = np.searchsorted(clusters.g[by_brightness], clusters.limits[rows][copy], "right")
        added = added.assign(light=by_brightness[rng.randint(0, bright)], field=True)
        return pd.concat([members, added]).sort_values("copy", kind="stable")

    def _photometry(
        self,
        stars: Stars,
        light: IntArray,
        shifts: ExtinctionCoefficients,
        rng: np.random.RandomState,
    ) -> dict[str, npt.NDArray[Any]]:
        """Return magnitudes and colour of the copies' stars, with noise."""
        g, bp, rp = shifts
        if self.photometric_noise:
            noise = rng.normal(scale=self.photometric_noise, size=(3, len(light)))
            g, bp, rp = g + noise[0], bp + noise[1], rp + noise[2]
        added = {
            "phot_g_mean_mag": g,
            "phot_bp_mean_mag": bp,
            "phot_rp_mean_mag": rp,
            "bp_rp": bp - rp,
        }
        return {name: stars[name][light] + added[name] for name in added if name in stars}

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = False
        return tags


class _Dereddened:
    """Stars, A_V (mag) and distances of the given clusters, and quantities needed to move them."""

    def __init__(
        self,
        stars: Stars,
        a_v: FloatArray,
        distance_kpc: FloatArray,
        law: Law,
        faint_limit: float | None,
    ) -> None:
        self.stars, self.a_v, self.distance_kpc, self.law = stars, a_v, distance_kpc, law
        #: G of every star, mag.
        self.g = stars["phot_g_mean_mag"].astype(float)
        #: Dereddened BP−RP of every star, mag.
        self.intrinsic = deredden(self.g, stars["bp_rp"], a_v[stars.cluster], law)[1]
        #: Faint limit of each cluster's copies, mag.
        self.limits = np.maximum.reduceat(self.g, stars.offsets[:-1])
        if faint_limit is not None:
            self.limits[:] = faint_limit
        within = stars.cluster[self.g <= self.limits[stars.cluster]]
        #: Number of stars of each cluster within the limit.
        self.within_limit = np.bincount(within, minlength=len(self.limits))
        if not self.within_limit.all():
            name = stars.index[int(np.argmin(self.within_limit))]
            raise ValueError(
                f"cluster {name!r} has no star as bright as faint_limit = {faint_limit:g} mag; no "
                "copy can be made of it."
            )

    def magnitude_shifts(
        self, star: IntArray, modulus_shift: FloatArray, a_v: FloatArray
    ) -> ExtinctionCoefficients:
        """Return what moving adds to G, BP and RP of some stars: exactly 0 where nothing changes.

        For each star: its index, the increase of the distance modulus, and the new extinction.
        """
        colour = self.intrinsic[star]
        own = self.a_v[self.stars.cluster[star]]
        before = extinction_coefficients(colour, own, self.law)
        after = extinction_coefficients(colour, a_v, self.law)
        added = (new * a_v - old * own for new, old in zip(after, before, strict=True))
        return ExtinctionCoefficients(*(extinction + modulus_shift for extinction in added))

    def visible(
        self, rows: IntArray, modulus_shift: FloatArray, a_v: FloatArray
    ) -> tuple[IntArray, IntArray]:
        """Return the stars of moved clusters within the faint limit, and the copy of each.

        For each copy: its cluster, the increase of the distance modulus, and the new extinction.
        """
        star, copy = stars_of_copies(self.stars, rows)
        g = self.g[star] + self.magnitude_shifts(star, modulus_shift[copy], a_v[copy]).g
        within = g <= self.limits[rows][copy]
        return star[within], copy[within]


def _parallaxes(
    stars: Stars,
    light: IntArray,
    g_shift: FloatArray,
    moved: FloatArray,
    rng: np.random.RandomState,
) -> dict[str, npt.NDArray[Any]]:
    """Return parallaxes that are moved (mas), with the noise of stars of the new magnitude."""
    if "parallax" not in stars:
        return {}
    g = stars["phot_g_mean_mag"][light].astype(float)
    error = typical = parallax_error(g)
    # Noise cannot be removed: a star that becomes brighter keeps its error.
    growth = np.maximum(parallax_error(g + g_shift) / typical, 1)
    columns = {}
    if "parallax_error" in stars:
        own_error = stars["parallax_error"][light]
        columns["parallax_error"] = own_error * growth
        error = np.where(np.isfinite(own_error), own_error, typical)
    noise = error * np.sqrt(growth**2 - 1) * rng.normal(size=error.size)
    columns["parallax"] = stars["parallax"][light] + moved + noise
    return columns


def _read_labels(y: Any, index: pd.Index) -> tuple[FloatArray, FloatArray]:
    """Return A_V and distances, by name from a DataFrame, by position from an array; checked."""
    if not isinstance(y, pd.DataFrame):
        values = np.asarray(y)
        if values.ndim != 2:
            raise ValueError(
                "y must have one row per cluster and one column per target, not shape "
                f"{values.shape}."
            )
        names = list(CLUSTER_PARAMETERS)
        if values.shape[1] < len(names):
            raise ValueError(
                f"y has {values.shape[1]} columns; an array needs at least {', '.join(names)}, in "
                "this order."
            )
        y = pd.DataFrame(values[:, : len(names)], columns=names)
    missing = [name for name in _MOVED if name not in y.columns]
    if missing:
        raise ValueError(
            f"y has no column {' and no '.join(map(repr, missing))}, which is needed to move "
            f"clusters; it has: {', '.join(map(str, y.columns))}."
        )
    a_v, distance_kpc = (y[name].to_numpy(dtype=float, na_value=np.nan) for name in _MOVED)
    for name, column, allowed, rule in (
        ("a_v", a_v, a_v >= 0, "at least 0"),
        ("distance_kpc", distance_kpc, distance_kpc > 0, "greater than 0"),
    ):
        wrong = np.flatnonzero(~(allowed & np.isfinite(column)))
        if len(wrong):
            raise ValueError(
                f"cluster {index[wrong[0]]!r} has {name} = {column[wrong[0]]:g} in y, which must "
                f"be finite and {rule}."
            )
    return a_v, distance_kpc
