"""Resamplers that add clusters and labels to a training set."""

from skcluster.augmentation._augmenter import ClusterAugmenter
from skcluster.augmentation._corruptor import ClusterCorruptor

__all__ = ["ClusterAugmenter", "ClusterCorruptor"]
