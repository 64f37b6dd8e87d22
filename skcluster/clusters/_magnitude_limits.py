"""Magnitude limits of member lists, stated or estimated."""

from typing import Any

import numpy as np
from nested_pandas import NestedFrame

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters._as_clusters import as_clusters, checked
from skcluster.clusters._stars import Stars, stars_of, with_stars
from skcluster.schema import STAR_COLUMNS

#: Largest number of stars at the faint end that determine the spacing of magnitudes.
_N_FAINTEST = 10
#: If this many stars are expected between the faintest star and a known limit, and none is there,
#: the list ends earlier (at 5 % significance).
_EXPECTED = 3.0


def magnitude_limits(stars: Stars, faintest: float | None = None) -> FloatArray:
    """Return the magnitude limit of each list, as stated or estimated from its faintest stars.

    Parameters
    ----------
    stars : Stars
        The lists, as `stars_of` returns them. A column ``magnitude_limit`` states the limits; the
        smallest value in each list is used.
    faintest : float or None, default=None
        Magnitude beyond which stars are not used (mag). It is the maximum of the limits, and the
        limit of every list without a stated one whose faintest stars are consistent with it.

    Returns
    -------
    ndarray of shape (n_lists,)
        Limits in G (mag); NaN for a list without a star brighter than ``faintest``.

    Notes
    -----
    The faintest stars, a fifth of the list and at most ten, are assumed to be evenly spaced. The
    limit lies one spacing beyond the faintest star. If fewer than three stars are expected between
    that star and ``faintest``, ``faintest`` is the limit.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skcluster.clusters import as_clusters, magnitude_limits, stars_of
    >>> X = as_clusters(pd.DataFrame({"cluster": "M 67", "bp_rp": 1.0,
    ...                               "phot_g_mean_mag": np.linspace(10, 16, 61)}))
    >>> magnitude_limits(stars_of(X), faintest=18.0).round(2)
    array([16.1])
    """
    g = stars["phot_g_mean_mag"].astype(np.float64)
    stated = stated_limits(stars)
    faintest = np.inf if faintest is None else faintest
    used = g < np.fmin(stated, faintest)[stars.cluster]
    limits = _estimated(stars.take(used), faintest)
    is_stated = np.isfinite(stated) & np.isfinite(limits)
    limits[is_stated] = np.minimum(stated, faintest)[is_stated]
    return limits


def stated_limits(stars: Stars) -> FloatArray:
    """Return the limits in the column ``magnitude_limit``, shape (n_lists,); NaN for no limit."""
    limits = np.full(len(stars.index), np.nan)
    if "magnitude_limit" in stars:
        values = stars["magnitude_limit"].astype(np.float64)
        np.fmin.at(limits, stars.cluster, values)
    return limits


def state_magnitude_limit(X: Any, limit: float) -> NestedFrame:
    """Return clusters with a magnitude limit in G (mag); lists with a smaller one keep it."""
    rule = STAR_COLUMNS["magnitude_limit"]
    if not rule.low <= limit <= rule.high:
        raise ValueError(
            f"magnitude_limit must be a finite magnitude between {rule.low:g} and {rule.high:g}, "
            f"not {limit!r}."
        )
    X = as_clusters(X)
    stars = stars_of(X)
    limits = np.full(len(stars), float(limit))
    if "magnitude_limit" in stars:
        limits = np.fmin(limits, stars["magnitude_limit"])
    return checked(with_stars(X, stars.with_column("magnitude_limit", limits)))


def _estimated(stars: Stars, faintest: float) -> FloatArray:
    g, offsets, counts = stars["phot_g_mean_mag"].astype(np.float64), stars.offsets, stars.counts
    ordered = g[np.lexsort((g, stars.cluster))]
    n = np.clip(counts // 5, 1, _N_FAINTEST)
    limits = np.full(len(counts), np.nan)
    filled: IntArray = np.flatnonzero(counts)
    last = offsets[1:][filled] - 1
    first = np.maximum(last - n[filled], offsets[:-1][filled])
    end = ordered[last]
    spacing = (end - ordered[first]) / n[filled]
    # Fainter than the faintest star, even if there is only one.
    limits[filled] = np.maximum(end + spacing, np.nextafter(end, np.inf))
    if np.isfinite(faintest):
        excluded = (faintest - end > _EXPECTED * spacing) & (spacing > 0)
        limits[filled] = np.where(excluded, limits[filled], faintest)
    return limits
