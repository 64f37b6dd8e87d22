from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import catalogue_tables
import pytest
import requests  # noqa: F401  sets warnings filters when first imported
import rich.progress  # noqa: F401  draws a random number when it is imported first
from vizier_server import Handler, Server, running

from skcluster.datasets import fetch_catalogue
from skcluster.datasets.catalogues import _download
from skcluster.datasets.catalogues._published import CATALOGUES


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
    """VizieR on loopback, asked again without delay."""
    with running(Server(), Handler) as server:
        monkeypatch.setattr(_download, "URL", server.tap)
        monkeypatch.setattr(_download, "DELAYS", (0.0, 0.0, 0.0))
        yield server


@pytest.fixture
def small(vizier: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make the server hold small tables of a catalogue, and the package expect their sizes."""
    made = set()

    def make(name: str) -> None:
        if name in made:
            return
        made.add(name)
        vizier.tables |= catalogue_tables.small(name)
        published = CATALOGUES[name]
        members = published.members
        if members is not None:
            members = replace(members, n_rows=len(vizier.tables[members.name]))
        clusters = replace(published.clusters, n_rows=8)
        monkeypatch.setitem(
            CATALOGUES, name, replace(published, clusters=clusters, members=members)
        )

    monkeypatch.setattr(_download, "CHUNK", 25)
    return make


@pytest.fixture
def fetch(small: Callable[[str], None], tmp_path: Path) -> Callable[..., Any]:
    """Fetch a small catalogue into an empty cache."""

    def fetch(name: str = "cantat_gaudin_2020", **options: Any) -> Any:
        small(name)
        return fetch_catalogue(
            name, **{"data_home": tmp_path / "cache", "progress": False, **options}
        )

    return fetch
