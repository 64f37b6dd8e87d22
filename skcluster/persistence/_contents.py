"""What a model file contains: objects of trusted types, by names that do not change.

skops constructs objects from a description in JSON, if all their types are trusted. Its import
takes longer than an estimate, because it imports all of scikit-learn to trust it; `OwnReader` reads
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


#: The part of a file that describes the objects.
SCHEMA = "schema.json"
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
#: Version of the description by skops that `OwnReader` knows.
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
    """Return the types that skops may load: those of this package and those of the user."""
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
    """A description has a part that `OwnReader` does not know, trusted or not."""


class OwnReader:
    """Construct what a description describes, if it consists of parts of this package's models.

    It does what the loaders of skops do; a type is imported only if it is trusted.

    Raises
    ------
    UnknownPartError
        If there is any other part, so that skops must decide.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.trusted = {*trusted_names([]), *_LIBRARIES}
        #: Objects that are described several times, by the numbers of their descriptions.
        self.made: dict[int, Any] = {}

    def read(self) -> Any:
        """Return the object in the file."""
        schema = json.loads(self.archive.read(SCHEMA))
        if schema["protocol"] != _PROTOCOL:
            raise UnknownPartError("another protocol")
        return self._object(schema)

    def _object(self, node: Any) -> Any:
        number = node.get("__id__")
        if number is None:
            return self._made(node)
        if number not in self.made:
            self.made[number] = self._made(node)
        return self.made[number]

    def _made(self, node: Any) -> Any:
        name = f"{node['__module__']}.{node['__class__']}"
        match node["__loader__"], name, node.get("type"):
            case "JsonNode", _, _:
                return json.loads(node["content"])
            case "TypeNode", _, _ if name in _KEYS:
                return _KEYS[name]
            case "ListNode", "builtins.list", _:
                return [self._object(item) for item in node["content"]]
            case "TupleNode", "builtins.tuple", _:
                return tuple(self._object(item) for item in node["content"])
            case "DictNode", "builtins.dict", _:
                items = zip(self._object(node["key_types"]), node["content"].items(), strict=True)
                return {kind(key): self._object(value) for kind, (key, value) in items}
            case "NdArrayNode", "numpy.ndarray", "json" if len(node["shape"]["content"]) == 1:
                values = np.empty(len(node["content"]), dtype=object)
                for i, item in enumerate(node["content"]):
                    values[i] = self._object(item)
                return values
            case "NdArrayNode", "numpy.ndarray" | "numpy.float64", "numpy":
                values = np.load(io.BytesIO(self.archive.read(node["file"])), allow_pickle=False)
                return values if node["__class__"] == "ndarray" else np.float64(values)
            case "FunctionNode" | "ObjectNode", _, _ if name in self.trusted:
                kind = getattr(import_module(node["__module__"]), node["__class__"])
                return kind if node["__loader__"] == "FunctionNode" else self._instance(kind, node)
        raise UnknownPartError(name)

    def _instance(self, kind: Any, node: Any) -> Any:
        made = kind.__new__(kind)  # not __init__, whose arguments are not described
        if state := self._object(node["content"]) if "content" in node else None:
            getattr(made, "__setstate__", made.__dict__.update)(state)
        return made
