"""Imports for the processes of benchmarks/kills.py, so that kills hit the work and not imports."""

import dask.base
import dask.config
import dask.delayed
import pyarrow.parquet
import pyvo
import sklearn.linear_model
import sklearn.model_selection

import skcluster.cli
import skcluster.datasets
import skcluster.distributed
import skcluster.estimation
import skcluster.features
import skcluster.inference
import skcluster.persistence

LOADED = (dask, pyarrow, pyvo, sklearn, skcluster)
