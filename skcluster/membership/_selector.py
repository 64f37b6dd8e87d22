"""Fields of the sky to clusters, as a step of a pipeline."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags

from skcluster._utils.order import check_same_order
from skcluster._utils.typing import ClustersLike
from skcluster.clusters._stars import Stars, with_stars
from skcluster.gaia import Release
from skcluster.membership._fields import Hints
from skcluster.membership._find_members import CONSTRAINTS, name_of, search_fields

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord


class MemberSelector(TransformerMixin, BaseEstimator):
    """Select the members of star clusters from fields of the sky.

    As the first step of a pipeline, it makes member lists of what an archive returns around a
    cluster: ``make_pipeline(MemberSelector(), load_model())``. Clusters are found by their
    concentration in position, proper motion and parallax; colours and magnitudes have no say.

    Parameters
    ----------
    threshold : float, default=0.5
        Least membership probability of the stars that are kept.
    n_clusters : int or "auto", default=1
        Largest number of clusters per field, or "auto" for all significant ones, the most
        significant first.
        Only with 1 does the number of rows stay that of the fields, as supervised pipelines need.
    center : pair of float or SkyCoord, default=None
        Approximate right ascension and declination of the cluster (deg).
    proper_motion : pair of float, default=None
        Approximate proper motion (mas/yr).
    parallax : float, default=None
        Approximate parallax (mas).
    release : {"edr3", "dr2"}, default="edr3"
        Data release, for typical errors where the stars have none.

    See Also
    --------
    find_members : All stars with their probabilities, and a table of the clusters.
    skcluster.estimate : Estimate the clusters that were selected.

    Notes
    -----
    Each field is fitted on its own, so nothing is learned in ``fit``. The columns ``ra``, ``dec``,
    ``pmra``, ``pmdec``, ``parallax`` of a row beside its stars are hints for this row, and come
    before the parameters. The model is described in `find_members`.

    References
    ----------
    Bovy, Hogg & Roweis 2011, Annals of Applied Statistics 5, 1657.

    Examples
    --------
    >>> from skcluster import MemberSelector
    >>> from skcluster.datasets import load_example_field
    >>> X, y = load_example_field()
    >>> clusters = MemberSelector().fit_transform(X)
    >>> clusters.shape == X.shape
    True
    >>> clusters["stars.probability"].min() >= 0.5
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = CONSTRAINTS

    def __init__(
        self,
        *,
        threshold: float = 0.5,
        n_clusters: int | Literal["auto"] = 1,
        center: "Sequence[float] | SkyCoord | None" = None,
        proper_motion: Sequence[float] | None = None,
        parallax: float | None = None,
        release: Release = "edr3",
    ) -> None:
        self.threshold = threshold
        self.n_clusters = n_clusters
        self.center = center
        self.proper_motion = proper_motion
        self.parallax = parallax
        self.release = release

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ClustersLike, y: Any = None) -> Self:
        """Check the parameters; nothing is learned.

        Parameters
        ----------
        X : fields
            Any input of `skcluster.clusters.as_clusters`, with a field of the sky per row.
        y : object
            Not used, but its rows must belong to those of X.

        Returns
        -------
        self : MemberSelector
            The transformer.

        Raises
        ------
        ValueError
            If there is a ``y`` and ``n_clusters`` is not 1, because further clusters would have no
            row in it; or if the rows of ``y`` name the fields in another order.
        """
        self._hints()  # refuses what is no number
        if y is not None:
            if self.n_clusters != 1:
                raise ValueError(
                    f"With n_clusters={self.n_clusters!r} a field may give several clusters, but y "
                    "has one row per field. Use n_clusters=1 in a supervised pipeline."
                )
            if isinstance(X, NestedFrame):
                check_same_order(X.index, y)
        return self

    def transform(self, X: ClustersLike) -> NestedFrame:
        """Return the member lists of the clusters in fields.

        Parameters
        ----------
        X : fields
            Any input of `skcluster.clusters.as_clusters`, with ``ra``, ``dec`` (deg), ``pmra``,
            ``pmdec`` (mas/yr) and ``parallax`` (mas) of the stars, and their errors if known.

        Returns
        -------
        NestedFrame
            One row per cluster, named after its field, further clusters "NAME 2" …. The stars have
            the column ``probability`` besides all their own; other columns of the row are kept. A
            field without a cluster has a row without stars.

        Raises
        ------
        ValueError
            As in `find_members`.

        Warns
        -----
        UserWarning
            As in `find_members`.
        """
        self._validate_params()
        X, stars, searched = search_fields(X, self._hints(), self.n_clusters, self.release)
        taken, chances, names, rows = [], [], [], []
        for row, (sky, one) in enumerate(searched):
            probabilities = np.zeros((1, 0)) if one is None else one.probability
            for rank, chance in enumerate(probabilities):
                members = np.flatnonzero(chance >= self.threshold)
                taken.append(sky.rows[members])
                chances.append(chance[members])
                names.append(name_of(sky.name, rank))
                rows.append(row)
        counts = [len(one) for one in taken]
        positions = pa.array(np.concatenate([np.arange(0), *taken]))
        fields = {name: stars.arrow(name).take(positions) for name in stars.columns}
        fields["probability"] = pa.array(np.concatenate([np.empty(0), *chances]))
        offsets = np.concatenate([[0], np.cumsum(counts)])
        clusters = X.iloc[rows].set_axis(pd.Index(names, name=X.index.name))
        return with_stars(clusters, Stars(clusters.index, offsets, fields))

    def set_output(self, *, transform: Any = None) -> Self:
        """Return the transformer unchanged: its output is always a frame of clusters.

        Parameters
        ----------
        transform : object
            Ignored.

        Returns
        -------
        self : MemberSelector
            The transformer.
        """
        return self

    def _hints(self) -> Hints:
        return Hints.of(self.center, self.proper_motion, self.parallax)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        tags.requires_fit = False
        return tags
