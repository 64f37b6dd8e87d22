import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from skcluster import CMDHistogram, make_pipeline
from skcluster.clusters import as_clusters
from skcluster.datasets import simulate_clusters
from skcluster.estimates import estimate

TARGETS = ["log_age", "a_v", "distance_kpc"]


def test_each_cluster_has_a_line_with_intervals():
    X, y = simulate_clusters(130, random_state=0)
    seen: list[int] = []
    table = estimate(X, coverage=0.9, progress=seen.append)
    assert seen == [100, 30]
    assert table.index.tolist() == X.index.tolist()
    for target in TARGETS:
        low, high = table[f"{target}_lower"], table[f"{target}_upper"]
        assert (low <= table[target]).all()
        assert (table[target] <= high).all()
        assert ((low <= y[target]) & (y[target] <= high)).mean() > 0.75
    narrow = estimate(X, coverage=0.5)
    assert (narrow["log_age_upper"] < table["log_age_upper"]).all()


def test_doubtful_clusters_are_flagged():
    X, _ = simulate_clusters(1, random_state=0, n_stars=200, log_age=8.0)
    rows = [X.iloc[0]["stars"].assign(cluster="good")]
    rows.append(rows[0].head(4).assign(cluster="poor"))
    rows.append(rows[0].assign(cluster="faint", phot_g_mean_mag=18.5))
    rows.append(rows[0].assign(cluster="odd", bp_rp=9.0))
    table = estimate(as_clusters(pd.concat(rows), cluster_column="cluster"))
    assert table.loc["good", "flag"] == ""
    assert "few stars" in table.loc["poor", "flag"]
    assert table.loc["faint", "flag"].startswith("cannot be measured")
    assert np.isnan(table.loc["faint", "log_age_lower"])
    assert table.loc["odd", "flag"] == "outside domain"


def test_any_model_of_three_targets_will_do():
    X, y = simulate_clusters(30, random_state=0)
    model = make_pipeline(CMDHistogram(), LinearRegression()).fit(X, y[TARGETS])
    assert estimate(X, model).columns.tolist() == ["n_stars", *TARGETS, "flag"]
    with pytest.raises(ValueError, match="log age, A_V and distance are needed"):
        estimate(X, model.fit(X, y[["log_age"]]))
