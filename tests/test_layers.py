"""Nothing imports upward, read from the source; and files stay short."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skcluster"
FILES = sorted(PACKAGE.rglob("*.py"))

#: What every part may stand on.
GROUND = {"schema", "photometry", "_utils"}
#: What each part may import of skcluster, besides itself. A part that is not here does not exist.
MAY_IMPORT = {
    "schema": {"_utils"},
    "photometry": {"_utils"},
    "_utils": set(),
    "gaia": GROUND,
    "isochrones": GROUND,
    "clusters": GROUND | {"gaia"},
    "io": GROUND | {"clusters", "gaia"},
    "datasets": GROUND | {"clusters", "gaia", "isochrones", "io"},
    "features": GROUND | {"clusters", "gaia"},
    "augmentation": GROUND | {"clusters", "gaia"},
    "regressors": GROUND,
    "metrics": {"schema", "_utils"},
    "inference": GROUND | {"clusters", "gaia", "isochrones", "metrics"},
    "plotting": GROUND | {"clusters", "io", "isochrones"},
    "report": GROUND | {"clusters", "datasets", "io", "isochrones", "plotting"},
    "pipelines": GROUND
    | {"datasets", "features", "augmentation", "regressors", "metrics", "inference"},
    "persistence": GROUND | {"io", "pipelines", "features", "regressors", "inference"},
    "estimation": GROUND | {"clusters", "gaia", "io", "inference", "persistence"},
    "distributed": GROUND | {"clusters", "io", "estimation", "persistence"},
}
#: The door and the list of names see everything.
ABOVE_ALL = {"cli", "__main__", "__init__"}

#: Libraries that only some parts may import at all, inside functions or not.
ONLY_IN = {
    "keras": {"regressors", "persistence"},
    "tensorflow": {"regressors"},
    "scikeras": {"regressors"},
    "matplotlib": {"features", "plotting", "cli"},
    "bokeh": {"report"},
}


def part_of(file: Path) -> str:
    return file.relative_to(PACKAGE).with_suffix("").parts[0]


def modules_imported(file: Path) -> list[tuple[int, str]]:
    """Line and full name of every import in a file, wherever in it."""
    found = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively"
            # "from skcluster import io" imports skcluster.io.
            names = [alias.name for alias in node.names] if node.module == "skcluster" else [""]
            found += [(node.lineno, f"{node.module}.{name}".rstrip(".")) for name in names]
    return found


def wrong_imports(part: str, imported: list[tuple[int, str]]) -> list[tuple[int, str]]:
    wrong = []
    for line, name in imported:
        library, *rest = name.split(".")
        if library == "skcluster" and part not in ABOVE_ALL:
            allowed = {part} | MAY_IMPORT[part]
            if not rest or rest[0] not in allowed:
                wrong.append((line, name))
        elif library in ONLY_IN and part not in ONLY_IN[library]:
            wrong.append((line, name))
    return wrong


def type_checking_only(file: Path) -> set[int]:
    """Lines of imports that only type checkers see."""
    return {
        inner.lineno
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_nothing_imports_upward(file):
    part = part_of(file)
    assert part in MAY_IMPORT.keys() | ABOVE_ALL, f"{part} has no place among the layers"
    unseen = type_checking_only(file)
    imported = [(line, name) for line, name in modules_imported(file) if line not in unseen]
    assert wrong_imports(part, imported) == []


def test_the_layers_have_no_circle():
    levels: set[str] = set()
    while levels != MAY_IMPORT.keys():
        ready = {part for part, below in MAY_IMPORT.items() if below <= levels}
        assert ready > levels, f"{MAY_IMPORT.keys() - levels} import each other"
        levels = ready


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("photometry", "skcluster.clusters"),
        ("features", "skcluster.augmentation"),
        ("regressors", "skcluster.clusters._stars"),
        ("clusters", "skcluster"),
        ("io", "keras.ops"),
    ],
)
def test_an_import_upward_is_found(part, name):
    assert wrong_imports(part, [(1, name)]) == [(1, name)]


def test_scikeras_is_imported_in_one_module():
    importing = {
        file.relative_to(PACKAGE).as_posix()
        for file in FILES
        if any(name.split(".")[0] == "scikeras" for _, name in modules_imported(file))
    }
    assert importing == {"regressors/_scikeras.py"}


def test_keras_is_imported_below_the_networks_only():
    importing = {
        file.relative_to(PACKAGE)
        for file in FILES
        for line, name in modules_imported(file)
        if name.split(".")[0] in ("keras", "tensorflow") and line not in type_checking_only(file)
    }
    assert {file.parent.as_posix() for file in importing} == {"regressors/networks"}


def test_no_part_borrows_the_private_modules_of_another():
    borrowed = {
        (part_of(file), name)
        for file in FILES
        for _, name in modules_imported(file)
        if name.startswith("skcluster.")
        and "._" in name.removeprefix("skcluster._utils")
        and part_of(file) not in {name.split(".")[1], "__init__"}
    }
    assert borrowed == set()


SOURCES = [
    file
    for folder in (PACKAGE, ROOT / "tests", ROOT / "benchmarks")
    for file in sorted(folder.rglob("*.py"))
]


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: str(f.relative_to(ROOT)))
def test_no_file_is_longer_than_500_lines(file):
    assert len(file.read_text().splitlines()) <= 500


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_warnings_point_at_the_callers_line(file):
    if file.name != "messages.py":
        assert "warnings.warn(" not in file.read_text(), "use skcluster._utils.messages.warn_caller"
