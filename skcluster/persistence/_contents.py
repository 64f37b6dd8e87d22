"""What a model file contains: objects of trusted types, by names that do not change.

skops constructs objects from a description in JSON, if all their types are trusted.
"""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any


class ModelFileError(ValueError):
    """A file is not a model, is damaged, or contains types that are not trusted.

    `save_model`, `load_model` and `read_card` raise it; the message names the file and the reason.

    See Also
    --------
    load_model : Read a fitted model.

    Examples
    --------
    >>> from skcluster.persistence import ModelFileError
    >>> issubclass(ModelFileError, ValueError)
    True
    """


#: Rooms whose public classes are trusted: they only hold data until one of their methods is called.
_ROOMS = ("augmentation", "features", "inference", "membership", "regressors")
#: Trusted classes besides them: the layers of networks, and a subclass of a trusted class of
#: scikit-learn.
_OTHERS = (
    "skcluster.regressors.networks.feed_forward.FeedForwardArchitecture",
    "skcluster.regressors.networks.sets.SetArchitecture",
    "imblearn.pipeline.Pipeline",
)
#: Functions that models may refer to. A function runs with data of the file: others are not
#: trusted, public or not.
_FUNCTIONS = ("skcluster.datasets.simulate_field_stars", "skcluster.inference.describe_cluster")
#: Loaders of skops for plain values, which need no identity.
_PLAIN = {"JsonNode", "TypeNode", "FunctionNode"}


@cache
def _own_names() -> dict[str, str]:
    """Return the public modules of what is trusted, by name."""
    names: dict[str, str] = {}
    for room in (f"skcluster.{room}" for room in _ROOMS):
        # The list of names, not what they name: an attribute of regressors imports Keras.
        names |= {name: room for name in import_module(room).__all__ if name[0].isupper()}
    for module, _, name in (full.rpartition(".") for full in (*_OTHERS, *_FUNCTIONS)):
        names[name] = module
    return names


def public_module(module: str, name: str) -> str:
    """Return the public module of a class of this package, whose file may change."""
    public = _own_names().get(name, "") if module.startswith("skcluster.") else ""
    return public if public and module.startswith(public) else module


def trusted_names(trusted: Iterable[str | type]) -> list[str]:
    """Return the types that skops may load: those of this package, and those that the user trusts.

    Raises
    ------
    TypeError
        If the user's list is a single name or type.
    """
    if isinstance(trusted, str | type):
        raise TypeError(f"trusted must be a list of names or types, not {trusted!r}.")
    own = {f"{module}.{name}" for name, module in _own_names().items()}
    return sorted(own | {kind if isinstance(kind, str) else full_name(kind) for kind in trusted})


def full_name(kind: Any) -> str:
    """Return the full name of a class or function, with its public module."""
    return f"{public_module(kind.__module__, kind.__qualname__)}.{kind.__qualname__}"


def tidy(schema: Any) -> tuple[dict[str, str], set[str]]:
    """Replace addresses by numbers, and private modules of this package by public ones, in place.

    Thus the same model gives the same file, and classes can move to other files. Returns the new
    names of the parts with arrays by their old ones, and the full names of all types.
    """
    described: dict[int, dict[str, Any]] = {}
    files: dict[str, str] = {}
    names: set[str] = set()

    def visit(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                visit(item)
        elif isinstance(value, dict):
            if "__loader__" in value:
                number = value.pop("__id__", None)
                if number in described:
                    # Described twice, with different addresses of temporary objects.
                    value.update(described[number])
                    return
                if number is not None and value["__loader__"] not in _PLAIN:
                    described[number] = value
                    value["__id__"] = len(described)
                value["__module__"] = public_module(value["__module__"], value["__class__"])
                names.add(f"{value['__module__']}.{value['__class__']}")
                if "file" in value:
                    suffix = PurePosixPath(value["file"]).suffix
                    new = f"arrays/{len(files)}{suffix}"
                    value["file"] = files.setdefault(value["file"], new)
            for item in value.values():
                visit(item)

    visit(schema)
    return files, names
