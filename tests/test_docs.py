"""Every block of Python in README and guides runs as it stands, in an empty script and folder.

Blocks of ``>>>`` are run by pytest as doctests, one after the other.
"""

import random
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from skcluster.cli import main

mpl.use("agg")

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(
    r"(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)```", re.S
)
#: Why a block may be left out.
REASONS = {"asks VizieR", "reads the reader's own files"}
#: Numbers of the pretrained model differ by this much between processors.
TOLERANCE = 0.02


class Block(NamedTuple):
    page: Path
    line: int
    kind: str
    text: str
    reason: str | None

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text()
    return [
        Block(page, text[: found.start("text")].count("\n"), *found.group("kind", "text", "reason"))
        for found in FENCE.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks_of(page)]
SCRIPTS = [b for b in BLOCKS if b.kind == "python" and ">>>" not in b.text]


def run(script: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What a script prints that is run in a folder."""
    file = folder / "script.py"
    file.write_text(script)
    if "__main__" in script:  # starts processes, which read the script again
        command = [sys.executable, str(file)]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True, timeout=300
        ).stdout
    capsys.readouterr()
    # A script is a process of its own elsewhere, and may draw from where it gives no seed.
    states = np.random.get_state(), random.getstate()  # noqa: NPY002
    runpy.run_path(str(file), run_name="__main__")
    np.random.set_state(states[0])  # noqa: NPY002
    random.setstate(states[1])
    plt.close("all")
    return capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("block", SCRIPTS, ids=lambda b: b.name)
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_a_block_of_python_runs_alone(block, tmp_path, monkeypatch, capsys):
    if block.reason is not None:
        assert block.reason in REASONS
        compile(block.text, block.name, "exec")
        pytest.skip(block.reason)
    monkeypatch.chdir(tmp_path)
    printed = run(block.text, tmp_path, capsys)
    following = next((b for b in blocks_of(block.page) if b.line > block.line), None)
    if following is not None and following.kind == "text":
        assert_same_output(printed, following.text)


def assert_same_output(printed: str, shown: str) -> None:
    """The same words, and numbers that differ by no more than processors do."""
    number = re.compile(r"-?\d+\.\d+")
    assert number.sub("#", printed).split() == number.sub("#", shown).split()
    assert [float(n) for n in number.findall(printed)] == pytest.approx(
        [float(n) for n in number.findall(shown)], abs=TOLERANCE
    )


def test_other_output_is_found():
    assert_same_output("M 67  9.55\n", "M 67 9.56\n")
    for shown in ("M 67 9.59", "M 66 9.55", "M 67 9.55 9.55"):
        with pytest.raises(AssertionError):
            assert_same_output("M 67 9.55", shown)


@pytest.mark.slow
def test_the_commands_of_the_readme_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = [
        line
        for block in blocks_of(ROOT / "README.md")
        if block.kind == "" and block.reason is None
        for line in block.text.splitlines()
        if line.startswith("skcluster ")
    ]
    assert len(lines) >= 3
    for line in lines:
        assert main(shlex.split(line, comments=True)[1:]) == 0, capsys.readouterr().err


#: Every page that a reader opens on the site or in the repository.
ALL_PAGES = [*PAGES, *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY"))]
LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.M)


def anchors_of(page: Path) -> set[str]:
    """What headings are called in addresses, on the site and on GitHub alike."""
    outside = FENCE.sub("", page.read_text())
    kept = [re.sub(r"[^\w\s-]", "", heading.lower()) for heading in HEADING.findall(outside)]
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page):
    for target, anchor in LINK.findall(FENCE.sub("", page.read_text())):
        file = page.parent / target if target else page
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), f"{target}#{anchor}"


def test_links_to_headings_are_found_out():
    assert "what-happens-on-lists-that-differ" in anchors_of(ROOT / "docs" / "member_lists.md")
    assert LINK.findall("[a](b.md#c-d) [e](#f) [g](h.md)") == [
        ("b.md", "c-d"),
        ("", "f"),
        ("h.md", ""),
    ]


def test_citations_of_the_paper_resolve_and_articles_have_dois():
    cited = set(re.findall(r"@(\w+)", (ROOT / "paper" / "paper.md").read_text()))
    entries = re.findall(
        r"^@(\w+)\{(\w+),(.*?)^\}", (ROOT / "paper" / "paper.bib").read_text(), re.M | re.S
    )
    assert cited == {key for _, key, _ in entries}
    for kind, key, fields in entries:
        assert kind != "article" or re.search(r"doi = \{10\.\d+/", fields), key
