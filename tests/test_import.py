"""`import skcluster` is light, and every name that it offers is there."""

import importlib.metadata
import subprocess
import sys

import pytest

import skcluster

HEAVY = ("keras", "tensorflow", "scikeras", "matplotlib", "astropy", "astroquery", "pooch")

TIMED = """
import sys, time
start = time.perf_counter()
import skcluster
print(time.perf_counter() - start)
print(*(name for name in {heavy} if name in sys.modules))
"""


def in_a_fresh_process(code: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.splitlines()


def test_import_takes_less_than_a_second_and_loads_nothing_heavy():
    # The best of three: other processes may keep the machine busy.
    runs = [in_a_fresh_process(TIMED.format(heavy=HEAVY)) for _ in range(3)]
    assert min(float(seconds) for seconds, _ in runs) < 1
    assert [loaded for _, loaded in runs] == ["", "", ""]


@pytest.mark.parametrize("module", ["clusters", "features", "augmentation", "io", "photometry"])
def test_what_is_no_network_loads_none(module):
    code = f"import sys, skcluster.{module}; print('keras' in sys.modules)"
    assert in_a_fresh_process(code) == ["False"]


@pytest.mark.parametrize("name", skcluster.__all__)
def test_every_name_is_there(name):
    if name == "__version__" and "skcluster" not in importlib.metadata.packages_distributions():
        pytest.skip("the version is known of an installed skcluster only")
    assert getattr(skcluster, name) is not None
    assert name in dir(skcluster)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'skcluster' has no attribute 'Cluster'"):
        _ = skcluster.Cluster
