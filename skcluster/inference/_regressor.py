"""The regressor inside a model: what it predicts, of clusters held out of its training, too."""

from collections.abc import Callable, Sequence
from inspect import signature
from itertools import chain
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from nested_pandas import NestedFrame
from sklearn import get_config
from sklearn.base import clone
from sklearn.model_selection import KFold, check_cv
from sklearn.utils import Bunch, _safe_indexing, check_consistent_length, check_random_state
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from skcluster._utils.messages import begin_stage, counted
from skcluster._utils.models import LastStep, last_step
from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.clusters import Stars, concat_clusters, stars_of
from skcluster.clusters._parallax import parallax_moduli
from skcluster.gaia import Release
from skcluster.photometry import distance_modulus
from skcluster.schema import CLUSTER_PARAMETERS

#: Minimum distance that a regressor may predict (kpc).
_NEAREST = 0.01
#: Minimum standard deviation of a prediction (dex and mag).
_LEAST_SPREAD = 1e-3
#: Kinds of lists that are not given clusters: copies of them, and lists that are no clusters.
COPY, SCRAMBLED = 1, 2
#: Mean and spread of log age and A_V without training clusters: those of the known open clusters
#: (Cantat-Gaudin et al. 2020, A&A 640, A1).
POPULATION = ((8.3, 0.7), (1.2, 0.9))


class TransformedPrediction(NamedTuple):
    """Means and spreads of transformed targets, with the inverse transformation."""

    #: Means and spreads, both of shape (n_clusters, n_targets); spreads of 1 if there are none.
    mean: FloatArray
    spread: FloatArray
    #: Fitted transformer of the targets, or None.
    transformer: Any

    @classmethod
    def of(cls, last: LastStep) -> "TransformedPrediction":
        """Return what the regressor of a last step predicts."""
        if predicts_spread(last):
            mean, spread = last.regressor.predict(last.features, return_std=True)
        else:
            mean = np.asarray(last.regressor.predict(last.features), dtype=np.float64)
            spread = np.ones_like(mean)
        shape = len(mean), -1
        return cls(mean.reshape(shape), spread.reshape(shape), last.target_transformer)

    def back(self, values: FloatArray) -> FloatArray:
        """Return values of shape (n, n_targets) in the original targets; NaN stays NaN."""
        if self.transformer is None:
            return values
        original: FloatArray = np.full_like(values, np.nan)
        finite = np.isfinite(values).all(axis=1)
        if finite.any():
            original[finite] = self.transformer.inverse_transform(values[finite])
        return original


def predicts_spread(last: LastStep) -> bool:
    """Return whether the regressor of a last step predicts standard deviations."""
    return "return_std" in signature(last.regressor.predict).parameters


class NormalPrediction(NamedTuple):
    """Normal distributions of log age, A_V and distance modulus.

    Means and spreads, both of shape (n_clusters, 3), are NaN where there is no prediction. Spreads
    are 1 if the regressor predicts none; they are scaled by the errors later.
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
    has_texts = bool(names) and all(isinstance(name, str) for name in names)
    if len(shape) == 2 and shape[1] == len(CLUSTER_PARAMETERS) and not has_texts:
        return list(range(len(CLUSTER_PARAMETERS)))
    raise ValueError(
        f"y must have the columns {', '.join(CLUSTER_PARAMETERS)}, or three columns without names "
        f"in this order; got {names or f'an array of shape {shape}'}."
    )


def _checked_targets(y: npt.ArrayLike, columns: list[int], index: Any) -> FloatArray:
    """Return log age, A_V and distance modulus of training clusters, shape (n, 3), checked.

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
    values[:, 2] = distance_modulus(values[:, 2])
    return values


def predict_normal(estimator: Any, X: Any, columns: list[int]) -> tuple[NormalPrediction, Any]:
    """Return the prediction of a regressor, and the features that it is made from."""
    last = last_step(estimator, X)
    prediction = TransformedPrediction.of(last)
    mean = _with_modulus(prediction.back(prediction.mean), columns)
    if not predicts_spread(last):
        return NormalPrediction(mean, np.ones_like(mean)), last.features
    one, two = (
        _with_modulus(prediction.back(prediction.mean + k * prediction.spread), columns)
        for k in (1, 2)
    )
    spread = np.abs(two - one)
    # The spread is evaluated upwards, where A_V is not clipped at 0.
    mean[:, 1] = one[:, 1] - spread[:, 1]
    return NormalPrediction(mean, np.maximum(spread, _LEAST_SPREAD)), last.features


def _with_modulus(values: FloatArray, columns: list[int]) -> FloatArray:
    """Return log age, A_V and distance modulus of predictions, whose distances may be negative."""
    values = np.array(values, dtype=np.float64)[:, columns]
    values[:, 2] = distance_modulus(np.maximum(values[:, 2], _NEAREST))
    return values


def predict_from_parallaxes(
    stars: Stars, release: Release, population: FloatArray | None
) -> NormalPrediction:
    """Return a prediction without a regressor.

    Distances come from the parallaxes; ages and A_V are those of the training clusters, whose means
    and spreads are given, or of the known open clusters.
    """
    (age, age_spread), (a_v, a_v_spread) = POPULATION if population is None else population
    modulus, modulus_error = parallax_moduli(stars, release)
    mean = np.broadcast_arrays(age, a_v, modulus)
    spread = np.broadcast_arrays(age_spread, a_v_spread, modulus_error)
    return NormalPrediction(np.column_stack(mean), np.column_stack(spread))


class TrainingLists(NamedTuple):
    """Clusters to learn from, followed by the lists that resamplers make of them."""

    X: NestedFrame
    stars: Stars
    #: Labels: log age, A_V and distance modulus, shape (n_lists, 3).
    true: FloatArray
    #: 0 for a given cluster, `COPY` or `SCRAMBLED`.
    kinds: IntArray
    #: The row of the given cluster from which each list was made; its own for that cluster.
    source: IntArray

    @classmethod
    def of(
        cls, X: NestedFrame, y: Any, columns: list[int], resampler: Any, scrambler: Any
    ) -> "TrainingLists":
        """Return clusters and lists of the resamplers, if there are any; ``y`` is checked.

        ``columns`` are the positions of log age, A_V and distance among those of ``y``. The lists
        of the second resampler are no clusters.
        """
        rows = np.arange(len(X))
        frames, labels, sources, kinds = [X], [y], [rows], [np.zeros(len(X), dtype=np.int64)]
        for kind, given in ((COPY, resampler), (SCRAMBLED, scrambler)):
            if given is not None:
                cloned = clone(given)
                X_more, y_more = cloned.fit_resample(X, y)
                new = np.arange(len(X), len(X_more))
                frames.append(X_more.iloc[new])
                labels.append(_safe_indexing(y_more, new))
                sources.append(np.asarray(cloned.sample_indices_)[new])
                kinds.append(np.full(len(new), kind))
        lists = concat_clusters(frames)
        all_labels = pd.concat(labels) if hasattr(y, "iloc") else np.concatenate(labels)
        true = _checked_targets(all_labels, columns, lists.index)
        return cls(lists, stars_of(lists), true, np.concatenate(kinds), np.concatenate(sources))

    @property
    def are_clusters(self) -> BoolArray:
        """Which lists are those of one cluster, shape (n_lists,)."""
        return self.kinds < SCRAMBLED

    def made_of(self, rows: IntArray) -> IntArray:
        """Return the rows of the lists that were made of some of the given clusters, or are them.

        Lists of the same cluster are thus held out together.
        """
        return np.flatnonzero(np.isin(self.source, rows))

    def check_measurable(self, prediction: NormalPrediction, faint_limit: float) -> None:
        """Refuse clusters without a usable star, or without an expected distance.

        Lists that are no clusters may lack both.
        """
        stars = self.stars
        bright = stars["phot_g_mean_mag"] < faint_limit
        faint = np.bincount(stars.cluster, bright, minlength=len(stars.index)) == 0
        wrong = self.are_clusters & (faint | ~np.isfinite(prediction.mean).all(axis=1))
        if wrong.any():
            row = int(np.argmax(wrong))
            lack = "no star with a parallax, or no prediction of the estimator"
            if faint[row]:
                lack = f"no star brighter than G = {faint_limit:g}"
            raise ValueError(
                f"Cluster {stars.index[row]!r} cannot be used for training: it has {lack}."
            )


def folds_of(
    cv: Any,
    random_state: int | np.random.RandomState | None,
    X: Any,
    y: FloatArray,
    split_params: dict[str, Any],
) -> list[tuple[IntArray, IntArray]]:
    """Return the rows to train on and to test, for each fold.

    Raises
    ------
    ValueError
        If a row is not in exactly one test fold.
    """
    if isinstance(cv, Integral):
        cv = KFold(cv, shuffle=True, random_state=check_random_state(random_state))
    folds = list(check_cv(cv).split(X, y, **split_params))
    tested = np.bincount(np.concatenate([test for _, test in folds]), minlength=len(y))
    if (tested != 1).any():
        row = int(np.argmax(tested != 1))
        raise ValueError(
            f"cv must put each cluster into one test fold, but row {row} is in {tested[row]}."
        )
    return folds


def fit_and_predict_held_out(
    predictor: Callable[[IntArray], Callable[[Any], Sequence[FloatArray]]],
    estimator: Any,
    X: Any,
    y: Any,
    folds: list[tuple[IntArray, IntArray]],
    fit_params: dict[str, Any],
    n_jobs: int | None,
) -> tuple[Any, list[FloatArray]]:
    """Return a regressor fitted on all clusters, and what others predict that have not seen them.

    ``predictor`` takes the rows to test, and returns a function that is called with a fitted
    regressor where that was fitted, and returns arrays of one row per tested list; they are
    concatenated in the order of the rows. ``folds`` are the rows to train on, and those to test.
    ``fit_params`` are metadata for the regressor's ``fit``.
    """
    held_out = (
        delayed(_fit_and_predict)(
            predictor(test),
            clone(estimator),
            _safe_indexing(X, train),
            _safe_indexing(y, train),
            _check_method_params(X, fit_params, indices=train),
        )
        for train, test in folds
    )
    # The fit on all clusters takes longest and comes first, so that it runs beside the others.
    begin_stage("Training", 1 + len(folds))
    work = chain([delayed(clone(estimator).fit)(X, y, **fit_params)], held_out)
    fitted, *parts = counted(Parallel(n_jobs=n_jobs, return_as="generator")(work))
    order = np.argsort(np.concatenate([rows for _, rows in folds]))
    return fitted, [np.concatenate(values)[order] for values in zip(*parts, strict=True)]


def _fit_and_predict(
    predict: Callable[[Any], Sequence[FloatArray]],
    estimator: Any,
    X: Any,
    y: Any,
    fit_params: dict[str, Any],
) -> Sequence[FloatArray]:
    return predict(estimator.fit(X, y, **fit_params))


def route(owner: Any, params: dict[str, Any]) -> Bunch:
    """Route metadata; without routing, ``groups`` go to the splitter, the rest to the fit."""
    if get_config()["enable_metadata_routing"]:
        return process_routing(owner, "fit", **params)
    rest = dict(params)
    groups = rest.pop("groups", None)
    return Bunch(estimator=Bunch(fit=rest), splitter=Bunch(split={"groups": groups}))
