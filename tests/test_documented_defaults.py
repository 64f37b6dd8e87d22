"""The defaults that docstrings state are those of the signatures."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
from numpydoc.docscrape import FunctionDoc

MODULES = [
    f"skcluster.{name}"
    for name in (
        *("augmentation", "clusters", "estimation", "features", "gaia", "inference", "io"),
        *("isochrones", "metrics", "persistence", "photometry", "schema"),
    )
]


def public() -> Iterator[tuple[str, Any]]:
    """Functions, classes and their methods, under the names of the modules that offer them."""
    for module in map(importlib.import_module, MODULES):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing):
                methods = inspect.getmembers(thing, inspect.isfunction)
                own = [(n, m) for n, m in methods if m.__module__.startswith("skcluster")]
                yield from ((f"{module.__name__}.{name}.{n}", m) for n, m in own if n[0] != "_")
            is_error = inspect.isclass(thing) and issubclass(thing, Exception)
            if callable(thing) and thing.__doc__ and not is_error:
                yield f"{module.__name__}.{name}", thing


def stated(text: str) -> Iterator[tuple[str, Any]]:
    """Names of parameters and the defaults in their docstring; what is no literal is left out."""
    for parameter in FunctionDoc(None, doc=inspect.cleandoc(text))["Parameters"]:
        found = re.search(r"default=(.+)$", parameter.type)
        if found is None:
            continue
        names = parameter.name.split(", ")
        try:
            values = ast.literal_eval(found[1].replace("−", "-"))
        except (SyntaxError, ValueError):
            continue
        yield from zip(names, values if len(names) > 1 else [values], strict=True)


THINGS = dict(public())


@pytest.mark.parametrize("name", THINGS)
def test_defaults(name):
    thing = THINGS[name]
    defaults = list(stated(thing.__doc__ or ""))
    # Some builtin types have no signature, and so none of the classes derived from them.
    parameters = inspect.signature(thing).parameters if defaults else {}
    for parameter, default in defaults:
        assert parameters[parameter].default == default, parameter


def test_most_defaults_are_stated():
    n_stated = sum(len(list(stated(thing.__doc__ or ""))) for thing in THINGS.values())
    assert n_stated > 100
