"""Zero points of parallaxes by data release, stated or told by the names of columns."""

import numpy as np
import pytest

from skcluster.clusters import clusters_from_flat, stars_of
from skcluster.datasets import simulate_clusters
from skcluster.gaia import parallax_zero_point
from skcluster.io import guess_release, to_edr3_parallaxes


@pytest.fixture(scope="module")
def X():  # noqa: N802
    return simulate_clusters(3, random_state=0)[0]


def shift(X, *args, **kwargs):
    moved = to_edr3_parallaxes(X, *args, **kwargs)
    difference = stars_of(moved)["parallax"] - stars_of(X)["parallax"]
    np.testing.assert_allclose(difference, difference[0], atol=1e-5)
    assert moved.index.equals(X.index)
    return difference[0]


def test_dr2_is_brought_to_edr3(X):
    expected = parallax_zero_point("edr3") - parallax_zero_point("dr2")
    assert shift(X, "dr2") == pytest.approx(expected, abs=1e-5)
    assert shift(X, "dr2", zero_point=-0.054) == pytest.approx(0.037, abs=1e-5)


def test_corrected_parallaxes_get_the_zero_point_back(X):
    assert shift(X, zero_point=0.0) == pytest.approx(-0.017, abs=1e-5)


def test_edr3_stays_as_it_is(X):
    assert to_edr3_parallaxes(X) is X
    stars = stars_of(X)
    fields = {name: stars[name] for name in ("phot_g_mean_mag", "bp_rp")}
    bare = clusters_from_flat(fields, stars.offsets, X.index)
    assert to_edr3_parallaxes(bare, "dr2") is bare


def test_wrong_releases_and_zero_points_are_refused(X):
    with pytest.raises(ValueError, match="release must be one of 'edr3', 'dr2'"):
        to_edr3_parallaxes(X, "dr1")
    with pytest.raises(ValueError, match="zero_point must be a finite parallax in mas"):
        to_edr3_parallaxes(X, zero_point=np.nan)


@pytest.mark.parametrize(
    ("columns", "release"),
    [
        (["GaiaDR2", "Gmag", "Plx"], "dr2"),
        (["source_id", "a_g_val", "parallax"], "dr2"),
        (["DR2Name"], "dr2"),
        (["GaiaEDR3", "Gmag"], "edr3"),
        (["GaiaDR3"], "edr3"),
        (["source_id", "nu_eff_used_in_astrometry"], "edr3"),
        (["GaiaDR2", "GaiaDR3"], None),
        (["source_id", "parallax", "Gmag"], None),
    ],
)
def test_names_of_columns_tell(columns, release):
    found = guess_release(columns)
    assert (found and found[0]) == release
    if found:
        assert found[1] in columns
