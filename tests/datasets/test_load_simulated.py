import pandas as pd

from skcluster.clusters import stars_of
from skcluster.datasets import load_simulated_clusters


def test_the_catalogue_is_fixed() -> None:
    X, y = load_simulated_clusters(return_X_y=True)
    assert X.shape == (1867, 1)
    assert y.shape == (1867, 3)
    again, y_again = load_simulated_clusters(return_X_y=True)
    pd.testing.assert_frame_equal(y, y_again)
    assert (stars_of(X)["bp_rp"] == stars_of(again)["bp_rp"]).all()


def test_what_is_loaded_may_be_changed() -> None:
    _, y = load_simulated_clusters(return_X_y=True)
    y["log_age"] = 0.0
    assert (load_simulated_clusters().target["log_age"] > 6).all()


def test_bunch() -> None:
    data = load_simulated_clusters()
    assert data.target_names == ["log_age", "a_v", "distance_kpc"]
    assert "bp_rp" in data.feature_names
    assert data.frame.columns.tolist() == ["stars", *data.target_names]
    assert "1867" in data.DESCR
