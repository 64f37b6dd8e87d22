"""The densities of populations are computed once, and nothing but whole ones are read."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from skcluster.isochrones import PopulationGrid, _population
from skcluster.isochrones._axes import Axes, Axis

#: Of a grid of a few numbers.
SMALL = Axes(Axis(6, 1, 4), Axis(0, 1, 2), (0.0, 0.1), (0.02,), Axis(0, 1, 5), Axis(0, 1, 3))
CODES = np.random.default_rng(0).integers(0, 256, SMALL.shape).astype(np.uint8)

Load = Callable[[], PopulationGrid]


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """A folder of its own for a small grid; a number per computation."""
    seen: list[int] = []

    def build(advance: Callable[[int], None]) -> np.ndarray:
        seen.append(len(seen))
        time.sleep(0.05)
        return CODES.copy()

    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(_population, "AXES", SMALL)
    monkeypatch.setattr(_population, "build", build)
    return seen


@pytest.fixture
def load() -> Load:
    """Loading as in a new process."""
    return PopulationGrid.load.__wrapped__


def cached(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "cache").iterdir()
    return file


def test_one_process_computes_and_others_read(load: Load, builds: list[int], tmp_path: Path):
    for _ in range(3):
        codes = load().codes
        np.testing.assert_array_equal(codes, CODES)
        assert isinstance(codes, np.memmap)
        assert not codes.flags.writeable
    assert builds == [0]
    assert np.load(cached(tmp_path)).shape == SMALL.shape


def test_a_process_has_one_grid():
    assert PopulationGrid.load() is PopulationGrid.load()


def test_another_process_reads_what_this_one_computed():
    program = """
from skcluster.isochrones import PopulationGrid, _population
del _population.build
print(PopulationGrid.load().map(9.0, 0.0, 0, 0).sum())
"""
    command = [sys.executable, "-W", "error", "-c", program]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.stderr == ""
    assert float(process.stdout) == pytest.approx(PopulationGrid.load().map(9.0, 0.0, 0, 0).sum())


def damaged(whole: bytes, how: str) -> bytes:
    start = len(whole) - CODES.nbytes
    return {
        "empty": b"",
        "cut in the header": whole[:50],
        "without densities": whole[:start],
        "cut": whole[:-1],
        "text": b"not densities at all" * 30,
        "other shape": whole[:start].replace(b"(4, 2, 2", b"(2, 4, 2") + whole[start:],
        "other type": whole[:start].replace(b"|u1", b"|i1") + whole[start:],
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        *("empty", "cut in the header", "without densities", "cut", "text"),
        *("other shape", "other type"),
    ],
)
def test_a_damaged_file_is_computed_anew(how, load: Load, builds: list[int], tmp_path: Path):
    load()
    file = cached(tmp_path)
    whole = file.read_bytes()
    broken = damaged(whole, how)
    assert broken != whole
    file.write_bytes(broken)
    np.testing.assert_array_equal(load().codes, CODES)
    assert cached(tmp_path).read_bytes() == whole
    assert builds == [0, 1]


@pytest.mark.parametrize("obstacle", ["a file for the folder", "a folder for the file"])
def test_where_nothing_can_be_kept_one_warning_says_so(
    obstacle: str, load: Load, builds: list[int], tmp_path: Path
):
    if obstacle == "a file for the folder":
        (tmp_path / "cache").write_text("in the way")
    else:
        load()
        file = cached(tmp_path)
        file.unlink()
        (file / "inside").mkdir(parents=True)
    before = len(builds)
    with pytest.warns(UserWarning, match="SKCLUSTER_DATA sets another folder") as seen:
        np.testing.assert_array_equal(load().codes, CODES)
    assert len(seen) == 1
    assert str(tmp_path / "cache") in str(seen[0].message)
    assert len(builds) == before + 1
    assert not list(tmp_path.rglob("*.half"))


def test_a_full_disk_leaves_nothing_behind(
    load: Load, builds: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(file, codes):
        file.write(b"some")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", fail)
    with pytest.warns(UserWarning, match="No space left on device"):
        np.testing.assert_array_equal(load().codes, CODES)
    assert list((tmp_path / "cache").iterdir()) == []


def test_many_may_compute_at_once(load: Load, builds: list[int], tmp_path: Path):
    loaded: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: loaded.append(load().codes)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 8
    assert all((codes == CODES).all() for codes in loaded)
    # One file, whole, and no half ones.
    assert np.array_equal(np.load(cached(tmp_path)), CODES)


def test_what_it_is_computed_from_names_the_file(monkeypatch: pytest.MonkeyPatch):
    fingerprint = _population._fingerprint.__wrapped__
    first = fingerprint()
    assert fingerprint() == first
    monkeypatch.setattr(_population, "VERSION", _population.VERSION + 1)
    second = fingerprint()
    monkeypatch.setattr(_population, "AXES", SMALL)
    assert len({first, second, fingerprint()}) == 3
