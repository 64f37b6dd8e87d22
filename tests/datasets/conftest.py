from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import catalogue_tables
import pytest
import pyvo  # noqa: F401  requests, which it loads, sets warnings filters when first imported
import rich.progress  # noqa: F401  draws a random number when it is imported first
from vizier_server import Server, running

import skcluster.datasets
from skcluster.datasets.catalogues import CATALOGUES, _fetch_table, _service, _sites


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the live service in peace unless the tests of it are asked for by name."""
    if "network" in config.getoption("-m"):
        return
    skip = pytest.mark.skip(reason="asks the live VizieR; run with: pytest -m network")
    for item in items:
        if item.get_closest_marker("network"):
            item.add_marker(skip)


@pytest.fixture
def vizier(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """VizieR on loopback, without a mirror."""
    with running() as server:
        monkeypatch.setattr(_service, "SITES", (_sites.TapSite(server.tap),))
        yield server


@pytest.fixture
def mirror(vizier: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A mirror of it, which speaks ASU."""
    with running() as server:
        server.tables = vizier.tables
        sites = (_sites.TapSite(vizier.tap), _sites.AsuSite(server.asu))
        monkeypatch.setattr(_service, "SITES", sites)
        yield server


@pytest.fixture
def small(vizier: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make the server hold small tables of a catalogue, and the package expect their sizes."""

    made = set()

    def make(name: str) -> None:
        if name in made:
            return
        made.add(name)
        known = CATALOGUES[name]
        vizier.tables |= {
            "cantat_gaudin_2020": partial(catalogue_tables.cantat_gaudin, 8, 2, 60),
            "hunt_reffert_2023": partial(catalogue_tables.hunt_reffert, 8, 70),
            "dias_2021": partial(catalogue_tables.dias, 8),
            "cavallo_2024": partial(catalogue_tables.cavallo, 8),
            "bossini_2019": partial(catalogue_tables.bossini, 8),
        }[name]()
        members = known.members and replace(
            known.members, n_rows=vizier_rows(vizier, known.members)
        )
        changed = replace(known, clusters=replace(known.clusters, n_rows=8), members=members)
        monkeypatch.setitem(CATALOGUES, name, changed)
        module = __import__(f"skcluster.datasets.catalogues._{name}", fromlist=["_"])
        monkeypatch.setattr(module, name.upper(), changed)

    monkeypatch.setattr(_fetch_table, "CHUNK", 25)
    return make


def vizier_rows(vizier: Server, table: Any) -> int:
    return len(vizier.tables[table.name])


@pytest.fixture
def fetch(small: Callable[[str], None], tmp_path: Path) -> Callable[..., Any]:
    """Fetch a small catalogue into an empty cache, with short delays."""

    def fetch(name: str = "cantat_gaudin_2020", **options: Any) -> Any:
        small(name)
        given = {"data_home": tmp_path / "cache", "delay": 0.001, "progress": False, **options}
        return getattr(skcluster.datasets, f"fetch_{name}")(**given)

    return fetch
