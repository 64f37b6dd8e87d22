"""The densities of populations are computed once, and nothing but whole ones are read."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from skcluster.isochrones import PopulationGrid, _population, _population_tables
from skcluster.isochrones._population_tables import Axes, Axis, Tables

#: Of a grid of a few numbers.
SMALL = Axes(
    Axis(6, 1, 4), Axis(0, 1, 2), (0.0, 0.1), (0.02,), Axis(0, 1, 5), Axis(0, 1, 3), Axis(0, 1, 3)
)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of its own for a small grid."""
    for module in (_population, _population_tables):
        monkeypatch.setattr(module, "AXES", SMALL)
    monkeypatch.setenv("SKCLUSTER_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def tables(folder: Path) -> Tables:
    rng = np.random.default_rng(0)
    return Tables(*(rng.integers(0, 256, t.shape).astype(t.dtype) for t in Tables.empty()))


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch, tables: Tables) -> list[Tables]:
    """What was computed."""
    built: list[Tables] = []

    def build(advance: Callable[[int], None]) -> Tables:
        built.append(Tables(*(table.copy() for table in tables)))
        return built[-1]

    monkeypatch.setattr(_population, "build", build)
    return built


def load() -> PopulationGrid:
    """As in a new process, and with all ages read."""
    grid = PopulationGrid.load.__wrapped__()
    grid.share_brighter(SMALL.log_age.values, 4 * [0.0], 4 * [0], np.zeros(4))
    return grid


def assert_densities(grid: PopulationGrid, tables: Tables) -> None:
    for table, expected in zip(grid.tables, tables, strict=True):
        np.testing.assert_array_equal(table, expected)


def test_one_process_computes_and_others_read(folder, builds, tables, capsys):
    assert_densities(load(), tables)
    assert "Tabulating stellar populations (once, 60 MB)" in capsys.readouterr().err
    for _ in range(2):
        assert_densities(load(), tables)
    assert capsys.readouterr().err == ""
    assert len(builds) == 1
    assert [file.suffix for file in folder.iterdir()] == [".arrow"]


def test_only_the_ages_that_are_needed_are_read(builds):
    load()
    grid = PopulationGrid.load.__wrapped__()
    read: list[int] = []
    recorded = dataclasses.replace(grid, source=lambda age: read.append(age) or grid.source(age))
    for _ in range(2):
        recorded.share_brighter([7.5], [0.0], [0], np.zeros(1))
    assert sorted(read) == [1, 2]


def test_another_process_reads_what_this_one_computed():
    grid = PopulationGrid.load()
    assert PopulationGrid.load() is grid
    program = """
import numpy as np
from skcluster.isochrones import PopulationGrid, _population
del _population.build
print(PopulationGrid.load().mean_colour([9.0], [0.0], [0], np.array([5.0]))[0])
"""
    command = [sys.executable, "-W", "error", "-c", program]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.stderr == ""
    colour = grid.mean_colour([9.0], [0.0], [0], np.array([5.0]))[0]
    assert float(process.stdout) == pytest.approx(colour)


@pytest.mark.parametrize(
    "damage", [lambda whole: b"", lambda whole: whole[:50], lambda whole: whole[:-1]]
)
def test_a_truncated_file_is_computed_anew(damage, folder, builds, tables):
    load()
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert_densities(load(), tables)
    assert file.read_bytes() == whole
    assert len(builds) == 2


@pytest.mark.parametrize("obstacle", ["a file for the folder", "a full disk"])
def test_where_nothing_can_be_kept_one_warning_says_so(
    obstacle, folder, builds, tables, monkeypatch
):
    def fail(file, tables):
        file.write_bytes(b"some")
        raise OSError(28, "No space left on device")

    if obstacle == "a full disk":
        monkeypatch.setattr(_population, "_write", fail)
    else:
        folder.write_text("in the way")
    with pytest.warns(UserWarning, match="SKCLUSTER_DATA sets another folder") as seen:
        assert_densities(load(), tables)
    assert len(seen) == 1
    assert str(folder) in str(seen[0].message)
    assert not folder.is_dir() or list(folder.iterdir()) == []


def test_what_it_is_computed_from_names_the_file(monkeypatch):
    fingerprint = _population._fingerprint.__wrapped__
    first = fingerprint()
    assert fingerprint() == first
    monkeypatch.setattr(_population, "VERSION", _population.VERSION + 1)
    second = fingerprint()
    monkeypatch.setattr(_population, "AXES", SMALL)
    assert len({first, second, fingerprint()}) == 3
