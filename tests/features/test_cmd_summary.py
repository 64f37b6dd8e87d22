"""Quantiles of the diagram against numpy's, and what a cluster with few stars gives."""

import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import stars_of
from skcluster.clusters._parallax import mean_parallaxes
from skcluster.features import CMDSummary
from skcluster.features._cmd_summary import quantiles_by_group


def test_quantiles_by_group_are_numpys() -> None:
    sizes, quantiles = np.array([1, 2, 0, 3, 5, 300]), (0, 0.3, 0.9, 1)
    rng = np.random.default_rng(0)
    group = rng.permutation(np.repeat(np.arange(6), sizes))
    values = rng.normal(size=len(group))
    for fewest in (1, 2, 3):
        got, size = quantiles_by_group(group, values, 6, quantiles, fewest)
        assert size.tolist() == sizes.tolist()
        for k in range(6):
            enough = size[k] >= fewest
            expected = np.quantile(values[group == k], quantiles) if enough else [np.nan] * 4
            np.testing.assert_allclose(got[k], expected)


def cluster(n, g=14.0, parallax=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "phot_g_mean_mag": np.full(n, g),
            "bp_rp": rng.uniform(0.5, 1.5, n),
            "parallax": np.full(n, parallax),
            "parallax_error": np.full(n, 0.02),
        }
    )


def summary(X, **parameters):
    return CMDSummary(**parameters).set_output(transform="pandas").fit_transform(X)


def test_quantiles_lie_in_the_bin_of_the_corrected_magnitude():
    stars = cluster(50)
    row = summary({"one": stars}).loc["one"]
    # G = 14 at 1 kpc is 4, in the bin from 4 to 4.75.
    for q in (10, 25, 50, 75, 90):
        expected = np.quantile(stars["bp_rp"], q / 100)
        assert row[f"bp_rp_q{q}_from_4.00"] == pytest.approx(expected)
    assert row["share_from_4.00"] == 1
    assert row.filter(like="bp_rp_q50_from").notna().sum() == 1
    assert row["n_stars"] == 50
    assert row["parallax"] == pytest.approx(1.0)
    assert row["parallax_error"] == pytest.approx(np.hypot(0.02, 0.03) / np.sqrt(50))


def test_faint_stars_are_left_out_of_all_but_the_parallax():
    faint, bright = cluster(30, g=19.0), cluster(20)
    both = pd.concat([bright, faint])
    row = summary({"one": both}).loc["one"]
    assert row["n_stars"] == 20
    assert summary({"one": both}, faint_limit=None).loc["one", "n_stars"] == 50
    assert row["parallax_error"] == pytest.approx(np.hypot(0.02, 0.03) / np.sqrt(50))


def test_a_cluster_of_faint_stars_only_has_no_quantiles_but_a_row():
    table = summary({"faint": cluster(9, g=18.5), "bright": cluster(9)})
    assert table.loc["faint", "n_stars"] == 0
    assert table.loc["faint"].drop(["n_stars", "parallax", "parallax_error"]).isna().all()
    assert table.loc["faint", "parallax"] == pytest.approx(1.0)


@pytest.mark.parametrize("g", [0.0, 14.0, 17.9])
def test_a_cluster_of_one_star(g):
    table = summary({"one": cluster(1, g), "many": cluster(9)}, min_stars=1)
    star = cluster(1, g)["bp_rp"].iloc[0]
    colours = table.loc["one"].filter(like="bp_rp_q")
    assert colours.dropna().to_numpy() == pytest.approx(star)
    assert colours.count() == 5 + 6
    assert table.loc["one"].filter(regex="^g_q").to_numpy() == pytest.approx(g)
    assert table.loc["one"].filter(like="share").sum() == 1
    few = summary({"one": cluster(1, g), "many": cluster(9)})
    assert few.loc["one"].filter(regex="_q").isna().all()
    assert few.loc["one", ["n_stars", "parallax"]].tolist() == [1, 1]
    assert few.loc["one"].filter(like="share").sum() == 1


def test_the_ends_of_the_colours():
    stars = cluster(30)
    row = summary({"one": stars}, quantiles=[0, 1], magnitude_edges=[0, 10]).loc["one"]
    ends = row[["bp_rp_q0_from_0.00", "bp_rp_q100_from_0.00"]]
    assert ends.to_numpy() == pytest.approx([stars["bp_rp"].min(), stars["bp_rp"].max()])


def test_stars_beyond_the_edges_count_in_the_outermost_bins():
    stars = pd.concat([cluster(3, 8.0), cluster(2, 13.0), cluster(4, 17.0)])
    row = summary({"one": stars}, magnitude_edges=[0, 2, 3, 4]).loc["one"]
    shares = row[["share_from_0.00", "share_from_2.00", "share_from_3.00"]]
    assert shares.to_numpy() == pytest.approx([3 / 9, 0, 6 / 9])


def test_an_edge_belongs_to_the_fainter_bin():
    row = summary({"one": cluster(3, 13.0)}, magnitude_edges=[0, 3, 4]).loc["one"]
    assert row[["share_from_0.00", "share_from_3.00"]].tolist() == [0, 1]


def test_a_missing_parallax_is_told_and_replaced():
    lost = cluster(9).assign(parallax=np.nan)
    with pytest.warns(UserWarning, match="first 'lost'; 2 mas"):
        table = summary({"lost": lost, "measured": cluster(9, parallax=2.0)})
    assert table.loc["lost", "parallax"] == pytest.approx(2.0)
    assert np.isnan(table.loc["lost", "parallax_error"])


def test_parallaxes_are_weighted_and_outliers_left_out(real):
    stars = stars_of(real[0])
    mean, error = mean_parallaxes(stars)
    i = stars.index.get_loc("NGC_2682")
    assert mean[i] == pytest.approx(1.17, abs=0.03)
    assert error[i] < 0.005
    assert np.median(np.abs(1 / mean / real[1]["distance_kpc"] - 1)) < 0.06


def test_errors_missing_from_the_table_are_typical_ones():
    bare = cluster(9).drop(columns="parallax_error")
    row = summary({"one": bare}).loc["one"]
    assert 0 < row["parallax_error"] < 0.02
