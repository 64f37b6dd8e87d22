"""Ends of the ranges of parameters."""

import numpy as np
import pytest

from skcluster.features import CMDHistogram, CMDRasterizer, CMDSummary, GuessFeatures, StarSet


@pytest.mark.parametrize(
    ("estimator", "allowed"),
    [
        (GuessFeatures(min_stars=2), True),
        (GuessFeatures(min_stars=1), False),
        (GuessFeatures(min_parallax=1e-9), True),
        (GuessFeatures(min_parallax=0.0), False),
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
