"""What tests and examples in docstrings share: a folder for computed tables."""

import pytest

#: Scripts that build the site.
collect_ignore_glob = ["docs/*.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Keep computed tables in pytest's cache, where all processes find them, not in the user's."""
    patch = pytest.MonkeyPatch()
    patch.setenv("SKCLUSTER_DATA", str(config.cache.mkdir("skcluster")))
    config.add_cleanup(patch.undo)
