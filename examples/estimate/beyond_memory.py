"""
Catalogues larger than memory
=============================

`skcluster.distributed.estimate` reads a Parquet file one row group at a time, estimates the
clusters in it, and writes as it goes. Memory depends on the largest row group, not on the
catalogue, and a run that was interrupted goes on where it was.
"""

# %%
# A catalogue on disk: 500 clusters, written block by block, a row group each. Dask comes with the
# extra ``distributed``; with the file of a real catalogue, skip this step.

import pandas as pd
import pyarrow.parquet as pq
from matplotlib import pyplot as plt

from skcluster import distributed
from skcluster.datasets import simulate_to_parquet

simulate_to_parquet("members.parquet", "labels.parquet", 500, n_stars=60, random_state=0)
file = pq.ParquetFile("members.parquet")
print(file.metadata.num_row_groups, "row groups,", file.metadata.num_rows, "rows")

# %%
# The estimates are a folder, one file per row group. Here they are computed in this process; inside
# ``with Client(...)`` of Dask, by whatever workers it has, on one machine or many.

files = distributed.estimate("members.parquet", "estimates")
print([file.name for file in files])

# %%
# Run again, it computes what is missing: nothing, or what an interruption left.

files = distributed.estimate("members.parquet", "estimates")

# %%
# The folder is a data set that pandas, Dask and others read.

table = pd.read_parquet("estimates")
truth = pd.read_parquet("labels.parquet").set_index("cluster")
print(table[["log_age", "a_v", "distance_kpc"]].describe().round(2))

figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
for ax, (name, label) in zip(
    axes,
    {"log_age": "log age (dex)", "a_v": "A_V (mag)", "distance_kpc": "distance (kpc)"}.items(),
    strict=True,
):
    ax.scatter(truth[name].reindex(table.index), table[name], s=6)
    ax.axline((truth[name].min(),) * 2, slope=1, color="black", linewidth=1)
    ax.set(xlabel=f"true {label}", ylabel=f"estimated {label}")
