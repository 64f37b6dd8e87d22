"""
Contaminated member lists, notes and flags
==========================================

Member lists contain field stars. A moderate fraction of them is identified and noted, and the
estimates hold; a list of mostly field stars is flagged. Here an increasing number of field stars is
added to a cluster.
"""

# %%
# The cluster has 150 members and no field stars. Field stars are simulated along a line of sight;
# their parallaxes are shifted to that of the cluster, because they would not be selected otherwise.
# Their membership probabilities are those of random members.

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from skcluster import estimate, load_model, simulate_clusters
from skcluster.clusters import as_clusters
from skcluster.datasets import Effects, simulate_field_stars
from skcluster.plotting import CMDDisplay

rng = np.random.default_rng(0)
X, y = simulate_clusters(
    1,
    log_age=8.7,
    a_v=0.6,
    distance_kpc=1.2,
    n_stars=150,
    effects=Effects(field_fraction=0),
    random_state=3,
)
members = X["stars"].iloc[0]
field = simulate_field_stars(1, n_stars=1000, random_state=3)["stars"].iloc[0]
field = field[field["phot_g_mean_mag"] < 18]
print(len(field), "field stars to draw from")


def contaminated(fraction):
    """The members, with field stars as the given fraction of the list."""
    added = field.sample(int(len(members) * fraction / (1 - fraction)), random_state=0).copy()
    added["parallax"] = 1 / 1.2 + rng.normal(0, added["parallax_error"])
    added["probability"] = rng.choice(members["probability"], len(added))
    return pd.concat([members, added], ignore_index=True)


# %%
# Five lists, from no field stars to mostly field stars.

fractions = (0.0, 0.2, 0.4, 0.6, 0.8)
lists = as_clusters({f"{f:.0%} field stars": contaminated(f) for f in fractions})
table, stars = estimate(lists, membership=True)
shown = [
    "n_stars",
    "log_age",
    "a_v",
    "distance_kpc",
    "field_fraction",
    "reliability",
    "flag",
    "notes",
]
print(table[shown].round(2).to_string())

# %%
# The isochrone of the estimate, and the membership probabilities that the estimate determines from
# the positions of the stars in the diagram and the probabilities in the list.

model = load_model()
figure, axes = plt.subplots(1, 3, figsize=(12, 4.5), layout="constrained")
for name, ax in zip(lists.index[[0, 2, 4]], axes, strict=True):
    CMDDisplay.from_estimator(model, lists, cluster=name, ax=ax, colorbar=False)

# %%
# The errors and the reliability. Estimates with a reliability below 0.5 are flagged.

figure, (error, reliability) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for target in y:
    error.plot(fractions, table[target] - y[target].iloc[0], "o-", label=target)
error.axhline(0, color="black", linewidth=1)
error.set(xlabel="fraction of field stars", ylabel="estimate minus true value (dex, mag, kpc)")
error.legend()
reliability.plot(fractions, table["reliability"], "o-", color="black")
reliability.axhline(0.5, color="black", linestyle="--", linewidth=1)
reliability.set(xlabel="fraction of field stars", ylabel="reliability", ylim=(0, 1))
plt.show()

# %%
# A note tells what was accounted for, and is no reason to drop the estimate. A flag means that the
# estimate is not to be trusted: clean the list, for example by proper motions, and repeat it.
