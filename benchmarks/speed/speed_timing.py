"""Timers and tables of the speed benchmarks."""

import os
import platform
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

LIBRARIES = (
    "skcluster",
    "numpy",
    "scikit-learn",
    "keras",
    "tensorflow",
    "fast-histogram",
    "boost-histogram",
    "dask",
)


@dataclass
class Table:
    """One comparison: lines of a name and numbers."""

    title: str
    columns: list[str]
    lines: list[list[Any]] = field(default_factory=list)

    def markdown(self) -> str:
        """The table as Markdown."""
        shown = [[_shown(value) for value in line] for line in self.lines]
        rows = [self.columns, ["---"] * len(self.columns), *shown]
        return "\n".join([f"### {self.title}", "", *(f"| {' | '.join(row)} |" for row in rows)])


def _shown(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 1000 else str(value)


def machine() -> str:
    """The machine and the versions, in one line."""
    there = [f"{name} {found}" for name in LIBRARIES if (found := _version(name))]
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        + ", ".join(there)
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def side_by_side(jobs: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Median seconds of each job; the jobs take turns, so that a busy machine slows all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - start)
    return {name: median(values) for name, values in seconds.items()}


def compared(title: str, jobs: dict[str, Callable[[], Any]], repeats: int) -> Table:
    """A table of the jobs' seconds, and of their ratio to the first."""
    seconds = side_by_side(jobs, repeats)
    first = next(iter(seconds.values()))
    lines = [[name, value, value / first] for name, value in seconds.items()]
    return Table(title, ["", "seconds", "times the first"], lines)


def peak_bytes(job: Callable[[], Any]) -> int:
    """The most memory that numpy and Python took during a job."""
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
