"""Resamplers that add clusters and labels to a training set."""

from skcluster.augmentation._cluster_augmenter import ClusterAugmenter
from skcluster.augmentation._cluster_corruptor import ClusterCorruptor

__all__ = ["ClusterAugmenter", "ClusterCorruptor"]
