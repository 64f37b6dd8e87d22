"""
Fine-tuning the pretrained networks
===================================

A few hundred clusters are few for a network. The weights that come with the package were trained on
300 000 simulated ones, so that training on your clusters starts near the end.
"""

# %%
# Clusters unlike the simulations: their colours are too red by 0.08 mag, as those of another
# photometric system might be. 120 of them have known parameters, 100 are to be estimated.

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
# ``pretrained="simulated"`` is the default of `set_pipeline`; ``epochs=0`` predicts by what
# simulations taught, without learning from the clusters given. ``pretrained=None`` starts from
# random weights. To be quick, there is one network instead of three, and one corrupted copy of each
# list instead of four.

settings = {
    "n_networks": 1,
    "augment__n_copies": 1,
    "features__max_stars": 80,
    "random_state": 0,
}
models = {
    "simulations alone": set_pipeline(epochs=0, **settings),
    "random weights": set_pipeline(pretrained=None, epochs=8, **settings),
    "fine-tuned": set_pipeline(epochs=8, **settings),
}

# %%
# A fitted model hands its networks on: `save_pretrained` writes them into a file from which others
# start. These are those of the shipped model, which have seen real clusters, too.

save_pretrained("shipped.npz", load_model())
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
# Root mean square errors of the held-out clusters.

figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), sharey=True, layout="constrained")
units = {"log_age": "log age (dex)", "a_v": "A_V (mag)", "distance_kpc": "distance (kpc)"}
for ax, (name, label) in zip(axes, units.items(), strict=True):
    ax.barh(table.index, table[name], color="#0072B2")
    ax.set(xlabel=f"RMSE of {label}")
axes[0].invert_yaxis()

# %%
# ``reference_pipeline(pretrained="shipped.npz")`` starts from the file as well, and calibrates its
# posterior and intervals on your clusters.
