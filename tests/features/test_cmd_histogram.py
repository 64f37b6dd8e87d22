import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skcluster.clusters import as_clusters, validate_clusters
from skcluster.clusters._stars import clusters_from_flat
from skcluster.features import CMDHistogram


def stars_table(**columns):
    return pd.DataFrame(
        {"cluster": "A", "phot_g_mean_mag": 12.0, "bp_rp": 1.0, "parallax": 1.0} | columns
    )


def by_numpy(stars, magnitude, weights=None, colours=(0, 4.1), magnitudes=(10, 18), bins=(41, 10)):
    """The plain way, cluster by cluster."""
    return np.array(
        [
            np.histogram2d(
                stars["bp_rp"][a:b],
                magnitude[a:b],
                bins=bins,
                range=(colours, magnitudes),
                weights=None if weights is None else weights[a:b],
            )[0].ravel()
            for a, b in zip(stars.offsets, stars.offsets[1:], strict=False)
        ]
    )


def test_defaults_are_the_410_bins_of_the_paper(toy):
    histogram = CMDHistogram().fit(toy[0])
    assert histogram.histogram_shape_ == (41, 10)
    np.testing.assert_array_equal(histogram.colour_edges_, np.linspace(0, 4.1, 42))
    np.testing.assert_array_equal(histogram.magnitude_edges_, np.linspace(10, 18, 11))
    counts = histogram.transform(toy[0])
    assert counts.shape == (12, 410)
    assert counts.dtype == np.float32
    names = histogram.get_feature_names_out()
    assert names[:2].tolist() == ["colour_0.05_magnitude_10.4", "colour_0.05_magnitude_11.2"]
    assert names[10] == "colour_0.15_magnitude_10.4"
    assert len(set(names)) == 410


@pytest.mark.real
def test_counts_are_those_of_numpy_on_the_real_sample(real):
    X, _ = real
    stars = validate_clusters(X)
    expected = by_numpy(stars, stars["phot_g_mean_mag"])
    np.testing.assert_array_equal(CMDHistogram(normalize=None).fit_transform(X), expected)
    sums = expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(CMDHistogram().fit_transform(X), expected / sums, rtol=1e-6)


def test_stars_on_edges_fall_as_in_numpy():
    colour, magnitude = np.meshgrid(np.arange(0, 42) * 0.1, 10 + np.arange(0, 11) * 0.8)
    X = as_clusters(stars_table(bp_rp=colour.ravel(), phot_g_mean_mag=magnitude.ravel()))
    stars = validate_clusters(X)
    counts = CMDHistogram(normalize=None).fit_transform(X)
    np.testing.assert_array_equal(counts, by_numpy(stars, stars["phot_g_mean_mag"]))
    assert counts.sum() > 400


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    low=st.floats(-4, 12),
    width=st.floats(1e-5, 0.2),
    n_bins=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
)
@example(low=10.0, width=0.8, n_bins=10, seed=0)
@example(low=25.0, width=3e-5, n_bins=60, seed=0)  # too narrow for single precision
@example(low=25.0, width=2.5e-4, n_bins=60, seed=0)
def test_counts_are_those_of_numpy_to_the_last_bit(dtype, low, width, n_bins, seed):
    histogram = CMDHistogram(
        magnitude_range=(low, low + n_bins * width), magnitude_width=width, normalize=None
    )
    edges = histogram.fit(stars_table(bp_rp=[1.0])).magnitude_edges_
    on_edge = edges.astype(dtype)
    magnitude = np.concatenate(
        [
            on_edge,
            np.nextafter(on_edge, dtype(-np.inf)),
            np.nextafter(on_edge, dtype(np.inf)),
            np.random.default_rng(seed).uniform(edges[0] - 0.5, edges[-1] + 0.5, 200).astype(dtype),
            np.array([-5, 30], dtype=dtype),
        ]
    )
    X = clusters_from_flat(
        {"phot_g_mean_mag": magnitude, "bp_rp": np.ones_like(magnitude)}, [0, len(magnitude)]
    )
    counts = histogram.transform(X).reshape(histogram.histogram_shape_).sum(axis=0)
    np.testing.assert_array_equal(counts, np.histogram(magnitude.astype(float), edges)[0])


def test_absolute_magnitudes_are_counted_at_ten_parsec(toy):
    X, _ = toy
    stars = validate_clusters(X)
    medians = [
        np.median(stars["parallax"][a:b])
        for a, b in zip(stars.offsets, stars.offsets[1:], strict=False)
    ]
    absolute = stars["phot_g_mean_mag"] + 5 * np.log10(np.array(medians)[stars.cluster] / 100)
    expected = by_numpy(stars, absolute, magnitudes=(-4, 12), bins=(41, 20))
    histogram = CMDHistogram(magnitude="absolute", normalize=None).fit(X)
    assert histogram.histogram_shape_ == (41, 20)
    np.testing.assert_array_equal(histogram.transform(X), expected)


def test_weights_are_probabilities(toy):
    X, _ = toy
    stars = validate_clusters(X)
    expected = by_numpy(stars, stars["phot_g_mean_mag"], stars["probability"])
    counts = CMDHistogram(weights="probability", normalize=None).fit_transform(X)
    np.testing.assert_array_equal(counts, expected.astype(np.float32))


def test_a_star_without_probability_counts_nothing_and_is_counted():
    X = as_clusters(stars_table(probability=[0.5, np.nan, 1.0]))
    histogram = CMDHistogram(weights="probability", normalize=None).fit(X)
    with pytest.warns(UserWarning, match="1 of 3 stars have no probability"):
        assert histogram.transform(X).sum() == 1.5


@pytest.mark.parametrize(("normalize", "one"), [("sum", np.sum), ("max", np.max)])
def test_normalized_counts_add_up(toy, normalize, one):
    counts = CMDHistogram(normalize=normalize).fit_transform(toy[0])
    np.testing.assert_allclose(one(counts, axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("normalize", ["sum", "max", None])
def test_no_star_within_the_ranges_gives_zeros(normalize):
    counts = CMDHistogram(normalize=normalize).fit_transform(stars_table(bp_rp=[-1.0, 9.0]))
    assert (counts == 0).all()


@pytest.mark.parametrize(
    ("low", "high", "width", "n_bins", "last"),
    [(0, 4.1, 0.1, 41, 4.1), (0, 4, 0.3, 14, 4.2), (0, 1, 5, 1, 5), (-4, 12, 0.8, 20, 12)],
)
def test_bins_cover_the_range(low, high, width, n_bins, last):
    histogram = CMDHistogram(colour_range=(low, high), colour_width=width)
    edges = histogram.fit(stars_table(bp_rp=[1.0])).colour_edges_
    assert len(edges) == n_bins + 1
    assert edges[0] == low
    assert edges[-1] == pytest.approx(last)


@pytest.mark.parametrize(
    ("widths", "bins"),
    # The last is larger than the block of histograms that is computed at a time.
    [((0.41, 1.6), (10, 5)), ((4.1, 2.0), (1, 4)), ((0.01, 0.04), (410, 200))],
)
def test_other_numbers_of_bins(toy, widths, bins):
    X, _ = toy
    stars = validate_clusters(X)
    histogram = CMDHistogram(colour_width=widths[0], magnitude_width=widths[1], normalize=None)
    expected = by_numpy(stars, stars["phot_g_mean_mag"], bins=bins)
    np.testing.assert_array_equal(histogram.fit_transform(X), expected)
    assert histogram.histogram_shape_ == bins
    assert len(histogram.get_feature_names_out()) == bins[0] * bins[1]


def test_a_cluster_without_parallax_takes_the_typical_one():
    many = pd.concat(
        [stars_table(cluster=name, parallax=[p]) for name, p in zip("ABC", (1, 2, 4), strict=True)]
    )
    histogram = CMDHistogram(magnitude="absolute").fit(many)
    assert histogram.fallback_parallax_ == 2
    lost = stars_table(cluster="Lost 1", parallax=[np.nan])
    with pytest.warns(UserWarning, match="1 of 1 clusters have no star with a parallax.*'Lost 1'"):
        got = histogram.transform(lost)
    np.testing.assert_array_equal(got, histogram.transform(stars_table(parallax=[2.0])))


@pytest.mark.parametrize("parallax", [0.0, -0.5, 1e-9])
def test_a_parallax_without_distance_is_taken_as_the_smallest(parallax):
    table = stars_table(phot_g_mean_mag=[14.0])
    histogram = CMDHistogram(magnitude="absolute").fit(table)
    got = histogram.transform(table.assign(parallax=parallax))
    np.testing.assert_array_equal(got, histogram.transform(table.assign(parallax=0.05)))
    assert got.sum() == 1


@pytest.mark.parametrize(
    ("parameters", "column"),
    [({"magnitude": "absolute"}, "parallax"), ({"weights": "probability"}, "probability")],
)
def test_a_column_that_is_needed_is_named(parameters, column):
    table = stars_table(bp_rp=[1.0]).drop(columns="parallax")
    with pytest.raises(ValueError, match=f"star column '{column}' is needed"):
        CMDHistogram(**parameters).fit(table)
