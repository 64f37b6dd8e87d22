"""Select one cluster, and convert inputs to arrays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.typing import FloatArray
from skcluster.clusters import Stars, stars_of
from skcluster.schema import CLUSTER_PARAMETERS, INTERVAL_ENDS, notes_for_display

#: Parameters of isochrones; the last one, by default 0, is optional.
ISOCHRONE_PARAMETERS = (*CLUSTER_PARAMETERS, "metallicity")


def row_of(X: NestedFrame, cluster: Any) -> int:
    """Return the number of the row of one cluster that has stars; of the only one for None."""
    if cluster is None:
        if len(X) != 1:
            raise ValueError(f"X has {len(X)} clusters; choose one to draw with cluster=.")
        cluster = X.index[0]
    rows = np.flatnonzero(X.index == cluster)
    if len(rows) != 1:
        raise ValueError(f"X has {len(rows) or 'no'} cluster {cluster!r}; one is needed.")
    if stars_of(X).counts[rows[0]] == 0:
        raise ValueError(f"cluster {cluster!r} has no star with magnitude and colour to draw.")
    return int(rows[0])


def one_estimate(estimates: Any, cluster: Any) -> dict[str, Any] | None:
    """Return the estimate of one cluster in a table, a mapping or an array of its values.

    It has a flag and notes, which may be empty; the notes are those for display.
    """
    row = values_of(estimates, cluster)
    if row is None:
        return None
    if not isinstance(row, pd.Series | Mapping):
        values = np.asarray(row, dtype=float).ravel()
        if values.size not in (3, 4):
            raise ValueError(
                f"An estimate is three numbers, {', '.join(CLUSTER_PARAMETERS)}, or four, with "
                f"metallicity; got {values.size} for cluster {cluster!r}."
            )
        row = dict(zip(ISOCHRONE_PARAMETERS, values, strict=False))
    row = dict(row)
    missing = [target for target in CLUSTER_PARAMETERS if target not in row]
    if missing:
        raise ValueError(f"The estimate of cluster {cluster!r} lacks {', '.join(missing)}.")
    flag, (notes,) = row.get("flag"), notes_for_display(pd.DataFrame([row]))
    # A table that was read from a file may have NaN for empty texts.
    return {**row, "flag": flag if isinstance(flag, str) else "", "notes": notes}


def values_of(values: Any, cluster: Any) -> Any:
    """Return the row of one cluster, if values are a table, and anything else unchanged."""
    if not isinstance(values, pd.DataFrame):
        return values
    rows = [row for row in values.index.get_indexer_for(pd.Index([cluster])) if row >= 0]
    if len(rows) != 1:
        raise ValueError(f"The table has {len(rows)} rows of cluster {cluster!r}; one is needed.")
    return values.iloc[rows[0]]


def interval_of(row: Any, targets: Iterable[Any]) -> FloatArray | None:
    """Return the intervals of targets in a row of a table of estimates, shape (n_targets, 2).

    None if an end is missing.
    """
    ends = [[float(row.get(target + end, np.nan)) for end in INTERVAL_ENDS] for target in targets]
    return np.array(ends) if np.isfinite(ends).all() else None


def samples_of_isochrones(samples: Any, cluster: Any) -> FloatArray:
    """Return joint samples of the parameters of isochrones, shape (n_samples, 4)."""
    if isinstance(samples, Mapping):
        if cluster not in samples:
            raise ValueError(f"There are no samples of cluster {cluster!r}.")
        samples = samples[cluster]
    if isinstance(samples, pd.DataFrame):
        samples = samples[[name for name in ISOCHRONE_PARAMETERS if name in samples]]
    array = np.asarray(samples, dtype=float)
    if array.ndim != 2 or len(array) < 2 or array.shape[1] not in (3, 4):
        raise ValueError(
            f"Joint samples of cluster {cluster!r} have at least two rows, and 3 or 4 columns; got "
            f"the shape {array.shape}."
        )
    return np.pad(array, ((0, 0), (0, 4 - array.shape[1])))


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
    """Return names of the targets: given, or the columns of y, or the usual three, or numbers.

    An error if there are not as many as columns of y.
    """
    width = table_of(y, "y").shape[1]
    if targets is None and isinstance(y, pd.DataFrame):
        targets = y.columns.tolist()
    if targets is None:
        usual = width == len(CLUSTER_PARAMETERS)
        targets = CLUSTER_PARAMETERS if usual else [f"target {i}" for i in range(width)]
    if len(targets) != width:
        raise ValueError(f"{len(targets)} names for {width} targets: {list(targets)}.")
    return [str(name) for name in targets]


def table_of(values: Any, what: str) -> FloatArray:
    """Return values as a float array of shape (n_clusters, n_targets)."""
    array = np.asarray(values, dtype=float)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{what} must have shape (n_clusters, n_targets); got {array.shape}.")
    return array
