"""Optimizers by name, as Keras' objects or their configurations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skcluster.regressors.networks.quiet_keras import keras


@dataclass(frozen=True)
class OptimizerRecipe:
    """The configuration of an optimizer; equal ones can share a compiled network.

    It excludes the learning rate, unless this is a schedule of Keras.
    """

    kind: type[keras.optimizers.Optimizer]
    config: str

    def build(self) -> keras.optimizers.Optimizer:
        """Return a new optimizer."""
        return self.kind.from_config(json.loads(self.config))


def resolve_optimizer(
    optimizer: Any, learning_rate: float, **named_options: Any
) -> tuple[OptimizerRecipe, float | None]:
    """Convert the parameter of an estimator to a recipe and a learning rate.

    An object or a configuration keeps its own settings, including the learning rate. It is copied,
    so that fits do not depend on each other.

    Parameters
    ----------
    optimizer : str, mapping or keras.optimizers.Optimizer
        Name, configuration or object.
    learning_rate : float
        Learning rate of an optimizer given by name.
    **named_options : object
        Settings of an optimizer given by name.

    Returns
    -------
    recipe : OptimizerRecipe
        Its configuration.
    learning_rate : float or None
        Its learning rate; None if it is a schedule of Keras.

    Raises
    ------
    ValueError
        If Keras does not know it.
    """
    named = isinstance(optimizer, str)
    identifier = optimizer
    if named:
        identifier = {"class_name": optimizer, "config": dict(named_options)}
    elif isinstance(optimizer, Mapping):
        identifier = dict(optimizer)
    try:
        found = keras.optimizers.get(identifier)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"Keras knows no optimizer={optimizer!r}: {error}") from error
    config = found.get_config()
    del config["name"]  # Keras numbers the names of optimizers
    rate = config.pop("learning_rate")
    if isinstance(rate, Mapping):
        return OptimizerRecipe(type(found), _json({**config, "learning_rate": rate})), None
    return OptimizerRecipe(type(found), _json(config)), learning_rate if named else float(rate)


def _json(config: dict[str, Any]) -> str:
    return json.dumps(config, sort_keys=True, default=float)
