"""What a model says about some clusters, whatever kind of model it is."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.inference import PredictiveDistribution, clip_targets
from skcluster.schema import CLUSTER_PARAMETERS


class Answer(NamedTuple):
    """What a model says about some clusters; shapes as in `PredictiveDistribution`."""

    targets: tuple[str, ...]
    estimates: FloatArray
    intervals: FloatArray | None = None
    samples: FloatArray | None = None
    n_used: IntArray | None = None
    extra_columns: pd.DataFrame | None = None
    flags: Mapping[str, BoolArray] = {}
    membership: list[FloatArray] | None = None


def ask(
    model: Any,
    X: NestedFrame,
    coverage: float,
    n_samples: int,
    random_state: np.random.RandomState,
    membership: bool = False,
) -> Answer:
    """Put clusters through a model, once; no value or interval is out of its quantity's range.

    Raises
    ------
    ValueError
        If the targets are neither named nor the three of every model, or samples are asked of a
        model that has none.
    """
    if not hasattr(model, "predict_distribution"):
        if membership:
            raise ValueError(_no_membership(model))
        if n_samples:
            raise ValueError(
                "Samples need a model with predict_distribution, such as ConformalRegressor; "
                f"{type(model).__name__} has none."
            )
        values = np.asarray(model.predict(X), dtype=np.float64)
        names = _names(None, values)
        return Answer(names, clip_targets(values, names))
    found = model.predict_distribution(X)
    estimates = found.predict()
    names = _names(found.targets, estimates)
    ends = np.moveaxis(found.interval(coverage), -1, 0)
    return Answer(
        names,
        clip_targets(estimates, names),
        np.moveaxis(clip_targets(ends, names), 0, -1),
        clip_targets(found.sample(n_samples, random_state), names) if n_samples else None,
        found.n_used,
        found.extra_columns,
        found.flags,
        _membership(model, found) if membership else None,
    )


def _membership(model: Any, found: PredictiveDistribution) -> list[FloatArray]:
    values = found.membership()
    if values is None:
        raise ValueError(_no_membership(model))
    return values


def _no_membership(model: Any) -> str:
    return (
        "Probabilities of stars to be members need a model such as IsochronePosterior; "
        f"{type(model).__name__} has none."
    )


def _names(targets: tuple[str, ...] | None, values: FloatArray) -> tuple[str, ...]:
    names = CLUSTER_PARAMETERS if targets is None else targets
    if values.shape[1:] != (len(names),):
        n_targets = values.shape[1] if values.ndim > 1 else 1
        raise ValueError(
            f"The model predicts {n_targets} targets without naming them; {len(names)} are needed: "
            f"{', '.join(names)}."
        )
    return names


def no_answer(has_intervals: bool) -> Answer:
    """What is known of no cluster at all."""
    values = np.empty((0, len(CLUSTER_PARAMETERS)))
    intervals = np.empty((*values.shape, 2)) if has_intervals else None
    return Answer(CLUSTER_PARAMETERS, values, intervals)
