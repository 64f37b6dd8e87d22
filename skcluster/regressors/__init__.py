"""Neural networks from numbers to log age, extinction and distance.

Names load when first used, because Keras takes seconds to import.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skcluster.regressors._ann import ANNRegressor as ANNRegressor
    from skcluster.regressors._cnn import CNNRegressor as CNNRegressor
    from skcluster.regressors._mdm import MDMRegressor as MDMRegressor

_HOME = {"ANNRegressor": "_ann", "CNNRegressor": "_cnn", "MDMRegressor": "_mdm"}

__all__ = ["ANNRegressor", "CNNRegressor", "MDMRegressor"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
