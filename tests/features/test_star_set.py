from typing import Any

import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import as_clusters
from skcluster.datasets import simulate_clusters
from skcluster.features import StarSet


def cluster(**columns: Any) -> Any:
    n = len(columns["phot_g_mean_mag"])
    defaults = {"cluster": ["M 67"] * n, "bp_rp": [1.0] * n, "parallax": [1.0] * n}
    return as_clusters(pd.DataFrame({**defaults, **columns}), cluster_column="cluster")


def read(X: Any, **parameters: Any) -> pd.DataFrame:
    return StarSet(**parameters).set_output(transform="pandas").fit_transform(X)


def test_a_star_is_described_in_fixed_units():
    X = cluster(
        phot_g_mean_mag=[16.5, 11.5],
        bp_rp=[1.6, 0.4],
        parallax=[1.0, 1.0],
        parallax_error=[0.04, 0.04],
        probability=[1.0, 0.5],
    )
    row = read(X, max_stars=3).iloc[0]
    first = row[[f"star_0_{c}" for c in ("g", "bp_rp", "absolute_g", "probability", "rank")]]
    np.testing.assert_allclose(first, [-1, -1, (11.5 - 10 - 3) / 3, -1, -1], atol=1e-6)
    second = row[[f"star_1_{c}" for c in ("g", "bp_rp", "absolute_g", "probability", "rank")]]
    np.testing.assert_allclose(second, [1, 1, (16.5 - 10 - 3) / 3, 1, 0], atol=1e-6)
    assert row[["star_0_present", "star_1_present", "star_2_present"]].tolist() == [1, 1, 0]
    assert (row.filter(like="star_2_") == 0).all()
    assert row["parallax_modulus"] == pytest.approx((10 - 11) / 2)
    assert row["log_n_stars"] == pytest.approx(np.log10(2) - 2)
    assert row["parallax_distance"] == pytest.approx(1 / 3 - 1)


def test_the_residual_counts_in_errors_and_is_limited():
    g = np.full(30, 15.0)
    parallax = np.r_[np.full(28, 1.0), 1.08, 9.0]
    error = np.r_[np.full(28, 0.03), 0.04, 0.04]
    row = read(cluster(phot_g_mean_mag=g, parallax=parallax, parallax_error=error)).iloc[0]
    residual = row[[f"star_{i}_parallax_residual" for i in range(30)]].to_numpy()
    # Sorted by magnitude, colour, then parallax.
    assert residual[:28] == pytest.approx(0, abs=0.1)
    assert residual[28] == pytest.approx(0.08 / np.hypot(0.04, 0.03) / 2, abs=0.1)
    assert residual[29] == 2.5


def test_the_error_of_the_distance_modulus():
    g = np.full(16, 15.0)
    row = read(cluster(phot_g_mean_mag=g, parallax=2.0, parallax_error=0.04)).iloc[0]
    # The error of each star has a floor of 0.03 mas; the scale is 1/3 mag.
    error = np.hypot(0.04, 0.03) / 4
    expected = 3 * 5 * np.log10(np.e) * error / 2.0
    assert row["parallax_modulus_error"] == pytest.approx(expected)


@pytest.mark.parametrize("parallax", [0.05, 0.01, -0.3])
def test_far_clusters_have_the_largest_distance(parallax):
    row = read(cluster(phot_g_mean_mag=[15.0], parallax=[parallax], parallax_error=[0.2])).iloc[0]
    assert row["parallax_modulus"] == pytest.approx((5 * np.log10(20) + 10 - 11) / 2)
    assert row["parallax_distance"] == pytest.approx(12 / 3 - 1)
    assert row["parallax_modulus_error"] == 6
    assert row["has_parallax"] == 1
    assert row["star_0_parallax_residual"] == 0


def test_the_zero_point_is_taken_off_every_parallax():
    rng = np.random.default_rng(0)
    g, parallax = rng.uniform(10, 17, 20), rng.normal(1.0, 0.1, 20)
    expected = read(cluster(phot_g_mean_mag=g, parallax=parallax))
    moved = read(cluster(phot_g_mean_mag=g, parallax=parallax - 0.4), zero_point=-0.4)
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    assert expected.filter(like="residual").to_numpy().std() > 0.1


def test_residuals_have_the_sign_of_the_difference():
    parallax = np.r_[np.full(28, 1.0), -9.0, 0.9]
    row = read(cluster(phot_g_mean_mag=np.arange(10, 16, 0.2), parallax=parallax)).iloc[0]
    assert row["star_28_parallax_residual"] == -2.5
    assert -2.5 < row["star_29_parallax_residual"] < 0


def test_a_large_cluster_keeps_its_spread_of_brightness():
    g = np.random.default_rng(0).uniform(8, 18, 1000)
    row = read(cluster(phot_g_mean_mag=g), max_stars=100).iloc[0]
    kept = 2.5 * row.filter(regex=r"star_\d+_g$").to_numpy() + 14
    assert (np.diff(kept) > 0).all()
    assert kept[0] == pytest.approx(g.min(), abs=1e-5)
    quantiles = [0.1, 0.5, 0.9]
    assert np.quantile(kept, quantiles) == pytest.approx(np.quantile(g, quantiles), abs=0.1)
    assert row.filter(regex="present$").sum() == 100
    assert row["log_n_stars"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("n", "kept"),
    [(1, [0]), (3, [0, 1, 2]), (4, [0, 2, 3]), (5, [0, 2, 4]), (6, [0, 2, 4]), (7, [0, 3, 5])],
)
def test_of_stars_that_share_a_place_the_brightest_is_kept(n, kept):
    g = np.arange(10.0, 10 + n)
    row = read(cluster(phot_g_mean_mag=g[::-1]), max_stars=3, faint_limit=None).iloc[0]
    columns = [f"star_{i}" for i in range(len(kept))]
    brightness = row[[f"{c}_g" for c in columns]].to_numpy() * 2.5 + 14
    assert brightness == pytest.approx(g[kept])
    rank = row[[f"{c}_rank" for c in columns]].to_numpy() / 2 + 0.5
    assert rank == pytest.approx(np.array(kept) / n)
    assert row.filter(like="present").sum() == len(kept)


def test_faint_stars_are_left_out():
    X = cluster(phot_g_mean_mag=[12.0, 17.9, 18.0, 18.5])
    assert read(X).filter(regex="present$").to_numpy().sum() == 2
    assert read(X, faint_limit=None).filter(regex="present$").to_numpy().sum() == 4


def test_what_a_table_lacks_is_neutral():
    columns = {"phot_g_mean_mag": [12.0, 13.0, 14.0], "parallax": [1.0, np.nan, 1.0]}
    row = read(cluster(**columns)).iloc[0]
    assert row["star_1_parallax_residual"] == 0
    assert row["star_1_probability"] == 1
    assert np.isfinite(row).all()
    row = read(cluster(**columns, probability=[0.5, np.nan, 0.75])).iloc[0]
    assert row[[f"star_{i}_probability" for i in range(3)]].tolist() == [-1, 1, 0]
    assert np.isfinite(row).all()


def test_a_cluster_without_bright_stars_is_nan():
    table = read(cluster(cluster=["A", "A", "B"], phot_g_mean_mag=[12.0, 13.0, 18.5]))
    assert table.loc["A"].notna().all()
    assert table.loc["B"].isna().all()


def test_a_list_without_parallaxes_says_so():
    g = np.linspace(10, 17, 30)
    measured = read(cluster(phot_g_mean_mag=g)).iloc[0]
    missing = cluster(phot_g_mean_mag=g, parallax=[np.nan] * 30)
    absent = as_clusters(pd.DataFrame({"cluster": "M 67", "phot_g_mean_mag": g, "bp_rp": 1.0}))
    for X in (missing, absent):
        row = read(X).iloc[0]
        assert np.isfinite(row).all()
        assert row["has_parallax"] == -1
        assert row[["parallax_modulus", "parallax_distance"]].tolist() == [0, 0]
        assert row["parallax_modulus_error"] == 6
        assert (row.filter(like="parallax_residual") == 0).all()
    assert measured["has_parallax"] == 1


def test_the_limit_of_a_list_is_among_its_numbers():
    X = cluster(phot_g_mean_mag=np.linspace(10, 15, 101))
    assert read(X)["magnitude_limit"].iloc[0] == pytest.approx(15.05 - 17, abs=1e-5)
    assert read(X, faint_limit=15.1)["magnitude_limit"].iloc[0] == pytest.approx(15.1 - 17)


def test_a_cluster_does_not_depend_on_those_beside_it():
    X, _ = simulate_clusters(30, random_state=0)
    transformer = StarSet().fit(X)
    together = transformer.transform(X)
    assert together.dtype == np.float32
    np.testing.assert_array_equal(transformer.transform(X.iloc[7:9]), together[7:9])


@pytest.mark.real
def test_real_clusters_are_within_what_a_network_likes(real):
    X, _ = real
    table = StarSet().fit_transform(X)
    assert table.shape == (978, 16 + 7 * 256)
    assert np.isfinite(table).all()
    assert np.abs(table).max() < 12
    assert np.quantile(np.abs(table[:, :16]), 0.99) < 4
