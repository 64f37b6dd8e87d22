"""What tests and examples in docstrings share: the computed densities of stellar populations."""

import pytest
from filelock import FileLock

#: Scripts that build the site.
collect_ignore_glob = ["docs/*.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Keep computed tables in pytest's cache, not in the user's."""
    patch = pytest.MonkeyPatch()
    patch.setenv("SKCLUSTER_DATA", str(config.cache.mkdir("skcluster")))
    config.add_cleanup(patch.undo)


@pytest.fixture(scope="session", autouse=True)
def densities_are_computed_once(request: pytest.FixtureRequest) -> None:
    """Let one process compute the densities of populations, and the others wait for them."""
    from skcluster.isochrones import PopulationGrid

    with FileLock(request.config.cache.mkdir("skcluster") / "lock"):
        PopulationGrid.load()
