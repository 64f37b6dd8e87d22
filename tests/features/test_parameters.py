"""Ends of the ranges of parameters, and blocks of clusters."""

import numpy as np
import pytest

from skcluster.features import (
    CMDHistogram,
    CMDRasterizer,
    CMDSummary,
    GuessFeatures,
    StarSet,
    _base,
)


@pytest.mark.parametrize(
    ("estimator", "allowed"),
    [
        (GuessFeatures(min_stars=2), True),
        (GuessFeatures(min_stars=1), False),
        (GuessFeatures(min_parallax=1e-9), True),
        (GuessFeatures(min_parallax=0.0), False),
        (GuessFeatures(max_slope=0.0), True),
        (GuessFeatures(max_slope=-0.1), False),
        (GuessFeatures(max_distance=0.0), False),
        (CMDSummary(min_stars=1), True),
        (CMDSummary(min_stars=0), False),
        (CMDSummary(min_parallax=0.0), False),
        (CMDHistogram(colour_width=-0.1), False),
        (CMDHistogram(magnitude_width=0.0), False),
        (CMDHistogram(min_parallax=0.0), False),
        (CMDRasterizer(image_size=1), True),
        (CMDRasterizer(marker_size=1e-3), True),
        (CMDRasterizer(marker_size=-1.0), False),
        (StarSet(max_stars=1), True),
        (StarSet(max_stars=0), False),
        (StarSet(min_parallax=0.0), False),
        (StarSet(faint_limit=np.inf), False),
    ],
    ids=repr,
)
def test_ends_of_parameters(estimator, allowed, toy):
    X, _ = toy
    if allowed:
        estimator.fit_transform(X)
    else:
        with pytest.raises(ValueError, match=f"parameter of {type(estimator).__name__} must be"):
            estimator.fit(X)


@pytest.mark.parametrize("estimator", [CMDHistogram(), CMDRasterizer(), GuessFeatures()], ids=repr)
@pytest.mark.parametrize("n_stars", [1, 7])
def test_features_do_not_depend_on_the_blocks(estimator, n_stars, toy, monkeypatch):
    whole = estimator.fit_transform(toy[0])
    monkeypatch.setattr(_base, "STARS_IN_BLOCK", n_stars)
    np.testing.assert_array_equal(estimator.fit_transform(toy[0]), whole)
