"""Faint limit, fewest stars, and the options that are off by default."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skcluster import ClusterAugmenter
from skcluster.clusters import stars_of

#: Limits that move nothing, so that an option is seen alone.
STILL = {"max_distance_modulus": 0, "max_extinction": 0}


@pytest.fixture
def rich():
    """Two clusters of 4000 stars."""
    rng = np.random.default_rng(1)
    bp_rp = rng.uniform(0, 2, 8000)
    members = pd.DataFrame(
        {
            "cluster": np.repeat(["near", "far"], 4000),
            "phot_g_mean_mag": np.repeat([8.0, 13.0], 4000) + 3 * bp_rp,
            "bp_rp": bp_rp,
            "parallax": np.repeat([4.0, 0.4], 4000),
            "parallax_error": 0.05,
            "probability": rng.uniform(0.7, 1, 8000),
            "ra": np.repeat([10.0, 200.0], 4000),
        }
    )
    return members, np.array([[8.0, 0.1, 0.25], [9.0, 1.0, 2.5]])


def copies_of(X, n):
    return stars_of(X.iloc[n:])


def test_stars_beyond_the_faint_limit_are_lost(toy):
    X, y = toy
    more, _ = ClusterAugmenter(random_state=0, max_distance_modulus=14).fit_resample(X, y)
    own, copies = stars_of(X), copies_of(more, 12)
    limits = np.maximum.reduceat(own["phot_g_mean_mag"], own.offsets[:-1])
    assert (copies["phot_g_mean_mag"] <= limits[copies.cluster]).all()
    assert (copies.counts[own.counts > 10] < own.counts[own.counts > 10]).any()
    # A cluster of ten stars or fewer has none to lose, and stays where it is.
    assert_array_equal(copies.counts[own.counts <= 10], own.counts[own.counts <= 10])


def test_a_limit_of_the_catalogue_can_be_given(toy):
    X, y = toy
    more, _ = ClusterAugmenter(
        random_state=0, faint_limit=15.5, min_stars=1, max_distance_modulus=14
    ).fit_resample(X, y)
    assert copies_of(more, 12)["phot_g_mean_mag"].max() <= 15.5
    assert stars_of(more.iloc[:12])["phot_g_mean_mag"].max() > 15.5


def test_a_cluster_beyond_the_given_limit_is_refused_by_name(toy):
    X, y = toy
    with pytest.raises(ValueError, match=r"cluster 'Toy_\d+' has no star as bright as faint_limit"):
        ClusterAugmenter(faint_limit=9).fit_resample(X, y)


@given(seed=st.integers(0, 10_000), min_stars=st.integers(1, 15), dropout=st.floats(0, 0.99))
def test_no_copy_has_too_few_stars(seed, min_stars, dropout):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 30, 6)
    members = pd.DataFrame(
        {
            "cluster": np.repeat(np.arange(6), counts),
            "phot_g_mean_mag": rng.uniform(8, 18, counts.sum()),
            "bp_rp": rng.uniform(0, 3, counts.sum()),
        }
    )
    y = np.column_stack([np.full(6, 8.0), rng.uniform(0, 1, 6), rng.uniform(0.05, 1, 6)])
    more, _ = ClusterAugmenter(
        n_copies=2,
        min_stars=min_stars,
        star_dropout=dropout,
        max_distance_modulus=15,
        random_state=seed,
    ).fit_resample(members, y)
    fewest = np.tile(np.minimum(counts, min_stars), 2)
    assert (copies_of(more, 6).counts >= fewest).all()


def test_star_dropout_alone(rich):
    X, y = rich
    more, y_more = ClusterAugmenter(star_dropout=0.3, random_state=0, **STILL).fit_resample(X, y)
    copies, own = copies_of(more, 2), stars_of(more.iloc[:2])
    assert_allclose(copies.counts / 4000, 0.7, atol=0.03)
    assert set(copies["phot_g_mean_mag"]) <= set(own["phot_g_mean_mag"])
    assert_array_equal(y_more[2:], y)


def test_photometric_noise_alone(rich):
    X, y = rich
    noisy = ClusterAugmenter(photometric_noise=0.05, random_state=0, **STILL)
    more, _ = noisy.fit_resample(X, y)
    copies, own = copies_of(more, 2), stars_of(more.iloc[:2])
    g = copies["phot_g_mean_mag"] - own["phot_g_mean_mag"]
    colour = copies["bp_rp"] - own["bp_rp"]
    assert_allclose([g.std(), colour.std()], [0.05, 0.05 * np.sqrt(2)], rtol=0.05)
    assert abs(np.corrcoef(g, colour)[0, 1]) < 0.05
    assert_array_equal(copies["parallax"], own["parallax"])


def test_field_stars_alone(rich):
    X, y = rich
    more, _ = ClusterAugmenter(field_stars=0.2, random_state=0, **STILL).fit_resample(X, y)
    copies, own = copies_of(more, 2), stars_of(more.iloc[:2])
    added = copies.counts - own.counts
    assert_allclose(added / 4000, 0.2, atol=0.03)
    for cluster in (0, 1):
        start = copies.offsets[cluster]
        member = slice(start, start + 4000)
        field = slice(start + 4000, copies.offsets[cluster + 1])
        home = slice(4000 * cluster, 4000 * (cluster + 1))
        for column in own.columns:
            assert_array_equal(copies[column][member], own[column][home])
        g = copies["phot_g_mean_mag"][field]
        assert set(g) <= set(own["phot_g_mean_mag"])
        assert not set(g) <= set(own["phot_g_mean_mag"][home])
        assert g.max() <= own["phot_g_mean_mag"][home].max()
        # On the list of the cluster for its place and parallax, though hardly.
        assert_allclose(copies["parallax"][field], [4.0, 0.4][cluster], atol=1e-12)
        assert_array_equal(copies["ra"][field], [10.0, 200.0][cluster])
        assert_array_equal(copies["probability"][field], own["probability"][home].min())


def test_options_do_without_probabilities_parallaxes_and_many_clusters():
    members = pd.DataFrame({"cluster": "A", "phot_g_mean_mag": np.arange(8, 18, 0.2), "bp_rp": 1.0})
    augmenter = ClusterAugmenter(
        star_dropout=0.5, photometric_noise=0.01, field_stars=0.5, random_state=0
    )
    more, _ = augmenter.fit_resample(members, [[8.0, 0.5, 0.5]])
    assert stars_of(more).columns == ["phot_g_mean_mag", "bp_rp"]
    assert stars_of(more).counts[1] >= 10


def test_no_field_star_at_all(toy):
    X, y = toy
    for n_copies in (0, 1):
        augmenter = ClusterAugmenter(n_copies=n_copies, field_stars=1e-9, random_state=0, **STILL)
        more, _ = augmenter.fit_resample(X, y)
        assert len(stars_of(more)) == len(stars_of(X)) * (1 + n_copies)


@pytest.mark.parametrize(
    ("parameters", "allowed"),
    [
        # The laws of extinction hold up to 10 mag.
        ({"max_extinction": 10}, True),
        ({"max_extinction": 10.1}, False),
        ({"max_extinction": -0.1}, False),
        ({"n_copies": 0}, True),
        ({"n_copies": -1}, False),
        ({"min_stars": 1}, True),
        ({"min_stars": 0}, False),
        ({"star_dropout": 0.999}, True),
        ({"star_dropout": 1}, False),
        ({"star_dropout": -0.1}, False),
        ({"photometric_noise": -0.1}, False),
        ({"field_stars": 0}, True),
        ({"field_stars": -0.1}, False),
        ({"max_distance_modulus": -5}, True),
        ({"max_distance_modulus": np.inf}, False),
    ],
    ids=str,
)
def test_ends_of_parameters(toy, parameters, allowed):
    X, y = toy
    augmenter = ClusterAugmenter(random_state=0, **parameters)
    if allowed:
        augmenter.fit_resample(X, y)
    else:
        with pytest.raises(ValueError, match=f"'{next(iter(parameters))}' parameter of Cluster"):
            augmenter.fit_resample(X, y)
