"""Cache the features of clusters, so that a search computes them once, not per candidate."""

from importlib.metadata import version
from os import PathLike
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from nested_pandas import NestedFrame
from sklearn.base import MetaEstimatorMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, check_memory

from skcluster._utils.typing import ClustersLike
from skcluster.clusters import Stars, as_clusters, validate_clusters
from skcluster.features._base import ClusterTransformer


def _names_features(cached: "CachedTransformer") -> bool:
    transformer = getattr(cached, "transformer_", cached.transformer)
    return hasattr(transformer, "get_feature_names_out")


class CachedTransformer(MetaEstimatorMixin, ClusterTransformer):
    """Cache the features of clusters in a `joblib.Memory`, so that a search computes them once.

    ``Pipeline(memory=...)`` caches the results of ``fit_transform``, but a search transforms the
    test clusters of each fold again for every candidate. This caches the results of
    ``transform``: the clusters of each fold are transformed once for all candidates.

    Parameters
    ----------
    transformer : estimator
        Transformer of clusters to features, such as `CMDRasterizer`, or a pipeline or union.
    memory : str, path, joblib.Memory or None, default=None
        Cache of the features. Processes may share it, and it can be reused later;
        ``joblib.Memory(memory).clear()`` empties it. None disables caching.

    Attributes
    ----------
    transformer_ : estimator
        The fitted transformer.

    See Also
    --------
    sklearn.pipeline.Pipeline : Its ``memory`` caches fitted transformers.

    Notes
    -----
    The cache key consists of the class, parameters and learned attributes of the fitted
    transformer, the version of this package, and all values of the clusters, which are therefore
    read. Caching pays for slow pictures, but not for histograms and guesses, which take little more
    time than reading. Processes that start on the same clusters at the same time all compute them.
    Warnings are issued by the computation, hence once.

    Examples
    --------
    >>> import tempfile
    >>> from skcluster import CMDRasterizer
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.features import CachedTransformer
    >>> X, y = simulate_clusters(5, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pictures = CachedTransformer(CMDRasterizer(image_size=20), memory=folder)
    ...     pictures.fit_transform(X).shape
    ...     pictures.transform(X).shape  # draws nothing
    (5, 400)
    (5, 400)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "transformer": [HasMethods(["fit", "transform"])],
        "memory": [str, PathLike, HasMethods("cache"), None],
    }

    def __init__(self, transformer: Any, *, memory: Any = None) -> None:
        self.transformer = transformer
        self.memory = memory

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ClustersLike, y: Any = None) -> Self:
        """Fit the transformer.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.
        y : object
            Passed to the transformer.

        Returns
        -------
        self : CachedTransformer
            The fitted transformer.
        """
        self.transformer_ = clone(self.transformer).fit(X, y)
        return self

    def transform(self, X: ClustersLike) -> Any:
        """Return the features, computed or from the cache.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.

        Returns
        -------
        ndarray of shape (n_clusters, n_features)
            The features.
        """
        check_is_fitted(self)
        clusters = as_clusters(X)
        stars = validate_clusters(clusters)
        if self.memory is None:
            features = _transformed(self.transformer_, None, clusters)
        else:
            memory = check_memory(
                str(self.memory) if isinstance(self.memory, PathLike) else self.memory
            )
            kept = memory.cache(_transformed, ignore=["clusters"])
            features = kept(self.transformer_, _content(clusters, stars), clusters)
        return self._output(features, X, stars)

    @available_if(_names_features)
    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Get output feature names of the transformer.

        Parameters
        ----------
        input_features : object
            Passed to the transformer.

        Returns
        -------
        ndarray of str, shape (n_features,)
            The names.
        """
        check_is_fitted(self)
        names: npt.NDArray[np.object_] = self.transformer_.get_feature_names_out(input_features)
        return names


def _transformed(transformer: Any, content: Any, clusters: NestedFrame) -> npt.NDArray[Any]:
    """Return the features; clusters are identified by a hash of their values."""
    return np.asarray(transformer.transform(clusters))


def _content(clusters: NestedFrame, stars: Stars) -> tuple[Any, ...]:
    others = {name: np.asarray(clusters[name]) for name in clusters.columns.drop("stars")}
    columns = {name: np.asarray(stars[name]) for name in stars.columns}
    return version("skcluster"), stars.counts, columns, others
