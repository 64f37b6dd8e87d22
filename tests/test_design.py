"""The diffs of the design page: each applies to the source, and what it adds works."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DIFFS = ROOT / "docs" / "diffs"

#: What to do with each, in a process that sees the changed copy.
USE = {
    "feature": """
from skcluster.datasets import load_example
from skcluster.features import ColourSpread
spread = ColourSpread().fit_transform(load_example()[0])
assert spread.shape == (3, 1) and (spread > 0.1).all()
from common import cases
assert "ColourSpread" in cases.discover()
assert any(case.name == "ColourSpread" for case in cases.CASES)
""",
    "network": """
import numpy as np
from skcluster import ANNRegressor
X = np.linspace(-1, 1, 32)[:, None]
network = ANNRegressor(hidden_layer_sizes=4, activation="softplus", epochs=1, random_state=0)
network.fit(X, X)
by_keras = network.model_.predict(network.feature_encoder_.transform(X), verbose=0)
np.testing.assert_allclose(network.predict(X), by_keras, rtol=1e-4, atol=1e-5)
""",
    "catalogue": """
from skcluster.datasets import FetchError, fetch_catalogue
try:
    fetch_catalogue("example_2030", data_home="nothing", download_if_missing=False)
except (FetchError, OSError) as error:
    assert "example_2030" in str(error)
else:
    raise AssertionError("It was never fetched.")
""",
    "target": """
import pandas as pd
from skcluster.io import to_astropy
table = to_astropy(pd.DataFrame({"log_mass": [3.0]}, index=["NGC 2682"]))
assert str(table["log_mass"].unit) == "dex(solMass)"
""",
}


@pytest.fixture(scope="module")
def changed_copy(tmp_path_factory):
    """A copy of package and tests with all the diffs applied."""
    copy = tmp_path_factory.mktemp("design")
    for name in ("skcluster", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in USE:
        subprocess.run(
            ["git", "apply", "--unsafe-paths", f"--directory={copy}", str(DIFFS / f"{name}.diff")],
            cwd=copy,
            check=True,
            timeout=60,
        )
    return copy


def test_every_diff_is_shown_and_used():
    page = (ROOT / "docs" / "design.md").read_text()
    shown = set(re.findall(r"\{literalinclude\} diffs/(\w+)\.diff", page))
    assert shown == USE.keys() == {file.stem for file in DIFFS.glob("*.diff")}


@pytest.mark.slow
@pytest.mark.parametrize("name", USE)
def test_what_a_diff_adds_works(name, changed_copy):
    script = f"import sys; sys.path[:0] = [{str(changed_copy)!r}, 'tests']\n{USE[name]}"
    subprocess.run(
        [sys.executable, "-c", script], cwd=changed_copy, check=True, timeout=300, env=None
    )
