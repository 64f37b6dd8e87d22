"""
Network × isochrones for M 67, step by step
===========================================

The pretrained model multiplies a prior, from the prediction of a neural network, by the likelihood
of the stars given isochrones. This example shows the two separately.
"""

# %%
# If the environment variable ``SKCLUSTER_MEMBERS`` names a table of members with the cluster
# ``NGC_2682``, M 67 is used; otherwise a simulated cluster with the published age, extinction and
# distance of M 67. ``skcluster.datasets.fetch_cluster("M 67")`` downloads the real one.

import os

import numpy as np
from matplotlib import pyplot as plt

from skcluster import load_model, read_clusters, simulate_clusters
from skcluster.clusters import stars_of
from skcluster.inference import Parameters, StarLikelihood
from skcluster.isochrones import isochrone
from skcluster.photometry import distance_modulus
from skcluster.plotting import CMDDisplay

if members := os.environ.get("SKCLUSTER_MEMBERS"):
    X = read_clusters(members).loc[["NGC_2682"]].query("stars.phot_g_mean_mag < 18")
else:
    X, _ = simulate_clusters(
        1, log_age=9.6, a_v=0.1, distance_kpc=0.86, metallicity=0.0, n_stars=900, random_state=0
    )
stars = stars_of(X)
print(X.index[0], len(stars), "stars")

# %%
# **1. The network** predicts a mean and a standard deviation of each parameter from all stars.
# Networks trained on published parameters regress towards their mean: the ages of old clusters are
# underestimated.

model = load_model()
network = model.estimator_.predict(X)[0]
names = ("log_age", "a_v", "distance_kpc", "metallicity")
print("network:", dict(zip(names, network.round(2).tolist(), strict=False)))

# %%
# **2. The likelihood** of a set of parameters is the product, over the stars, of the density of a
# population of that age and metallicity, at that distance and extinction, at the position of the
# star. For each age, the plot shows the maximum over 200 sets of the other parameters. If every
# star has the weight 1, the likelihood is overconfident, because isochrones differ from stars by
# more than photometric errors, and these differences are correlated between neighbouring stars in
# the diagram. Stars are therefore given smaller weights where there are many, so that a thousand
# dwarfs do not outweigh five giants.

rng = np.random.default_rng(0)
ages = np.linspace(9.2, 9.9, 71)
others = {
    "a_v": rng.uniform(0, 0.4, 200),
    "distance_modulus": distance_modulus(network[2]) + rng.normal(0, 0.1, 200),
    "metallicity": rng.normal(0, 0.1, 200),
}
theta = Parameters.of(
    log_age=np.repeat(ages, 200), **{name: np.tile(v, len(ages)) for name, v in others.items()}
)
likelihoods = {}
for name, weights in {
    "weight 1 for all stars": {"tempering": 1.0, "saturation": np.inf},
    "tempered, as in the model": {"tempering": model.tempering_},
}.items():
    likelihood = StarLikelihood(stars["phot_g_mean_mag"], stars["bp_rp"], **weights)
    best = likelihood.log_likelihood(theta).reshape(len(ages), 200).max(axis=1)
    likelihoods[name] = np.exp(best - best.max())

# %%
# **3. The posterior** is sampled, with all parameters free: log age, A_V, distance, metallicity,
# differential reddening and the fraction of field stars.

samples = model.sample(X, 2000, random_state=0)[0]
print("posterior:", dict(zip(names, samples.mean(axis=0).round(2).tolist(), strict=True)))

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, values), style in zip(likelihoods.items(), (":", "-"), strict=True):
    ax.plot(ages, values, style, color="#009E73", label=f"likelihood, {name}")
counts, edges = np.histogram(samples[:, 0], bins=40)
ax.stairs(counts / counts.max(), edges, fill=True, color="#D55E00", alpha=0.5, label="posterior")
ax.axvline(network[0], color="#0072B2", linestyle="--", label="network")
ax.set(xlabel="log age (dex)", ylabel="relative to the maximum", xlim=(9.2, 9.9), ylim=(0, 1.6))
ax.legend(loc="upper left")

# %%
# **4. The diagram** with the isochrone of the network alone, and that of the posterior with the
# band of its samples.

display = CMDDisplay.from_estimator(model, X, cluster=X.index[0])
curve = isochrone(network[0], a_v=network[1], distance_kpc=network[2])
display.ax_.plot(
    curve["bp_rp"], curve["phot_g_mean_mag"], color="#0072B2", linestyle="--", label="network alone"
)
display.ax_.legend(loc="lower left")
plt.show()
