"""Check values, inverses and edge cases of the photometry."""

import numpy as np
import pandas as pd
import pytest
from astropy import units
from hypothesis import example, given
from hypothesis import strategies as st

from skcluster import photometry
from skcluster.photometry import (
    deredden,
    distance_from_modulus,
    distance_from_parallax,
    distance_modulus,
    extinction_coefficients,
    parallax_from_distance,
    redden,
)

LAWS = ["dr2", "edr3"]


@pytest.mark.parametrize(
    ("law", "colour", "a0", "expected"),
    [
        ("dr2", 0.5, 1.0, (0.856, 1.082, 0.594, 0.488)),
        ("dr2", 1.0, 4.0, (0.701, 0.983, 0.561, 0.422)),
        ("dr2", 2.0, 10.0, (0.568, 0.899, 0.491, 0.407)),
        ("edr3", 0.5, 1.0, (0.888, 1.088, 0.648, 0.440)),
        ("edr3", 1.0, 4.0, (0.759, 1.000, 0.618, 0.381)),
        ("edr3", 2.0, 10.0, (0.621, 0.922, 0.558, 0.364)),
    ],
)
def test_check_values_of_the_laws(law, colour, a0, expected):
    k = extinction_coefficients(colour, a0, law=law)
    assert tuple(np.round([k.g, k.bp, k.rp, k.bp - k.rp], 3)) == expected


def test_dr2_is_the_default_and_other_laws_are_refused():
    assert extinction_coefficients(0.5, 1.0) == extinction_coefficients(0.5, 1.0, law="dr2")
    with pytest.raises(ValueError, match=r"law must be one of \['dr2', 'edr3'\], not 'dr3'"):
        extinction_coefficients(0.5, 1.0, law="dr3")


@pytest.mark.parametrize("law", LAWS)
def test_colours_beyond_the_range_of_the_fit_are_taken_as_its_ends(law):
    low, high = photometry.COLOUR_RANGE
    beyond = extinction_coefficients([low - 1, high + 3], 2.0, law=law)
    ends = extinction_coefficients([low, high], 2.0, law=law)
    np.testing.assert_array_equal(beyond, ends)


def test_the_range_of_the_fit_is_the_published_one():
    # Babusiaux et al. 2018, A&A 616, A10, section 2.2; the law of EDR3 is used within the same.
    assert photometry.COLOUR_RANGE == (-0.06, 2.5)


@pytest.mark.parametrize("law", LAWS)
def test_no_extinction_changes_nothing(law):
    g, bp_rp = np.array([10.0, 12]), np.array([0.2, 1.5])
    for function in (redden, deredden):
        np.testing.assert_array_equal(function(g, bp_rp, 0.0, law), (g, bp_rp))


@pytest.mark.parametrize("law", LAWS)
@given(g=st.floats(-5, 25), bp_rp=st.floats(-1, 5), a0=st.floats(0, 10))
@example(g=12.0, bp_rp=2.5, a0=10.0)
@example(g=12.0, bp_rp=-0.06, a0=10.0)
@example(g=12.0, bp_rp=5.0, a0=10.0)
def test_deredden_is_the_inverse_of_redden(law, g, bp_rp, a0):
    back = deredden(*redden(g, bp_rp, a0, law), a0, law)
    np.testing.assert_allclose(back, (g, bp_rp), atol=1e-5)


@pytest.mark.parametrize("law", LAWS)
def test_reddened_stars_are_fainter_and_redder(law):
    colour, a0 = np.meshgrid(np.linspace(-0.5, 4, 40), np.linspace(0.1, 10, 40))
    g, bp_rp = redden(12.0, colour, a0, law)
    assert (g > 12).all()
    assert (bp_rp > colour).all()
    # The observed colour tells the intrinsic one only if it rises with it.
    assert (np.diff(bp_rp, axis=1) > 0).all()


def test_deredden_says_that_it_did_not_converge():
    with pytest.raises(RuntimeError, match="did not converge within 100 iterations"):
        deredden(12.0, 3.0, 200.0)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("function", [redden, deredden])
def test_each_star_is_treated_alone(function, law):
    """Whatever others need, missing values among them; the stars given stay as they are."""
    g, bp_rp = np.array([12.0, np.nan, 12.0, 15.0]), np.array([0.5, 0.5, np.nan, 4.0])
    a0 = np.array([0.0, 1.0, 2.0, 9.0])
    given = g.copy(), bp_rp.copy()
    together = np.array(function(g, bp_rp, a0, law))
    one_by_one = [function(*star, law) for star in zip(g, bp_rp, a0, strict=True)]
    np.testing.assert_allclose(together.T, one_by_one, atol=1e-12)
    np.testing.assert_array_equal(np.isnan(together[0]), [False, True, True, False])
    np.testing.assert_array_equal(np.isnan(together[1]), [False, False, True, False])
    np.testing.assert_array_equal((g, bp_rp), given)
    assert function(12.0, 1.0, a0, law)[0].shape == (4,)


@pytest.mark.parametrize("law", LAWS)
def test_columns_of_tables_become_arrays(law):
    for colour in ([0.5] * units.mag, pd.Series([0.5]), np.ma.array([0.5])):
        k = photometry.extinction_coefficients(colour, np.ones(1), law)
        assert [type(of_band) for of_band in k] == [np.ndarray] * 3


@pytest.mark.parametrize("law", LAWS)
def test_single_precision_in(law):
    g, bp_rp = np.linspace(8, 18, 50, dtype="f4"), np.linspace(0, 3, 50, dtype="f4")
    double = redden(g.astype(float), bp_rp.astype(float), 2.0, law)
    single = redden(g, bp_rp, np.float32(2), law)
    np.testing.assert_allclose(single, double, rtol=1e-6)
    back = deredden(*single, 2.0, law)
    np.testing.assert_allclose(back, (g, bp_rp), atol=1e-5)


@given(st.floats(1e-3, 1e3))
def test_distances_there_and_back(kpc):
    modulus = distance_modulus(kpc)
    assert np.isclose(distance_from_modulus(modulus), kpc, rtol=1e-12)
    assert np.isclose(distance_from_parallax(parallax_from_distance(kpc)), kpc, rtol=1e-12)
    zero_point = -0.029
    shifted = parallax_from_distance(kpc, zero_point)
    assert np.isclose(distance_from_parallax(shifted, zero_point), kpc, rtol=1e-9)


@pytest.mark.parametrize(
    ("kpc", "modulus", "parallax"), [(0.01, 0, 100), (0.1, 5, 10), (1, 10, 1), (10, 15, 0.1)]
)
def test_known_distances(kpc, modulus, parallax):
    assert distance_modulus(kpc) == pytest.approx(modulus)
    assert distance_from_modulus(modulus) == pytest.approx(kpc)
    assert distance_from_parallax(parallax) == pytest.approx(kpc)
    assert parallax_from_distance(kpc) == pytest.approx(parallax)


def test_parallaxes_without_a_distance_are_nan():
    out = distance_from_parallax([0.0, -0.0, -1.0, np.nan, 1.0])
    np.testing.assert_array_equal(out, [np.nan] * 4 + [1.0])
    out = distance_from_parallax([0.971, -0.02, -0.03], -0.029)
    np.testing.assert_allclose(out, [1.0, 1 / 0.009, np.nan])
    assert np.isnan(distance_from_parallax(-1))


def test_odd_distances():
    np.testing.assert_array_equal(distance_modulus([0.0, -1.0, np.nan]), [-np.inf, np.nan, np.nan])


def test_single_precision_of_distances():
    values = np.array([0.5, 1, 2], dtype="f4")
    for function in (distance_from_parallax, distance_modulus, distance_from_modulus):
        assert function(values).dtype == np.float32
    assert distance_from_parallax([1, 2]).dtype == np.float64
