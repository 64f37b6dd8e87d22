"""Apparent or absolute magnitudes in a colour-magnitude diagram."""

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import Stars, validate_clusters
from skcluster.clusters._names import check_same_order
from skcluster.features._base import MAGNITUDE, PARALLAX, ClusterTransformer, check_range
from skcluster.features._distance import (
    fill_parallaxes,
    median_parallaxes,
    modulus_at_least,
    typical_parallax,
)

#: Default ranges of magnitudes: apparent ones as in the paper; absolute ones that contain 98 per
#: cent of the stars of nearby and distant open clusters.
DEFAULT_RANGES = {"apparent": (10.0, 18.0), "absolute": (-4.0, 12.0)}


class DiagramTransformer(ClusterTransformer):
    """Base of the transformers that use the colour-magnitude diagram.

    Subclasses have the parameters ``colour_range``, ``magnitude``, ``magnitude_range``,
    ``zero_point`` and ``min_parallax``.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "colour_range": ["array-like"],
        "magnitude": [StrOptions({"apparent", "absolute"})],
        "magnitude_range": ["array-like", None],
        "zero_point": [Interval(Real, None, None, closed="neither")],
        "min_parallax": [Interval(Real, 0, None, closed="neither")],
    }

    colour_range: tuple[float, float]
    magnitude: str
    magnitude_range: tuple[float, float] | None
    zero_point: float
    min_parallax: float

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the ranges of colour and magnitude, checked."""
        magnitudes = self.magnitude_range
        if magnitudes is None:
            magnitudes = DEFAULT_RANGES[self.magnitude]
        return (
            check_range("colour_range", self.colour_range),
            check_range("magnitude_range", magnitudes),
        )

    def _validate(self, X: ClustersLike, columns: tuple[str, ...] = ()) -> Stars:
        needed = (PARALLAX,) if self.magnitude == "absolute" else ()
        return validate_clusters(X, columns=(*needed, *columns), others=False)

    def _fit_distances(self, stars: Stars, y: Any) -> None:
        """Learn the fallback for the parallax of a cluster without any; check the order of y."""
        check_same_order(stars.index, y)
        if self.magnitude == "absolute":
            self.fallback_parallax_ = typical_parallax(median_parallaxes(stars, self.zero_point))

    def _moduli(self, stars: Stars) -> FloatArray | None:
        """Return the distance modulus to subtract from each cluster's magnitudes, if any."""
        if self.magnitude == "apparent":
            return None
        parallax = median_parallaxes(stars, self.zero_point)
        parallax = fill_parallaxes(parallax, stars, self.fallback_parallax_)
        return modulus_at_least(parallax, self.min_parallax)


def magnitudes_in_block(
    stars: Stars,
    moduli: FloatArray | None,
    clusters: slice,
    members: slice,
) -> FloatArray:
    """Return the magnitudes of a run of clusters, minus the distance modulus if there is one."""
    values: FloatArray = stars[MAGNITUDE][members]
    if moduli is None:
        return values
    return values - np.repeat(moduli[clusters], stars.counts[clusters])
