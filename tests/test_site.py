"""The site: every public name has a page, every example a place, and the quick ones run."""

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

import api_pages  # noqa: E402
import gallery_order  # noqa: E402
from common import cases  # noqa: E402

EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))
#: Those that take a few seconds; the others run when the site is built.
QUICK = (
    "contaminated_list",
    "first_estimate",
    "from_the_sky",
    "metallicities",
    "network_and_isochrones",
)


def test_the_reference_has_every_public_module():
    public = {module.__name__ for module in cases.public_modules()}
    # The networks below the regressors have public names, and are not public: they offer nothing.
    offered = {name for name in public if hasattr(sys.modules[name], "__all__")}
    assert offered == set(api_pages.MODULES)


def test_the_reference_has_every_public_name(tmp_path):
    api_pages.write(tmp_path)
    pages = {file.stem for file in tmp_path.glob("*.rst")}
    index = (tmp_path / "index.rst").read_text()
    for module in cases.public_modules():
        for name in getattr(module, "__all__", []):
            if not inspect.ismodule(getattr(module, name)) and name != "__version__":
                address = api_pages.address(module.__name__, name)
                assert address in pages
                assert f"<{address}>" in index
    assert (
        "autoclass:: skcluster.CMDHistogram"
        in (tmp_path / "skcluster.CMDHistogram.rst").read_text()
    )


def test_the_console_is_in_the_reference(tmp_path):
    api_pages.write(tmp_path)
    page = (tmp_path / "command_line.rst").read_text()
    assert page.count("usage: skcluster") == 1 + len(api_pages.COMMANDS)
    assert "--members-output" in page


def test_every_example_has_a_place_in_the_gallery():
    assert sorted(gallery_order.ORDER) == sorted(file.stem for file in EXAMPLES)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda f: f.stem)
def test_an_example_is_short_has_a_title_prints_numbers_and_shows_its_figures(file):
    lines = file.read_text().splitlines()
    assert len(lines) <= 130
    assert lines[0] == '"""'
    assert lines[2] == "=" * len(lines[1])
    statements = [ast.unparse(statement) for statement in ast.parse(file.read_text()).body]
    assert any("print(" in statement for statement in statements)
    assert statements[-1] == "plt.show()"
    assert statements.count("plt.show()") == 1  # all windows at once, after the last number


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_a_quick_example_runs_alone_in_an_empty_folder(name, tmp_path):
    file = next(file for file in EXAMPLES if file.stem == name)
    script = tmp_path / file.name
    script.write_text(f"{file.read_text()}\nassert plt.get_fignums(), 'It makes no picture.'\n")
    bare = {k: v for k, v in os.environ.items() if not k.startswith("SKCLUSTER_M")}
    # Keras' own warnings, and that of plt.show() without windows, on a machine with a display.
    ignored = (
        "ignore::DeprecationWarning",
        "ignore:FigureCanvasAgg is non-interactive:UserWarning",
    )
    options = [word for rule in ("error", *ignored) for word in ("-W", rule)]
    done = subprocess.run(
        [sys.executable, *options, script.name],
        cwd=tmp_path,
        env={**bare, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
