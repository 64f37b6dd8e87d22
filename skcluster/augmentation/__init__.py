"""Clusters and labels -> more clusters and labels, while fitting only."""

from skcluster.augmentation._augmenter import ClusterAugmenter

__all__ = ["ClusterAugmenter"]
