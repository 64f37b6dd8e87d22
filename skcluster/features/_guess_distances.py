"""Guesses with distances in place of parallaxes, for networks."""

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import (
    FLOAT_DTYPES,
    _check_feature_names_in,
    check_is_fitted,
    validate_data,
)

from skcluster._utils.doc_links import DocLinkMixin
from skcluster._utils.typing import FloatArray


class GuessDistances(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Replace the parallax among the guesses by the distance.

    Networks approximate divisions poorly. The slope is limited as well, because it is unreliable
    for few stars.

    Parameters
    ----------
    max_distance : float, default=10.0
        Maximum distance, kpc, also used for negative parallaxes.
    max_slope : float, default=1.0
        Slopes are clipped to ± this.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of str, shape (n_features,)
        Names of the columns, if they have any.

    See Also
    --------
    GuessFeatures : Slope, colour and parallax of each cluster.

    Examples
    --------
    >>> from skcluster.features import GuessDistances
    >>> GuessDistances().fit_transform([[0.2, 0.9, 0.5], [-3.0, 1.1, -0.1]])
    array([[ 0.2,  0.9,  2. ],
           [-1. ,  1.1, 10. ]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "max_distance": [Interval(Real, 0, None, closed="neither")],
        "max_slope": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, *, max_distance: float = 10.0, max_slope: float = 1.0) -> None:
        self.max_distance = max_distance
        self.max_slope = max_slope

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the input.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_features)
            The slope first, the parallax (mas) last.
        y : object
            Ignored.

        Returns
        -------
        self : GuessDistances
            The fitted transformer.
        """
        validate_data(self, X, dtype=FLOAT_DTYPES, ensure_all_finite="allow-nan")
        return self

    def transform(self, X: Any) -> FloatArray:
        """Limit the slope, and convert the parallax to a distance.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_features)
            The slope first, the parallax (mas) last.

        Returns
        -------
        ndarray of shape (n_clusters, n_features)
            The guesses with the distance (kpc) instead of the parallax.
        """
        check_is_fitted(self)
        values: FloatArray = validate_data(
            self, X, dtype=FLOAT_DTYPES, ensure_all_finite="allow-nan", reset=False, copy=True
        )
        values[:, 0] = np.clip(values[:, 0], -self.max_slope, self.max_slope)
        values[:, -1] = 1 / np.maximum(values[:, -1], 1 / self.max_distance)
        return values

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Get output feature names; the last one is "parallax_distance".

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the input.

        Returns
        -------
        ndarray of str, shape (n_features,)
            The names.
        """
        check_is_fitted(self, "n_features_in_")
        names = np.array(_check_feature_names_in(self, input_features), dtype=object)
        names[-1] = "parallax_distance"
        return names

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
