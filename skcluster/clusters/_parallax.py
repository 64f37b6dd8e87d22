"""The parallax of a cluster: errors of its stars, median and mean, outliers, distance modulus."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.clusters._stars import Stars
from skcluster.gaia import Release, parallax_error, parallax_zero_point
from skcluster.photometry import distance_modulus

#: Scatter of the parallaxes of single stars in excess of their errors (mas), added in quadrature:
#: an adopted value that limits the weight of bright stars, whose errors are smaller than the
#: variation of the zero point.
PARALLAX_FLOOR = 0.03
#: Standard error of the parallax zero point of a list (mas), which varies by as much across the sky
#: (Lindegren et al. 2021, A&A 649, A4).
PARALLAX_ZERO_POINT_ERROR = 0.02
#: Smaller and negative mean parallaxes count as this one (mas), a distance of 20 kpc.
LEAST_PARALLAX = 0.05
#: Parallaxes farther than this from the cluster's median, in units of their errors, are outliers.
OUTLIER = 3.0
#: Distance modulus of a cluster without any parallax, and its error (mag): those of typical open
#: clusters, at 1.6 kpc.
UNKNOWN_MODULUS = (11.0, 2.0)
#: Largest error of the distance modulus that follows from a parallax (mag).
_LARGEST_MODULUS_ERROR = 1.0
_PARALLAX = "parallax"
#: Number of values whose medians are computed at once: they fit into the cache of a core.
_VALUES_IN_BLOCK = 2**15


def parallax_errors(stars: Stars, release: Release = "edr3") -> FloatArray:
    """Return the expected scatter of each star's parallax around the cluster's (mas).

    It is the star's error, or if that is missing the typical one for its magnitude, with
    `PARALLAX_FLOOR` added in quadrature.
    """
    error: FloatArray = parallax_error(stars["phot_g_mean_mag"], release).astype(np.float64)
    if "parallax_error" in stars:
        given = stars["parallax_error"].astype(np.float64)
        error = np.where(given > 0, given, error)
    return np.hypot(error, PARALLAX_FLOOR)


def median_parallaxes(stars: Stars, zero_point: float = 0.0) -> FloatArray:
    """Return the median parallax of each cluster (mas), minus the zero point; NaN without any.

    They are computed in single precision, whose seven digits exceed Gaia's precision.
    """
    return medians_of_clusters(stars[_PARALLAX], stars) - zero_point


def medians_of_clusters(values: npt.NDArray[np.floating], stars: Stars) -> FloatArray:
    """Return the median of the stars' values of each cluster, ignoring NaN, in single precision.

    Groups of similar size are stacked as rows, padded with NaN, and sorted. This is several times
    faster than sorting all values by group, because short rows stay in the processor's cache.
    """
    first, counts = stars.offsets[:-1], stars.counts
    medians = np.empty(len(counts))
    largest = max(int(counts.max(initial=0)), 1)
    padded = np.append(values.astype(np.float32), np.full(largest, np.nan, np.float32))
    order = np.argsort(counts)
    end = len(order)
    while end:
        # The largest remaining group sets the width.
        width = max(int(counts[order[end - 1]]), 1)
        some = order[max(end - max(_VALUES_IN_BLOCK // width, 1), 0) : end]
        rows = sliding_window_view(padded, width)[first[some]]
        least = int(counts[some[0]])
        beyond = np.arange(least, width) >= counts[some, None]
        np.copyto(rows[:, least:], np.nan, where=beyond)
        rows.sort(axis=1)  # NaN comes last
        n = width - np.count_nonzero(np.isnan(rows), axis=1)
        row = np.arange(len(some))
        # Without any value, both of these are NaN.
        lower, upper = rows[row, (n - 1) // 2], rows[row, n // 2]
        medians[some] = (lower.astype(np.float64) + upper) / 2
        end -= len(some)
    return medians


def mean_parallaxes(
    stars: Stars, zero_point: float = 0.0, release: Release = "edr3"
) -> tuple[FloatArray, FloatArray]:
    """Return the weighted mean parallax of each cluster and its error (mas), without outliers.

    They are NaN for a cluster without any parallax. The errors are those of the weighting alone,
    without `PARALLAX_ZERO_POINT_ERROR`. ``release`` is that of typical errors of stars without one.
    """
    n, cluster = len(stars.index), stars.cluster
    parallax = stars[_PARALLAX].astype(np.float64) - zero_point
    error = parallax_errors(stars, release)
    measured = np.isfinite(parallax)
    near = measured & ~_outliers(parallax, error, median_parallaxes(stars, zero_point)[cluster])
    # The median of two stars may be far from both of them.
    lonely = np.bincount(cluster, near, minlength=n) == 0
    weight = np.where(near | (measured & lonely[cluster]), error**-2, 0.0)
    total = np.bincount(cluster, weight, minlength=n)
    weighted = np.bincount(cluster, weight * np.where(measured, parallax, 0), minlength=n)
    divisor = np.where(total > 0, total, np.nan)
    return weighted / divisor, divisor**-0.5


def parallax_outliers(stars: Stars, release: Release = "edr3") -> FloatArray:
    """Return the fraction of each cluster's parallaxes that are outliers; NaN without any."""
    n, cluster = len(stars.index), stars.cluster
    if _PARALLAX not in stars:
        return np.full(n, np.nan)
    parallax = stars[_PARALLAX].astype(np.float64)
    median = median_parallaxes(stars)[cluster]
    outliers = _outliers(parallax, parallax_errors(stars, release), median)
    count = np.bincount(cluster, np.isfinite(parallax), minlength=n)
    return np.bincount(cluster, outliers, minlength=n) / np.where(count > 0, count, np.nan)


def _outliers(parallax: FloatArray, error: FloatArray, median: FloatArray) -> BoolArray:
    """Return which parallaxes are farther from the median than their errors allow; NaN is not."""
    outliers: BoolArray = np.abs(parallax - median) >= OUTLIER * error
    return outliers


def parallax_moduli(stars: Stars, release: Release = "edr3") -> tuple[FloatArray, FloatArray]:
    """Return the distance modulus of each cluster's mean parallax, and its standard error (mag).

    They are corrected for the zero point of the release; the errors do not include that of
    the zero point. A cluster without any parallax has `UNKNOWN_MODULUS`.
    """
    if _PARALLAX not in stars:
        stars = stars.with_column(_PARALLAX, np.full(len(stars), np.nan))
    mean, error = mean_parallaxes(stars, parallax_zero_point(release), release)
    # A parallax that is small or negative within its error bounds the distance from below.
    usable = np.maximum(np.maximum(mean, 0.5 * error), LEAST_PARALLAX)
    modulus_error = np.minimum(modulus_error_of(usable, error), _LARGEST_MODULUS_ERROR)
    measured = np.isfinite(mean)
    return (
        np.where(measured, modulus_at_least(usable), UNKNOWN_MODULUS[0]),
        np.where(measured, modulus_error, UNKNOWN_MODULUS[1]),
    )


def modulus_at_least(parallax: FloatArray) -> FloatArray:
    """Return the distance modulus (mag) of parallaxes; smaller ones count as `LEAST_PARALLAX`."""
    return np.asarray(distance_modulus(1 / np.maximum(parallax, LEAST_PARALLAX)), dtype=np.float64)


def modulus_error_of(parallax: FloatArray, error: FloatArray) -> FloatArray:
    """Return the error of the distance modulus (mag) that follows from that of a parallax."""
    # 5 / ln 10 converts a relative error to one of magnitudes.
    modulus_error: FloatArray = 5 / np.log(10) * error / parallax
    return modulus_error
