"""`import skcluster` is light, and every name that it offers is there."""

import subprocess
import sys

import pytest

import skcluster

HEAVY = ("keras", "tensorflow", "scikeras", "matplotlib", "astropy", "astroquery", "pooch")
#: What importing skops or a part of scikit-learn brings, which an estimate does without.
NEEDLESS = ("skops", "pytest", "dask", "sklearn.covariance", "sklearn.neighbors")

LOADED = f"""
import sys
import skcluster
print(*(name for name in {HEAVY} if name in sys.modules))
"""


def in_a_fresh_process(code: str) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.splitlines()


def test_import_loads_nothing_heavy():
    assert in_a_fresh_process(LOADED) == [""]


def test_an_estimate_imports_nothing_heavy(tmp_path):
    code = f"""
import sys
import skcluster.cli
skcluster.cli.main(["example", "-o", {str(tmp_path / "one.csv")!r}])
assert skcluster.cli.main(["estimate", {str(tmp_path / "one.csv")!r}, "--json"]) == 0
print(*(name for name in {HEAVY + NEEDLESS} if name in sys.modules))
"""
    assert in_a_fresh_process(code)[-1] == ""


@pytest.mark.parametrize("name", skcluster.__all__)
def test_every_name_is_there(name):
    assert getattr(skcluster, name) is not None
    assert name in dir(skcluster) or name == "__version__"


@pytest.mark.parametrize("module", [skcluster, skcluster.regressors])
def test_only_public_names_are_listed(module):
    assert [name for name in dir(module) if name.startswith("_")] == []
    assert sorted(dir(module)) == sorted(set(module.__all__) - {"__version__"})


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="No skcluster attribute Cluster"):
        _ = skcluster.Cluster
