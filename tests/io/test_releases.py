"""Zero points of parallaxes by data release, stated or told by the names of columns."""

import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import stars_of
from skcluster.clusters._stars import clusters_from_flat
from skcluster.datasets import simulate_clusters
from skcluster.estimation import estimate
from skcluster.gaia import parallax_zero_point
from skcluster.io import ReleaseWarning, read_clusters
from skcluster.io._releases import column_of_dr2, to_edr3_parallaxes


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
    ("columns", "told_by"),
    [
        (["Gmag", "GaiaDR2", "Plx"], "GaiaDR2"),
        (["source_id", "a_g_val", "parallax"], "a_g_val"),
        (["DR2Name"], "DR2Name"),
        (["GaiaEDR3", "Gmag"], ""),
        (["GaiaDR2", "GaiaDR3"], ""),
        (["a_g_val", "nu_eff_used_in_astrometry"], ""),
        (["source_id", "parallax", "Gmag"], ""),
    ],
)
def test_names_of_columns_tell(columns, told_by):
    assert column_of_dr2(columns) == told_by


TABLE = {
    "Cluster": ["A"] * 3,
    "Gmag": [11.0, 12.0, 13.0],
    "BP-RP": [0.5, 0.7, 0.9],
    "Plx": [1.0, 1.1, 1.2],
}


def parallaxes(table, **kwargs):
    return stars_of(read_clusters(pd.DataFrame(table), **kwargs))["parallax"]


def test_reading_follows_what_columns_tell_and_says_so():
    with pytest.warns(ReleaseWarning, match=r"'GaiaDR2' of .* increased by 0\.012 mas"):
        found = parallaxes({**TABLE, "GaiaDR2": [1, 2, 3]})
    np.testing.assert_allclose(found, [1.012, 1.112, 1.212], atol=1e-6)
    for known in ({"release": "edr3"}, {"zero_point": -0.017}):
        np.testing.assert_array_equal(
            parallaxes({**TABLE, "GaiaDR2": [1, 2, 3]}, **known), TABLE["Plx"]
        )
    np.testing.assert_array_equal(parallaxes({**TABLE, "GaiaDR3": [1, 2, 3]}), TABLE["Plx"])
    np.testing.assert_allclose(
        parallaxes(TABLE, zero_point=0.0), np.subtract(TABLE["Plx"], 0.017), atol=1e-6
    )


@pytest.mark.filterwarnings("ignore::skcluster.io.ReleaseWarning")
def test_estimates_note_the_clusters_of_dr2():
    first, second = ({**TABLE, "Cluster": [name] * 3} for name in "AB")
    tables = [pd.DataFrame({**first, "GaiaDR2": [1, 2, 3]}), pd.DataFrame(second)]
    bare = pd.DataFrame(first).drop(columns="Plx")

    def noted(X):
        return estimate(X)["notes"].str.contains("DR2 zero point applied").tolist()

    assert noted(read_clusters(tables)) == [True, False]
    assert noted(read_clusters(tables).iloc[::-1]) == [False, True]
    assert noted(read_clusters(read_clusters(tables))) == [True, False]
    assert noted(read_clusters(tables[0])) == [True]
    assert noted(read_clusters(tables, release="dr2")) == [True, True]
    assert noted(read_clusters(tables, release="dr2", zero_point=-0.03)) == [False, False]
    assert noted(read_clusters(bare, release="dr2")) == [False]


def test_a_limit_is_stated_with_the_stars():
    X = read_clusters(pd.DataFrame(TABLE), magnitude_limit=12.5)
    assert stars_of(X)["magnitude_limit"].tolist() == [12.5] * 3
    again = read_clusters(pd.DataFrame({**TABLE, "magnitude_limit": 12.0}), magnitude_limit=15)
    assert stars_of(again)["magnitude_limit"].tolist() == [12.0] * 3
    with pytest.raises(ValueError, match="magnitude_limit must be a finite magnitude"):
        read_clusters(pd.DataFrame(TABLE), magnitude_limit=np.inf)
