"""
Fine-tuning the pretrained networks
===================================

A few hundred clusters are a small training set for a network. The weights in the package
were pretrained on 300 000 simulated clusters, and can be fine-tuned on your clusters.
"""

# %%
# The clusters of this example differ from the simulations: their colours are too red by 0.08 mag,
# as in a different photometric system. 120 of them are for training, and 100 for testing.

import pandas as pd
from matplotlib import pyplot as plt

from skcluster import load_model, simulate_clusters
from skcluster.metrics import error_table
from skcluster.pipelines import set_pipeline
from skcluster.regressors import save_pretrained

X, y = simulate_clusters(220, n_stars=80, random_state=5)
X["stars.bp_rp"] = X["stars.bp_rp"] + 0.08
X_train, y_train, X_test, y_test = X[:120], y[:120], X[120:], y[120:]

# %%
# ``pretrained="simulated"`` is the default of `set_pipeline`; with ``epochs=0``, it predicts with
# these weights without training. ``pretrained=None`` starts from random weights. To reduce the run
# time, use one network instead of three, and one corrupted copy of each list instead of four.

settings = {"n_networks": 1, "augment__n_copies": 1, "features__max_stars": 80, "random_state": 0}
models = {
    "simulations alone": set_pipeline(epochs=0, **settings),
    "random weights": set_pipeline(pretrained=None, epochs=8, **settings),
    "fine-tuned": set_pipeline(epochs=8, **settings),
}

# %%
# `save_pretrained` writes the networks of a fitted model to a file from which other networks can
# start. Here it is the pretrained model of the package, which was also trained on real clusters.

save_pretrained(load_model(), "shipped.npz")
models["shipped, fine-tuned"] = set_pipeline(
    **{**settings, "n_networks": 3}, pretrained="shipped.npz", epochs=8
)
errors = {}
for name, model in models.items():
    predicted = model.fit(X_train, y_train).predict(X_test)
    errors[name] = error_table(y_test, predicted)
table = pd.concat({name: error["rmse"] for name, error in errors.items()}, axis=1).T
print(table[["log_age", "a_v", "distance_kpc"]].round(3))

# %%
# Root mean squared errors of the test clusters.

figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True, layout="constrained")
units = {"log_age": "log age (dex)", "a_v": "A_V (mag)", "distance_kpc": "distance (kpc)"}
for ax, (name, label) in zip(axes, units.items(), strict=True):
    ax.barh(table.index, table[name], color="#0072B2")
    ax.set(xlabel=f"RMSE of {label}")
axes[0].invert_yaxis()
plt.show()

# %%
# ``reference_pipeline(pretrained="shipped.npz")`` also starts from this file, and calibrates its
# posterior and intervals on your clusters.
