"""Nothing imports upward, heavy libraries stay in their rooms, and files stay short."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "skcluster"

#: The rooms, bottom first: each may import those before it. A room that is not here does not exist.
LAYERS = (
    *("_utils", "schema", "photometry"),
    *("gaia", "isochrones", "clusters", "metrics"),
    *("io", "membership", "features", "augmentation", "datasets"),
    *("regressors", "inference"),
    *("pipelines", "persistence", "estimation"),
    *("plotting", "report", "distributed", "cli"),
)
#: Regressors see numbers, never stars.
NEVER = {"regressors": set(LAYERS[LAYERS.index("gaia") : LAYERS.index("regressors")])}
#: Libraries that only some rooms may import at all, inside functions or not.
ONLY_IN = {
    "keras": {"regressors"},
    "tensorflow": {"regressors"},
    "scikeras": {"regressors"},
    "matplotlib": {"features", "plotting", "report", "cli"},
    "corner": {"plotting"},
    "bokeh": {"report"},
}


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, wherever it is, but those that only type checkers see."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            # "from skcluster import io" imports skcluster.io.
            names = [f"{base}.{alias.name}" for alias in node.names]
            yield from ((node.lineno, n) for n in (names if base == "skcluster" else [base]))
        else:
            yield from imports(node)


def forbidden(room: str, code: str) -> list[str]:
    """The imports that a file of a room may not have."""
    allowed = {*LAYERS[: LAYERS.index(room) + 1]} - NEVER.get(room, set())
    wrong = []
    for line, name in imports(ast.parse(code)):
        library, *rest = name.split(".")
        upward = library == "skcluster" and (rest[:1] or ["cli"])[0] not in allowed
        if library == "" or upward or room not in ONLY_IN.get(library, {room}):
            wrong.append(f"{line}: {name}")
    if "warnings.warn(" in code and room != "_utils":
        wrong.append("warnings.warn, where skcluster._utils.messages names the caller's line")
    return wrong


def test_nothing_imports_upward():
    wrong = []
    for file in sorted(PACKAGE.rglob("*.py")):
        place = file.relative_to(PACKAGE)
        room = place.with_suffix("").parts[0]
        if room not in ("__init__", "__main__"):  # the list of names, and the door
            wrong += [f"{place}:{what}" for what in forbidden(room, file.read_text())]
    assert wrong == []


def test_an_import_upward_is_noticed():
    for room, code in [
        ("photometry", "import skcluster.clusters"),
        ("features", "def f():\n    from skcluster.augmentation import ClusterAugmenter"),
        ("regressors", "from skcluster.clusters._stars import Stars"),
        ("clusters", "from skcluster import estimate"),
        ("clusters", "from . import _stars"),
        ("io", "from keras.ops import sum"),
        ("io", "warnings.warn('x')"),
    ]:
        assert len(forbidden(room, code)) == 1, code
    assert forbidden("io", "if TYPE_CHECKING:\n    import keras\nfrom skcluster import gaia") == []


def test_no_file_is_longer_than_500_lines():
    folders = ("skcluster", "tests", "benchmarks", "tools")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    assert [f"{file}" for file in files if len(file.read_text().splitlines()) > 500] == []
