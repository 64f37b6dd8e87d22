"""Numbers that sum up a colour-magnitude diagram, for telling clusters apart."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from skcluster.clusters import stars_of

Floats = npt.NDArray[np.floating[Any]]

FAINT_LIMIT = 18.0
#: Edges of the bins of G as it would be at 10 pc, by the cluster's parallax (mag).
EDGES = np.concatenate([[-9, -3, -2, -1.25], np.arange(-0.5, 8.1, 0.75), [9, 10.5, 14]])
COLOUR_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
#: What stands beside a parallax's own error, and the smallest parallax of a cluster (mas).
_SYSTEMATIC, _SMALLEST_PARALLAX = 0.03, 0.05


def quantiles_by_group(
    group: npt.NDArray[np.integer[Any]],
    values: Floats,
    n_groups: int,
    quantiles: tuple[float, ...],
    fewest: int = 2,
) -> tuple[Floats, npt.NDArray[np.integer[Any]]]:
    """Quantiles of each group, NaN where it has too few values, and the groups' sizes."""
    ordered = values[np.lexsort((values, group))]
    size = np.bincount(group, minlength=n_groups)
    first = np.cumsum(size) - size
    enough = size >= fewest
    position = np.array(quantiles) * (size[enough, None] - 1)
    below = position.astype(int)
    above = np.minimum(below + 1, size[enough, None] - 1)
    low, high = (ordered[first[enough, None] + i] for i in (below, above))
    found = np.full((n_groups, len(quantiles)), np.nan)
    found[enough] = low + (position - below) * (high - low)
    return found, size


def cmd_summary(X: Any) -> pd.DataFrame:
    """One row a cluster, of its stars brighter than `FAINT_LIMIT`.

    Quantiles of the colour in bins of parallax-corrected magnitude and the share of stars in each,
    quantiles of magnitude and colour of all stars, their number, and the cluster's parallax.
    """
    stars = stars_of(X)
    stars = stars.take(np.isfinite(stars["bp_rp"]) & (stars["phot_g_mean_mag"] < FAINT_LIMIT))
    g, colour = (stars[name].astype(float) for name in ("phot_g_mean_mag", "bp_rp"))
    n, cluster = len(stars.index), stars.cluster
    parallax = mean_parallax(stars)
    magnitude = g + 5 * np.log10(parallax[cluster]) - 10
    n_bins = len(EDGES) - 1
    cell = cluster * n_bins + np.clip(np.searchsorted(EDGES, magnitude) - 1, 0, n_bins - 1)
    colours, count = quantiles_by_group(cell, colour, n * n_bins, COLOUR_QUANTILES)
    count = count.reshape(n, n_bins)
    of_g, of_colour = (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9), (0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    names = [
        *(f"BP−RP {q:.0%} at M_G {e:.2f}" for e in EDGES[:-1] for q in COLOUR_QUANTILES),
        *(f"share at M_G {e:.2f}" for e in EDGES[:-1]),
        *(f"G {q:.0%}" for q in of_g),
        *(f"BP−RP {q:.0%}" for q in of_colour),
        "number of stars",
        "parallax",
    ]
    table = [
        colours.reshape(n, -1),
        count / count.sum(axis=1, keepdims=True),
        quantiles_by_group(cluster, g, n, of_g)[0],
        quantiles_by_group(cluster, colour, n, of_colour)[0],
        count.sum(axis=1)[:, None],
        parallax[:, None],
    ]
    return pd.DataFrame(np.hstack(table), columns=names, index=stars.index)


def mean_parallax(stars: Any) -> Floats:
    """Weighted mean parallax of each cluster (mas), without the stars 3 sigma off its median."""
    n, cluster = len(stars.index), stars.cluster
    parallax = stars["parallax"].astype(float)
    error = np.hypot(stars["parallax_error"].astype(float), _SYSTEMATIC)
    middle = quantiles_by_group(cluster, parallax, n, (0.5,), 1)[0][:, 0]
    weight = np.where(np.abs(parallax - middle[cluster]) < 3 * error, error**-2, 0)
    total = np.bincount(cluster, weight, minlength=n)
    mean = np.bincount(cluster, weight * parallax, minlength=n) / np.where(total > 0, total, 1)
    found: Floats = np.maximum(mean, _SMALLEST_PARALLAX)
    return found
