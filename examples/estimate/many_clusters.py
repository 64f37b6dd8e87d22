"""
From one cluster in a notebook to 10 000
========================================

The same function estimates one cluster and ten thousand: features, networks and isochrones work on
the stars of all clusters at once.
"""

# %%
# One cluster is a table of its stars. A column that names the cluster is not needed.

import time

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from skcluster import estimate, load_model, simulate_clusters
from skcluster.clusters import as_clusters
from skcluster.datasets import load_example

X, _ = load_example()
stars = pd.DataFrame(X.loc["Example_old", "stars"])
print(stars.head(3))

# %%
# In a notebook the last line of a cell shows the estimate.

one = as_clusters(stars, cluster="My cluster")
estimate(one)[["log_age", "a_v", "distance_kpc", "metallicity", "flag"]].round(2)

# %%
# Many clusters are one long table with a column ``cluster``, or a dict, list or folder of tables
# (`as_clusters`, `read_clusters`). The model is loaded once; ``n_jobs=-1`` would use all cores.

model = load_model()
sizes, seconds = [1, 10, 100, 300], []
clusters, truth = simulate_clusters(max(sizes), n_stars=100, random_state=0)
for size in sizes:
    start = time.process_time()
    table = estimate(clusters[:size], model)
    seconds.append(time.process_time() - start)

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.plot(sizes, np.array(seconds) / sizes * 1000, "o-")
ax.set(xscale="log", xlabel="clusters", ylabel="processor time (ms per cluster)", ylim=(0, None))

# %%
# The time of a cluster does not depend on how many there are, so that of 10 000 follows:

print(f"10 000 clusters: {seconds[-1] / sizes[-1] * 10_000 / 60:.0f} minutes of one core")

# %%
# That many estimates are a catalogue, in which a plot is better than a table; flagged ones are
# those to look at.

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
doubtful = table["flag"] != ""
for chosen, label, size in ((~doubtful, "no flag", 6), (doubtful, "flagged", 20)):
    ax.scatter(truth["log_age"][chosen], table["log_age"][chosen], s=size, label=label)
ax.plot([6, 10.2], [6, 10.2], color="black", linewidth=1)
ax.set(xlabel="true log age (dex)", ylabel="estimated log age (dex)")
ax.legend()
print(table["flag"].replace("", "none").value_counts().head())

# %%
# A catalogue that does not fit into memory is :doc:`another page <beyond_memory>`.
