import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from skcluster import CMDHistogram, make_pipeline
from skcluster.clusters import as_clusters
from skcluster.datasets import simulate_clusters
from skcluster.estimation import estimate

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


def test_few_stars_and_noisy_stars_have_wider_intervals():
    X, _ = simulate_clusters(20, random_state=0, n_stars=1000, distance_kpc=1.0)
    some = {name: X.loc[name, "stars"].sample(15, random_state=0) for name in X.index}
    rng = np.random.default_rng(0)
    noisy = {}
    for name in X.index:
        stars = X.loc[name, "stars"]
        noisy[name] = stars.assign(bp_rp=stars["bp_rp"] + rng.normal(0, 0.2, len(stars)))

    def widths(clusters):
        table = estimate(clusters)
        return np.array([table[f"{t}_upper"] - table[f"{t}_lower"] for t in TARGETS])

    whole = widths(X)
    assert (np.median(widths(some) / whole, axis=1) > 1.1).all()
    assert (np.median(widths(noisy) / whole, axis=1)[:2] > 1.0).all()


@pytest.mark.slow
def test_a_cluster_of_a_million_stars():
    X, _ = simulate_clusters(
        1, random_state=0, n_stars=1_000_000, log_age=8.5, distance_kpc=0.8, a_v=0.3
    )
    assert len(X.iloc[0]["stars"]) > 900_000
    line = estimate(X).iloc[0]
    assert abs(line["log_age"] - 8.5) < 0.6
    assert abs(line["a_v"] - 0.3) < 0.5
    assert line["distance_kpc"] == pytest.approx(0.8, rel=0.2)
