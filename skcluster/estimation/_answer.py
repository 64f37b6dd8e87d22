"""The predictions of any kind of model for some clusters."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.clusters import clusters_from_flat, stars_of
from skcluster.inference import PredictiveDistribution, clip_targets
from skcluster.schema import CLUSTER_PARAMETERS

#: A star that every model accepts.
_STAR = {
    "phot_g_mean_mag": np.array([12.0]),
    "bp_rp": np.array([0.8]),
    "parallax": np.array([1.0]),
    "parallax_error": np.array([0.03]),
}


class Answer(NamedTuple):
    """The predictions of a model for some clusters; shapes as in `PredictiveDistribution`."""

    targets: tuple[str, ...]
    estimates: FloatArray
    intervals: FloatArray | None = None
    samples: FloatArray | None = None
    n_used: IntArray | None = None
    extra_columns: pd.DataFrame | None = None
    flags: Mapping[str, BoolArray] = {}
    membership: list[FloatArray] | None = None

    def of_no_cluster(self) -> Self:
        """Return the same columns without rows."""
        return self._replace(
            estimates=self.estimates[:0],
            intervals=None if self.intervals is None else self.intervals[:0],
            samples=None if self.samples is None else self.samples[:0],
            n_used=None if self.n_used is None else self.n_used[:0],
            extra_columns=None if self.extra_columns is None else self.extra_columns[:0],
            flags={name: flag[:0] for name, flag in self.flags.items()},
            membership=None if self.membership is None else [],
        )


def ask(
    model: Any,
    X: NestedFrame,
    coverage: float,
    n_samples: int,
    random_state: np.random.RandomState,
    membership: bool | Literal["if known"] = False,
) -> Answer:
    """Ask a model about clusters, once; values and intervals stay within their quantities' ranges.

    Raises
    ------
    ValueError
        If the targets are neither named nor the usual three, or if samples are requested and the
        model has none.
    """
    if not hasattr(model, "predict_distribution"):
        if membership is True:
            raise ValueError(_no_membership(model))
        if n_samples:
            raise ValueError(
                "Samples need a model with predict_distribution, such as ConformalRegressor; "
                f"{type(model).__name__} has none."
            )
        values = np.asarray(model.predict(X), dtype=np.float64)
        names = _names(_learned_names(model), values)
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
        _membership(model, found, membership) if membership else None,
    )


def _membership(
    model: Any, found: PredictiveDistribution, wanted: bool | Literal["if known"]
) -> list[FloatArray] | None:
    values = found.membership()
    if values is None and wanted is True:
        raise ValueError(_no_membership(model))
    return values


def _no_membership(model: Any) -> str:
    return (
        "Membership probabilities need a model such as IsochronePosterior; "
        f"{type(model).__name__} has none."
    )


def _learned_names(model: Any) -> tuple[str, ...] | None:
    """Return the names of the targets that a network has learned, in a pipeline or a search."""
    model = getattr(model, "best_estimator_", model)
    last = model[-1] if hasattr(model, "steps") else model
    names: tuple[str, ...] | None = getattr(last, "target_names_", None)
    return names


def _names(targets: tuple[str, ...] | None, values: FloatArray) -> tuple[str, ...]:
    names = CLUSTER_PARAMETERS if targets is None else targets
    if values.shape[1:] != (len(names),):
        n_targets = values.shape[1] if values.ndim > 1 else 1
        raise ValueError(
            f"The model predicts {n_targets} targets without naming them; {len(names)} are needed: "
            f"{', '.join(names)}."
        )
    return names


def columns_of(model: Any, X: NestedFrame, **asked: Any) -> Answer:
    """Return an empty answer with the columns that the model gives to every other.

    The model is called for one star with the columns of the stars in X.
    """
    unknown = np.array([np.nan])
    star = dict.fromkeys(stars_of(X).columns, unknown) | _STAR
    probe = clusters_from_flat(star, np.array([0, 1]), pd.Index(["probe"]))
    return ask(model, probe, random_state=np.random.RandomState(0), **asked).of_no_cluster()
