"""Convert a catalogue's parameters to targets with uncertainties."""

import numpy as np
import pandas as pd

from skcluster._utils.typing import FloatArray
from skcluster.photometry import distance_from_modulus

#: Columns of each target; the first one in the table is used.
SOURCES = {
    "log_age": ("log_age",),
    "a_v": ("a_v",),
    "distance_kpc": ("distance_modulus", "distance_pc"),
}


def targets_of(clusters: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return targets and the bounds of their uncertainties.

    Parameters
    ----------
    clusters : DataFrame
        A catalogue's clusters, with the columns of `Catalogue`.

    Returns
    -------
    y : DataFrame of shape (n_clusters, 3)
        ``log_age`` (log10 of years), ``a_v`` (mag), ``distance_kpc``; NaN where blank.
    uncertainties : DataFrame of shape (n_clusters, 6)
        ``log_age_low``, ``log_age_high`` and so on: the bounds of the catalogue's intervals, in
        the targets' units; NaN where it gives none.
    """
    y, bounds = {}, {}
    for target, sources in SOURCES.items():
        source = next(name for name in sources if name in clusters.columns)
        low, high = _bounds(clusters, source)
        y[target] = _converted(source, clusters[source].to_numpy())
        bounds[f"{target}_low"] = _converted(source, low)
        bounds[f"{target}_high"] = _converted(source, high)
    return pd.DataFrame(y, index=clusters.index), pd.DataFrame(bounds, index=clusters.index)


def _bounds(clusters: pd.DataFrame, source: str) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper bound of a parameter, in the catalogue's units."""
    there = clusters.columns
    value = clusters[source].to_numpy()
    if f"{source}_low" in there:
        return clusters[f"{source}_low"].to_numpy(), clusters[f"{source}_high"].to_numpy()
    if f"{source}_lower_error" in there:
        lower, upper = (clusters[f"{source}_{side}_error"] for side in ("lower", "upper"))
        return value - lower.abs().to_numpy(), value + upper.abs().to_numpy()
    if f"{source}_error" in there:
        error = clusters[f"{source}_error"].to_numpy()
        return value - error, value + error
    return np.full(len(value), np.nan), np.full(len(value), np.nan)


def _converted(source: str, values: FloatArray) -> FloatArray:
    if source == "distance_modulus":
        return distance_from_modulus(values)
    return values / 1000 if source == "distance_pc" else values
