"""
Simulated and real clusters
===========================

Networks are pretrained on simulated clusters, which should therefore be difficult to distinguish
from real ones. This example adds the effects of the simulation one by one, and trains a classifier
to distinguish two samples.
"""

# %%
# An isochrone, and the effects that turn it into a member list: binaries, differential reddening,
# errors, field stars. Each is a parameter of `~skcluster.datasets.Effects`.

import os

from matplotlib import pyplot as plt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import cross_val_predict

from skcluster import CMDSummary, make_pipeline, read_clusters, simulate_clusters
from skcluster.clusters import concat_clusters, stars_of
from skcluster.datasets import Effects

cluster = {"log_age": 9.0, "a_v": 0.8, "distance_kpc": 1.5, "n_stars": 300, "random_state": 1}
bare = Effects.none().but(faint_limit=18.0)
steps = {
    "isochrone": bare,
    "+ binaries": bare.but(binary_fraction=0.6),
    "+ differential reddening": bare.but(binary_fraction=0.6, differential_reddening=0.28),
    "all effects": Effects(),
}
figure, axes = plt.subplots(1, 4, figsize=(12, 4), sharex=True, sharey=True, layout="constrained")
for ax, (name, effects) in zip(axes, steps.items(), strict=True):
    X, _ = simulate_clusters(1, effects=effects, **cluster)
    stars = stars_of(X)
    ax.plot(stars["bp_rp"], stars["phot_g_mean_mag"], ".", color="black", markersize=3)
    ax.set(title=name, xlabel="BP−RP (mag)")
axes[0].set(ylabel="G (mag)")
axes[0].invert_yaxis()

# %%
# Real clusters are not part of the package. If the environment variables ``SKCLUSTER_MEMBERS`` and
# ``SKCLUSTER_CLUSTERS`` name tables of them, these are the second sample; otherwise simulated
# clusters with fewer effects are used, to show what the classifier detects.

members, labels = os.environ.get("SKCLUSTER_MEMBERS"), os.environ.get("SKCLUSTER_CLUSTERS")
if members and labels:
    X, y = read_clusters(members, labels=labels)
    X = X.query("stars.phot_g_mean_mag < 18")
    chosen = X.index[stars_of(X).counts >= 20].intersection(y.index)[::3]
    second, y, name = X.loc[chosen], y.loc[chosen], "real"
    counts = stars_of(second).counts
else:
    second, y = simulate_clusters(
        300, effects=Effects(binary_fraction=0.2, field_fraction=0.0), random_state=2
    )
    counts, name = stars_of(second).counts, "fewer binaries, no field stars"
    second.index = second.index.str.replace("sim", "other")
print(len(second), "clusters:", name)

# %%
# For each cluster, simulate one of the same age, extinction, distance and number of stars.

y = y[["log_age", "a_v", "distance_kpc"]].clip([6.0, 0.0, 0.03], [10.2, 12, 20], axis=1)
first, _ = simulate_clusters(
    len(y),
    log_age=y["log_age"].to_numpy(),
    a_v=y["a_v"].to_numpy(),
    distance_kpc=y["distance_kpc"].to_numpy(),
    n_stars=counts,
    random_state=3,
)

# %%
# Cross-validate a classifier, boosted trees on quantiles of colour and magnitude. The area under
# the ROC curve is 0.5 if the samples cannot be distinguished, and 1 if they are distinguished
# perfectly.

both = concat_clusters([X[["stars"]] for X in (first, second)])
is_second = [0] * len(first) + [1] * len(second)
model = make_pipeline(CMDSummary(), HistGradientBoostingClassifier(max_iter=60, random_state=0))
score = cross_val_predict(model, both, is_second, cv=5, method="predict_proba")[:, 1]
area = roc_auc_score(is_second, score)

figure, ax = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
ax.plot(*roc_curve(is_second, score)[:2], label=f"area {area:.2f}")
ax.plot([0, 1], [0, 1], color="black", linewidth=1, label="chance: 0.5")
ax.set(xlabel="false positive rate", ylabel=f"true positive rate ({name})", aspect="equal")
ax.legend()
plt.show()

# %%
# For the result on 978 real clusters (``benchmarks/accuracy/realism.py``), see :doc:`/simulator`.
