"""New clusters from real ones."""

from numbers import Integral, Real
from typing import Any, ClassVar, overload

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight

from skcluster._utils.doc_links import DocLinkMixin
from skcluster._utils.typing import ClustersLike, FloatArray, IntArray
from skcluster.augmentation._labels import append_copies, copy_names, read_labels
from skcluster.augmentation._moved_clusters import DereddenedClusters, MoveLimits, draw_moves
from skcluster.augmentation._moved_stars import (
    MovedStars,
    add_field_stars,
    append_column,
    columns_of_copies,
    drop_stars,
    members,
)
from skcluster.clusters import STARS, as_clusters, clusters_from_flat, validate_clusters
from skcluster.photometry import Law


class ClusterAugmenter(DocLinkMixin, BaseEstimator):
    """New clusters from real ones, seen from farther away and through more dust.

    A step of imbalanced-learn's `Pipeline` (`skcluster.Pipeline`): it works in ``fit`` only and
    leaves what is predicted alone. Each cluster is copied ``n_copies`` times. The extinction of
    its label is taken off its stars one by one; the copy is placed at a distance modulus drawn
    uniformly from its own to ``max_distance_modulus`` and behind an extinction A_V drawn
    uniformly from its own to ``max_extinction``; stars beyond the faint limit are lost; the
    labels change to suit.

    Parameters
    ----------
    n_copies : int, default=1
        Number of copies of each cluster; 1 doubles the training set.
    max_distance_modulus : float, default=10
        The largest distance modulus that a copy is moved to, mag. A cluster that is farther
        already keeps its distance.
    max_extinction : float, default=3
        The largest A_V that a copy is put behind, mag. A cluster with more keeps its own.
    only_farther : bool, default=True
        Whether a copy is never closer or less reddened than its cluster, so that it lacks no
        star that was too faint to be seen. If False, A_V is drawn from 0 and the distance modulus
        from that of the nearest cluster given, whatever the cluster's own; clusters beyond a limit
        are then brought within it, and those brought closer do lack faint stars.
    faint_limit : float or None, default=None
        G of the faintest stars that a copy keeps, mag. None takes the faintest star of each
        cluster for the limit, which suits lists that end at one magnitude, and mixtures of them.
    min_stars : int, default=10
        The fewest stars that a copy has (or as many as its cluster has within the faint limit, if
        those are fewer). A copy that would have fewer is drawn again, up to ten times, each time
        from half the range around the cluster's own place; then it stays at that place.
    star_dropout : float, default=0.0
        Probability of each star of a copy to be left out, at least 0 and less than 1, down to
        ``min_stars``.
    photometric_noise : float, default=0.0
        Standard deviation, in mag, of independent noise in each of G, BP and RP of a copy; the
        colour gets that of BP less that of RP. It is added after the cut at the faint limit.
    field_stars : float, default=0.0
        Mean number of field stars added for each star of a copy. See Notes.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law of Gaia DR2, from whose photometry published A_V come, or of EDR3 and DR3;
        see `skcluster.photometry`.
    random_state : int, RandomState instance or None, default=None
        Source of the random numbers; an int gives the same copies every time.

    Attributes
    ----------
    sample_indices_ : ndarray of int, shape (n_clusters * (1 + n_copies),)
        The row of X that each row of the result was made from: all rows in order, then all again
        for each round of copies.

    See Also
    --------
    skcluster.photometry.deredden : How the extinction is taken off.

    Notes
    -----
    Source: [1]_ doubles its training set in this way, after section 3.2 of [2]_, with distance
    moduli up to 10 and A_V up to 3. Many real clusters lie beyond a modulus of 10; their copies
    are reddened only, unless ``max_distance_modulus`` is raised.

    *Light.* A star keeps its own intrinsic colour: G, BP, RP and BP−RP are changed by the
    difference of the extinctions at that colour, and by the change of distance modulus.

    *Parallaxes* change by ``1 / d_new − 1 / d_own``, which keeps each star's own error and the
    zero point. A star made fainter gets a larger ``parallax_error``, by the ratio of the typical
    errors at the two magnitudes (`skcluster.gaia.parallax_error`), and noise that makes up the
    difference. Without a ``parallax_error`` the typical errors themselves are taken. A star made
    brighter keeps its own.
    The depth of a cluster, visible in the parallaxes of the nearest ones, is not told from noise
    and stays as it is.

    *Field stars.* A list of members holds stars of the disc with the cluster's proper motion and
    parallax, but another age, distance and extinction. A random star of all clusters given, as
    bright as the faint limit allows, stands for one: it keeps its magnitudes, colour and parallax
    error; its parallax is moved to the copy's distance, as it would not be on the list otherwise;
    its ``probability`` is that of the cluster's least certain member; all else (position, motion)
    is that of a random star of the copy.

    A copy with nothing changed is equal to its cluster bit for bit. All other columns of stars,
    clusters and y come along unchanged. ``y`` must be in physical units: scale targets within the
    pipeline's last step (`~sklearn.compose.TransformedTargetRegressor`), not around the pipeline.

    *Weights.* A step of imbalanced-learn's pipeline can hand on X and y only, so weights given to a
    pipeline's ``fit`` do not fit the clusters that its last step sees. To use both, append the
    copies first and fit a pipeline without this step: ``X, y, weight = augmenter.fit_resample(X, y,
    weight)``, then ``pipeline.fit(X, y, regressor__sample_weight=weight)``. In a cross-validation
    do so within each training set.

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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_copies": [Interval(Integral, 0, None, closed="left")],
        "max_distance_modulus": [Interval(Real, None, None, closed="neither")],
        "max_extinction": [Interval(Real, 0, 10, closed="both")],
        "only_farther": ["boolean"],
        "faint_limit": [None, Interval(Real, None, None, closed="neither")],
        "min_stars": [Interval(Integral, 1, None, closed="left")],
        "star_dropout": [Interval(Real, 0, 1, closed="left")],
        "photometric_noise": [Interval(Real, 0, None, closed="left")],
        "field_stars": [Interval(Real, 0, None, closed="left")],
        "law": [StrOptions({"dr2", "edr3"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_copies: int = 1,
        max_distance_modulus: float = 10,
        max_extinction: float = 3,
        only_farther: bool = True,
        faint_limit: float | None = None,
        min_stars: int = 10,
        star_dropout: float = 0.0,
        photometric_noise: float = 0.0,
        field_stars: float = 0.0,
        law: Law = "dr2",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_copies = n_copies
        self.max_distance_modulus = max_distance_modulus
        self.max_extinction = max_extinction
        self.only_farther = only_farther
        self.faint_limit = faint_limit
        self.min_stars = min_stars
        self.star_dropout = star_dropout
        self.photometric_noise = photometric_noise
        self.field_stars = field_stars
        self.law = law
        self.random_state = random_state

    @overload
    def fit_resample(
        self, X: ClustersLike, y: Any, sample_weight: None = None
    ) -> tuple[NestedFrame, Any]: ...
    @overload
    def fit_resample(
        self, X: ClustersLike, y: Any, sample_weight: npt.ArrayLike
    ) -> tuple[NestedFrame, Any, FloatArray]: ...
    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(
        self, X: ClustersLike, y: Any, sample_weight: npt.ArrayLike | None = None
    ) -> tuple[NestedFrame, Any] | tuple[NestedFrame, Any, FloatArray]:
        """Append copies to clusters and labels.

        Parameters
        ----------
        X : clusters
            Whatever `skcluster.clusters.as_clusters` takes, n_clusters in all.
        y : DataFrame or array-like of shape (n_clusters, n_targets)
            A frame needs the columns ``a_v`` (mag) and ``distance_kpc``, whatever else it has; an
            array is taken to be log age, A_V, distance in kpc and further columns, in this order.
            All but A_V and distance are only copied, missing values included.
        sample_weight : array-like of shape (n_clusters,), default=None
            Weight of each cluster.

        Returns
        -------
        X : NestedFrame of n_clusters * (1 + n_copies) rows
            The clusters given, unchanged, then the copies, named ``NGC_2682 (copy 1)`` (if the
            clusters are numbered, the numbers go on).
        y : DataFrame or ndarray of shape (n_clusters * (1 + n_copies), n_targets)
            Their labels, in columns of the types given.
        sample_weight : ndarray of shape (n_clusters * (1 + n_copies),)
            Their weights, those of copies the same as of their clusters. Only if weights are given.

        Raises
        ------
        ValueError
            If X, y or the weights cannot be used (the message names cluster, column, value and
            rule), or a cluster has no star within ``faint_limit``.
        """
        X = as_clusters(X)
        stars = validate_clusters(X)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        labels = read_labels(y, stars.index)
        rng = check_random_state(self.random_state)
        clusters = DereddenedClusters(stars, labels, self.law, self.faint_limit)
        rows = np.tile(np.arange(len(X)), self.n_copies)
        limits = MoveLimits(
            self.max_distance_modulus, self.max_extinction, self.only_farther, self.min_stars
        )
        modulus_shift, a_v = draw_moves(clusters, rows, limits, rng)
        copies = labels.moved(rows, modulus_shift, a_v)
        chosen = self._choose_stars(clusters, rows, modulus_shift, a_v, rng)
        columns = columns_of_copies(
            clusters, chosen, modulus_shift, copies, self.photometric_noise, rng
        )
        self.sample_indices_ = np.concatenate([np.arange(len(X)), rows])
        X_resampled = _append_clusters(X, clusters, rows, chosen, columns)
        y_resampled = append_copies(y, rows, copies)
        if weights is None:
            return X_resampled, y_resampled
        return X_resampled, y_resampled, weights[self.sample_indices_]

    def _choose_stars(
        self,
        clusters: DereddenedClusters,
        rows: IntArray,
        modulus_shift: FloatArray,
        a_v: FloatArray,
        rng: np.random.RandomState,
    ) -> MovedStars:
        stars = members(clusters, rows, modulus_shift, a_v)
        if self.star_dropout:
            stars = drop_stars(stars, self.star_dropout, self.min_stars, rng)
        if self.field_stars:
            stars = add_field_stars(clusters, rows, stars, self.field_stars, rng)
        return stars

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True  # missing parallaxes, for one
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags


def _append_clusters(
    X: NestedFrame,
    clusters: DereddenedClusters,
    rows: IntArray,
    chosen: MovedStars,
    columns: dict[str, Any],
) -> NestedFrame:
    """X with the copies after it, in the order of its columns."""
    stars = clusters.stars
    host = pa.array(chosen.host)
    fields = {
        name: append_column(stars.arrow(name), columns.get(name), host) for name in stars.columns
    }
    ends = np.searchsorted(chosen.copy, np.arange(len(rows)), side="right")
    offsets = np.concatenate([stars.offsets, stars.offsets[-1] + ends])
    index = stars.index.append(copy_names(stars.index, len(rows)))
    carried = X[X.columns.drop(STARS)].take(np.concatenate([np.arange(len(X)), rows]))
    nested = clusters_from_flat(fields, offsets, index)[STARS]
    return NestedFrame(pd.DataFrame(carried).set_axis(index)).assign(**{STARS: nested})[X.columns]
