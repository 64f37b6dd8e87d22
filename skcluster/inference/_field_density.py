"""The density of field stars in a cluster's diagram."""

import numpy as np
from scipy.ndimage import gaussian_filter

from skcluster._utils.typing import FloatArray

#: Standard deviations of the kernel in G and BP−RP (mag).
KERNEL = (1.0, 0.3)
#: Fraction of field stars that is uniformly distributed in the diagram.
_UNIFORM_SHARE = 0.2
_LEAST_EXTENT = (3.0, 1.5)
#: Bins per kernel width.
_BINS = 6


def smoothed_counts(g: FloatArray, bp_rp: FloatArray) -> FloatArray:
    """Return the smoothed density of stars at each star, itself included (stars per mag²)."""
    step = np.array(KERNEL) / _BINS
    values = np.stack([g, bp_rp])
    low = values.min(axis=1) - step
    bins = ((values - low[:, None]) / step[:, None]).astype(np.int64)
    # Extreme colours must not enlarge the table: such stars have no neighbours.
    bins = np.minimum(bins, np.array([400, 400])[:, None])
    counts = np.zeros(bins.max(axis=1) + 1)
    np.add.at(counts, tuple(bins), 1)
    smooth = gaussian_filter(counts, _BINS, mode="constant", truncate=3.0)
    found: FloatArray = smooth[tuple(bins)] / step.prod()
    return found


def field_density(g: FloatArray, bp_rp: FloatArray) -> FloatArray:
    """Return the probability density of field stars at each star of a list (1/mag²).

    Field stars in a member list have passed its selection. 80 per cent of them are assumed to
    follow the density of all stars of the list, smoothed with a Gaussian kernel of standard
    deviations `KERNEL`, and the others to be uniform over the extent of the list.

    Parameters
    ----------
    g, bp_rp : ndarray of shape (n_stars,)
        Observed magnitudes and colours (mag).

    Returns
    -------
    ndarray of shape (n_stars,)
    """
    extent = np.maximum([np.ptp(g), np.ptp(bp_rp)], _LEAST_EXTENT)
    smooth = smoothed_counts(g, bp_rp) / len(g)
    density: FloatArray = (1 - _UNIFORM_SHARE) * smooth + _UNIFORM_SHARE / extent.prod()
    return density
