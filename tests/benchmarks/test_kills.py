"""A few of the kills of benchmarks/kills.py, which kills each piece of work 200 times."""

import os

import kills
import numpy as np
import pytest
from kills_work import WORKS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", sorted(WORKS.keys() - {"train"}))
def test_killed_work_is_whole_and_can_be_done_again(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))  # put back afterwards
    found = kills.kill(name, tmp_path, 2, "SIGKILL", np.random.default_rng(0))
    assert found[kills.KILLED] == found[kills.SAME] == 2
    assert not found[kills.TORN] + found[kills.OTHER] + found[kills.STUCK]


def test_torn_files_are_seen(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "estimates").mkdir()
    for file in ("home/a.parquet", "estimates/part-000000.parquet", "model.skcluster"):
        (tmp_path / file).write_bytes(b"half")
    (tmp_path / "estimates.csv").write_text("cluster,log_age\na,8\n")
    assert all(work.whole(tmp_path) for work in WORKS.values())
