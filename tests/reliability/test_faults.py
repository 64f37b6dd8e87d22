"""Disks that are full, folders that cannot be written, callbacks that fail."""

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from skcluster import save_model
from skcluster.datasets import load_example
from skcluster.io import write_estimates
from skcluster.regressors import ANNRegressor

pytestmark = pytest.mark.slow

resource = pytest.importorskip("resource", reason="limits of processes need a POSIX system")
CACHE = os.environ.get("SKCLUSTER_DATA")


@pytest.fixture
def disk_with_room_for_100_bytes():
    """Any file that grows beyond 100 bytes fails, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("kind", ["csv", "tsv", "ecsv", "fits", "vot", "parquet"])
def test_tables_on_a_full_disk(kind, tmp_path, disk_with_room_for_100_bytes):
    _, y = load_example()
    file = tmp_path / f"estimates.{kind}"
    file.write_text("old")
    table = y.loc[y.index.repeat(20)]
    with pytest.raises(OSError, match=r"too large|No space"):
        write_estimates(table, file, overwrite=True)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_models_on_a_full_disk(tmp_path, disk_with_room_for_100_bytes):
    model = Ridge().fit(np.eye(50), np.eye(50))
    with pytest.raises(OSError, match=r"too large|No space"):
        save_model(model, tmp_path / "model.skcluster")
    assert list(tmp_path.iterdir()) == []


def command(*arguments: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "skcluster", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        **options,
    )


@pytest.mark.parametrize("where", ["/proc/estimates.csv", "/dev/null/estimates.csv", "."])
def test_places_that_cannot_be_written(where, tmp_path):
    done = command("example", "-o", where, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("skcluster: error: ")
    assert list(tmp_path.iterdir()) == []


def test_without_a_home(tmp_path):
    """Neither HOME nor the places that are named after it are there."""
    assert command("example", "-o", "members.csv", cwd=tmp_path).returncode == 0
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    variables |= {"HOME": "/nonexistent", "SKCLUSTER_DATA": CACHE or ""}
    done = command("estimate", "members.csv", "-o", "e.csv", cwd=tmp_path, env=variables)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "e.csv").read_text().splitlines()) == 4


def test_a_reader_that_has_seen_enough(tmp_path):
    assert command("example", "-o", "members.csv", cwd=tmp_path).returncode == 0
    shell = f"{sys.executable} -m skcluster estimate members.csv | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, timeout=300)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"Broken" not in done.stderr


@pytest.mark.parametrize("error", [ValueError("of the user"), KeyboardInterrupt("Ctrl-C")])
def test_a_callback_that_fails_leaves_nothing_half_fitted(error):
    import keras

    def fail(epoch, logs):
        if epoch == 1:
            raise error

    X = np.random.default_rng(0).normal(size=(40, 5))
    settings = {"hidden_layer_sizes": 4, "epochs": 4, "batch_size": 8, "random_state": 0}
    expected = ANNRegressor(**settings).fit(X, X[:, :3]).predict(X)
    model = ANNRegressor(**settings, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=fail)])
    with pytest.raises(type(error), match=str(error)):
        model.fit(X, X[:, :3])
    with pytest.raises(NotFittedError):
        model.predict(X)
    # The network that broke off is lent to the next fit, which must not notice.
    again = ANNRegressor(**settings).fit(X, X[:, :3])
    np.testing.assert_array_equal(again.predict(X), expected)
    assert model.callbacks[0].model is None
