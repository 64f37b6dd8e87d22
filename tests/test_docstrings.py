"""Docstrings of the public names pass numpydoc's checks, and state the defaults of signatures.

They are checked as users see them, for the fetchers of catalogues fill in what they share.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpydoc.docscrape import FunctionDoc

import skcluster

numpydoc = pytest.importorskip("numpydoc.validate")

CONFIG = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
CHECKS = CONFIG["tool"]["numpydoc_validation"]

#: Asked of classes, not of functions and methods.
OF_CLASSES = {"ES01", "EX01", "SA01"}
#: Not asked of properties, which have neither parameters nor a signature.
NOT_OF_PROPERTIES = {"PR02", "GL08"}


def public_modules() -> Iterator[str]:
    """The modules that users import from; deeper ones, as `regressors.networks`, are internal."""
    yield "skcluster"
    for found in pkgutil.iter_modules(skcluster.__path__, "skcluster."):
        if not found.name.split(".")[1].startswith("_"):
            yield found.name


def public_names(module: str) -> Iterator[tuple[str, object]]:
    """Classes, functions and methods that a module offers, with their objects."""
    there = importlib.import_module(module)
    own = [
        name for name, value in vars(there).items() if getattr(value, "__module__", "") == module
    ]
    for name in getattr(there, "__all__", own):
        value = getattr(there, name)
        if name.startswith("_") or not callable(value):
            continue
        if not getattr(value, "__module__", "").startswith("skcluster"):
            continue
        yield f"{module}.{name}", value
        if inspect.isclass(value):
            for base in value.__mro__:
                if base.__module__.startswith("skcluster"):
                    for method, found in vars(base).items():
                        kind = isinstance(found, (property, classmethod, staticmethod))
                        if not method.startswith("_") and (kind or inspect.isfunction(found)):
                            yield f"{module}.{name}.{method}", found


def findings(name: str, value: object) -> list[str]:
    ignored = set(CHECKS["checks"]) - {"all"}
    if not inspect.isclass(value):
        ignored |= OF_CLASSES
    if isinstance(value, property):
        ignored |= NOT_OF_PROPERTIES
    found = numpydoc.validate(name)["errors"]
    return [f"{name}: {code} {text}" for code, text in found if code not in ignored]


@pytest.mark.parametrize("module", list(public_modules()))
def test_docstrings(module):
    found = [line for name, value in public_names(module) for line in findings(name, value)]
    assert found == []


def stated(value: object) -> Iterator[tuple[str, object]]:
    """Names of parameters and the defaults in their docstring; what is no literal is left out."""
    for parameter in FunctionDoc(None, doc=inspect.getdoc(value) or "")["Parameters"]:
        found = re.search(r"default=(.+)$", parameter.type)
        if found is None:
            continue
        names = parameter.name.split(", ")
        try:
            values = ast.literal_eval(found[1].replace("−", "-"))
        except (SyntaxError, ValueError):
            continue
        several = len(names) > 1 and isinstance(values, tuple)
        yield from zip(names, values if several else [values] * len(names), strict=True)


def test_the_stated_defaults_are_those_of_the_signatures():
    things = dict(item for module in public_modules() for item in public_names(module))
    wrong, number = [], 0
    for name, value in things.items():
        for parameter, default in stated(value):
            number += 1
            function = getattr(value, "__func__", value)  # that of a classmethod
            if inspect.signature(function).parameters[parameter].default != default:
                wrong.append((name, parameter, default))
    assert wrong == []
    assert number > 100


def test_the_checks_find_what_is_missing(monkeypatch):
    monkeypatch.setattr(skcluster.photometry.redden, "__doc__", "Redden stars.")
    found = findings("skcluster.photometry.redden", skcluster.photometry.redden)
    assert any("PR01" in line for line in found)
    assert any("RT01" in line for line in found)
