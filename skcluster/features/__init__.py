"""Features of clusters: histogram, picture, summary and guesses of the colour-magnitude diagram."""

from skcluster.features._cmd_histogram import CMDHistogram
from skcluster.features._cmd_rasterizer import CMDRasterizer
from skcluster.features._cmd_summary import CMDSummary
from skcluster.features._guess_features import GuessFeatures
from skcluster.features._star_set import StarSet

__all__ = ["CMDHistogram", "CMDRasterizer", "CMDSummary", "GuessFeatures", "StarSet"]
