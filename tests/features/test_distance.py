import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcluster.clusters import clusters_from_flat, stars_of
from skcluster.features import _blocks
from skcluster.features._distance import (
    median_parallaxes,
    modulus_at_least,
    typical_parallax,
)

PARALLAXES = st.floats(-1000, 1000, width=32) | st.just(np.nan) | st.sampled_from([0.0, -0.0, 0.5])


def stars_with(parallaxes, dtype=np.float32):
    flat = np.concatenate([np.asarray(p, dtype=dtype) for p in parallaxes])
    offsets = np.concatenate([[0], np.cumsum([len(p) for p in parallaxes])])
    return stars_of(clusters_from_flat({"parallax": flat}, offsets))


@given(st.lists(st.lists(PARALLAXES, min_size=1, max_size=9), min_size=1, max_size=9))
def test_medians_are_those_of_numpy_without_nan(parallaxes):
    got = median_parallaxes(stars_with(parallaxes))
    known = [np.array(p, dtype=float)[~np.isnan(p)] for p in parallaxes]
    expected = [np.median(p) if len(p) else np.nan for p in known]
    np.testing.assert_array_equal(got, expected)


def test_medians_do_not_depend_on_the_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    stars = stars_with([rng.normal(1, 1, n) for n in rng.integers(1, 90, 200)])
    whole = median_parallaxes(stars)
    monkeypatch.setattr(_blocks, "STARS_IN_BLOCK", 50)
    np.testing.assert_array_equal(median_parallaxes(stars), whole)


def test_double_precision_is_kept_to_seven_digits():
    values = np.array([0.123456789, 0.2, 0.3])
    assert median_parallaxes(stars_with([values], np.float64))[0] == pytest.approx(0.2, rel=1e-7)


def test_negative_nan_counts_as_missing():
    values = np.array([-np.nan, 1.0, 2.0, 4.0], dtype=np.float32)
    assert median_parallaxes(stars_with([values]))[0] == 2.0


def test_zero_point_is_taken_off():
    assert median_parallaxes(stars_with([[1.0]]), -0.029)[0] == pytest.approx(1.029)


def test_small_and_negative_parallaxes_have_the_modulus_of_the_smallest():
    moduli = modulus_at_least(np.array([1.0, 0.05, 0.01, -3.0]), 0.05)
    np.testing.assert_allclose(moduli, [10, *[10 + 5 * np.log10(20)] * 3])


def test_no_parallax_at_all_is_refused():
    with pytest.raises(ValueError, match="No star has a parallax"):
        typical_parallax(np.array([np.nan, np.nan]))


def test_blocks_hold_whole_clusters_and_every_star(monkeypatch):
    monkeypatch.setattr(_blocks, "STARS_IN_BLOCK", 10)
    stars = stars_with([[1.0] * n for n in (3, 4, 25, 9, 1, 1)])
    runs = list(_blocks.blocks(stars))
    assert runs == [
        (slice(0, 2), slice(0, 7)),
        (slice(2, 3), slice(7, 32)),
        (slice(3, 5), slice(32, 42)),
        (slice(5, 6), slice(42, 43)),
    ]
    assert [c for c, _ in _blocks.blocks(stars, 1, slice(1, 3))] == [slice(1, 2), slice(2, 3)]
