"""Classes and functions that a model file may use without the user's consent."""

from collections.abc import Iterable
from typing import Any

from skcluster.persistence._errors import ModelFileError

#: Classes of this package, by their public modules.
CLASSES = {
    "skcluster.augmentation": ("ClusterAugmenter", "ClusterCorruptor"),
    "skcluster.features": (
        "CMDHistogram",
        "CMDRasterizer",
        "CMDSummary",
        "GuessFeatures",
        "StarSet",
    ),
    "skcluster.inference": ("ConformalRegressor", "IsochronePosterior"),
    "skcluster.regressors": (
        "ANNRegressor",
        "CNNRegressor",
        "MDMRegressor",
        "NamedTargetRegressor",
        "SetRegressor",
        "TargetMinMaxScaler",
        "TargetScaler",
    ),
    # Records of the layers of a network.
    "skcluster.regressors.networks.feed_forward": ("FeedForwardArchitecture",),
    "skcluster.regressors.networks.sets": ("SetArchitecture",),
    # A subclass of a trusted class of scikit-learn.
    "imblearn.pipeline": ("Pipeline",),
}
FUNCTIONS = {
    "skcluster.datasets": ("simulate_field_stars",),
    "skcluster.inference": ("describe_cluster",),
}

#: Loaders of skops for the parts of a model. The size of others (sparse matrices, arrays of bytes,
#: references) cannot be checked, and no model of this package needs them.
LOADERS = frozenset(
    f"{kind}Node"
    for kind in [
        "Bytes",
        "ConstructorFromReduce",
        "DType",
        "DefaultDict",
        "Dict",
        "Function",
        "Json",
        "List",
        "Loss",
        "MaskedArray",
        "Method",
        "NdArray",
        "Object",
        "OperatorFunc",
        "Partial",
        "RandomGenerator",
        "RandomState",
        "Set",
        "Slice",
        "Tree",
        "Tuple",
        "Type",
    ]
)

_NAMES = {f"{module}.{name}" for module, names in CLASSES.items() for name in names}
_FUNCTION_NAMES = {f"{module}.{name}" for module, names in FUNCTIONS.items() for name in names}
#: Public modules by the names of their contents.
_PLACES = {
    name: module
    for offered in (CLASSES, FUNCTIONS)
    for module in offered
    for name in offered[module]
}


def public_module(module: str, name: str) -> str:
    """Return the public module of a class of this package, whose file may change."""
    library = module.partition(".")[0]
    public = _PLACES.get(name, "") if library == "skcluster" else ""
    return public if public and module.startswith(public) else module


def trusted_names(trusted: Iterable[str | type]) -> list[str]:
    """Return the types that skops may load: those of this package, and those that the user trusts.

    Raises
    ------
    TypeError
        If the user's list is a single name, or contains neither names nor types.
    """
    if isinstance(trusted, str | type) or not isinstance(trusted, Iterable):
        raise TypeError(f"trusted must be a list of names or types, not {trusted!r}.")
    return sorted(_NAMES | _FUNCTION_NAMES | {_name(kind) for kind in trusted})


def _name(kind: Any) -> str:
    if isinstance(kind, str):
        return kind
    if isinstance(kind, type) or callable(kind):
        return f"{public_module(kind.__module__, kind.__qualname__)}.{kind.__qualname__}"
    raise TypeError(f"trusted must contain names and types, not {kind!r}.")


def check_use(loader: str, name: str) -> None:
    """Refuse ways of constructing objects that are not expected.

    Raises
    ------
    ModelFileError
        If the loader is not allowed, or uses a function as a class.
    """
    if loader not in LOADERS:
        raise ModelFileError(f"it contains a {name} as a {loader!r}, which is not supported.")
    if name in _FUNCTION_NAMES and loader != "FunctionNode":
        raise ModelFileError(f"it uses the function {name} as a class.")
