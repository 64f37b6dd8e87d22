"""Each cluster's features computed once in a search, not once a candidate."""

from pathlib import Path
from typing import Any, ClassVar, Self

import joblib
import numpy as np
import numpy.typing as npt
from nested_pandas import NestedFrame
from sklearn.base import MetaEstimatorMixin, _fit_context, clone
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skcluster._utils.typing import ClustersLike, IntArray
from skcluster.clusters import as_clusters, validate_clusters
from skcluster.features._base import ClusterTransformer
from skcluster.features._cached_rows import CachedRows, digests


def _names_features(cached: "CachedTransformer") -> bool:
    transformer = getattr(cached, "transformer_", cached.transformer)
    return hasattr(transformer, "get_feature_names_out")


class CachedTransformer(MetaEstimatorMixin, ClusterTransformer):
    """Keep the features of each cluster in files, so that a search computes them once.

    ``Pipeline(memory=...)`` keeps what ``fit_transform`` gave for one set of clusters; scoring
    transforms the test clusters anew for every candidate, and every fold is another set. This keeps
    rows: whichever clusters come together, only those never seen before are computed.

    Parameters
    ----------
    transformer : estimator
        From clusters to numbers, such as `CMDRasterizer`, or a pipeline or union of such. Each row
        of its output must depend on its own cluster and what was learned in `fit`, on no other
        cluster: so do all transformers of this package.
    memory : str, path, joblib.Memory or None, default=None
        Folder for the rows. It may be shared by workers, and be used again another day; the rows
        lie in ``skcluster-rows`` within it, whose deletion is the way to forget them. None keeps
        nothing.

    Attributes
    ----------
    transformer_ : estimator
        The fitted transformer.

    See Also
    --------
    sklearn.pipeline.Pipeline : Its ``memory`` keeps fitted transformers.

    Notes
    -----
    A row is found by the class, parameters and learned attributes of the fitted transformer, the
    version of this package, and the values of all columns of the cluster's stars. So a transformer
    that learns something, such as a fallback parallax, shares rows between candidates but not
    between folds; with apparent magnitudes, pictures and histograms learn nothing, and each
    cluster is computed once in a whole search. Of workers that start at the same time on the same
    clusters, each computes them.

    To find a row, all columns of the cluster's stars are read, so pictures gain, but histograms and
    guesses, which cost little more than that, do not. Warnings come with the computation, so once.

    Examples
    --------
    >>> import tempfile
    >>> from skcluster import CMDRasterizer
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.features import CachedTransformer
    >>> X, y = simulate_clusters(5, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pictures = CachedTransformer(CMDRasterizer(image_size=20), memory=folder)
    ...     pictures.fit(X[:4]).transform(X[:4]).shape
    ...     pictures.transform(X).shape  # draws the fifth
    (4, 400)
    (5, 400)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "transformer": [HasMethods(["fit", "transform"])],
        "memory": [str, Path, joblib.Memory, None],
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
            Whatever `skcluster.clusters.as_clusters` takes.
        y : object
            Handed on to the transformer.

        Returns
        -------
        CachedTransformer
            Itself.
        """
        self.transformer_ = clone(self.transformer).fit(X, y)
        return self

    def transform(self, X: ClustersLike) -> Any:
        """Give the features, computing those of new clusters only.

        Parameters
        ----------
        X : clusters
            Whatever `skcluster.clusters.as_clusters` takes.

        Returns
        -------
        ndarray of shape (n_clusters, n_features)
            What the transformer gives.
        """
        check_is_fitted(self)
        clusters = as_clusters(X)
        stars = validate_clusters(clusters)
        location = _location(self.memory)
        if location is None:
            return self._output(np.asarray(self.transformer_.transform(clusters)), X, stars)
        content = stars.columns, [str(stars[name].dtype) for name in stars.columns]
        key = joblib.hash((_version(), self.transformer_, content, list(clusters.columns)))
        store = CachedRows(location / "skcluster-rows" / key)
        rows = store.get(digests(clusters, stars), lambda some: self._compute(clusters, some))
        return self._output(rows, X, stars)

    @available_if(_names_features)
    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Names that the transformer gives.

        Parameters
        ----------
        input_features : object
            Handed on to the transformer.

        Returns
        -------
        ndarray of str, shape (n_features,)
            The names.
        """
        check_is_fitted(self)
        return self.transformer_.get_feature_names_out(input_features)

    def _compute(self, X: NestedFrame, some: IntArray) -> npt.NDArray[Any]:
        # Where all are new, spare the copy.
        clusters = X if np.array_equal(some, np.arange(len(X))) else X.iloc[some]
        return np.asarray(self.transformer_.transform(clusters))


def _location(memory: Any) -> Path | None:
    if isinstance(memory, joblib.Memory):
        memory = memory.location
    return None if memory is None else Path(memory)


def _version() -> str:
    from importlib.metadata import version

    return version("skcluster")
