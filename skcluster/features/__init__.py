"""Clusters -> numbers: histogram, picture and first guesses of a colour-magnitude diagram."""

from skcluster.features._cached_transformer import CachedTransformer
from skcluster.features._cmd_histogram import CMDHistogram
from skcluster.features._cmd_rasterizer import CMDRasterizer
from skcluster.features._guess_features import GuessFeatures

__all__ = ["CMDHistogram", "CMDRasterizer", "CachedTransformer", "GuessFeatures"]
