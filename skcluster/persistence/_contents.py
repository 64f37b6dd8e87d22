"""What a model file contains: objects of trusted types, by names that do not change.

skops constructs objects from a description in JSON, if all their types are trusted. Its import
takes longer than an estimate, because it imports all of scikit-learn to trust it; `read_own` reads
models that consist of the parts of this package's pipelines without it.
"""

import io
import json
import zipfile
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any

import numpy as np


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
#: What the pipelines of this package contain besides; skops trusts them, too.
_LIBRARIES = (
    "numpy.sqrt",
    "sklearn.pipeline.FeatureUnion",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.MinMaxScaler",
    "sklearn.preprocessing._data.RobustScaler",
    "sklearn.preprocessing._data.StandardScaler",
    "sklearn.preprocessing._function_transformer.FunctionTransformer",
)
#: Version of the description by skops that `read_own` knows.
_PROTOCOL = 2
#: Types of the keys of dictionaries, which JSON holds as text.
_KEYS = {"builtins.str": str, "builtins.int": int, "builtins.float": float}
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


class UnknownPartError(Exception):
    """A description has a part that `read_own` does not know, trusted or not."""


def read_own(archive: zipfile.ZipFile, schema: Any) -> Any:
    """Construct what a description describes, if it consists of parts of this package's models.

    Raises
    ------
    UnknownPartError
        If there is any other part, so that skops must decide.
    """
    if schema["protocol"] != _PROTOCOL:
        raise UnknownPartError("another protocol")
    reader = _Reader(archive)
    reader.check(schema)
    return reader.construct(schema)


class _Reader:
    """Do what the loaders of skops do, for the parts of this package's models."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.trusted = {*trusted_names([]), *_LIBRARIES}
        #: Objects that are described several times, by the numbers of their descriptions.
        self.made: dict[int, Any] = {}

    def check(self, node: Any) -> None:
        """Raise an error if a part or anything in it is unknown; nothing is imported or made."""
        loader, name = node["__loader__"], _name_of(node)
        inside: Iterable[Any] = ()
        match loader, name, node.get("type"):
            case ("JsonNode", _, _) | ("NdArrayNode", "numpy.ndarray" | "numpy.float64", "numpy"):
                pass
            case ("TypeNode", _, _) if name in _KEYS:
                pass
            case ("FunctionNode", _, _) if name in self.trusted:
                pass
            case ("ObjectNode", _, _) if name in self.trusted:
                inside = [node["content"]] if "content" in node else []
            case ("ListNode", "builtins.list", _) | ("TupleNode", "builtins.tuple", _):
                inside = node["content"]
            case ("DictNode", "builtins.dict", _):
                inside = [*node["content"].values(), node["key_types"]]
            case ("NdArrayNode", "numpy.ndarray", "json") if len(node["shape"]["content"]) == 1:
                inside = node["content"]
            case _:
                raise UnknownPartError(name)
        for part in inside:
            self.check(part)

    def construct(self, node: Any) -> Any:
        """Return the object that a checked part describes, the same one for the same number."""
        number = node.get("__id__")
        if number is None:
            return self._make(node)
        if number not in self.made:
            self.made[number] = self._make(node)
        return self.made[number]

    def _make(self, node: Any) -> Any:
        match node["__loader__"]:
            case "JsonNode":
                return json.loads(node["content"])
            case "TypeNode":
                return _KEYS[_name_of(node)]
            case "ListNode":
                return [self.construct(item) for item in node["content"]]
            case "TupleNode":
                return tuple(self.construct(item) for item in node["content"])
            case "DictNode":
                items = zip(self.construct(node["key_types"]), node["content"].items(), strict=True)
                return {kind(key): self.construct(value) for kind, (key, value) in items}
            case "NdArrayNode" if node["type"] == "json":
                values = np.empty(len(node["content"]), dtype=object)
                for i, item in enumerate(node["content"]):
                    values[i] = self.construct(item)
                return values
            case "NdArrayNode":
                stored = io.BytesIO(self.archive.read(node["file"]))
                values = np.load(stored, allow_pickle=False)
                return values if node["__class__"] == "ndarray" else np.float64(values)
            case "FunctionNode":
                return _imported(node)
        return self._object(node)

    def _object(self, node: Any) -> Any:
        kind = _imported(node)
        made = kind.__new__(kind)  # not __init__, whose arguments are not described
        state = self.construct(node["content"]) if "content" in node else None
        if state is not None and hasattr(made, "__setstate__"):
            made.__setstate__(state)
        elif state is not None:
            made.__dict__.update(state)
        return made


def _imported(node: Any) -> Any:
    return getattr(import_module(node["__module__"]), node["__class__"])


def _name_of(node: Any) -> str:
    return f"{node['__module__']}.{node['__class__']}"
