from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from skcluster.clusters import stars_of
from skcluster.datasets import simulate_clusters, simulate_to_parquet
from skcluster.datasets.simulation._simulate import BLOCK_SIZE
from skcluster.io import read_clusters


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_files_hold_the_same_clusters(tmp_path: Path, n_jobs: int | None) -> None:
    n = BLOCK_SIZE + 5
    members, labels = tmp_path / "members.parquet", tmp_path / "clusters.parquet"
    simulate_to_parquet(members, labels, n, random_state=7, n_stars=15, n_jobs=n_jobs)
    X, y = simulate_clusters(n, random_state=7, n_stars=15, with_metallicity=True)
    stored = pd.read_parquet(labels).set_index("cluster")
    pd.testing.assert_frame_equal(stored, y, check_exact=True, check_names=False)
    read, _ = read_clusters(members, labels=labels)
    for name in ("phot_g_mean_mag", "bp_rp", "parallax"):
        np.testing.assert_array_equal(stars_of(read.loc[X.index])[name], stars_of(X)[name])
    assert pq.ParquetFile(members).num_row_groups == 2
    assert {path.name for path in tmp_path.iterdir()} == {"members.parquet", "clusters.parquet"}


def test_a_failure_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="log_age must be within"):
        simulate_to_parquet(
            tmp_path / "m.parquet", tmp_path / "c.parquet", 5, log_age=12.0, random_state=0
        )
    assert list(tmp_path.iterdir()) == []


def test_two_files_are_needed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be two files"):
        simulate_to_parquet(tmp_path / "a.parquet", tmp_path / "a.parquet", 5)


def test_progress_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulate_to_parquet(
        tmp_path / "m.parquet", tmp_path / "c.parquet", 3, random_state=0, progress=True
    )
    assert "3/3 clusters" in capsys.readouterr().err
