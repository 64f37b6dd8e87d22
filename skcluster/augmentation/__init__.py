"""Resamplers that add clusters and labels to a training set."""

from skcluster.augmentation._cluster_augmenter import ClusterAugmenter
from skcluster.augmentation._cluster_corruptor import ClusterCorruptor
from skcluster.augmentation._cluster_scrambler import ClusterScrambler

__all__ = ["ClusterAugmenter", "ClusterCorruptor", "ClusterScrambler"]
