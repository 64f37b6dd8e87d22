"""One cluster out of many, and arrays out of whatever a caller has."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import Stars, as_clusters, stars_of
from skcluster.schema import CLUSTER_PARAMETERS


def one_cluster(X: ClustersLike, cluster: Any) -> tuple[Any, NestedFrame, Stars]:
    """The name of one cluster, X with that cluster alone, and its stars.

    Raises
    ------
    ValueError
        If ``cluster`` is not in X, or in it more than once, or not given while X has several; or
        if the cluster has no star.
    """
    X = as_clusters(X)
    if cluster is None:
        if len(X) != 1:
            raise ValueError(f"X holds {len(X)} clusters; name the one to draw with cluster=.")
        cluster = X.index[0]
    found = np.flatnonzero(X.index == cluster)
    if len(found) != 1:
        times = "no" if len(found) == 0 else str(len(found))
        raise ValueError(f"X has {times} cluster {cluster!r}; one is needed.")
    alone = X.iloc[found]
    stars = stars_of(alone)
    if len(stars) == 0:
        raise ValueError(f"cluster {cluster!r} has no star with magnitude and colour to draw.")
    return cluster, alone, stars


def one_estimate(estimates: Any, cluster: Any) -> FloatArray | None:
    """Log age, A_V and distance of one cluster, shape (3,); None if there is no estimate.

    Raises
    ------
    ValueError
        If a DataFrame has no row for the cluster or lacks a target, or an array has not three
        numbers.
    """
    if estimates is None:
        return None
    if isinstance(estimates, pd.DataFrame):
        if cluster not in estimates.index:
            raise ValueError(f"The estimates have no row for cluster {cluster!r}.")
        estimates = estimates.loc[cluster]
        if isinstance(estimates, pd.DataFrame):
            raise ValueError(f"The estimates have {len(estimates)} rows for cluster {cluster!r}.")
    if isinstance(estimates, pd.Series | Mapping):
        missing = [target for target in CLUSTER_PARAMETERS if target not in estimates]
        if missing:
            raise ValueError(f"The estimate of cluster {cluster!r} lacks {', '.join(missing)}.")
        estimates = [estimates[target] for target in CLUSTER_PARAMETERS]
    values = np.asarray(estimates, dtype=float).ravel()
    if values.shape != (3,):
        raise ValueError(
            f"An estimate is three numbers, {', '.join(CLUSTER_PARAMETERS)}; got {values.size} for "
            f"cluster {cluster!r}."
        )
    return values


def sample_array(samples: Any, cluster: Any = None) -> FloatArray:
    """Joint samples of one cluster as an array of shape (n_samples, n_targets).

    Raises
    ------
    ValueError
        If the samples are not a table of numbers with at least two rows.
    """
    if isinstance(samples, Mapping):
        if cluster not in samples:
            raise ValueError(f"There are no samples of cluster {cluster!r}.")
        samples = samples[cluster]
    if isinstance(samples, pd.DataFrame) and set(CLUSTER_PARAMETERS) <= set(samples.columns):
        samples = samples[list(CLUSTER_PARAMETERS)]
    array = np.asarray(samples, dtype=float)
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    if array.ndim != 2 or len(array) < 2:
        raise ValueError(
            "Joint samples of one cluster have shape (n_samples, n_targets) with at least two "
            f"samples; got {array.shape}."
        )
    return array


def columns_of(y: Any, targets: Sequence[str] | None) -> list[str]:
    """Names of the targets: given, or the columns of y, or the usual three, or numbers."""
    if targets is not None:
        return [str(name) for name in targets]
    if isinstance(y, pd.DataFrame):
        return [str(name) for name in y.columns]
    width = table_of(y, "y").shape[1]
    return (
        list(CLUSTER_PARAMETERS)
        if width == len(CLUSTER_PARAMETERS)
        else [f"target {i}" for i in range(width)]
    )


def table_of(values: Any, what: str) -> FloatArray:
    """Values as a float array of shape (n_clusters, n_targets).

    Raises
    ------
    ValueError
        If there are none, or more than two dimensions.
    """
    array = np.asarray(values, dtype=float)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{what} must have shape (n_clusters, n_targets); got {array.shape}.")
    return array


def same_shape(**tables: FloatArray) -> None:
    """Check that tables agree in shape.

    Raises
    ------
    ValueError
        If they do not; the message gives both names and shapes.
    """
    (first, reference), *rest = tables.items()
    for name, table in rest:
        if table.shape != reference.shape:
            raise ValueError(
                f"{first} has shape {reference.shape} and {name} {table.shape}; they must agree."
            )


def answers_about(estimator: Any, X: ClustersLike) -> tuple[Any, Any]:
    """What an estimator predicts, and its distribution if it has one, from one pass."""
    if not hasattr(estimator, "predict_distribution"):
        return estimator.predict(X), None
    distribution = estimator.predict_distribution(X)
    return distribution.predict(), distribution
