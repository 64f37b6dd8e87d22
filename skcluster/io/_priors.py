"""What is known of single clusters from elsewhere, such as a metallicity from spectra.

It becomes star columns, the same for all stars of a cluster, so that it stays with the cluster.
"""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.typing import FloatArray
from skcluster.clusters import Stars, as_clusters, stars_of
from skcluster.clusters._as_clusters import checked
from skcluster.clusters._columns import find_columns
from skcluster.clusters._stars import with_stars
from skcluster.clusters._tables import as_table, units_of
from skcluster.io._labels import checked_numbers, match_rows, warn_of_markers
from skcluster.io._read_table import read_table
from skcluster.schema import CLUSTER, PRIOR_COLUMNS, TARGETS


def state_priors(X: Any, priors: Any) -> NestedFrame:
    """Return clusters with what is known of them from elsewhere, instead of what was stated before.

    ``priors`` are those of `skcluster.estimation.estimate`.
    """
    X = as_clusters(X)
    if isinstance(priors, str | os.PathLike):
        priors = read_table(priors)
    is_table = isinstance(priors, pd.DataFrame) or not isinstance(priors, Mapping)
    values = _of_table(priors, X.index) if is_table else _of_all(priors, X.index)
    stars = stars_of(X)
    for name in PRIOR_COLUMNS:
        if name in values or f"prior_{name}" in stars:
            of_clusters = values.get(name, np.full(len(X), np.nan))
            stars = stars.with_column(f"prior_{name}", of_clusters[stars.cluster])
    stated_priors(stars)  # refuses values without errors
    return checked(with_stars(X, stars))


def _of_all(priors: Mapping[str, Any], index: pd.Index) -> dict[str, FloatArray]:
    """Return the columns of all clusters from pairs of value and error."""
    values: dict[str, FloatArray] = {}
    for target, pair in priors.items():
        if target not in TARGETS or np.shape(pair) != (2,):
            raise ValueError(
                f"priors must map names among {', '.join(TARGETS)} to a value and its standard "
                f"error; got {target!r}: {pair!r}."
            )
        for name, number in zip((target, f"{target}_error"), pair, strict=True):
            values[name] = np.full(len(index), number, dtype=np.float64)
            if PRIOR_COLUMNS[name].wrong(values[name]).any():
                raise ValueError(f"priors have {PRIOR_COLUMNS[name].refusal(number)}")
    return values


def _of_table(table: Any, index: pd.Index) -> dict[str, FloatArray]:
    """Return the columns of a table, in the order of the clusters."""
    table = as_table(table)
    names = find_columns(table.columns, (CLUSTER, *PRIOR_COLUMNS.values()))
    if CLUSTER.name not in names.values() or len(names) == 1:
        raise ValueError(
            f"The priors must have a column 'cluster' with names, and any of "
            f"{', '.join(PRIOR_COLUMNS)}; there are: {', '.join(map(str, table.columns))}."
        )
    units = units_of(table)
    frame = table[list(names)].rename(columns=names)
    unit = {ours: units.get(theirs) for theirs, ours in names.items()}
    clusters, markers = frame.pop(CLUSTER.name), dict[str, int]()
    rows, clusters_index = match_rows(index, clusters, "priors"), pd.Index(clusters)
    values = {}
    for name in frame.columns:
        found = PRIOR_COLUMNS[name], clusters_index, unit.get(name), markers
        values[name] = np.where(rows >= 0, checked_numbers(frame[name], *found)[rows], np.nan)
    warn_of_markers(markers, "priors")
    return values


def stated_priors(stars: Stars) -> FloatArray | None:
    """Return what is known of each cluster from elsewhere, shape (n_clusters, n_targets, 2).

    Values and standard errors are in the units of the targets; NaN where nothing is known. It is
    None if the stars have no such column.
    """
    if not any(f"prior_{name}" in stars for name in PRIOR_COLUMNS):
        return None
    columns = [
        _of_clusters(stars, f"prior_{name}")
        for target in TARGETS
        for name in (target, f"{target}_error")
    ]
    known = np.stack(columns, axis=1).reshape(len(stars.index), len(TARGETS), 2)
    lacks = np.isnan(known)
    for row, target in np.argwhere(lacks[..., 0] != lacks[..., 1])[:1]:
        name, error = list(TARGETS)[target], f"{list(TARGETS)[target]}_error"
        given, lacking = (error, name) if lacks[row, target, 0] else (name, error)
        raise ValueError(
            f"cluster {stars.index[row]!r} has prior_{given} = {np.nanmax(known[row, target]):g} "
            f"but no prior_{lacking}; a prior needs both."
        )
    return known


def _of_clusters(stars: Stars, name: str) -> FloatArray:
    """Return the value of a column that all stars of a cluster share; NaN for none."""
    shared = np.full(len(stars.index), np.nan)
    if name not in stars:
        return shared
    values = stars[name].astype(np.float64)
    np.fmax.at(shared, stars.cluster, values)
    differs = values < shared[stars.cluster]
    if differs.any():
        row = stars.cluster[np.argmax(differs)]
        raise ValueError(
            f"cluster {stars.index[row]!r} has stars with {name} = {values[differs][0]:g} and "
            f"{shared[row]:g}; it must be the same for all stars of a cluster."
        )
    return shared
