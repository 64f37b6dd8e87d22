"""Every public estimator, found by discovery, and how each is used on clusters."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

import skcluster
from skcluster import (
    ANNRegressor,
    ClusterAugmenter,
    ClusterCorruptor,
    CMDHistogram,
    CMDRasterizer,
    CMDSummary,
    CNNRegressor,
    GuessFeatures,
    MDMRegressor,
    Pipeline,
)
from skcluster.augmentation import ClusterScrambler
from skcluster.features import StarSet
from skcluster.inference import ConformalRegressor, IsochronePosterior
from skcluster.regressors import NamedTargetRegressor, SetRegressor, TargetScaler


def public_modules() -> Iterator[ModuleType]:
    """skcluster and every module in it whose name, and whose packages' names, are public."""
    yield skcluster
    for module in pkgutil.walk_packages(skcluster.__path__, "skcluster."):
        if "._" not in module.name:
            yield importlib.import_module(module.name)


def discover() -> dict[str, type[BaseEstimator]]:
    """Every estimator class that a public module of skcluster offers and skcluster defines."""
    offered = [
        getattr(module, name)
        for module in public_modules()
        for name in getattr(module, "__all__", [])
        if not name.startswith("_")
    ]
    return {
        kind.__name__: kind
        for kind in offered
        if inspect.isclass(kind)
        and issubclass(kind, BaseEstimator)
        and kind.__module__.startswith("skcluster.")
    }


@dataclass(frozen=True)
class Case:
    """An estimator with small settings, and what it is used with.

    Attributes
    ----------
    name : str
        Name of the class, and of the variant if there are several.
    estimator : estimator
        Unfitted.
    grid : dict
        One parameter with two values to search over.
    features : transformer, optional
        What makes a table of clusters, for an estimator that takes no clusters.
    """

    name: str
    estimator: BaseEstimator
    grid: dict[str, list[Any]]
    features: BaseEstimator | None = None

    @property
    def kind(self) -> str:
        """Whether it is a resampler, a regressor or a transformer."""
        if hasattr(self.estimator, "fit_resample"):
            return "resampler"
        return "regressor" if is_regressor(self.estimator) else "transformer"

    @property
    def kinds(self) -> set[str]:
        """Its kind, whether it takes clusters or numbers, and its own name."""
        return {self.kind, "clusters" if self.features is None else "numbers", self.name}

    @property
    def parameters(self) -> dict[str, Any]:
        """Its own parameters, without those of an estimator inside it."""
        found: dict[str, Any] = self.estimator.get_params(deep=False)
        return found

    def default(self) -> Any:
        """An estimator of its class with default parameters, around the same estimator if any."""
        inner = _inner(self.estimator)
        return type(self.estimator)(**{name: self.parameters[name] for name in inner})

    def new(self) -> Any:
        """A fresh copy of the estimator."""
        return clone(self.estimator)

    def input(self, X: Any) -> Any:
        """What the estimator takes, made of clusters."""
        return X if self.features is None else clone(self.features).fit_transform(X)

    def result(self, estimator: Any, X: Any, y: Any) -> Any:
        """What an estimator gives, fitted on its input and used on the same."""
        if self.kind == "resampler":
            return estimator.fit_resample(X, y)
        estimator.fit(X, y)
        return self.output(estimator, X)

    def output(self, fitted: Any, X: Any) -> Any:
        """What a fitted transformer or regressor makes of its input."""
        return fitted.predict(X) if self.kind == "regressor" else fitted.transform(X)

    def model(self, memory: str | None = None) -> Pipeline:
        """From clusters to targets, the estimator the step "step"."""
        first = [("features", clone(self.features))] if self.features is not None else []
        last: dict[str, list[tuple[str, Any]]] = {
            # A summary of few stars has gaps.
            "transformer": [("fill", SimpleImputer(keep_empty_features=True)), ("ridge", Ridge())],
            "resampler": [("guess", GuessFeatures()), ("ridge", Ridge())],
            "regressor": [],
        }
        return Pipeline([*first, ("step", self.new()), *last[self.kind]], memory=memory)


def _inner(estimator: BaseEstimator) -> list[str]:
    """Parameters that an estimator around another one needs."""
    signature = inspect.signature(type(estimator)).parameters.values()
    return [p.name for p in signature if p.default is p.empty]


TINY = {"hidden_layer_sizes": 4, "epochs": 2, "batch_size": 8, "random_state": 0}
TINY_IMAGE = {**TINY, "filters": 2, "downsample": 1}
TINY_SET = SetRegressor(units=(4, 4, 4), n_heads=1, epochs=2, batch_size=8, random_state=0)
PICTURE = CMDRasterizer(image_size=8, marker_size=30)
# imbalanced-learn's Pipeline takes no pipeline for a step, but a union of one.
GUESS = FeatureUnion([("guess", make_pipeline(GuessFeatures(), StandardScaler()))])

CASES = [
    Case("CMDHistogram", CMDHistogram(), {"normalize": ["sum", "max"]}),
    Case(
        "CMDHistogram-absolute-weighted",
        CMDHistogram(magnitude="absolute", weights="probability"),
        {"colour_width": [0.1, 0.4]},
    ),
    Case(
        "CMDRasterizer-absolute-bytes",
        CMDRasterizer(image_size=24, magnitude="absolute", dtype="uint8"),
        {"marker_size": [4.0, 8.0]},
    ),
    Case("CMDSummary", CMDSummary(), {"faint_limit": [13.0, 18.0]}),
    Case("GuessFeatures", GuessFeatures(), {"slope_limit": [3.0, 4.0]}),
    Case("CMDRasterizer", CMDRasterizer(image_size=24), {"marker_size": [4.0, 8.0]}),
    Case(
        "CMDRasterizer-matplotlib",
        CMDRasterizer(image_size=24, renderer="matplotlib"),
        {"marker_size": [4.0, 8.0]},
    ),
    Case("StarSet", StarSet(max_stars=16), {"faint_limit": [13.0, 18.0]}),
    Case(
        "ClusterAugmenter",
        ClusterAugmenter(max_distance_modulus=12, random_state=0),
        {"n_copies": [1, 3]},
    ),
    Case(
        "ClusterAugmenter-noisy",
        ClusterAugmenter(
            star_dropout=0.2,
            photometric_noise=0.02,
            field_stars=0.2,
            only_farther=False,
            random_state=0,
        ),
        {"photometric_noise": [0.02, 0.2]},
    ),
    Case(
        "ClusterCorruptor", ClusterCorruptor(no_parallaxes=0, random_state=0), {"n_copies": [1, 3]}
    ),
    Case("ClusterScrambler", ClusterScrambler(random_state=0), {"n_copies": [1, 3]}),
    Case("ANNRegressor", ANNRegressor(**TINY), {"learning_rate": [1e-3, 1e-1]}, GUESS),
    Case("CNNRegressor", CNNRegressor(**TINY_IMAGE), {"learning_rate": [1e-3, 1e-1]}, PICTURE),
    Case(
        "MDMRegressor",
        MDMRegressor(**TINY_IMAGE, guess_layer_sizes=2),
        {"learning_rate": [1e-3, 1e-1]},
        FeatureUnion([("picture", PICTURE), *GUESS.transformer_list]),
    ),
    Case("SetRegressor", TINY_SET, {"learning_rate": [1e-3, 1e-1]}, StarSet(max_stars=16)),
    Case(
        "NamedTargetRegressor",
        NamedTargetRegressor(TINY_SET, transformer=TargetScaler()),
        {"regressor__learning_rate": [1e-3, 1e-1]},
        StarSet(max_stars=16),
    ),
    Case(
        "ConformalRegressor",
        ConformalRegressor(TINY_SET, cv=2, random_state=0),
        {"estimator__learning_rate": [1e-3, 1e-1]},
        StarSet(max_stars=16),
    ),
    Case(
        "IsochronePosterior",
        IsochronePosterior(
            make_pipeline(GuessFeatures(), StandardScaler(), Ridge()),
            cv=2,
            tempering=0.3,
            n_draws=64,
            random_state=0,
        ),
        {"tail_weight": [0.1, 0.5]},
    ),
]
