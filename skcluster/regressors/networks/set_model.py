"""The Keras model of one or several fitted networks over sets of stars."""

from collections.abc import Sequence
from typing import Any

from skcluster.regressors.networks.architecture import Weights
from skcluster.regressors.networks.keras_layers import (
    KerasLayers,
    assign,
    keras_inputs,
    keras_model,
)
from skcluster.regressors.networks.quiet_keras import keras
from skcluster.regressors.networks.regularizers import FixedRegularizers
from skcluster.regressors.networks.sets import (
    SetArchitecture,
    average,
    exponential,
    mixture_deviation,
    set_network,
)


def set_model(
    architecture: SetArchitecture, networks: Sequence[Weights], dropout: float
) -> keras.Model:
    """Build a model whose outputs are the mean and standard deviation of each target.

    Several networks become one layer each, named "network_0" and so on.
    """
    if len(networks) == 1:
        return _one_network(architecture, networks[0], dropout, "set_regressor")
    inputs = keras_inputs(architecture)
    predicted = [
        _one_network(architecture, weights, dropout, f"network_{i}")(inputs)
        for i, weights in enumerate(networks)
    ]
    means, deviations = ([one[name] for one in predicted] for name in ("mean", "std"))
    layers = KerasLayers({}, FixedRegularizers())
    outputs = {
        "mean": layers.apply("mean", average, *means),
        "std": layers.apply("std", mixture_deviation, *means, *deviations),
    }
    return keras_model(inputs, outputs, "set_regressor")


def _one_network(
    architecture: SetArchitecture, weights: Weights, dropout: float, name: str
) -> keras.Model:
    layers = KerasLayers(architecture.weight_shapes, FixedRegularizers(dropout))
    inputs: dict[str, Any] = keras_inputs(architecture)
    mean, log_spread = set_network(layers, inputs)
    outputs = {"mean": mean, "std": layers.apply("std", exponential, log_spread)}
    names = list(architecture.weight_shapes)
    assign([layers.variables[n] for n in names], [weights[n] for n in names])
    return keras_model(inputs, outputs, name)
