"""The networks below the regressors: layers, inference in numpy, and training in Keras.

Each kind of network is one function of layers and inputs (`feed_forward_network`, `set_network`).
With `NumpyLayers` it computes predictions, with `KerasLayers` it builds the Keras model for
training. Modules that import Keras do so through `quiet_keras`; all others, and so every prediction
of a `SetRegressor`, do not need Keras. Nothing here is public.
"""
