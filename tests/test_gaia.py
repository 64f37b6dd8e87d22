"""Typical errors and zero points of Gaia's releases."""

import numpy as np
import pytest

from skcluster.clusters import stars_of
from skcluster.gaia import (
    bp_rp_error,
    parallax_error,
    parallax_zero_point,
    photometric_error,
    split_colour,
)
from skcluster.isochrones import IsochroneGrid

# Gaia Collaboration 2021, A&A 649, A1, and 2018, A&A 616, A1, table 3: for stars brighter than
# G = 13, and at G = 17 and 20, mag.
STATED = {
    ("edr3", "g"): (0.0003, 0.001, 0.006),
    ("edr3", "bp"): (0.0009, 0.012, 0.108),
    ("edr3", "rp"): (0.0006, 0.006, 0.052),
    ("dr2", "g"): (0.0003, 0.002, 0.010),
    ("dr2", "bp"): (0.002, 0.010, 0.200),
    ("dr2", "rp"): (0.002, 0.010, 0.200),
}
MAGNITUDES = np.linspace(5, 21, 161)


@pytest.mark.parametrize(("release", "band"), STATED)
def test_photometric_errors_are_those_stated_by_the_release(release, band):
    bright, *faint = STATED[release, band]
    found = photometric_error([17.0, 20.0], band, release)
    np.testing.assert_allclose(found, faint, rtol=0.05)
    assert (np.diff(photometric_error(MAGNITUDES, band, release)) >= 0).all()
    assert photometric_error(6.0, band, release) == pytest.approx(bright, rel=0.03)


@pytest.mark.parametrize("release", ["edr3", "dr2"])
def test_colour_errors_hold_those_of_both_bands(release):
    g, colour = np.meshgrid(MAGNITUDES, [-0.3, 0.5, 1.0, 3.0, 4.5])
    bp, rp = split_colour(g, colour)
    error = bp_rp_error(g, colour, release)
    assert error.shape == g.shape
    both = photometric_error(bp, "bp", release) ** 2 + photometric_error(rp, "rp", release) ** 2
    np.testing.assert_allclose(error**2, both)


def test_colours_split_as_the_isochrones_have_them():
    isochrones = IsochroneGrid.load().interpolate(np.array([8.0, 9.0]), np.zeros(2))
    g, bp, rp = isochrones.magnitudes
    found = split_colour(g, bp - rp)
    assert np.quantile(np.abs(found[0] - bp), 0.9) < 0.02
    np.testing.assert_allclose(found[0] - found[1], bp - rp, atol=1e-12)


@pytest.mark.parametrize(
    ("colour", "ratio"),
    [
        # Riello et al. 2021, A&A 649, A3, table 2: C* = 0 where (BP + RP) / G is this.
        (0.0, 1.154360),
        (0.49, 1.154360 + 0.033772 * 0.49 + 0.032277 * 0.49**2),
        (0.5, 1.162004 + 0.011464 * 0.5 + 0.049255 * 0.5**2 - 0.005879 * 0.5**3),
        (3.99, 1.162004 + 0.011464 * 3.99 + 0.049255 * 3.99**2 - 0.005879 * 3.99**3),
        (4.0, 1.057572 + 0.140537 * 4),
        (6.0, 1.057572 + 0.140537 * 6),
    ],
)
def test_fluxes_in_bp_and_rp_add_up_as_gaia_says(colour, ratio):
    zero = {"g": 25.6873668671, "bp": 25.3385422158, "rp": 24.7478955012}
    bp, rp = split_colour(15.0, colour)
    magnitudes = {"g": 15.0, "bp": bp, "rp": rp}
    flux = {band: 10 ** (0.4 * (zero[band] - magnitudes[band])) for band in zero}
    assert (flux["bp"] + flux["rp"]) / flux["g"] == pytest.approx(ratio)
    assert bp - rp == pytest.approx(colour)


# Table 3 of the summaries: at G = 17 and 20, mas.
@pytest.mark.parametrize(("release", "stated"), [("edr3", (0.07, 0.5)), ("dr2", (0.1, 0.7))])
def test_parallax_errors_are_near_those_stated_by_the_release(release, stated):
    np.testing.assert_allclose(parallax_error([17.0, 20.0], release), stated, rtol=0.3)


@pytest.mark.parametrize(
    ("g", "error"),
    [
        *((-1, 0.2), (3, 0.2), (4, 0.145), (5, 0.09), (7, 0.033), (9, 0.021)),
        *((11, 0.019), (12, 0.0155)),
        *((13, 0.0146), (14, 0.0177), (15, 0.0255), (16, 0.04), (17, 0.0668), (18, 0.11)),
        *((18.5, 0.15), (19, 0.19), (20, 0.37), (21, 0.9), (30, 0.9)),
    ],
)
def test_parallax_errors_of_cluster_members(g, error):
    assert parallax_error(g) == pytest.approx(error)
    assert parallax_error(g, "dr2") == pytest.approx(1.4 * error)


def test_parallaxes_of_both_releases_are_too_small():
    # Lindegren et al. 2018 and 2021: quasars.
    assert parallax_zero_point("dr2") == -0.029
    assert parallax_zero_point("edr3") == -0.017
    assert parallax_zero_point("dr2") < parallax_zero_point() == parallax_zero_point("edr3") < 0


def test_unknown_bands_and_releases_are_refused():
    with pytest.raises(ValueError, match="band must be one of 'g', 'bp', 'rp', not 'v'"):
        photometric_error(17.0, "v")
    for function in (parallax_error, lambda g, release: parallax_zero_point(release)):
        with pytest.raises(ValueError, match="release must be one of 'edr3', 'dr2', not 'dr9'"):
            function(17.0, "dr9")


@pytest.mark.real
def test_typical_parallax_errors_are_those_of_the_real_stars(real):
    stars = stars_of(real[0])
    g = stars["phot_g_mean_mag"]
    for magnitude in (14, 15, 16, 17, 18):
        near = np.abs(g - magnitude) < 0.1
        found = np.median(stars["parallax_error"][near])
        assert parallax_error(magnitude) == pytest.approx(found, rel=0.15)
