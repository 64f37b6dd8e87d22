"""The table of one isochrone: its columns, how dust and distance change it, and its gap."""

import numpy as np
import pytest

from skcluster.isochrones import IsochroneGrid, isochrone
from skcluster.photometry import distance_modulus, extinction_coefficients

BANDS = ["phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag"]


@pytest.mark.parametrize("law", ["dr2", "edr3"])
def test_each_band_is_dimmed_by_its_own_extinction(law):
    absolute = isochrone(8.0, -0.2)
    assert absolute.columns.tolist() == ["mass", *BANDS, "bp_rp"]
    seen = isochrone(8.0, -0.2, a_v=1.5, distance_kpc=2.0, law=law)
    k = extinction_coefficients(absolute["bp_rp"].to_numpy(), 1.5, law)
    for band, coefficient in zip(BANDS, k, strict=True):
        dimmed = absolute[band] + 1.5 * coefficient + distance_modulus(2.0)
        np.testing.assert_allclose(seen[band], dimmed)
    np.testing.assert_allclose(seen["bp_rp"], seen[BANDS[1]] - seen[BANDS[2]])
    np.testing.assert_array_equal(seen["mass"], absolute["mass"])
    assert seen["mass"].iloc[0] == pytest.approx(0.1, rel=0.01)


@pytest.mark.parametrize(("log_age", "n_gaps"), [(7.0, 0), (8.5, 0), (9.4, 1), (10.0, 1)])
def test_one_row_stands_for_the_jump_to_helium_burning(log_age, n_gaps):
    points = isochrone(log_age)
    missing = points[[*BANDS, "bp_rp"]].isna()
    assert missing.any(axis=1).sum() == missing.all(axis=1).sum() == n_gaps
    assert points["mass"].notna().all()
    if n_gaps:
        row = int(np.argmax(missing.any(axis=1)))
        before, after = points["phot_g_mean_mag"].iloc[[row - 1, row + 1]]
        # From the tip of the giant branch down to the red clump.
        assert before < -1
        assert 0 < after < 1.5
        assert len(points) < len(isochrone(8.5))


def test_every_star_outside_the_gap_is_kept():
    interpolated = IsochroneGrid.load().interpolate(9.4, 0.0)
    points = isochrone(9.4).dropna()
    np.testing.assert_allclose(points["mass"], 10 ** interpolated.log_mass[0, ~interpolated.gap[0]])
    np.testing.assert_allclose(
        points["phot_g_mean_mag"], interpolated.magnitudes[0, 0, ~interpolated.gap[0]]
    )
