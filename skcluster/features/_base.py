"""Base of the transformers of clusters."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils._set_output import _get_output_config

from skcluster._utils.doc_links import DocLinkMixin
from skcluster._utils.typing import ClustersLike
from skcluster.clusters import Stars

#: Star columns.
COLOUR, MAGNITUDE, PARALLAX = "bp_rp", "phot_g_mean_mag", "parallax"


class ClusterTransformer(DocLinkMixin, TransformerMixin, BaseEstimator):
    """Base of the transformers of clusters to one row of features per cluster."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # X is not a two-dimensional array, and parallaxes may be missing.
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        return tags

    def _output(self, values: npt.NDArray[Any], X: ClustersLike, stars: Stars) -> npt.NDArray[Any]:
        """Return the values, as a DataFrame with the clusters' names if that is configured.

        scikit-learn labels the rows of its output with the index of X, which is correct for a
        `NestedFrame` only: the index of a long table numbers the stars, and a list has none. As in
        scikit-learn, the annotation does not mention the DataFrame.
        """
        if isinstance(X, NestedFrame) or _get_output_config("transform", self)["dense"] != "pandas":
            return values
        return cast("npt.NDArray[Any]", pd.DataFrame(values, index=stars.index, copy=False))


def check_range(name: str, limits: Any) -> tuple[float, float]:
    """Return the two ends of a range given as a parameter.

    Raises
    ------
    ValueError
        If they are not two finite numbers in increasing order.
    """
    try:
        low, high = (float(end) for end in limits)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(f"{name} must be two finite numbers, the smaller one first, not {limits}.")
    return low, high
