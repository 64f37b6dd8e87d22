"""What light and dust do to stars, and what features make of it, whatever the stars are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sky import LAWS, LOG_AGES, MODULI, SEEDS, SHIFTS, stars

from skcluster import ClusterAugmenter, CMDHistogram, CMDRasterizer, GuessFeatures, StarSet
from skcluster.clusters import as_clusters, stars_of
from skcluster.isochrones import IsochroneGrid
from skcluster.photometry import distance_from_modulus, distance_modulus, redden

#: Bins whose edges single precision holds exactly.
WIDTHS = {"colour_width": 0.125, "magnitude_width": 0.5}


def moved(table: pd.DataFrame, by: float) -> pd.DataFrame:
    return table.assign(phot_g_mean_mag=table["phot_g_mean_mag"] + by)


def counts(table: pd.DataFrame, low: float = 6.0, high: float = 18.0) -> np.ndarray:
    histogram = CMDHistogram(
        colour_range=(-0.5, 4.0), magnitude_range=(low, high), normalize=None, **WIDTHS
    )
    values = histogram.fit_transform({"one": table})
    return values.reshape(histogram.histogram_shape_)


@given(stars(), SHIFTS)
def test_moved_stars_fill_the_same_bins_of_a_moved_diagram(table, by):
    np.testing.assert_array_equal(counts(moved(table, by), 6 + by, 18 + by), counts(table))


@given(stars())
def test_counts_are_those_of_numpy(table):
    edges = np.arange(-0.5, 4.01, 0.125), np.arange(6.0, 18.01, 0.5)
    expected = np.histogram2d(table["bp_rp"], table["phot_g_mean_mag"], bins=edges)[0]
    np.testing.assert_array_equal(counts(table), expected)


@pytest.mark.filterwarnings("ignore:None of the 1 training clusters:UserWarning")
@given(stars(), SEEDS)
def test_features_know_no_order_of_stars(table, seed):
    shuffled = table.sample(frac=1, random_state=seed)
    for features in (CMDHistogram(), GuessFeatures(), CMDRasterizer(image_size=16)):
        first, second = (features.fit_transform({"one": t}) for t in (table, shuffled))
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-5)
    first, second = (
        StarSet(max_stars=8, faint_limit=None).fit_transform({"one": t}) for t in (table, shuffled)
    )
    np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-5)


@given(LOG_AGES, st.floats(-0.5, 0.3), MODULI, st.floats(0, 3), LAWS, SEEDS)
def test_copies_lie_on_the_isochrone_of_their_labels(log_age, metallicity, modulus, a_v, law, seed):
    curve = IsochroneGrid.load().interpolate([log_age], [metallicity]).magnitudes[:, 0]
    m_g, bp, rp = curve[:, np.linspace(0, curve.shape[1] - 1, 25).astype(int)]
    colour = bp - rp
    seen = redden(m_g + modulus, colour, a_v, law)
    table = pd.DataFrame({"phot_g_mean_mag": seen[0], "bp_rp": seen[1]})
    kept = (table["phot_g_mean_mag"].between(-4, 30) & table["bp_rp"].between(-4, 12)).to_numpy()
    y = pd.DataFrame(
        {
            "log_age": [log_age],
            "a_v": [a_v],
            "distance_kpc": [float(distance_from_modulus(modulus))],
        },
        index=["one"],
    )
    augmenter = ClusterAugmenter(
        n_copies=2, law=law, faint_limit=60, only_farther=False, random_state=seed
    )
    more, labels = augmenter.fit_resample(as_clusters({"one": table[kept]}), y)
    assert (labels["log_age"] == log_age).all()
    for i in (1, 2):
        copy, label = stars_of(more.iloc[[i]]), labels.iloc[i]
        expected = redden(
            m_g[kept] + distance_modulus(label["distance_kpc"]), colour[kept], label["a_v"], law
        )
        np.testing.assert_allclose(copy["phot_g_mean_mag"], expected[0], atol=1e-4)
        np.testing.assert_allclose(copy["bp_rp"], expected[1], atol=1e-4)
