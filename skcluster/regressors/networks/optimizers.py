"""Optimizers by name, as Keras' objects or their configurations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skcluster.regressors.networks.quiet_keras import keras


@dataclass(frozen=True)
class OptimizerRecipe:
    """What an optimizer is made from; equal ones can share a compiled network.

    The learning rate is no part of it, unless it is one of Keras' schedules.
    """

    kind: type[keras.optimizers.Optimizer]
    config: str

    def build(self) -> keras.optimizers.Optimizer:
        """Make a new optimizer."""
        return self.kind.from_config(json.loads(self.config))


def resolve_optimizer(
    optimizer: Any, learning_rate: float, **named_options: Any
) -> tuple[OptimizerRecipe, float | None]:
    """Turn the parameter of an estimator into a recipe and a learning rate.

    An object or a configuration keeps its own settings, the learning rate among them. It is never
    used itself, so that no fit depends on the one before.

    Parameters
    ----------
    optimizer : str, mapping or keras.optimizers.Optimizer
    learning_rate : float
        For an optimizer that is named.
    **named_options : object
        Settings of an optimizer that is named.

    Returns
    -------
    recipe : OptimizerRecipe
    learning_rate : float or None
        None if it is a schedule of Keras' own.

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
