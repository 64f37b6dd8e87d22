"""The parallax of a cluster, and the distance modulus that follows from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcluster.clusters import stars_of
from skcluster.clusters._parallax import (
    UNKNOWN_MODULUS,
    mean_parallaxes,
    median_parallaxes,
    modulus_at_least,
    parallax_moduli,
    parallax_outliers,
)
from skcluster.clusters._stars import clusters_from_flat
from skcluster.gaia import parallax_zero_point

PARALLAXES = st.floats(-1000, 1000, width=32) | st.just(np.nan) | st.sampled_from([0.0, -0.0, 0.5])


def stars_with(parallaxes, errors=None, dtype=np.float64):
    """The stars of clusters with these parallaxes, one list per cluster, all of G = 15."""
    flat = np.concatenate([np.asarray(p, dtype=dtype) for p in parallaxes])
    columns = {"parallax": flat, "phot_g_mean_mag": np.full(len(flat), 15.0)}
    if errors is not None:
        columns["parallax_error"] = np.broadcast_to(errors, flat.shape).astype(float)
    offsets = np.concatenate([[0], np.cumsum([len(p) for p in parallaxes])])
    return stars_of(clusters_from_flat(columns, offsets))


@given(st.lists(st.lists(PARALLAXES, min_size=1, max_size=9), min_size=1, max_size=9))
def test_medians_are_those_of_numpy_without_nan(parallaxes):
    got = median_parallaxes(stars_with(parallaxes, dtype=np.float32))
    measured = [np.array(p, dtype=float)[~np.isnan(p)] for p in parallaxes]
    expected = [np.median(p) if len(p) else np.nan for p in measured]
    np.testing.assert_array_equal(got, expected)


def test_a_median_of_no_star_and_the_zero_point():
    got = median_parallaxes(stars_with([[1.0], [], [2.0, 4.0]]), -0.029)
    np.testing.assert_allclose(got, [1.029, np.nan, 3.029])


def test_small_and_negative_parallaxes_have_the_modulus_of_the_smallest():
    moduli = modulus_at_least(np.array([1.0, 0.05, 0.01, -3.0]))
    np.testing.assert_allclose(moduli, [10, *[10 + 5 * np.log10(20)] * 3])


def test_means_are_weighted_by_errors_with_a_floor():
    stars = stars_with([[1.0, 1.1]], errors=[0.04, np.sqrt(0.1**2 - 0.03**2)])
    mean, error = mean_parallaxes(stars)
    assert mean[0] == pytest.approx((1.0 * 0.05**-2 + 1.1 * 0.1**-2) / (0.05**-2 + 0.1**-2))
    assert error[0] == pytest.approx((0.05**-2 + 0.1**-2) ** -0.5)


def test_outliers_are_left_out_and_counted():
    parallax = np.r_[np.full(17, 1.0), 1.0 + 2.9 * 0.05, 1.0 + 3.1 * 0.05, 5.0]
    stars = stars_with([parallax, parallax[:18], [np.nan]], errors=0.04)
    np.testing.assert_allclose(parallax_outliers(stars), [2 / 20, 0, np.nan])
    mean, error = mean_parallaxes(stars)
    assert (mean[0], error[0]) == (mean[1], error[1])
    assert np.isnan(mean[2])


def test_a_pair_far_apart_has_a_parallax():
    assert mean_parallaxes(stars_with([[0.2, 3.0]], errors=0.04))[0][0] == pytest.approx(1.6)


def test_errors_that_are_missing_are_typical_of_the_release():
    given, missing = stars_with([[1.0]], errors=np.nan), stars_with([[1.0]])
    for release, error in (("edr3", 0.0255), ("dr2", 1.4 * 0.0255)):
        for stars in (given, missing):
            assert mean_parallaxes(stars, 0.0, release)[1] == pytest.approx(np.hypot(error, 0.03))


def test_the_modulus_of_a_mean_parallax():
    modulus, error = parallax_moduli(stars_with([np.full(16, 1.0)], errors=0.04))
    true = 1.0 - parallax_zero_point("edr3")
    # A floor of 0.03 mas for each star.
    mean_error = np.hypot(0.04, 0.03) / 4
    assert modulus == pytest.approx(10 - 5 * np.log10(true))
    assert error == pytest.approx(5 / np.log(10) * mean_error / true)


@pytest.mark.parametrize("parallax", [0.01, -0.5])
def test_parallaxes_that_tell_no_distance(parallax):
    modulus, error = parallax_moduli(stars_with([[parallax]], errors=0.2))
    least = 0.5 * np.hypot(0.2, 0.03)
    assert modulus == pytest.approx(10 - 5 * np.log10(least))
    assert error == 1
    sharp = stars_with([np.full(900, parallax)], errors=0.001)
    assert parallax_moduli(sharp)[0] == pytest.approx(10 - 5 * np.log10(0.05))


def test_lists_without_parallaxes():
    bare = clusters_from_flat({"phot_g_mean_mag": np.full(2, 15.0)}, [0, 2])
    for stars in (stars_of(bare), stars_with([[np.nan, np.nan]])):
        assert np.column_stack(parallax_moduli(stars)).tolist() == [list(UNKNOWN_MODULUS)]
        assert np.isnan(parallax_outliers(stars)).all()
