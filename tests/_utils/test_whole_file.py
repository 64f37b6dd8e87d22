"""Files that appear only once they are whole."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from skcluster._utils import files
from skcluster._utils.files import whole_file

WRITER = """
import sys, time
from pathlib import Path
from skcluster._utils.files import whole_file
with whole_file(Path(sys.argv[1]), overwrite=True) as half:
    half.write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    with whole_file(path, overwrite=False) as half:
        half.write_text("new")
        assert not path.exists()
        assert half.parent == tmp_path  # a rename within one file system cannot fail half-way
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "table.txt"
    path.write_text("old")

    def fail_half_way() -> None:
        with whole_file(path, overwrite=True) as half:
            half.write_text("new")
            raise error

    with pytest.raises(error):
        fail_half_way()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text("old")
    with (
        pytest.raises(FileExistsError, match="overwrite=True replaces it"),
        whole_file(path, False),
    ):
        pass
    with whole_file(path, True) as half:
        half.write_text("new")
    assert path.read_text() == "new"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError, match=r"no folder .*none"),
        whole_file(tmp_path / "none" / "table.txt", False),
    ):
        pass


def writing(path: Path) -> subprocess.Popen:
    """A process that has written half of a file."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    return process


@pytest.mark.skipif(os.name == "nt", reason="processes are not asked whether they live there")
def test_what_a_killed_process_left_is_removed_but_not_that_of_a_living_one(tmp_path: Path) -> None:
    with writing(tmp_path / "killed") as killed, writing(tmp_path / "living") as living:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(list(tmp_path.glob(".*.half"))) == 2
        files._remove_left_over.cache_clear()
        with whole_file(tmp_path / "third", overwrite=False) as half:
            half.write_text("new")
        assert [file.name[:7] for file in tmp_path.glob(".*.half")] == [".living"]
        living.send_signal(signal.SIGINT)
    assert [file.name for file in tmp_path.iterdir()] == ["third"]


def test_what_is_of_another_machine_or_not_ours_is_left(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a", overwrite=False) as half:
        half.write_text("a")
    other = re.sub(r"[0-9a-f]{12}-\d+-", "000000000000-999999999-", half.name)
    names = {other, ".notes.half", ".b.12-x.half"}
    for name in names:
        (tmp_path / name).touch()
    files._remove_left_over.cache_clear()
    with whole_file(tmp_path / "a", overwrite=True) as half:
        half.write_text("a")
    assert {file.name for file in tmp_path.iterdir()} == {"a", *names}


@pytest.mark.parametrize("name", ["a" * 250, "\u03b1" * 120])
def test_a_name_as_long_as_names_can_be(tmp_path: Path, name: str) -> None:
    with whole_file(tmp_path / name, overwrite=False) as half:
        half.write_text("new")
    assert (tmp_path / name).read_text() == "new"


@pytest.mark.skipif(os.name == "nt", reason="there is no umask")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_others_may_read_what_the_umask_lets_them(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        with whole_file(tmp_path / "shared", overwrite=False) as half:
            half.write_text("new")
    finally:
        os.umask(before)
    assert (tmp_path / "shared").stat().st_mode & 0o777 == mode
