"""
A network of your own
=====================

SciKeras turns a function that builds a Keras network into a regressor, which can replace
`ANNRegressor` in a pipeline. The network of this example has a residual connection around two of
its layers.
"""

# %%
# ``meta`` contains the shapes of the data. The parameters of the function are parameters of the
# regressor, and can be searched. Because the script imports Keras itself, TensorFlow prints about
# ten log messages, which are harmless.

import keras
import pandas as pd
from matplotlib import pyplot as plt
from scikeras.wrappers import KerasRegressor
from sklearn.model_selection import KFold, cross_val_predict

from skcluster import simulate_clusters
from skcluster.metrics import error_table
from skcluster.pipelines import ann_pipeline
from skcluster.plotting import EstimateDisplay


def residual_network(meta, width=64):
    """A dense network with a residual connection."""
    inputs = keras.Input((meta["n_features_in_"],))
    first = keras.layers.Dense(width, activation="relu")(inputs)
    inner = keras.layers.Dense(width, activation="relu")(first)
    inner = keras.layers.Dense(width)(inner)
    joined = keras.layers.Add()([first, inner])
    return keras.Model(inputs, keras.layers.Dense(meta["n_outputs_"])(joined))


# %%
# Replace the network in an existing pipeline, and keep its features and the scaling of its targets.

keras.utils.set_random_seed(0)
own = KerasRegressor(residual_network, loss="mse", optimizer="adam", epochs=60, verbose=0)
model = ann_pipeline().set_params(regressor__regressor=own)

X, y = simulate_clusters(200, random_state=0)
folds = KFold(3, shuffle=True, random_state=0)
models = {"residual": model, "ANNRegressor": ann_pipeline(epochs=60, random_state=0)}
predicted = {name: cross_val_predict(m, X, y, cv=folds) for name, m in models.items()}
print(pd.DataFrame({name: error_table(y, p)["r2"] for name, p in predicted.items()}).round(3))

# %%
# Estimates of the held-out clusters.

EstimateDisplay.from_predictions(y, predicted["residual"])
plt.show()

# %%
# `save_model` does not support this network: use ``keras.Model.save``. To add a network to the
# package, see :doc:`the design </design>`.
