"""
A network of your own
=====================

Any function that builds a Keras network becomes a regressor through SciKeras, and takes the place
of `ANNRegressor` in a pipeline. This one has what that does not: a residual connection around two
of its layers.
"""

# %%
# ``meta`` tells the function the shapes of the data. Parameters of the function are parameters of
# the regressor, so that a grid reaches them.

import keras
import pandas as pd
from scikeras.wrappers import KerasRegressor
from sklearn.model_selection import KFold, cross_val_predict

from skcluster import simulate_clusters
from skcluster.metrics import error_table
from skcluster.pipelines import ann_pipeline
from skcluster.plotting import EstimateDisplay


def residual_network(meta, width=64):
    """A dense network with a connection around its middle."""
    inputs = keras.Input((meta["n_features_in_"],))
    first = keras.layers.Dense(width, activation="relu")(inputs)
    inner = keras.layers.Dense(width, activation="relu")(first)
    inner = keras.layers.Dense(width)(inner)
    joined = keras.layers.Add()([first, inner])
    return keras.Model(inputs, keras.layers.Dense(meta["n_outputs_"])(joined))


# %%
# It takes the place of the network in a pipeline that is there, with its features and its scaling
# of the targets.

keras.utils.set_random_seed(0)
own = KerasRegressor(residual_network, loss="mse", optimizer="adam", epochs=60, verbose=0)
model = ann_pipeline().set_params(regressor__regressor=own)

X, y = simulate_clusters(200, random_state=0)
folds = KFold(3, shuffle=True, random_state=0)
models = {"residual": model, "ANNRegressor": ann_pipeline(epochs=60, random_state=0)}
predicted = {name: cross_val_predict(m, X, y, cv=folds) for name, m in models.items()}
print(pd.DataFrame({name: error_table(y, p)["r2"] for name, p in predicted.items()}).round(3))

# %%
# Held-out estimates.

EstimateDisplay.from_predictions(y, predicted["residual"])

# %%
# `save_model` keeps the package's networks, not this one: keep it with ``keras.Model.save``. A
# network that should become part of the package goes another way: see :doc:`the design </design>`.
