"""Augment a training set with clusters moved farther away and reddened."""

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
from skcluster.clusters import as_clusters, clusters_from_flat, validate_clusters
from skcluster.clusters._stars import STARS
from skcluster.photometry import Law


class ClusterAugmenter(DocLinkMixin, BaseEstimator):
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

    A copy without changes is bitwise equal to its cluster. All other columns of stars, clusters and
    y are kept. ``y`` must be in physical units: scale targets within the pipeline's last step
    (`~sklearn.compose.TransformedTargetRegressor`), not around the pipeline.

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
            The n_clusters clusters; any input of `skcluster.clusters.as_clusters`.
        y : DataFrame or array-like of shape (n_clusters, n_targets)
            A DataFrame needs the columns ``a_v`` (mag) and ``distance_kpc``; the columns of an
            array are log age, A_V, distance in kpc and any others, in this order. All except A_V
            and distance are copied, including missing values.
        sample_weight : array-like of shape (n_clusters,), default=None
            Weight of each cluster.

        Returns
        -------
        X : NestedFrame of n_clusters * (1 + n_copies) rows
            The given clusters, unchanged, then the copies, named ``NGC_2682 (copy 1)`` (numbered
            clusters are numbered consecutively).
        y : DataFrame or ndarray of shape (n_clusters * (1 + n_copies), n_targets)
            Their labels, in columns of the same types.
        sample_weight : ndarray of shape (n_clusters * (1 + n_copies),)
            Their weights; copies have those of their clusters. Only returned if weights are given.

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
    """Return X with the copies appended, in the order of its columns."""
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
    frame = NestedFrame(pd.DataFrame(carried).set_axis(index))
    both: NestedFrame = frame.assign(**{STARS: nested})[X.columns]
    return both
