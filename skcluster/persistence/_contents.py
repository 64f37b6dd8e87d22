"""What a model file may contain: parts of limited size, and trusted types.

skops constructs objects from a description in JSON, if all their types are trusted. Before it does,
the sizes of the parts and the number of objects are checked here, so that a small file cannot
unpack to more than the memory holds.
"""

import json
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any, NamedTuple


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


#: Parts of a model file, besides arrays.
MANIFEST, SCHEMA = "manifest.json", "schema.json"
_MB = 10**6

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
FUNCTIONS = ("skcluster.datasets.simulate_field_stars", "skcluster.inference.describe_cluster")
#: Keys of a dict are stored as text; these types can be restored from it.
_KEY_TYPES = {"str", "str_", "int", "int32", "int64", "float", "float32", "float64"}
#: Loaders of skops for plain values, which need no identity.
_PLAIN = {"JsonNode", "TypeNode", "FunctionNode"}


@cache
def _own_names() -> dict[str, str]:
    """Return the public modules of what is trusted, by name."""
    names: dict[str, str] = {}
    for room in (f"skcluster.{room}" for room in _ROOMS):
        # The list of names, not what they name: an attribute of regressors imports Keras.
        names |= {name: room for name in import_module(room).__all__ if name[0].isupper()}
    for module, _, name in (full.rpartition(".") for full in (*_OTHERS, *FUNCTIONS)):
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
        If the user's list is a single name, or contains neither names nor types.
    """
    if isinstance(trusted, str | type) or not isinstance(trusted, Iterable):
        raise TypeError(f"trusted must be a list of names or types, not {trusted!r}.")
    names = {f"{module}.{name}" for name, module in _own_names().items()}
    for kind in trusted:
        if not isinstance(kind, str) and not callable(kind):
            raise TypeError(f"trusted must contain names and types, not {kind!r}.")
        names.add(kind if isinstance(kind, str) else full_name(kind))
    return sorted(names)


def full_name(kind: Any) -> str:
    """Return the full name of a class or function, with its public module."""
    return f"{public_module(kind.__module__, kind.__qualname__)}.{kind.__qualname__}"


class Limits(NamedTuple):
    """Limits for a file of a given size.

    They are much larger than models need. Within them, reading a file of up to 20 MB takes less
    than 2 GB of memory and 10 s.
    """

    #: Bytes of all parts.
    unpacked: int
    #: Bytes of the description of the objects, and their number.
    schema: int
    nodes: int

    @classmethod
    def of(cls, size: int) -> "Limits":
        """Return the limits for a file of `size` bytes."""
        return cls(max(500 * _MB, 25 * size), max(16 * _MB, size // 2), max(100_000, size // 200))


def check_parts(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Check the kinds and sizes of all parts; reading one gives no more bytes than it says.

    Raises
    ------
    ModelFileError
        If something exceeds the limits, or is not part of a model file.
    """
    parts = archive.infolist()
    if MANIFEST not in archive.namelist():
        raise ModelFileError(f"it is not a model file: it has no {MANIFEST}.")
    most = {MANIFEST: 2 * _MB, SCHEMA: limits.schema}
    _check_size("the whole", sum(part.file_size for part in parts), limits.unpacked)
    for part in parts:
        if part.flag_bits & 1 or part.compress_type not in (
            zipfile.ZIP_STORED,
            zipfile.ZIP_DEFLATED,
        ):
            raise ModelFileError(f"{part.filename} is encrypted, or compressed in another format.")
        if part.filename in most:
            _check_size(part.filename, part.file_size, most[part.filename])
        elif PurePosixPath(part.filename).suffix not in (".npy", ".bin"):
            raise ModelFileError(
                f"it has a part {part.filename}, which does not belong to a model."
            )


def _check_size(what: str, size: int, most: int) -> None:
    if size > most:
        raise ModelFileError(
            f"the size of {what} is {size / _MB:.0f} MB; the limit is {most / _MB:.0f} MB."
        )


def check_schema(text: bytes, limits: Limits, sizes: Mapping[str, int]) -> None:
    """Check the description of objects, before any is constructed.

    Parameters
    ----------
    text : bytes
        The description in the file.
    limits : Limits
        Limits for the file.
    sizes : mapping of str to int
        Bytes of the file's parts.

    Raises
    ------
    ModelFileError
        If skops does not write such a description, or it is too large.
    """
    described: dict[Any, Any] = {}
    n_nodes = n_bytes = 0

    def check(node: dict[str, Any]) -> dict[str, Any]:
        nonlocal n_nodes, n_bytes
        if "__loader__" not in node:
            return node
        n_nodes += 1
        if n_nodes > limits.nodes:
            raise ModelFileError(f"it contains more than {limits.nodes} objects.")
        number = node.get("__id__")
        if number is not None and (first := described.setdefault(number, node)) is not node:
            # An object that occurs twice must be described twice: otherwise a short text could
            # describe more objects than can be checked.
            if first != node:
                raise ModelFileError(f"it describes one {node.get('__class__')} in two ways.")
            return dict(first)
        _check_node(node)
        if "file" in node:
            if node["file"] not in sizes:
                raise ModelFileError(f"its part {node['file']} is missing.")
            n_bytes += sizes[node["file"]]
            if n_bytes > limits.unpacked:
                raise ModelFileError("it reads the same arrays too often.")
        return node

    json.loads(text, object_hook=check)


def _check_node(node: dict[str, Any]) -> None:
    """Refuse what skops would take, but this package does not write."""
    loader, name = node["__loader__"], f"{node['__module__']}.{node['__class__']}"
    if name in FUNCTIONS and loader != "FunctionNode":
        raise ModelFileError(f"it uses the function {name} as a class.")
    if loader == "DictNode":
        types = node["key_types"]["content"]
        wrong = {kind["__class__"] for kind in types} - _KEY_TYPES
        if wrong:
            kinds = ", ".join(sorted(wrong))
            raise ModelFileError(f"it contains a dict with keys of type {kinds}.")
        if len(types) != len(node["content"]):
            raise ModelFileError(
                "it contains a dict with two keys of the same text, or one without type."
            )


class Tidied(NamedTuple):
    """New names of the parts with arrays by their old ones, and the full names of all types."""

    files: dict[str, str]
    names: set[str]


def tidy(schema: Any) -> Tidied:
    """Replace addresses by numbers, and private modules of this package by public ones, in place.

    Thus the same model gives the same file, and classes can move to other files.
    """
    described: dict[int, dict[str, Any]] = {}
    tidied = Tidied({}, set())

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
                tidied.names.add(f"{value['__module__']}.{value['__class__']}")
                if "file" in value:
                    suffix = PurePosixPath(value["file"]).suffix
                    new = f"arrays/{len(tidied.files)}{suffix}"
                    value["file"] = tidied.files.setdefault(value["file"], new)
            for item in value.values():
                visit(item)

    visit(schema)
    return tidied
