"""
A contaminated list, and its flags
==================================

Lists of members hold stars that are none. Up to a point the estimate sees through them; beyond it,
a flag says so. Here foreign stars are added to a cluster, more and more of them.
"""

# %%
# A cluster of 150 members as a list without foreign stars would show it, and field stars along a
# line of sight whose parallaxes are moved to the cluster's, for otherwise no list would hold them.
# They get the membership probabilities of random members.

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
    """The members, and as many foreign stars as make this fraction of the list."""
    foreign = field.sample(int(len(members) * fraction / (1 - fraction)), random_state=0).copy()
    foreign["parallax"] = 1 / 1.2 + rng.normal(0, foreign["parallax_error"])
    foreign["probability"] = rng.choice(members["probability"], len(foreign))
    return pd.concat([members, foreign], ignore_index=True)


# %%
# Five lists, from clean to mostly field.

fractions = (0.0, 0.2, 0.4, 0.6, 0.8)
lists = as_clusters({f"{f:.0%} foreign": contaminated(f) for f in fractions})
table, stars = estimate(lists, membership=True)
shown = ["n_stars", "log_age", "a_v", "distance_kpc", "field_fraction", "goodness_of_fit", "flag"]
print(table[shown].round(2).to_string())

# %%
# The isochrone, and the probability of each star to be a member as the estimate determines it: from
# where the star lies in the diagram, and not only from what the list says.

model = load_model()
figure, axes = plt.subplots(1, 3, figsize=(12, 4.5), layout="constrained")
for name, ax in zip(lists.index[[0, 2, 4]], axes, strict=True):
    CMDDisplay.from_estimator(model, lists, cluster=name, ax=ax, colorbar=False)

# %%
# The errors, and how badly the list fits. A goodness of fit below 0.09 raises a flag.

figure, (error, fit) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for target in y:
    error.plot(fractions, table[target] - y[target].iloc[0], "o-", label=target)
error.axhline(0, color="black", linewidth=1)
error.set(xlabel="fraction of foreign stars", ylabel="estimate less truth (dex, mag, kpc)")
error.legend()
fit.plot(fractions, table["goodness_of_fit"], "o-", color="black")
fit.axhline(0.09, color="black", linestyle="--", linewidth=1)
fit.set(xlabel="fraction of foreign stars", ylabel="goodness of fit")

# %%
# A flag says that the estimate is in doubt, not that the foreign stars were seen through: clean
# the list, by proper motions for instance, and estimate again.
