"""The catalogue's full size: 2017 clusters, 234 128 members."""

import os

import catalogue_tables
import numpy as np
import psutil
import pytest

from skcluster.clusters import stars_of
from skcluster.datasets import fetch_cantat_gaudin_2020


@pytest.mark.slow
def test_one_line_gives_the_missions_data(vizier, tmp_path):
    vizier.tables = catalogue_tables.cantat_gaudin(2017, 150, 234_128)
    before = psutil.Process(os.getpid()).memory_info().rss
    bunch = fetch_cantat_gaudin_2020(data_home=tmp_path, progress=False)
    after = psutil.Process(os.getpid()).memory_info().rss
    assert len(bunch.target) == 1867
    assert len(bunch.left_out) == 150
    stars = stars_of(bunch.data)
    assert len(stars) + len(stars_of(bunch.unlabelled)) == 234_128
    members = vizier.tables["J/A+A/640/A1/nodup"]
    # Members are in the order of the clusters, as VizieR's are not, and the same (to the last bit,
    # which pandas rounds before release 3.1).
    mine = members[members["Cluster"].isin(bunch.target.index)].set_index("GaiaDR2")
    expected = mine.loc[stars["source_id"]]
    np.testing.assert_allclose(stars["phot_g_mean_mag"], expected["Gmag"], rtol=1e-15)
    np.testing.assert_allclose(stars["parallax"], expected["Plx"], rtol=1e-15)
    assert (stars.index[stars.cluster] == expected["Cluster"].to_numpy()).all()
    assert after - before < 600e6
    X, y = fetch_cantat_gaudin_2020(data_home=tmp_path, return_X_y=True, download_if_missing=False)
    assert X.equals(bunch.data)
    assert y.equals(bunch.target)
