"""The way down a fitted model: through pipelines, searches and other meta-estimators."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

#: Where meta-estimators keep the estimator that they have fitted.
_INSIDE = ("best_estimator_", "estimator_", "regressor_")


class DaskTokenMixin:
    """Let Dask tell fitted estimators apart.

    It compares dataclasses by their fields alone, which do not include what was learned.
    """

    def __dask_tokenize__(self) -> tuple[type, dict[str, Any]]:
        return type(self), vars(self)


def nested_estimators(model: Any) -> Iterator[Any]:
    """Yield a fitted model and what is nested in it, from the outside in.

    The way leads through the last step of a pipeline, the best estimator of a search, and the
    estimator inside a transformed target or any other meta-estimator, `IsochronePosterior` among
    them. The last one yielded contains no other.
    """
    while model is not None:
        yield model
        if hasattr(model, "steps"):
            model = model.steps[-1][1]
        else:
            fitted = (getattr(model, name, None) for name in _INSIDE)
            model = next((estimator for estimator in fitted if estimator is not None), None)


class LastStep(NamedTuple):
    """The part of a fitted model that predicts: what goes in, and what undoes its scaling."""

    #: X, transformed by all steps of the pipelines before the last.
    features: Any
    #: The fitted regressor; a meta-estimator whose predictions are its own stays whole.
    regressor: Any
    #: The fitted transformer of the targets, or None: its inverse gives the model's predictions.
    target_transformer: Any


def last_step(model: Any, X: Any) -> LastStep:
    """Transform X for the regressor inside a fitted model, which predicts what the model does.

    The way leads only through what passes predictions on unchanged, pipelines and searches, and
    through one transformation of the targets.
    """
    target_transformer = None
    while True:
        if isinstance(model, Pipeline):
            if len(model) > 1:
                X = model[:-1].transform(X)
            model = model[-1]
        elif isinstance(model, BaseSearchCV):
            model = model.best_estimator_
        elif isinstance(model, TransformedTargetRegressor) and target_transformer is None:
            target_transformer, model = model.transformer_, model.regressor_
        else:
            return LastStep(X, model, target_transformer)
