"""What is made of the columns of a list before its likelihood."""

import numpy as np
import pytest

from skcluster.clusters import clusters_from_flat, stars_of
from skcluster.gaia import parallax_zero_point
from skcluster.inference._member_lists import MemberList, StarModel, member_lists

MODEL = StarModel(0.3, 0.1, 18.0, "dr2", "edr3")


def one(**columns: object) -> MemberList:
    values = {name: np.asarray(column, dtype=float) for name, column in columns.items()}
    n = max(len(column) for column in values.values())
    values = {"phot_g_mean_mag": np.full(n, 15.0), "bp_rp": np.full(n, 1.0), **values}
    return member_lists(stars_of(clusters_from_flat(values, [0, n])), 18.0)[0]


def test_errors_of_colours_come_from_both_fluxes():
    ratios = {
        "phot_bp_mean_flux_over_error": [100, 50, 0, np.nan],
        "phot_rp_mean_flux_over_error": [200, 50, 100, 100],
    }
    found = one(**ratios)._colour_error()
    expected = 2.5 / np.log(10) * np.hypot([0.01, 0.02], [0.005, 0.02])
    np.testing.assert_allclose(found, [*expected, np.nan, np.nan])
    assert one(phot_bp_mean_flux_over_error=[100.0])._colour_error() is None


def test_the_modulus_of_a_mean_parallax():
    n = 16
    found, error = one(parallax=np.full(n, 1.0), parallax_error=np.full(n, 0.04)).parallax_modulus(
        "edr3"
    )
    true = 1.0 - parallax_zero_point("edr3")
    # A floor of 0.03 mas for each star, and 0.02 mas for the mean.
    mean_error = np.hypot(np.hypot(0.04, 0.03) / 4, 0.02)
    assert found == pytest.approx(10 - 5 * np.log10(true))
    assert error == pytest.approx(5 / np.log(10) * mean_error / true)


@pytest.mark.parametrize("parallax", [0.01, -0.5])
def test_parallaxes_that_tell_no_distance(parallax):
    found, error = one(parallax=[parallax], parallax_error=[0.2]).parallax_modulus("edr3")
    least = 0.5 * np.hypot(np.hypot(0.2, 0.03), 0.02)
    assert found == pytest.approx(10 - 5 * np.log10(least))
    assert error == 1
    sharp = one(parallax=np.full(900, parallax), parallax_error=np.full(900, 0.001))
    assert sharp.parallax_modulus("edr3")[0] == pytest.approx(10 - 5 * np.log10(0.05))


def test_parallaxes_far_from_the_median_are_left_out_and_counted():
    parallax = np.r_[np.full(17, 1.0), 1.0 + 2.9 * 0.05, 1.0 + 3.1 * 0.05, 5.0]
    stars = one(parallax=parallax, parallax_error=np.full(20, 0.04))
    assert stars.parallax_outliers(MODEL) == pytest.approx(2 / 20)
    near = one(parallax=parallax[:18], parallax_error=np.full(18, 0.04))
    assert stars.parallax_modulus("dr2") == pytest.approx(near.parallax_modulus("dr2"))


def test_lists_without_parallaxes():
    for stars in (one(bp_rp=[1.0, 1.0]), one(parallax=[np.nan, np.nan])):
        assert np.isnan(stars.parallax_modulus("edr3")).all()
        assert np.isnan(stars.parallax_outliers(MODEL))


def test_dwarfs_that_are_too_faint_for_isochrones_are_not_used():
    g = np.linspace(10, 17.9, 80)
    mean = np.array([8.5, 1.0, 7.0])
    found = one(phot_g_mean_mag=g).likelihood(MODEL, mean)
    assert found.faint_limit == pytest.approx(8.3 + 7.0 + 0.8)
    far = one(phot_g_mean_mag=g).likelihood(MODEL, np.array([8.5, -1.0, 12.0]))
    assert far.faint_limit == 18
    # With fewer than four brighter stars, all that the list has.
    for n_bright, limit in ((3, 18.0), (4, 16.1)):
        few = np.r_[np.full(n_bright, 16.0), np.full(9, 17.9)]
        assert one(phot_g_mean_mag=few).likelihood(MODEL, mean).faint_limit == pytest.approx(limit)
    assert one(phot_g_mean_mag=[18.5, 19.0]).likelihood(MODEL, mean) is None


def test_the_median_parallax_is_weighted_by_inverse_variances():
    # With their floor, errors of 0.05 and 0.1 mas: the five worse stars outweigh the better one.
    stars = one(parallax=[1.0, *[2.0] * 5], parallax_error=[0.04, *[np.sqrt(0.1**2 - 0.03**2)] * 5])
    assert stars.parallax_outliers(MODEL) == pytest.approx(1 / 6)
    expected = one(parallax=[2.0] * 5, parallax_error=[np.sqrt(0.1**2 - 0.03**2)] * 5)
    assert stars.parallax_modulus("edr3") == pytest.approx(expected.parallax_modulus("edr3"))
