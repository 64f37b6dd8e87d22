"""Write the pages of the reference: every public name, from the ``__all__`` of the modules.

A name is documented at its shortest address (``skcluster.CMDHistogram``); the pages of the other
modules that offer it link there.
"""

import importlib
import inspect
import io
import re
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from skcluster.cli import COMMANDS, main

#: The modules of the reference, in the order in which a reader needs them.
SECTIONS = {
    "In short": ["skcluster"],
    "Data": [
        "skcluster.clusters",
        "skcluster.io",
        "skcluster.datasets",
        "skcluster.membership",
        "skcluster.schema",
    ],
    "Models": [
        "skcluster.features",
        "skcluster.augmentation",
        "skcluster.regressors",
        "skcluster.inference",
        "skcluster.pipelines",
        "skcluster.metrics",
        "skcluster.persistence",
    ],
    "Estimates": [
        "skcluster.estimation",
        "skcluster.distributed",
        "skcluster.plotting",
        "skcluster.report",
        "skcluster.cli",
    ],
    "Physics": ["skcluster.isochrones", "skcluster.photometry", "skcluster.gaia"],
}
MODULES = [name for names in SECTIONS.values() for name in names]


def public_names(module: str) -> list[str]:
    """What a module offers besides other modules."""
    imported = importlib.import_module(module)
    return [
        name
        for name in sorted(imported.__all__, key=str.lower)
        if not isinstance(getattr(imported, name), ModuleType) and name != "__version__"
    ]


def address(module: str, name: str) -> str:
    """Where a public name is documented: the first module that offers this very object."""
    thing = getattr(importlib.import_module(module), name)
    for other in sorted(MODULES, key=lambda m: m.count(".")):
        if getattr(importlib.import_module(other), name, None) is thing and (
            name in importlib.import_module(other).__all__
        ):
            return f"{other}.{name}"
    raise LookupError(f"No module of the reference offers {module}.{name}.")


def write(folder: Path) -> None:
    """Write all pages of the reference into a folder, anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "index.rst").write_text(_index())
    (folder / "command_line.rst").write_text(_commands())
    for module in MODULES:
        (folder / f"{module}.module.rst").write_text(_module_page(module))
        for name in public_names(module):
            if address(module, name) == f"{module}.{name}":
                (folder / f"{module}.{name}.rst").write_text(_name_page(module, name))


def _title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n\n"


def _summary(thing: Any) -> str:
    """The first paragraph of a docstring; constants have none of their own."""
    if not (inspect.isclass(thing) or callable(thing)) or not inspect.getdoc(thing):
        return ""
    first = " ".join(inspect.getdoc(thing).split("\n\n")[0].split())
    return re.sub(r" \[\d+\]_", "", first)  # the references are on the page of the name


def _index() -> str:
    text = _title("Reference") + (
        "Every public name, module by module. Bad input ends in an error of the kind that each "
        "page names; :doc:`command_line` has the same for the console.\n\n"
        ".. toctree::\n   :hidden:\n\n   command_line\n"
    )
    text += "".join(f"   {name}.module\n" for name in MODULES) + "\n"
    for section, modules in SECTIONS.items():
        text += _title(section, "-")
        for module in modules:
            text += f":doc:`{module} <{module}.module>`\n"
            text += f"   {_summary_of_module(module)}\n\n"
            text += (
                "   " + " · ".join(_link(module, name) for name in public_names(module)) + "\n\n"
            )
    return text


def _summary_of_module(module: str) -> str:
    return inspect.getdoc(importlib.import_module(module)).split("\n\n")[0].replace("\n", " ")


def _link(module: str, name: str) -> str:
    return f":py:obj:`{name} <{address(module, name)}>`"


def _module_page(module: str) -> str:
    text = _title(module) + f".. automodule:: {module}\n   :no-members:\n\n"
    text += ".. list-table::\n   :widths: 30 70\n\n"
    hidden = ""
    for name in public_names(module):
        summary = _summary(getattr(importlib.import_module(module), name))
        text += f"   * - {_link(module, name)}\n     - {summary}\n"
        if address(module, name) == f"{module}.{name}":
            hidden += f"   {module}.{name}\n"
    if hidden:
        text += f"\n.. toctree::\n   :hidden:\n\n{hidden}"
    return text


def _name_page(module: str, name: str) -> str:
    full = f"{module}.{name}"
    thing = getattr(importlib.import_module(module), name)
    text = _title(name) + f".. currentmodule:: {module}\n\n"
    origin = getattr(thing, "__module__", None) or ""
    if origin.startswith("imblearn."):
        kind = "class" if inspect.isclass(thing) else "function"
        return text + (
            f".. py:{kind}:: {name}\n\n   `{origin.rsplit('.', 1)[0]}.{name}` of imbalanced-learn: "
            "scikit-learn's, with steps that may resample clusters and labels while fitting.\n"
        )
    if inspect.isclass(thing):
        members = ", ".join(_members(thing))
        text += f".. autoclass:: {full}\n" + (f"   :members: {members}\n" if members else "")
        if issubclass(thing, Exception):
            text += "   :show-inheritance:\n"
    elif callable(thing):
        text += f".. autofunction:: {full}\n"
    else:
        text += f".. autodata:: {full}\n   :no-value:\n"
    used = Path(__file__).parents[1] / "gallery" / "used" / f"{full}.examples"
    return text + (
        f"\n.. minigallery:: {full}\n   :add-heading: Used in\n" if used.exists() else ""
    )


def _members(cls: type) -> Iterator[str]:
    """Public methods and properties that this package defines, own or inherited."""
    for name in dir(cls):
        if name.startswith("_") or name.endswith("_request"):  # scikit-learn's, of its own pages
            continue
        owner = next(c for c in cls.__mro__ if name in vars(c))
        if not owner.__module__.startswith("skcluster") or not hasattr(cls, name):
            continue
        member = inspect.getattr_static(cls, name)
        function = getattr(member, "fget", None) or getattr(member, "__func__", member)
        if inspect.isroutine(function) and inspect.getdoc(function):
            yield name


def _commands() -> str:
    text = _title("skcluster on the console")
    for command in ("", *COMMANDS):
        printed = io.StringIO()
        with redirect_stdout(printed), suppress(SystemExit):
            main([*command.split(), "--help"])
        body = "".join(f"   {line}\n" for line in printed.getvalue().splitlines())
        text += _title(f"skcluster {command}".strip(), "-") + f".. code-block:: none\n\n{body}\n"
    return text
