"""Select one cluster, and convert inputs to arrays."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.models import nested_estimators
from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import Stars, as_clusters, stars_of
from skcluster.schema import CLUSTER_PARAMETERS, INTERVAL_ENDS, notes_for_display

#: Parameters of isochrones; the last one is optional.
_ISOCHRONE = (*CLUSTER_PARAMETERS, "metallicity")


def one_cluster(X: ClustersLike, cluster: Any) -> tuple[Any, NestedFrame, Stars]:
    """Return the name of one cluster, X with that cluster alone, and its stars."""
    X = as_clusters(X)
    if cluster is None:
        if len(X) != 1:
            raise ValueError(f"X has {len(X)} clusters; choose one to draw with cluster=.")
        cluster = X.index[0]
    rows = np.flatnonzero(X.index == cluster)
    if len(rows) != 1:
        times = "no" if len(rows) == 0 else str(len(rows))
        raise ValueError(f"X has {times} cluster {cluster!r}; one is needed.")
    alone = X.iloc[rows]
    stars = stars_of(alone)
    if len(stars) == 0:
        raise ValueError(f"cluster {cluster!r} has no star with magnitude and colour to draw.")
    return cluster, alone, stars


class GivenEstimate(NamedTuple):
    """What the user states of the estimate of one cluster."""

    #: Log age, A_V, distance and, if present, metallicity.
    parameters: FloatArray | None = None
    #: Lower and upper ends of their intervals, shape (n_parameters, 2).
    interval: FloatArray | None = None
    #: Scale of differential reddening (mag).
    spread: float = 0.0
    flag: str = ""
    notes: str = ""


def one_estimate(estimates: Any, cluster: Any) -> GivenEstimate:
    """Return the estimate of one cluster in a table, a mapping or an array of its values."""
    if estimates is None:
        return GivenEstimate()
    if isinstance(estimates, pd.DataFrame):
        if cluster not in estimates.index:
            raise ValueError(f"The estimates have no row for cluster {cluster!r}.")
        estimates = estimates.loc[cluster]
        if isinstance(estimates, pd.DataFrame):
            raise ValueError(f"The estimates have {len(estimates)} rows for cluster {cluster!r}.")
    if not isinstance(estimates, pd.Series | Mapping):
        values = np.asarray(estimates, dtype=float).ravel()
        if values.size not in (3, 4):
            raise ValueError(
                f"An estimate is three numbers, {', '.join(CLUSTER_PARAMETERS)}, or four, with "
                f"metallicity; got {values.size} for cluster {cluster!r}."
            )
        return GivenEstimate(values)
    row = dict(estimates)
    missing = [target for target in CLUSTER_PARAMETERS if target not in row]
    if missing:
        raise ValueError(f"The estimate of cluster {cluster!r} lacks {', '.join(missing)}.")
    names = [target for target in _ISOCHRONE if target in row]
    ends = [[float(row.get(name + end, np.nan)) for end in INTERVAL_ENDS] for name in names]
    flag = row.get("flag")
    return GivenEstimate(
        np.array([float(row[name]) for name in names]),
        np.array(ends) if np.isfinite(ends).all() else None,
        float(np.nan_to_num(row.get("differential_reddening", 0.0))),
        flag if isinstance(flag, str) else "",
        notes_for_display(pd.DataFrame([row]))[0],
    )


def isochrone_parameters(values: Any) -> FloatArray:
    """Return the parameters of isochrones in a table or array, shape (n, 3) or (n, 4)."""
    if isinstance(values, pd.DataFrame):
        values = values[[name for name in _ISOCHRONE if name in values]]
    return np.asarray(values, dtype=float)


def sample_array(samples: Any) -> FloatArray:
    """Return joint samples of one cluster as an array of shape (n_samples, n_targets)."""
    array = np.asarray(samples, dtype=float)
    if array.ndim == 3 and len(array) == 1:
        array = array[0]
    if array.ndim != 2 or len(array) < 2:
        raise ValueError(
            "Joint samples of one cluster have shape (n_samples, n_targets) with at least two "
            f"samples; got {array.shape}."
        )
    return array


def samples_of_isochrones(samples: Any, cluster: Any = None) -> FloatArray:
    """Return joint samples of isochrone parameters, shape (n_samples, 3) or (n_samples, 4)."""
    if isinstance(samples, Mapping) and not isinstance(samples, pd.DataFrame):
        if cluster not in samples:
            raise ValueError(f"There are no samples of cluster {cluster!r}.")
        samples = samples[cluster]
    array = sample_array(isochrone_parameters(samples))
    if array.shape[1] not in (3, 4):
        raise ValueError(f"Samples of isochrones have 3 or 4 columns, not {array.shape[1]}.")
    return array


def membership_array(membership: Any, stars: Stars) -> FloatArray | None:
    """Return the membership probability of each star of some clusters, None if there are none.

    They are those of a table as `skcluster.estimation.estimate` returns it, with a row per star, or
    its values; an error if the stars belong to other clusters.
    """
    if membership is None:
        return None
    if isinstance(membership, pd.DataFrame):
        named = membership.get("cluster")
        if named is not None and len(named) == len(stars):
            theirs, ours = named.to_numpy(), stars.index.to_numpy()[stars.cluster]
            if (theirs != ours).any():
                i = int(np.argmax(theirs != ours))
                raise ValueError(
                    f"A star of cluster {ours[i]!r} belongs to {theirs[i]!r} in membership."
                )
        membership = membership["membership"]
    values = np.asarray(membership, dtype=float).ravel()
    if len(values) != len(stars):
        raise ValueError(f"There are {len(stars)} stars, but {len(values)} values of membership.")
    return values


def columns_of(y: Any, targets: Sequence[str] | None) -> list[str]:
    """Return names of the targets: given, or the columns of y, or the usual three, or numbers."""
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


def places_of(y: Any, targets: Sequence[str] | None) -> Any:
    """Return which targets of a model the columns of y are: by name, or else the first ones."""
    if targets is None:
        return slice(None)
    if isinstance(y, pd.DataFrame) and set(y.columns) <= set(targets):
        return [list(targets).index(name) for name in y.columns]
    return slice(table_of(y, "y").shape[1])


def table_of(values: Any, what: str) -> FloatArray:
    """Return values as a float array of shape (n_clusters, n_targets)."""
    array = np.asarray(values, dtype=float)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{what} must have shape (n_clusters, n_targets); got {array.shape}.")
    return array


def answers_about(estimator: Any, X: ClustersLike) -> tuple[Any, Any]:
    """Return what an estimator predicts, and its distribution if it has one, from one pass."""
    if not hasattr(estimator, "predict_distribution"):
        return estimator.predict(X), None
    distribution = estimator.predict_distribution(X)
    return distribution.predict(), distribution


def network_inside(estimator: Any) -> Any:
    """Return the fitted network inside a pipeline or another meta-estimator."""
    for network in nested_estimators(estimator):
        if hasattr(network, "history_"):
            return network
    raise ValueError(f"{type(estimator).__name__} has no fitted network to draw.")
