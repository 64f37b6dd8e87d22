"""Targets of clusters scaled to 0 … 1, without impossible values after inversion."""

from collections.abc import Container, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils import Tags

from skcluster._utils.doc_links import DocLinkMixin
from skcluster.schema import CLUSTER_PARAMETERS, TARGETS


class TargetMinMaxScaler(DocLinkMixin, MinMaxScaler):
    """Scale targets to 0 … 1, and limit inverted values to the range of their quantity.

    A `sklearn.preprocessing.MinMaxScaler` whose `inverse_transform` clips log age, A_V, distance
    and metallicity to the ranges in `skcluster.schema.TARGETS`. The output of a network with linear
    output units can be outside of them, such as a negative distance for a cluster nearer than all
    training clusters. The training is not affected.

    Parameters
    ----------
    feature_range : tuple of two floats, default=(0, 1)
        Range of the scaled targets.
    copy : bool, default=True
        Whether to copy the given targets rather than scale them in place.
    clip : bool, default=False
        Whether scaled targets outside ``feature_range`` are clipped to it.

    Attributes
    ----------
    targets_ : list of str
        Quantity of each column: a name in `skcluster.schema.TARGETS`, or "other". Three columns
        without names are log age, A_V and distance.
    min_, scale_, data_min_, data_max_, data_range_ : ndarray of shape (n_targets,)
        As in `sklearn.preprocessing.MinMaxScaler`.
    n_features_in_ : int
        Number of targets.
    n_samples_seen_ : int
        Number of clusters.
    feature_names_in_ : ndarray of str
        Names of the targets, if they have any.

    See Also
    --------
    TargetScaler : Scaling by fixed numbers, with the distance as its modulus.
    skcluster.pipelines.ann_pipeline : A pipeline that uses it.

    References
    ----------
    Branco & Ferraz 2023 scale their targets to 0 … 1.

    Examples
    --------
    >>> from skcluster.regressors import TargetMinMaxScaler
    >>> scaler = TargetMinMaxScaler().fit([[8.0, 0.1, 0.5], [9.0, 1.1, 2.5]])
    >>> scaler.transform([[8.5, 0.6, 1.5]])
    array([[0.5, 0.5, 0.5]])
    >>> scaler.inverse_transform([[0.5, -0.3, -0.3]])
    array([[8.5e+00, 0.0e+00, 1.0e-03]])
    """

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the ranges and the quantities of the targets.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_targets)
            Targets.
        y : None
            Not used.

        Returns
        -------
        self : object
            The fitted scaler.
        """
        super().fit(X)
        names = getattr(self, "feature_names_in_", None)
        self.targets_ = known_targets(names, self.n_features_in_, TARGETS)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Scale the targets.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_targets)
            Targets.

        Returns
        -------
        ndarray of shape (n_clusters, n_targets)
            Scaled targets.
        """
        scaled: NDArray[np.float64] = super().transform(self._named(X))
        return scaled

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Undo the scaling, and replace impossible values by the nearest possible ones.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_targets)
            Scaled targets.

        Returns
        -------
        ndarray of shape (n_clusters, n_targets)
            Targets.
        """
        return possible(super().inverse_transform(X), self.targets_)

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.array_api_support = False  # unlike the parent: the ranges are numpy arrays
        return tags

    def _named(self, X: Any) -> Any:
        """Return targets with the names seen in fit: regressors return arrays for frames."""
        names = getattr(self, "feature_names_in_", None)
        if names is None or hasattr(X, "columns") or np.shape(X)[1:] != names.shape:
            return X
        return pd.DataFrame(np.asarray(X), columns=names)


def known_targets(names: Sequence[str] | None, n: int, known: Container[str]) -> list[str]:
    """Return the known quantity of each of n columns, by name, or by order if there are three."""
    if names is None:
        return list(CLUSTER_PARAMETERS) if n == len(CLUSTER_PARAMETERS) else ["other"] * n
    return [str(name) if name in known else "other" for name in names]


def possible(values: NDArray[np.float64], targets: Sequence[str]) -> NDArray[np.float64]:
    """Clip values to the ranges of their quantities, keeping NaN."""
    columns = [TARGETS.get(name) for name in targets]
    low = [-np.inf if column is None else column.low for column in columns]
    high = [np.inf if column is None else column.high for column in columns]
    clipped: NDArray[np.float64] = np.clip(values, low, high)
    return clipped
