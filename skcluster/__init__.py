"""Star-cluster ages, extinctions and distances as scikit-learn estimators.

A table of member stars goes in; log age, extinction A_V and distance come out. Names load when
first used, so ``import skcluster`` brings in neither Keras nor matplotlib.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imblearn.pipeline import Pipeline as Pipeline
    from imblearn.pipeline import make_pipeline as make_pipeline

    from skcluster.augmentation import ClusterAugmenter as ClusterAugmenter
    from skcluster.features import CMDHistogram as CMDHistogram
    from skcluster.features import CMDRasterizer as CMDRasterizer
    from skcluster.features import CMDSummary as CMDSummary
    from skcluster.features import GuessFeatures as GuessFeatures
    from skcluster.features import StarSet as StarSet
    from skcluster.inference import ConformalRegressor as ConformalRegressor
    from skcluster.persistence import load_model as load_model
    from skcluster.persistence import save_model as save_model
    from skcluster.regressors import ANNRegressor as ANNRegressor
    from skcluster.regressors import CNNRegressor as CNNRegressor
    from skcluster.regressors import MDMRegressor as MDMRegressor
    from skcluster.regressors import SetRegressor as SetRegressor

_HOME = {
    "ANNRegressor": "skcluster.regressors",
    "CMDHistogram": "skcluster.features",
    "CMDRasterizer": "skcluster.features",
    "CMDSummary": "skcluster.features",
    "CNNRegressor": "skcluster.regressors",
    "ClusterAugmenter": "skcluster.augmentation",
    "ConformalRegressor": "skcluster.inference",
    "GuessFeatures": "skcluster.features",
    "MDMRegressor": "skcluster.regressors",
    "Pipeline": "imblearn.pipeline",
    "SetRegressor": "skcluster.regressors",
    "StarSet": "skcluster.features",
    "load_model": "skcluster.persistence",
    "make_pipeline": "imblearn.pipeline",
    "save_model": "skcluster.persistence",
}
_MODULES = (
    "augmentation",
    "clusters",
    "datasets",
    "distributed",
    "estimation",
    "features",
    "inference",
    "io",
    "isochrones",
    "metrics",
    "persistence",
    "photometry",
    "pipelines",
    "plotting",
    "regressors",
    "report",
)

__all__ = [*_HOME, "__version__", *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"skcluster.{name}")
    elif name == "__version__":
        value = importlib.import_module("importlib.metadata").version("skcluster")
    else:
        raise AttributeError(f"module 'skcluster' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
