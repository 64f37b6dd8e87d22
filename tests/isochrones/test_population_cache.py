"""The densities of populations are computed once, and nothing but whole ones are read."""

import dataclasses
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from skcluster.isochrones import PopulationGrid, _population, _population_tables
from skcluster.isochrones._axes import Axes, Axis

#: Of a grid of a few numbers.
SMALL = Axes(
    Axis(6, 1, 4), Axis(0, 1, 2), (0.0, 0.1), (0.02,), Axis(0, 1, 5), Axis(0, 1, 3), Axis(0, 1, 3)
)
RNG = np.random.default_rng(0)
TABLES = _population.Tables(
    RNG.integers(0, 256, SMALL.shape).astype(np.uint8), RNG.random((4, 2, 5)).astype(np.float32)
)

Load = Callable[[], PopulationGrid]


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """A folder of its own for a small grid; a number per computation."""
    seen: list[int] = []

    def build(advance: Callable[[int], None]) -> _population.Tables:
        seen.append(len(seen))
        time.sleep(0.05)
        return _population.Tables(*(table.copy() for table in TABLES))

    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "cache"))
    for module in (_population, _population_tables):
        monkeypatch.setattr(module, "AXES", SMALL)
    monkeypatch.setattr(_population, "build", build)
    return seen


@pytest.fixture
def load() -> Load:
    """Loading as in a new process."""
    return PopulationGrid.load.__wrapped__


def assert_densities(grid: PopulationGrid) -> None:
    """Those of the tables, of all ages."""
    grid.share_brighter(SMALL.log_age.values, 4 * [0.0], 4 * [0], np.zeros(4))
    np.testing.assert_array_equal(grid.codes, TABLES.codes)
    np.testing.assert_array_equal(grid.centre, TABLES.centre)


def cached(tmp_path: Path) -> Path:
    (file,) = (tmp_path / "cache").iterdir()
    return file


def test_one_process_computes_and_others_read(
    load: Load, builds: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert_densities(load())
    assert "Tabulating stellar populations (once, 60 MB)" in capsys.readouterr().err
    for _ in range(2):
        assert_densities(load())
    assert capsys.readouterr().err == ""
    assert builds == [0]
    assert cached(tmp_path).suffix == ".arrow"


def test_only_the_ages_that_are_needed_are_read(load: Load, builds: list[int]):
    load()
    grid = load()
    read: list[int] = []
    recorded = dataclasses.replace(
        grid, source=lambda age: read.append(int(age)) or grid.source(age)
    )
    for _ in range(2):
        recorded.share_brighter([7.5], [0.0], [0], np.zeros(1))
    assert read == [1, 2]


def test_a_process_has_one_grid():
    assert PopulationGrid.load() is PopulationGrid.load()


def test_another_process_reads_what_this_one_computed():
    program = """
import numpy as np
from skcluster.isochrones import PopulationGrid, _population
del _population.build
print(PopulationGrid.load().mean_colour([9.0], [0.0], [0], np.array([5.0]))[0])
"""
    command = [sys.executable, "-W", "error", "-c", program]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.stderr == ""
    colour = PopulationGrid.load().mean_colour([9.0], [0.0], [0], np.array([5.0]))[0]
    assert float(process.stdout) == pytest.approx(colour)


def written(file: Path, codes: np.ndarray, centre: np.ndarray) -> bytes:
    _population._write(file, _population.Tables(codes, centre))
    return file.read_bytes()


def damaged(file: Path, how: str) -> bytes:
    whole = file.read_bytes()
    return {
        "empty": b"",
        "cut in the header": whole[:50],
        "cut": whole[:-1],
        "text": b"not densities at all" * 30,
        "fewer ages": written(file, *(table[:2] for table in TABLES)),
        "other shape": written(file, TABLES.codes[..., :2], TABLES.centre),
    }[how]


@pytest.mark.parametrize(
    "how", ["empty", "cut in the header", "cut", "text", "fewer ages", "other shape"]
)
def test_a_damaged_file_is_computed_anew(how, load: Load, builds: list[int], tmp_path: Path):
    load()
    file = cached(tmp_path)
    whole = file.read_bytes()
    broken = damaged(file, how)
    assert broken != whole
    file.write_bytes(broken)
    assert_densities(load())
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
        assert_densities(load())
    assert len(seen) == 1
    assert str(tmp_path / "cache") in str(seen[0].message)
    assert len(builds) == before + 1
    assert not list(tmp_path.rglob("*.half"))


def test_a_full_disk_leaves_nothing_behind(
    load: Load, builds: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(file, tables):
        file.write_bytes(b"some")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_population, "_write", fail)
    with pytest.warns(UserWarning, match="No space left on device"):
        assert_densities(load())
    assert list((tmp_path / "cache").iterdir()) == []


def test_many_may_compute_at_once(load: Load, builds: list[int], tmp_path: Path):
    loaded: list[PopulationGrid] = []
    threads = [threading.Thread(target=lambda: loaded.append(load())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 8
    # One file, whole, and no half ones.
    assert cached(tmp_path).suffix == ".arrow"
    for grid in [*loaded, load()]:
        assert_densities(grid)


def test_what_it_is_computed_from_names_the_file(monkeypatch: pytest.MonkeyPatch):
    fingerprint = _population._fingerprint.__wrapped__
    first = fingerprint()
    assert fingerprint() == first
    monkeypatch.setattr(_population, "VERSION", _population.VERSION + 1)
    second = fingerprint()
    monkeypatch.setattr(_population, "AXES", SMALL)
    assert len({first, second, fingerprint()}) == 3
