"""Normalise skops' description of objects when saving, and check it when loading."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from skcluster.persistence._errors import ModelFileError
from skcluster.persistence._limits import Limits
from skcluster.persistence._trust import check_use, public_module

_DEEPEST = 200
#: Keys of a dict are stored as text; these types can be restored from it.
_KEY_TYPES = {"str", "str_", "int", "int32", "int64", "float", "float32", "float64"}
#: Plain values need no identity.
_PLAIN = {"JsonNode", "TypeNode", "FunctionNode"}


def tidy(schema: dict[str, Any]) -> dict[str, str]:
    """Replace addresses by numbers, and private modules of this package by public ones.

    Thus the same model gives the same file, and classes can move to other files.

    Returns
    -------
    dict of str to str
        Map from old to new names of the parts with arrays.
    """
    known: dict[int, dict[str, Any]] = {}
    seen: set[int] = set()
    files: dict[str, str] = {}
    for node in _nodes(schema, seen):
        number = node.pop("__id__", None)
        if number in known:
            # Described twice, with different addresses of temporary objects.
            node.update(known[number])
            seen.add(id(node))
            continue
        if number is not None and node["__loader__"] not in _PLAIN:
            known[number] = node
            node["__id__"] = len(known)
        node["__module__"] = public_module(node["__module__"], node["__class__"])
        if "file" in node:
            new = f"arrays/{len(files)}{PurePosixPath(node['file']).suffix}"
            node["file"] = files.setdefault(node["file"], new)
    return files


def names_in(schema: Any) -> set[str]:
    """Return the full names of all types that a description names."""
    return {f"{node['__module__']}.{node['__class__']}" for node in _nodes(schema, set())}


def check_schema(schema: Any, limits: Limits, sizes: Mapping[str, int]) -> None:
    """Check the description of objects, before any is constructed.

    Parameters
    ----------
    schema : object
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
    known: dict[Any, Any] = {}
    seen: set[int] = set()
    n_nodes = n_bytes = 0
    for node in _nodes(schema, seen):
        n_nodes += 1
        if n_nodes > limits.nodes:
            raise ModelFileError(f"it contains more than {limits.nodes} objects.")
        number = node.get("__id__")
        if number is not None and known.setdefault(number, node) is not node:
            # An object that occurs twice must be described twice: otherwise a short text could
            # describe more objects than can be checked.
            if known[number] != node:
                raise ModelFileError(f"it describes one {node.get('__class__')} in two ways.")
            seen.add(id(node))
            continue
        _check_node(node)
        if "file" in node:
            if node["file"] not in sizes:
                raise ModelFileError(f"its part {node['file']} is missing.")
            n_bytes += sizes[node["file"]]
            if n_bytes > limits.unpacked:
                raise ModelFileError("it reads the same arrays too often.")


def _check_node(node: dict[str, Any]) -> None:
    loader, module, name = (node.get(f"__{n}__") for n in ("loader", "module", "class"))
    if not (isinstance(loader, str) and isinstance(module, str) and isinstance(name, str)):
        raise ModelFileError("it contains an object without a type.")
    check_use(loader, f"{module}.{name}")
    if loader != "DictNode":
        return
    types = node["key_types"]["content"]
    wrong = {kind["__class__"] for kind in types} - _KEY_TYPES
    if wrong:
        raise ModelFileError(f"it contains a dict with keys of type {', '.join(sorted(wrong))}.")
    if len(types) != len(node["content"]):
        raise ModelFileError(
            "it contains a dict with two keys of the same text, or one without type."
        )


def _nodes(schema: Any, seen: set[int]) -> Iterator[dict[str, Any]]:
    """Yield all descriptions of objects in the order of the text, except those within `seen`."""
    stack = [(schema, 0)]
    while stack:
        value, depth = stack.pop()
        if depth > _DEEPEST:
            raise ModelFileError(f"it is nested more than {_DEEPEST} deep.")
        if isinstance(value, dict) and "__loader__" in value:
            yield value
            if id(value) in seen:
                continue
        inside = list(value.values()) if isinstance(value, dict) else value
        stack += [(v, depth + 1) for v in reversed(inside) if isinstance(v, dict | list)]
