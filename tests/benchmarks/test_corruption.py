"""A few of the damaged files that benchmarks/corruption.py reads; it reads 2000 of each kind."""

import shutil

import corruption
import corruption_files
import numpy as np
import pytest

from skcluster import load_model
from skcluster.datasets import simulate_clusters

pytestmark = pytest.mark.slow

KINDS = (
    "csv",
    "csv.gz",
    "tsv",
    "ecsv",
    "fits",
    "fits.gz",
    "votable",
    "votable, binary",
    "votable, binary2",
    "parquet",
    "parquet, astropy's",
    "parquet, nested",
    "model",
    "model, parts",
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return corruption_files.sound_files(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def predictions(sound):
    clusters, _ = simulate_clusters(5, random_state=1)
    return clusters, load_model(sound["model"]).predict(clusters)


def test_no_kind_is_left_out(sound):
    assert set(sound) == set(KINDS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_file_is_read_or_refused(kind, sound, predictions, tmp_path):
    file = tmp_path / sound[kind].name
    allowed = {corruption.READ, corruption.REFUSED}
    if kind == "model, parts":
        allowed.add(corruption.CHANGED)  # its checksums are right
    found = []
    for content in corruption_files.mutants(sound[kind], kind, 40, seed=1):
        file.write_bytes(content)
        found.append(corruption._outcome(file, *predictions))
        assert found[-1][0] in allowed, found[-1]
    outcomes = {outcome for outcome, _ in found}
    assert corruption.REFUSED in outcomes
    # Some are read, too, but of a model file every part has a checksum.
    assert len(outcomes) > 1 or kind == "model"


def test_what_ends_badly_is_seen(sound, predictions, tmp_path, monkeypatch):
    shutil.copy(sound["csv"], tmp_path)
    file = tmp_path / sound["csv"].name
    assert corruption._outcome(file, *predictions) == (corruption.READ, "")

    def fails(error):
        def read(path):
            raise error

        monkeypatch.setattr("skcluster.read_clusters", read)
        return corruption._outcome(file, *predictions)[0]

    assert fails(AttributeError("lower")) == corruption.FOREIGN
    assert fails(ValueError("of another library")) == corruption.FOREIGN
    assert fails(MemoryError()) == corruption.LARGE
    clusters, expected = predictions
    changed = corruption._outcome(sound["model"], clusters, np.zeros_like(expected))
    assert changed[0] == corruption.CHANGED
