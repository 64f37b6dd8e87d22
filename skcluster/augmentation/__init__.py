"""Clusters and labels -> more clusters and labels, while fitting only."""

from skcluster.augmentation._augmenter import ClusterAugmenter
from skcluster.augmentation._corruptor import ClusterCorruptor

__all__ = ["ClusterAugmenter", "ClusterCorruptor"]
