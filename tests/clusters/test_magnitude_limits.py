"""Limiting magnitudes that lists show by themselves."""

import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import as_clusters, magnitude_limits, stars_of
from skcluster.clusters._magnitude_limits import state_magnitude_limit
from skcluster.clusters._stars import clusters_from_flat


def limits(*lists, faintest=18.0):
    offsets = np.concatenate([[0], np.cumsum([len(g) for g in lists])])
    g = np.concatenate(lists)
    X = clusters_from_flat({"phot_g_mean_mag": g, "bp_rp": np.zeros(len(g))}, offsets)
    return magnitude_limits(stars_of(X), faintest)


def test_a_list_that_ends_early_shows_where():
    rng = np.random.default_rng(0)
    lists = [rng.uniform(10, end, 200) for end in (14.0, 16.0, 17.5)]
    np.testing.assert_allclose(limits(*lists), [14.0, 16.0, 17.5], atol=0.1)


def test_a_list_that_may_reach_the_known_limit_does():
    rng = np.random.default_rng(0)
    assert limits(rng.uniform(10, 17.97, 200))[0] == 18
    # Four stars do not tell.
    assert limits(np.array([11.0, 13.0, 14.5, 16.5]))[0] == 18


@pytest.mark.parametrize("n", [2, 5, 9, 10, 24, 49, 50, 54, 55, 200])
def test_the_limit_lies_one_spacing_of_the_faintest_stars_beyond_them(n):
    # Ever closer, so that the spacing tells how many stars were counted.
    g = np.sort(15 - np.random.default_rng(n).uniform(0, 2, n) ** 2)
    faintest = min(max(n // 5, 1), 10)
    spacing = np.diff(g)[-faintest:].mean()
    assert limits(g, faintest=None)[0] == pytest.approx(g[-1] + spacing)
    assert limits(g, faintest=g[-1] + 2.9 * spacing)[0] == g[-1] + 2.9 * spacing
    assert limits(g, faintest=g[-1] + 3.1 * spacing)[0] == pytest.approx(g[-1] + spacing)


@pytest.mark.parametrize("g", [[12.0], [12.0, 12.0, 12.0]])
def test_stars_of_one_magnitude_show_no_spacing(g):
    assert limits(np.array(g))[0] == 18
    above = limits(np.array(g), faintest=None)[0]
    assert 12 < above == pytest.approx(12)


def test_order_and_company_make_no_difference():
    rng = np.random.default_rng(0)
    lists = [rng.uniform(8, end, n) for end, n in ((15.0, 50), (17.0, 7), (12.0, 400))]
    together = limits(*lists)
    alone = [limits(rng.permutation(g))[0] for g in lists]
    np.testing.assert_array_equal(together, alone)


def test_lists_without_stars_or_known_limit():
    empty, two = limits(np.array([]), np.array([12.0, 13.0]), faintest=None)
    assert np.isnan(empty)
    assert two == 14


def test_a_stated_limit_counts():
    stars = pd.DataFrame(
        {
            "cluster": ["A"] * 4 + ["B"] * 4 + ["C"] * 4,
            "phot_g_mean_mag": [11.0, 12.0, 13.0, 16.5] * 3,
            "bp_rp": 1.0,
            "magnitude_limit": [15.0] * 4 + [np.nan] * 4 + [19.0] * 4,
        }
    )
    found = magnitude_limits(stars_of(as_clusters(stars)), 18.0)
    np.testing.assert_array_equal(found, [15, 18, 18])


def test_a_limit_is_stated_unless_a_smaller_one_was(toy):
    X, _ = toy
    once = state_magnitude_limit(X.assign(note=range(len(X))), 16)
    assert once.columns.tolist() == [*X.columns, "note"]
    assert set(stars_of(once)["magnitude_limit"]) == {16}
    np.testing.assert_array_equal(stars_of(once)["bp_rp"], stars_of(X)["bp_rp"])
    assert set(stars_of(state_magnitude_limit(once, 17))["magnitude_limit"]) == {16}
    assert set(stars_of(state_magnitude_limit(once, 15))["magnitude_limit"]) == {15}
    assert "magnitude_limit" not in stars_of(X)


@pytest.mark.parametrize("limit", [np.nan, np.inf])
def test_a_limit_that_is_none_is_refused(toy, limit):
    with pytest.raises(
        ValueError, match="magnitude_limit must be a finite magnitude between -5 and 30"
    ):
        state_magnitude_limit(toy[0], limit)


@pytest.mark.real
def test_real_lists_end_at_18_and_where_they_are_cut(real):
    stars = stars_of(real[0])
    assert (magnitude_limits(stars, 18.0) == 18).mean() > 0.85
    bright = stars.take(stars["phot_g_mean_mag"] < 16)
    found = magnitude_limits(bright, 18.0)[bright.counts > 20]
    assert np.abs(np.median(found) - 16) < 0.02
    assert np.quantile(np.abs(found - 16), 0.9) < 0.15
