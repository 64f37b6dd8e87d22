"""Neural networks from numbers to log age, extinction and distance.

Names load when first used, because Keras takes seconds to import.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skcluster.regressors._ann import ANNRegressor as ANNRegressor
    from skcluster.regressors._cnn import CNNRegressor as CNNRegressor
    from skcluster.regressors._mdm import MDMRegressor as MDMRegressor
    from skcluster.regressors._set_regressor import SetRegressor as SetRegressor
    from skcluster.regressors._targets import NamedTargetRegressor as NamedTargetRegressor
    from skcluster.regressors._targets import TargetScaler as TargetScaler
    from skcluster.regressors.networks.pretrained import save_pretrained as save_pretrained

_HOME = {
    "ANNRegressor": "_ann",
    "CNNRegressor": "_cnn",
    "MDMRegressor": "_mdm",
    "NamedTargetRegressor": "_targets",
    "SetRegressor": "_set_regressor",
    "TargetScaler": "_targets",
    "save_pretrained": "networks.pretrained",
}

__all__ = [
    "ANNRegressor",
    "CNNRegressor",
    "MDMRegressor",
    "NamedTargetRegressor",
    "SetRegressor",
    "TargetScaler",
    "save_pretrained",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
