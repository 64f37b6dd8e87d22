"""
From one cluster to 10 000
==========================

The same function estimates one cluster or ten thousand. Features, networks and isochrones process
the stars of all clusters at once.
"""

# %%
# A single cluster is a table of its stars. No column of cluster names is needed.

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
# In a notebook, the last line of a cell displays the estimate.

one = as_clusters(stars, cluster="My cluster")
estimate(one)[["log_age", "a_v", "distance_kpc", "metallicity", "flag"]].round(2)

# %%
# Several clusters can be given as one long table with a column ``cluster``, or as a dict, list or
# folder of tables (`as_clusters`, `read_clusters`). Load the model only once. With ``n_jobs=-1``,
# all cores are used.

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
# The time per cluster does not depend on the number of clusters, so that the time for 10 000 can be
# extrapolated:

print(f"10 000 clusters: {seconds[-1] / sizes[-1] * 10_000 / 60:.0f} minutes of one core")

# %%
# For many clusters, a plot is more useful than a table. Flagged estimates should be inspected;
# notes are no reason to drop a row.

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
doubtful = table["flag"] != ""
for chosen, label, size in ((~doubtful, "no flag", 6), (doubtful, "flagged", 20)):
    ax.scatter(truth["log_age"][chosen], table["log_age"][chosen], s=size, label=label)
ax.plot([6, 10.2], [6, 10.2], color="black", linewidth=1)
ax.set(xlabel="true log age (dex)", ylabel="estimated log age (dex)")
ax.legend()
print(table["flag"].replace("", "none").value_counts().head())
print(table["notes"].replace("", "none").value_counts().head())
plt.show()

# %%
# See :doc:`beyond_memory` for catalogues that do not fit into memory.
