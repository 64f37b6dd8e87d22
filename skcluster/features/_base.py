"""Bases of the transformers of clusters: output, magnitudes, missing parallaxes, blocks."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, Literal, Self, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted

from skcluster._utils.messages import warn_caller
from skcluster._utils.models import DaskTokenMixin
from skcluster._utils.order import check_same_order
from skcluster._utils.typing import ClustersLike, FloatArray, IntArray
from skcluster.clusters import Stars, validate_clusters
from skcluster.clusters._parallax import median_parallaxes, modulus_at_least

#: Star columns.
COLOUR, MAGNITUDE, PARALLAX = "bp_rp", "phot_g_mean_mag", "parallax"

#: Default ranges of magnitudes: apparent ones as in the paper; absolute ones that contain 98 per
#: cent of the stars of nearby and distant open clusters.
DEFAULT_RANGES = {"apparent": (10.0, 18.0), "absolute": (-4.0, 12.0)}

#: Number of stars per block: a few such arrays fit into the cache of a core.
STARS_IN_BLOCK = 2**15


class ClusterTransformer(DaskTokenMixin, TransformerMixin, BaseEstimator):
    """Base of the transformers of clusters to one row of features per cluster.

    Subclasses are dataclasses, whose fields are the parameters. They learn in `_learn`, compute the
    features in `_compute` and name them in `_feature_names`; `_columns` are the star columns that
    they need besides magnitude and colour.
    """

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ClustersLike, y: Any = None) -> Self:
        """Check the parameters, and learn the attributes from the training clusters.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.
        y : object
            Ignored, but its rows must not name the clusters in another order.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter cannot be used, or the stars lack a column that is needed, or all have
            no value in it.

        Warns
        -----
        UserWarning
            If there is no cluster to learn a fallback from.
        """
        stars = validate_clusters(X, columns=self._columns())
        check_same_order(stars.index, y)
        self._learn(stars)
        return self

    def transform(self, X: ClustersLike) -> npt.NDArray[Any]:
        """Compute the features.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.

        Returns
        -------
        ndarray of shape (n_clusters, n_features)
            The features in the order of `get_feature_names_out`.

        Warns
        -----
        UserWarning
            If the stars of a cluster lack the values that are needed, and a fallback is used.
        """
        check_is_fitted(self)
        stars = validate_clusters(X, columns=self._columns())
        return self._output(self._compute(stars), X, stars)

    def _columns(self) -> tuple[str, ...]:
        return ()

    @abstractmethod
    def _learn(self, stars: Stars) -> None:
        """Set the attributes of the fitted transformer."""

    @abstractmethod
    def _compute(self, stars: Stars) -> npt.NDArray[Any]:
        """Return the features, one row per cluster."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # X is not a two-dimensional array, and parallaxes may be missing.
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        return tags

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return the names of the features.

        Parameters
        ----------
        input_features : object
            Ignored.

        Returns
        -------
        ndarray of str, shape (n_features,)
            The names.
        """
        check_is_fitted(self)
        return np.array(self._feature_names(), dtype=object)

    @abstractmethod
    def _feature_names(self) -> list[str]:
        """Return the names of the features of the fitted transformer."""

    def _output(self, values: npt.NDArray[Any], X: ClustersLike, stars: Stars) -> npt.NDArray[Any]:
        """Return the values, as a DataFrame with the clusters' names if that is configured.

        scikit-learn labels the rows of its output with the index of X, which is correct for a
        `NestedFrame` only: the index of a long table numbers the stars, and a list has none. As in
        scikit-learn, the annotation does not mention the DataFrame.
        """
        if isinstance(X, NestedFrame) or _get_output_config("transform", self)["dense"] != "pandas":
            return values
        return cast("npt.NDArray[Any]", pd.DataFrame(values, index=stars.index, copy=False))


@dataclass(kw_only=True, repr=False, eq=False)
class DiagramTransformer(ClusterTransformer):
    """Base of the transformers of the colour-magnitude diagram."""

    colour_range: tuple[float, float]
    magnitude_range: tuple[float, float] | None = None
    magnitude: Literal["apparent", "absolute"] = "apparent"
    zero_point: float = 0.0

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "colour_range": ["array-like"],
        "magnitude": [StrOptions({"apparent", "absolute"})],
        "magnitude_range": ["array-like", None],
        "zero_point": [Interval(Real, None, None, closed="neither")],
    }

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the ranges of colour and magnitude, checked."""
        magnitudes = self.magnitude_range
        if magnitudes is None:
            magnitudes = DEFAULT_RANGES[self.magnitude]
        return (
            check_range("colour_range", self.colour_range),
            check_range("magnitude_range", magnitudes),
        )

    def _columns(self) -> tuple[str, ...]:
        return (PARALLAX,) if self.magnitude == "absolute" else ()

    def _learn(self, stars: Stars) -> None:
        """Learn the fallback for the parallax of a cluster without any."""
        if self.magnitude == "absolute":
            self.fallback_parallax_ = typical_parallax(median_parallaxes(stars, self.zero_point))

    def _moduli(self, stars: Stars) -> FloatArray | None:
        """Return the distance modulus to subtract from each cluster's magnitudes, if any."""
        if self.magnitude == "apparent":
            return None
        parallax = median_parallaxes(stars, self.zero_point)
        parallax = fill_parallaxes(parallax, stars, self.fallback_parallax_)
        return modulus_at_least(parallax)


def check_range(name: str, limits: Any) -> tuple[float, float]:
    """Return the ends of a range; refuse what is not two finite numbers in increasing order."""
    try:
        low, high = (float(end) for end in limits)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"{name} must be two finite numbers, the smaller one first, not {limits}.")
    return low, high


def typical_parallax(parallax: FloatArray) -> float:
    """Return the median of the clusters' parallaxes; refuse clusters without any."""
    if np.isnan(parallax).all():
        raise ValueError(
            f"No star has a parallax (column {PARALLAX!r} is all NaN), so magnitudes cannot "
            "be corrected for distance."
        )
    return float(np.nanmedian(parallax))


def fill_parallaxes(parallax: FloatArray, stars: Stars, fallback: float) -> FloatArray:
    """Fill in the parallax of a typical cluster for clusters without any, with a warning."""
    missing = np.isnan(parallax)
    if not missing.any():
        return parallax
    warn_caller(
        f"{np.count_nonzero(missing)} of {len(parallax)} clusters have no star with a parallax, "
        f"the first {stars.index[int(np.argmax(missing))]!r}; {fallback:.4g} mas, the median of "
        "the training clusters, is used."
    )
    return np.where(missing, fallback, parallax)


def blocks(stars: Stars, max_clusters: int | None = None) -> Iterator[tuple[slice, slice]]:
    """Yield consecutive clusters, and their stars, in blocks of about `STARS_IN_BLOCK` stars.

    Processing block by block avoids temporary arrays of the length of the catalogue, which would be
    read from memory at each step. A larger cluster is a block of its own.
    """
    offsets, n_clusters = stars.offsets, len(stars.index)
    start = 0
    while start < n_clusters:
        stop = int(np.searchsorted(offsets, offsets[start] + STARS_IN_BLOCK, side="right")) - 1
        stop = max(stop, start + 1)
        if max_clusters is not None:
            stop = min(stop, start + max_clusters)
        yield slice(start, stop), slice(int(offsets[start]), int(offsets[stop]))
        start = stop


def cluster_in_block(stars: Stars, clusters: slice) -> IntArray:
    """Return the row number of each star's cluster within the block."""
    return np.repeat(np.arange(clusters.stop - clusters.start), stars.counts[clusters])


def magnitudes_in_block(
    stars: Stars, moduli: FloatArray | None, clusters: slice, members: slice
) -> FloatArray:
    """Return the magnitudes of the stars of a block, minus the distance modulus if there is one."""
    magnitude: FloatArray = stars[MAGNITUDE][members]
    if moduli is None:
        return magnitude
    return magnitude - np.repeat(moduli[clusters], stars.counts[clusters])
