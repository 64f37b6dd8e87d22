"""A regressor's prediction as normal distributions of log age, A_V and distance modulus."""

from inspect import signature
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_consistent_length

from skcluster._utils.typing import FloatArray
from skcluster.inference._transformed import LastStep, last_step
from skcluster.photometry import distance_modulus
from skcluster.schema import CLUSTER_PARAMETERS

#: Minimum distance of a cluster (kpc).
_NEAREST = 0.01


class NormalPrediction(NamedTuple):
    """Means and spreads, both of shape (n_clusters, 3); NaN where there is no prediction.

    Spreads are 1 if the regressor predicts none; they are scaled by the errors later.
    """

    mean: FloatArray
    spread: FloatArray


def columns_of_targets(y: Any) -> list[int]:
    """Return the positions of log age, A_V and distance among the columns of targets.

    Raises
    ------
    ValueError
        If one of them is missing.
    """
    names = list(getattr(y, "columns", []))
    if set(CLUSTER_PARAMETERS) <= set(names):
        return [names.index(name) for name in CLUSTER_PARAMETERS]
    shape = np.shape(y)
    if len(shape) == 2 and shape[1] == len(CLUSTER_PARAMETERS) and not _are_texts(names):
        return list(range(len(CLUSTER_PARAMETERS)))
    raise ValueError(
        f"y must have the columns {', '.join(CLUSTER_PARAMETERS)}, or three columns without names "
        f"in this order; got {names or f'an array of shape {shape}'}."
    )


def _are_texts(names: list[Any]) -> bool:
    return bool(names) and all(isinstance(name, str) for name in names)


def to_modulus(y: npt.ArrayLike, columns: list[int]) -> FloatArray:
    """Return log age, A_V and distance modulus of targets with a distance in kpc, shape (n, 3)."""
    values = np.array(y, dtype=np.float64)[:, columns]
    with np.errstate(invalid="ignore"):
        values[:, 2] = distance_modulus(np.where(values[:, 2] > 0, values[:, 2], np.nan))
    return values


def checked_targets(y: npt.ArrayLike, columns: list[int], index: Any) -> FloatArray:
    """Return the targets of training clusters as `to_modulus` does, checked.

    Raises
    ------
    ValueError
        If there is not one row per cluster, or a value is not finite, or a distance not positive.
    """
    check_consistent_length(index, y)
    values = np.array(y, dtype=np.float64)[:, columns]
    for name, column in zip(CLUSTER_PARAMETERS, values.T, strict=True):
        is_distance = name == "distance_kpc"
        wrong = ~np.isfinite(column) | (is_distance & (column <= 0))
        if wrong.any():
            row = int(np.argmax(wrong))
            rule = "above 0 kpc" if is_distance else "finite"
            raise ValueError(
                f"{name} of cluster {index[row]!r} must be {rule}, but it is {column[row]:g}."
            )
    return to_modulus(y, columns)


def predict_normal(estimator: Any, X: Any, columns: list[int]) -> tuple[NormalPrediction, Any]:
    """Return the prediction, and the features that it is made from."""
    last = last_step(estimator, X)
    prediction = last.predict()
    mean = _predicted_modulus(prediction.back(prediction.mean), columns)
    if not _predicts_spread(last):
        return NormalPrediction(mean, np.ones_like(mean)), last.features
    one, two = (
        _predicted_modulus(prediction.back(prediction.mean + k * prediction.spread), columns)
        for k in (1, 2)
    )
    spread = np.abs(two - one)
    # The spread is evaluated upwards, where A_V is not clipped at 0.
    mean[:, 1] = one[:, 1] - spread[:, 1]
    return NormalPrediction(mean, np.maximum(spread, 1e-3)), last.features


def _predicted_modulus(values: FloatArray, columns: list[int]) -> FloatArray:
    """Convert as `to_modulus`; a regressor of distances may predict negative ones."""
    values = np.array(values, dtype=np.float64)
    values[:, columns[2]] = np.maximum(values[:, columns[2]], _NEAREST)
    return to_modulus(values, columns)


def _predicts_spread(last: LastStep) -> bool:
    return "return_std" in signature(last.regressor.predict).parameters
