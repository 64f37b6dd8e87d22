"""Weighted mean parallaxes of clusters and their errors."""

import numpy as np

from skcluster._utils.typing import FloatArray
from skcluster.clusters import Stars
from skcluster.features._base import MAGNITUDE, PARALLAX
from skcluster.features._distance import median_parallaxes
from skcluster.gaia import parallax_error

#: Added in quadrature to the errors of stars, mas: an adopted value that limits the weight of
#: bright stars, whose errors are smaller than the uncertainty of the zero point.
_SYSTEMATIC = 0.03
#: Stars farther than this from the cluster's median, in units of their errors, are left out.
_OUTLIER = 3.0


def parallax_errors(stars: Stars) -> FloatArray:
    """Return each star's parallax error (mas), if missing the typical one for its magnitude."""
    typical = parallax_error(stars[MAGNITUDE]).astype(np.float64)
    if "parallax_error" not in stars:
        return typical
    error = stars["parallax_error"].astype(np.float64)
    return np.where(error > 0, error, typical)


def mean_parallaxes(stars: Stars, zero_point: float = 0.0) -> tuple[FloatArray, FloatArray]:
    """Return the weighted mean parallax of each cluster and its standard error, without outliers.

    Parameters
    ----------
    stars : Stars
        All clusters, with parallaxes.
    zero_point : float, default=0
        As in `skcluster.photometry.distance_from_parallax`, mas.

    Returns
    -------
    mean, error : ndarray of shape (n_clusters,)
        Means and errors in mas; NaN for a cluster without any parallax.
    """
    n, cluster = len(stars.index), stars.cluster
    parallax = stars[PARALLAX].astype(np.float64) - zero_point
    error = np.hypot(parallax_errors(stars), _SYSTEMATIC)
    middle = median_parallaxes(stars, zero_point)
    known = np.isfinite(parallax)
    near = known & (np.abs(parallax - middle[cluster]) < _OUTLIER * error)
    # The median of two stars may be far from both of them.
    lonely = np.bincount(cluster, near, minlength=n) == 0
    weight = np.where(near | (known & lonely[cluster]), error**-2, 0.0)
    total = np.bincount(cluster, weight, minlength=n)
    weighted = np.bincount(cluster, weight * np.where(known, parallax, 0), minlength=n)
    has = total > 0
    divisor = np.where(has, total, 1)
    return np.where(has, weighted / divisor, np.nan), np.where(has, divisor**-0.5, np.nan)
