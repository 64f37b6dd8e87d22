"""The individual stars of clusters, for networks over sets."""

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.utils._param_validation import Interval

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars, magnitude_limits
from skcluster.clusters._parallax import (
    LEAST_PARALLAX,
    UNKNOWN_MODULUS,
    mean_parallaxes,
    modulus_at_least,
    modulus_error_of,
    parallax_errors,
)
from skcluster.features._base import COLOUR, MAGNITUDE, PARALLAX, ClusterTransformer
from skcluster.features._cmd_summary import quantiles_by_group

_G_QUANTILES = (0.02, 0.1, 0.5, 0.9, 0.98)
_COLOUR_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

#: Inputs of a set network per cluster, in this order. ``parallax_modulus`` is the distance modulus
#: of the mean parallax, ``parallax_distance`` its distance in kpc. ``magnitude_limit`` is estimated
#: from the faintest stars; ``has_parallax`` is 1, or 0 for a list without any parallax.
CONTEXT = (
    "parallax_modulus",
    "parallax_modulus_error",
    "log_n_stars",
    *(f"g_q{100 * q:g}" for q in _G_QUANTILES),
    *(f"bp_rp_q{100 * q:g}" for q in _COLOUR_QUANTILES),
    "parallax_distance",
    "magnitude_limit",
    "has_parallax",
)
#: Inputs per star, in this order. ``absolute_g`` is G minus ``parallax_modulus``,
#: ``parallax_residual`` the difference from the cluster's parallax in units of its error, ``rank``
#: the rank in brightness from 0 to 1, and ``present`` is 1 for a star, 0 for padding.
_CHANNELS = ("g", "bp_rp", "absolute_g", "parallax_residual", "probability", "rank", "present")

#: Constant linear scales, ``(middle, unit)``, that map the inputs to about −2 to 2 (those of
#: quantiles belong to their quantity). The pretrained weights depend on them.
_SCALES: dict[str, tuple[float, float]] = {
    "parallax_modulus": (11, 2),
    "parallax_modulus_error": (0, 1 / 3),
    "log_n_stars": (2, 1),
    "parallax_distance": (3, 3),
    "magnitude_limit": (17, 1),
    "has_parallax": (0.5, 0.5),
    "g": (14, 2.5),
    "bp_rp": (1, 0.6),
    "absolute_g": (3, 3),
    "parallax_residual": (0, 2),
    "probability": (0.75, 0.25),
    "rank": (0.5, 0.5),
    "present": (0, 1),
}
#: Maximum of the feature ``parallax_distance`` (kpc).
_LARGEST_DISTANCE = 12


@dataclass(kw_only=True, repr=False, eq=False)
class StarSet(ClusterTransformer):
    """Features of the individual stars of each cluster, and of the cluster as a whole.

    This is the input of `SetRegressor`, which reads every star instead of a histogram. All features
    are scaled by constants to about −2 to 2, so that pretrained weights can be used.

    Parameters
    ----------
    max_stars : int, default=256
        Maximum number of stars per cluster. Larger clusters are thinned evenly in magnitude.
    faint_limit : float or None, default=18.0
        Stars of this G magnitude or fainter are left out, so that catalogues of different depth
        are comparable. None uses all stars.
    zero_point : float, default=0.0
        Parallax zero point of the catalogue, mas (−0.029 in Gaia DR2).

    Attributes
    ----------
    n_features_out_ : int
        Number of columns of the output.

    See Also
    --------
    CMDSummary : Quantiles of the same stars.

    Notes
    -----
    The first 16 columns describe the cluster: distance modulus of its mean parallax and its error,
    logarithm of the number of stars, quantiles of G and colour, parallax distance, magnitude limit
    (see `skcluster.clusters.magnitude_limits`), and whether there is any parallax. Mean parallaxes
    below 0.05 mas count as 0.05 mas, that is 20 kpc. Without a parallax, a distance modulus of 11
    with an error of 2 is used.
    Seven columns follow for each star, brightest first: G, colour, G corrected by the cluster's
    parallax, difference from the cluster's parallax in units of its error (within ±5; 0 if
    missing), membership probability (1 if missing), rank in brightness from −1 to 1, and 1. All
    seven are 0 for padding. The row of a cluster without a star brighter than the limit is NaN.

    References
    ----------
    Zaheer et al. 2017, *Deep Sets*, NeurIPS. The columns are choices of this package.

    Examples
    --------
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.features import StarSet
    >>> X, y = simulate_clusters(3, random_state=0)
    >>> stars = StarSet(max_stars=100).set_output(transform="pandas").fit_transform(X)
    >>> stars.shape
    (3, 716)
    >>> stars.filter(like="star_0_").columns[:3].tolist()
    ['star_0_g', 'star_0_bp_rp', 'star_0_absolute_g']
    """

    max_stars: int = 256
    faint_limit: float | None = 18.0
    zero_point: float = 0.0

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "max_stars": [Interval(Integral, 1, None, closed="left")],
        "faint_limit": [Interval(Real, None, None, closed="neither"), None],
        "zero_point": [Interval(Real, None, None, closed="neither")],
    }

    def _learn(self, stars: Stars) -> None:
        self.n_features_out_ = len(CONTEXT) + self.max_stars * len(_CHANNELS)

    def _compute(self, stars: Stars) -> npt.NDArray[np.float32]:
        if PARALLAX not in stars:
            stars = stars.with_column(PARALLAX, np.full(len(stars), np.nan, dtype=np.float32))
        parallax, error = mean_parallaxes(stars, self.zero_point)
        limit = magnitude_limits(stars, self.faint_limit)
        stars = stars.take(stars[MAGNITUDE] < limit[stars.cluster])
        n = len(stars.index)
        context = self._context(stars, parallax, error, limit).astype(np.float32)
        chosen, place, channels = self._channels(stars, parallax)
        of_stars = np.zeros((n, self.max_stars, len(_CHANNELS)), dtype=np.float32)
        of_stars[stars.cluster[chosen], place] = channels
        values = np.hstack([context, of_stars.reshape(n, -1)])
        values[stars.counts == 0] = np.nan
        return values

    def _feature_names(self) -> list[str]:
        of_stars = (f"star_{i}_{name}" for i in range(self.max_stars) for name in _CHANNELS)
        return [*CONTEXT, *of_stars]

    def _context(
        self, stars: Stars, parallax: FloatArray, error: FloatArray, limit: FloatArray
    ) -> FloatArray:
        n, cluster = len(stars.index), stars.cluster
        g, colour = (stars[name].astype(np.float64) for name in (MAGNITUDE, COLOUR))
        measured = np.isfinite(parallax)
        at_least = np.maximum(parallax, LEAST_PARALLAX)
        modulus_error = np.minimum(modulus_error_of(at_least, error), UNKNOWN_MODULUS[1])
        columns = {
            "parallax_modulus": self._moduli(parallax),
            "parallax_modulus_error": np.where(measured, modulus_error, UNKNOWN_MODULUS[1]),
            "log_n_stars": np.log10(np.maximum(stars.counts, 1)),
            "g": quantiles_by_group(cluster, g, n, _G_QUANTILES, 1)[0],
            "bp_rp": quantiles_by_group(cluster, colour, n, _COLOUR_QUANTILES, 1)[0],
            # Without a parallax, the middle of the scale.
            "parallax_distance": np.where(
                measured,
                np.minimum(1 / at_least, _LARGEST_DISTANCE),
                _SCALES["parallax_distance"][0],
            ),
            "magnitude_limit": limit,
            "has_parallax": measured,
        }
        return np.column_stack([_scaled(name, values) for name, values in columns.items()])

    def _channels(
        self, stars: Stars, parallax: FloatArray
    ) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the indices of the kept stars, their places in the rows, and their channels."""
        g, colour = stars[MAGNITUDE].astype(np.float64), stars[COLOUR].astype(np.float64)
        by_brightness = np.lexsort((stars[PARALLAX], colour, g, stars.cluster))
        cluster = stars.cluster[by_brightness]
        rank, count = np.arange(len(stars)) - stars.offsets[cluster], stars.counts[cluster]
        # Star i of n is assigned to position i * k // n of k < n; the first at a position is kept.
        kept = np.minimum(count, self.max_stars)
        place = rank * kept // count
        first = (rank == 0) | (place != (rank - 1) * kept // count)
        chosen, rank, count = by_brightness[first], rank[first], count[first]
        modulus = self._moduli(parallax)[cluster[first]]
        error = parallax_errors(stars)[chosen]
        offset = stars[PARALLAX][chosen] - self.zero_point - parallax[cluster[first]]
        probability = np.ones(len(chosen))
        if "probability" in stars:
            probability = stars["probability"][chosen].astype(np.float64)
        channels = {
            "g": g[chosen],
            "bp_rp": colour[chosen],
            "absolute_g": g[chosen] - modulus,
            "parallax_residual": np.clip(np.nan_to_num(offset / error), -5, 5),
            "probability": np.nan_to_num(probability, nan=1.0),
            "rank": rank / count,
            "present": np.ones(len(chosen)),
        }
        scaled = [_scaled(name, channels[name]) for name in _CHANNELS]
        return chosen, place[first], np.column_stack(scaled)

    def _moduli(self, parallax: FloatArray) -> FloatArray:
        """Return distance moduli of mean parallaxes (mag), with the fallback for missing ones."""
        modulus = modulus_at_least(parallax)
        return np.where(np.isfinite(parallax), modulus, UNKNOWN_MODULUS[0])


def _scaled(name: str, values: FloatArray) -> FloatArray:
    middle, unit = _SCALES[name]
    return (values - middle) / unit
