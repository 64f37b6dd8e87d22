"""Damaged copies of files of every format are read, or refused with an error of this package."""

import traceback
from pathlib import Path

import pytest
from common import damaged

import skcluster
from skcluster.persistence import ModelFileError

pytestmark = pytest.mark.slow

#: Copies of each kind.
N_COPIES = 40


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return damaged.sound_files(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def clusters():
    return skcluster.simulate_clusters(5, random_state=1)[0]


def is_read(file, clusters, expected=None):
    """Whether a file is read; what is neither read nor refused by this package fails.

    A model must predict what is expected.
    """
    try:
        if expected is None and file.suffix != ".skcluster":
            skcluster.read_clusters(file)
            return True
        model = skcluster.load_model(file)
    except (ValueError, ModelFileError) as error:
        raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
        if not raised_in.is_relative_to(Path(skcluster.__file__).parent):
            raise AssertionError(f"{error!r} of {raised_in}") from error
        return False
    assert expected is None or (model.predict(clusters) == expected).all()
    return True


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", damaged.FILES)
def test_a_damaged_file_is_read_or_refused(kind, sound, clusters, tmp_path):
    file = tmp_path / sound[kind].name
    # Where the damage is within a part whose checksum is right, the model may be any other one.
    expected = skcluster.load_model(sound[kind]).predict(clusters) if kind == "model" else None
    outcomes = set()
    for content in damaged.mutants(sound[kind], kind, N_COPIES, seed=1):
        file.write_bytes(content)
        outcomes.add(is_read(file, clusters, expected))
    assert False in outcomes
    # Some are read, too, but of a model file every part has a checksum.
    assert True in outcomes or kind == "model"
