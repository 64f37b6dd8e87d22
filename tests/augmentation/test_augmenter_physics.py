"""Stars moved by hand, and what a copy may never be."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skcluster import ClusterAugmenter
from skcluster.clusters import as_clusters, stars_of
from skcluster.gaia import parallax_error
from skcluster.photometry import distance_modulus, redden

N = 12


@pytest.fixture
def reddened():
    """A cluster at DM 8, A_V 1, of given intrinsic colours, with noise-free parallaxes."""
    intrinsic = np.linspace(0.0, 2.2, N)
    absolute = 1 + 3 * intrinsic
    g, bp_rp = redden(absolute + 8, intrinsic, 1.0)
    members = pd.DataFrame({"cluster": "A", "phot_g_mean_mag": g, "bp_rp": bp_rp})
    members["phot_rp_mean_mag"] = g - 0.6
    members["phot_bp_mean_mag"] = g - 0.6 + bp_rp
    members["parallax"] = 1 / 10 ** (8 / 5 - 2) - 0.03
    members["parallax_error"] = 0.0
    members["source_id"] = 10**18 + np.arange(N)
    y = pd.DataFrame({"log_age": [8.0], "a_v": [1.0], "distance_kpc": [10 ** (8 / 5 - 2)]})
    return intrinsic, absolute, as_clusters(members), y.set_axis(["A"])


def split(X, n):
    """Stars of the originals and of the copies."""
    return stars_of(X.iloc[:n]), stars_of(X.iloc[n:])


@pytest.mark.parametrize("law", ["edr3", "dr2"])
def test_a_star_of_known_colour_arrives_where_it_must(reddened, law):
    intrinsic, absolute, _, y = reddened
    g, bp_rp = redden(absolute + 8, intrinsic, 1.0, law)
    X = as_clusters(pd.DataFrame({"cluster": "A", "phot_g_mean_mag": g, "bp_rp": bp_rp}))
    augmenter = ClusterAugmenter(faint_limit=30, law=law, random_state=3)
    more, y_more = augmenter.fit_resample(X, y)
    copy, label = stars_of(more.iloc[1:]), y_more.iloc[1]
    assert label["a_v"] > 1.1
    assert label["distance_kpc"] > 0.41
    expected = redden(
        absolute + distance_modulus(label["distance_kpc"]), intrinsic, label["a_v"], law
    )
    assert_allclose(copy["phot_g_mean_mag"], expected[0], atol=1e-5)
    assert_allclose(copy["bp_rp"], expected[1], atol=1e-5)


def test_bands_colour_and_parallax_move_together(reddened):
    _, _, X, y = reddened
    more, y_more = ClusterAugmenter(faint_limit=30, random_state=3).fit_resample(X, y)
    copy = stars_of(more.iloc[1:])
    assert_allclose(copy["phot_bp_mean_mag"] - copy["phot_rp_mean_mag"], copy["bp_rp"], atol=1e-12)
    # Parallaxes without errors keep their zero point of -0.03 mas and get no noise.
    assert_allclose(copy["parallax"], 1 / y_more["distance_kpc"].iloc[1] - 0.03, atol=1e-12)
    assert_array_equal(copy["source_id"], stars_of(X)["source_id"])


def test_parallax_noise_makes_up_for_the_fainter_magnitudes():
    n = 20_000
    rng = np.random.default_rng(0)
    members = pd.DataFrame({"cluster": "A", "phot_g_mean_mag": 13.0, "bp_rp": 0.8}, index=range(n))
    members["parallax"] = 2 + rng.normal(0, 0.02, n)
    members["parallax_error"] = 0.02
    y = np.array([[8.0, 0.5, 0.5]])
    more, y_more = ClusterAugmenter(faint_limit=30, random_state=0).fit_resample(members, y)
    copy = stars_of(more.iloc[1:])
    error = copy["parallax_error"][0]
    ratio = parallax_error(copy["phot_g_mean_mag"][0]) / parallax_error(13.0)
    assert ratio > 1.2
    assert error == pytest.approx(0.02 * ratio)
    assert np.std(copy["parallax"]) == pytest.approx(error, rel=0.03)
    assert np.mean(copy["parallax"]) == pytest.approx(1 / y_more[1, 2], abs=0.001)


def test_without_parallax_errors_typical_ones_are_taken(toy):
    X, y = toy
    stars = stars_of(X)
    members = pd.DataFrame({c: stars[c] for c in ("phot_g_mean_mag", "bp_rp", "parallax")})
    members["cluster"] = stars.index[stars.cluster]
    members.loc[3, "parallax"] = np.nan
    more, _ = ClusterAugmenter(random_state=0, max_distance_modulus=14).fit_resample(members, y)
    copies = stars_of(more.iloc[12:])
    assert "parallax_error" not in copies
    assert np.isfinite(copies["parallax"]).sum() >= len(copies) - 1


def test_with_no_shift_and_no_noise_a_copy_is_its_cluster_bit_for_bit(toy):
    X, y = toy
    augmenter = ClusterAugmenter(
        n_copies=2, max_distance_modulus=0, max_extinction=0, random_state=0
    )
    more, y_more = augmenter.fit_resample(X, y)
    own = stars_of(X)
    for copies in (more.iloc[12:24], more.iloc[24:]):
        stars = stars_of(copies)
        assert_array_equal(stars.offsets, own.offsets)
        for column in own.columns:
            assert stars[column].dtype == own[column].dtype
            assert stars[column].tobytes() == own[column].tobytes()
    assert y_more.to_numpy().tobytes() == np.tile(y.to_numpy(), (3, 1)).tobytes()


@pytest.mark.real
def test_identity_holds_for_the_real_clusters_in_float32(real):
    X, y = real
    augmenter = ClusterAugmenter(max_distance_modulus=0, max_extinction=0, random_state=0)
    more, y_more = augmenter.fit_resample(X, y)
    own, copies = split(more, len(X))
    for column in own.columns:
        assert own[column].dtype == np.float32
        assert_array_equal(copies[column], own[column])
    assert_array_equal(y_more.iloc[len(X) :], y)


def of_one_star(g, bp_rp, a_v, modulus):
    members = pd.DataFrame({"cluster": "A", "phot_g_mean_mag": g, "bp_rp": bp_rp}, index=[0])
    return members, np.array([[8.0, a_v, 10 ** (modulus / 5 - 2)]])


@given(
    g=st.floats(0, 20),
    bp_rp=st.floats(-0.5, 6),
    a_v=st.floats(0, 8),
    modulus=st.floats(0, 17),
    law=st.sampled_from(["edr3", "dr2"]),
    seed=st.integers(0, 1000),
)
def test_never_brighter_never_bluer_and_within_the_limits(g, bp_rp, a_v, modulus, law, seed):
    X, y = of_one_star(g, bp_rp, a_v, modulus)
    more, y_more = ClusterAugmenter(law=law, faint_limit=40, random_state=seed).fit_resample(X, y)
    own, copy = split(more, 1)
    assert copy["phot_g_mean_mag"] >= own["phot_g_mean_mag"]
    assert copy["bp_rp"] >= own["bp_rp"]
    new_modulus = distance_modulus(y_more[1, 2])
    if a_v >= 3:
        assert y_more[1, 1] == a_v
    else:
        assert a_v <= y_more[1, 1] <= 3 + 1e-12
    if modulus >= 10 + 1e-9:
        assert y_more[1, 2] == y[0, 2]
    else:
        assert modulus - 1e-9 <= new_modulus <= 10 + 1e-9


def test_places_fill_the_range(toy):
    X, y = toy
    augmenter = ClusterAugmenter(n_copies=500, faint_limit=40, random_state=0)
    _, y_more = augmenter.fit_resample(X.iloc[:1], y.iloc[:1])
    modulus = distance_modulus(y_more["distance_kpc"].iloc[1:])
    assert_allclose(np.quantile(modulus, [0, 0.5, 1]), [7.39, 8.69, 10], atol=0.15)
    assert_allclose(np.quantile(y_more["a_v"].iloc[1:], [0, 0.5, 1]), [2, 2.5, 3], atol=0.06)


def test_wider_limits_and_both_directions(toy):
    X, y = toy
    augmenter = ClusterAugmenter(n_copies=50, only_farther=False, faint_limit=40, random_state=0)
    _, y_more = augmenter.fit_resample(X, y)
    copies = y_more.iloc[12:]
    assert copies["a_v"].between(0, 3).all()
    assert copies["a_v"].min() < 0.1
    modulus = distance_modulus(copies["distance_kpc"])
    nearest = distance_modulus(y["distance_kpc"].min())
    assert modulus.min() == pytest.approx(nearest, abs=0.05)
    assert modulus.max() <= 10 + 1e-9
    # Half of the toy clusters lie beyond 1 kpc: they come within the limit.
    assert (copies["distance_kpc"].to_numpy() < np.tile(y["distance_kpc"], 50)).any()


@pytest.mark.real
def test_copies_of_real_clusters_keep_their_shape(real):
    X, y = real
    augmenter = ClusterAugmenter(max_distance_modulus=13, random_state=1)
    more, y_more = augmenter.fit_resample(X, y)
    own, copies = split(more, len(X))
    assert copies.counts.min() >= 10
    assert (copies.counts <= own.counts).all()
    limits = np.maximum.reduceat(own["phot_g_mean_mag"], own.offsets[:-1])
    assert (copies["phot_g_mean_mag"] <= limits[copies.cluster]).all()

    # The blue edge of a sequence follows the label: dereddened, originals and copies agree.
    def edge(stars, a_v):
        frame = pd.DataFrame({"c": stars.cluster, "bp_rp": stars["bp_rp"]})
        return frame.groupby("c")["bp_rp"].quantile(0.1).to_numpy() - 0.42 * a_v

    shift = edge(copies, y_more["a_v"].to_numpy()[len(X) :]) - edge(own, y["a_v"].to_numpy())
    assert abs(np.median(shift)) < 0.05
    error = copies["parallax"] - 1 / y_more["distance_kpc"].to_numpy()[len(X) :][copies.cluster]
    assert abs(np.median(error)) < 0.05
