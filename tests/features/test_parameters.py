"""Values of parameters that are refused or just allowed, and blocks of clusters."""

import numpy as np
import pytest
from dask.base import tokenize

from skcluster.features import (
    CMDHistogram,
    CMDRasterizer,
    CMDSummary,
    GuessFeatures,
    StarSet,
    _base,
)

CASES = [
    (GuessFeatures, {"min_stars": 1}, {"min_stars": 2}),
    (GuessFeatures, {"max_slope": -0.1}, {"max_slope": 0.0}),
    (GuessFeatures, {"max_distance": 0.0}, {}),
    (GuessFeatures, {"mean_range": (5, 4)}, {}),
    (CMDSummary, {"min_stars": 0}, {"min_stars": 1}),
    *((CMDSummary, {"magnitude_edges": e}, {}) for e in ([1, 1], [1], [[1, 2]], [1, np.nan])),
    *((CMDSummary, {"quantiles": q}, {}) for q in ([0.5, 1.2], [-0.1, 0.5], [[0.5]])),
    (CMDHistogram, {"colour_width": -0.1}, {}),
    (CMDHistogram, {"colour_width": 0}, {}),
    (CMDHistogram, {"magnitude_width": 0.0}, {}),
    (CMDHistogram, {"normalize": "mean"}, {}),
    (CMDHistogram, {"weights": "mass"}, {}),
    *((CMDHistogram, {"colour_range": limits}, {}) for limits in ((4, 0), (0, 1, 2), (1, 1))),
    (CMDHistogram, {"magnitude_range": (0, np.nan)}, {}),
    (CMDRasterizer, {"image_size": 0}, {"image_size": 1}),
    (CMDRasterizer, {"marker_size": 0.0}, {"marker_size": 1e-3}),
    (CMDRasterizer, {"marker_size": -1.0}, {}),
    (CMDRasterizer, {"renderer": "cairo"}, {}),
    (CMDRasterizer, {"colour_range": (1, 1)}, {}),
    (StarSet, {"max_stars": 0}, {"max_stars": 1}),
    (StarSet, {"faint_limit": np.inf}, {}),
]


@pytest.mark.parametrize(("kind", "refused", "allowed"), CASES, ids=str)
def test_ends_of_parameters(kind, refused, allowed, toy):
    X, _ = toy
    kind(**allowed).fit_transform(X)
    (name,) = refused
    told = {
        "magnitude_edges": "magnitude_edges must be increasing numbers, two or more",
        "quantiles": "quantiles must lie from 0 to 1",
        **dict.fromkeys(
            ("mean_range", "colour_range", "magnitude_range"),
            f"{name} must be two finite numbers, the smaller one first",
        ),
    }
    message = told.get(name, f"The '{name}' parameter of {kind.__name__} must be")
    with pytest.raises(ValueError, match=message):
        kind(**refused).fit(X)


@pytest.mark.parametrize("estimator", [CMDHistogram(), CMDRasterizer(), GuessFeatures()], ids=repr)
@pytest.mark.parametrize("n_stars", [1, 7])
def test_features_do_not_depend_on_the_blocks(estimator, n_stars, toy, monkeypatch):
    whole = estimator.fit_transform(toy[0])
    monkeypatch.setattr(_base, "STARS_IN_BLOCK", n_stars)
    np.testing.assert_array_equal(estimator.fit_transform(toy[0]), whole)


def test_dask_tells_fitted_transformers_apart(toy):
    X, _ = toy
    first, same, other = (GuessFeatures().fit(clusters) for clusters in (X, X, X.iloc[:5]))
    assert tokenize(first) == tokenize(same) != tokenize(other)
