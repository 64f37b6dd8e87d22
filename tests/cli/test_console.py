"""Terminals that cannot encode or go away; names that would move the cursor; Ctrl-C."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from skcluster.cli._console import PRINTED, console, escaped

MEMBERS = "cluster,phot_g_mean_mag,bp_rp,parallax\n"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A cluster whose name clears the screen, in letters that not every terminal has."""
    file = tmp_path / "hostile.csv"
    stars = "".join(
        f"\x1b[2JTrümpler ★,{10 + i / 9:.2f},{0.3 + i / 20:.2f},1.2\n" for i in range(20)
    )
    file.write_text(MEMBERS + stars)
    return file


def command(file: Path, shell: str = "", **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        f"{sys.executable} -m skcluster estimate {file} {shell}",
        shell=True,
        capture_output=True,
        env={**os.environ, **variables},
        check=False,
    )


def test_escaped_text_moves_no_cursor():
    assert escaped("M 67 ★") == "M 67 ★"
    assert escaped("\x1b[2J\r\x07\x9b") == r"\x1b[2J\r\x07\x9b"


def test_a_card_cannot_move_the_cursor(monkeypatch, run, capsys):
    from skcluster import persistence
    from skcluster.persistence._model_file import ModelCard

    card = {"name": "\x1b[2Jx", "limits": {"\x1b]": [{"\x1b": "\x1b"}]}, "notes": ["\x1b"]}
    read = ModelCard(format=1, fingerprint="\x1b", versions={"numpy": "\x1b"}, card=card)
    monkeypatch.setattr(persistence, "read_card", lambda model: read)
    assert run("info") == 0
    assert run("info", "--json") == 0
    assert "\x1b" not in capsys.readouterr().out


def test_a_name_cannot_move_the_cursor_of_a_terminal_that_cannot_encode_it(hostile):
    done = command(hostile, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout + done.stderr
    assert rb"\x1b[2J" in done.stdout
    assert rb"\u2605" in done.stdout
    assert rb"\u2212" not in done.stdout
    assert b" -0." in done.stdout


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-"])
def test_closed_streams(hostile, tmp_path, closed):
    output = tmp_path / "estimates.csv"
    assert command(hostile, shell=f"-o {output} --json {closed}").returncode == 0
    assert output.read_text().startswith("cluster,")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_the_output(hostile):
    done = command(hostile, shell="> /dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(b"skcluster: error: [Errno 28] No space left")
    assert b"Exception ignored" not in done.stderr


@pytest.mark.parametrize("module", ["pandas", "skcluster.persistence"])
def test_interrupts_end_in_one_line(hostile, module):
    """Wherever the command is: the interrupt comes when it first needs a module."""
    code = (
        "import os, signal, sys\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "from skcluster.cli import main\n"
        "sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "estimate", str(hostile)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 130
    assert done.stderr.splitlines() == ["skcluster: interrupted"]


def test_warnings_are_lines_until_the_command_ends(capsys):
    before = warnings.showwarning
    with console():
        warnings.warn("few\nstars \x1b", UserWarning, stacklevel=1)
    assert warnings.showwarning is before
    assert capsys.readouterr().err == "skcluster: warning: few stars \\x1b\n"
    assert PRINTED == [("few\nstars \x1b", "UserWarning")]
