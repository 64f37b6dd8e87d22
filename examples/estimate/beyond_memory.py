"""
Catalogues larger than memory
=============================

`skcluster.distributed.estimate` reads a Parquet file one row group at a time, estimates the
clusters in it, and writes the estimates of each group. Memory depends on the largest row group, not
on the size of the catalogue, and an interrupted run can be resumed.
"""

# %%
# First, a catalogue of 500 simulated clusters is written to a file, in blocks of one row group
# each. Skip this step if you have a file of a real catalogue. Dask is part of the extra
# ``distributed``.

import pandas as pd
import pyarrow.parquet as pq
from matplotlib import pyplot as plt

from skcluster import distributed
from skcluster.datasets import simulate_to_parquet

simulate_to_parquet("members.parquet", "labels.parquet", 500, n_stars=60, random_state=0)
file = pq.ParquetFile("members.parquet")
print(file.metadata.num_row_groups, "row groups,", file.metadata.num_rows, "rows")

# %%
# The estimates are written to a folder, one file per row group. Here they are computed in this
# process; within ``with Client(...)``, they are computed by the workers of a Dask client, on one or
# many machines.

files = distributed.estimate("members.parquet", "estimates")
print([file.name for file in files])

# %%
# A second call computes only the missing estimates: here none, after an interruption the remaining
# ones.

files = distributed.estimate("members.parquet", "estimates")

# %%
# The folder is a Parquet data set that can be read by pandas, Dask and other libraries.

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
plt.show()
