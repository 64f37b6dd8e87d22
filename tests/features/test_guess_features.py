import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import validate_clusters
from skcluster.features import GuessFeatures


def cluster(name, magnitude, colour, parallax=1.0):
    return pd.DataFrame(
        {"cluster": name, "phot_g_mean_mag": magnitude, "bp_rp": colour, "parallax": parallax}
    )


def by_numpy(X):
    """The plain way, cluster by cluster; NaN where there are too few stars."""
    stars = validate_clusters(X)
    rows = []
    for a, b in zip(stars.offsets, stars.offsets[1:], strict=False):
        g, colour, parallax = (
            stars[name][a:b].astype(float) for name in ("phot_g_mean_mag", "bp_rp", "parallax")
        )
        median = np.median(parallax)
        magnitude = g + 5 * np.log10(median / 100)
        bright, middle = magnitude < 4, (magnitude >= 4) & (magnitude < 5)
        slope = np.polyfit(magnitude[bright], colour[bright], 1)[0] if bright.sum() > 2 else np.nan
        rows.append([slope, colour[middle].mean() if middle.any() else np.nan, median])
    return np.array(rows)


# Distance modulus 10: magnitudes 14 and 15 are 4 and 5 at 10 pc.
KNOWN = cluster("Known", [11, 12, 13, 14.2, 14.6], [0.1, 0.3, 0.5, 0.8, 1.0])


def test_known_answer():
    features = GuessFeatures().fit_transform(KNOWN)
    np.testing.assert_allclose(features, [[0.2, 0.9, 1.0]], rtol=1e-6)
    assert features.dtype == np.float32


@pytest.mark.parametrize(
    ("sample", "rtol", "atol"),
    [("toy", 1e-5, 0), pytest.param("real", 1e-4, 1e-5, marks=pytest.mark.real)],
)
def test_as_the_plain_way(sample, rtol, atol, request):
    X, _ = request.getfixturevalue(sample)
    guess = GuessFeatures().fit(X)
    expected = by_numpy(X)
    np.testing.assert_allclose(guess.fallback_features_, np.nanmedian(expected, axis=0), rtol=1e-5)
    expected = np.where(np.isnan(expected), guess.fallback_features_, expected)
    np.testing.assert_allclose(guess.transform(X), expected, rtol=rtol, atol=atol)


def test_too_few_stars_take_the_median_of_the_training_clusters():
    steep = KNOWN.assign(cluster="Steep", bp_rp=KNOWN["bp_rp"] * 3)
    guess = GuessFeatures().fit(pd.concat([KNOWN, steep]))
    np.testing.assert_allclose(guess.fallback_features_, [0.4, 1.8, 1.0], rtol=1e-6)
    faint = cluster("Faint", [17.0, 18.0], [1.0, 2.0])
    np.testing.assert_allclose(guess.transform(faint), [[0.4, 1.8, 1.0]], rtol=1e-6)


@pytest.mark.parametrize(
    "magnitude", [[12.0, 12.0, 12.0], [12.0, 12.0001, 12.0002], [12.0, 13.0, 17.0]]
)
def test_no_slope_without_scatter_or_stars(magnitude):
    guess = GuessFeatures().fit(KNOWN)
    slope = guess.transform(cluster("A", magnitude, [0.1, 2.0, 4.0]))[0, 0]
    assert slope == np.float32(guess.fallback_features_[0])


def test_ranges_hold_their_bright_end():
    # At 10 pc, so that apparent magnitudes are absolute ones to the last bit.
    near = cluster("Near", [1, 2, 3, 4.0, 4.5, 5.0], [0.1, 0.3, 0.5, 0.9, 1.1, 7.0], parallax=100)
    np.testing.assert_allclose(GuessFeatures().fit_transform(near), [[0.2, 1.0, 100]], rtol=1e-6)
    other = GuessFeatures(slope_limit=5, mean_range=(1, 3)).fit_transform(near)
    slope = np.polyfit([1, 2, 3, 4, 4.5], [0.1, 0.3, 0.5, 0.9, 1.1], 1)[0]
    np.testing.assert_allclose(other, [[slope, 0.2, 100]], rtol=1e-6)


def test_as_many_stars_as_a_slope_needs():
    two = cluster("Two", [12.0, 13.0], [0.1, 0.7])
    for min_stars, slope in ((2, 0.6), (3, 0.2)):
        guess = GuessFeatures(min_stars=min_stars).fit(KNOWN)
        assert guess.transform(two)[0, 0] == pytest.approx(slope)


@pytest.mark.parametrize(("scatter", "slope"), [(0.9e-3, 0.2), (1.1e-3, 3.0)])
def test_the_least_scatter_of_a_slope(scatter, slope):
    magnitude = 12 + scatter * np.sqrt(3 / 2) * np.array([-1, 0, 1])
    assert magnitude.std() == pytest.approx(scatter)
    table = cluster("A", magnitude, 0.5 + 3 * (magnitude - 12))
    guess = GuessFeatures().fit(KNOWN)
    assert guess.transform(table)[0, 0] == pytest.approx(slope, rel=1e-3)


def test_an_upright_sequence_has_slope_zero():
    upright = cluster("Young", [8.0, 10.0, 13.0, 14.5], 0.1)
    assert GuessFeatures().fit(KNOWN).transform(upright)[0, 0] == pytest.approx(0, abs=1e-12)


def test_a_negative_parallax_stays_and_the_distance_is_the_largest():
    guess = GuessFeatures().fit(KNOWN)
    far = cluster("Far", [12.0, 13.0, 14.0], [0.1, 0.2, 0.3], parallax=-0.1)
    got = guess.transform(far)
    np.testing.assert_allclose(got[0, [0, 2]], [0.1, -0.1], rtol=1e-6)


def test_missing_parallaxes_are_left_out():
    some = KNOWN.assign(parallax=[1.0, np.nan, 1.0, np.nan, 1.0])
    np.testing.assert_array_equal(
        GuessFeatures().fit_transform(some), GuessFeatures().fit_transform(KNOWN)
    )


def test_no_parallax_takes_the_fallback_with_a_warning():
    lost = KNOWN.assign(cluster="Lost", bp_rp=KNOWN["bp_rp"] * 2, parallax=np.nan)
    guess = GuessFeatures().fit(pd.concat([KNOWN, lost]))
    np.testing.assert_allclose(guess.fallback_features_, [0.3, 1.35, 1.0], rtol=1e-6)
    with pytest.warns(UserWarning, match="1 of 1 clusters have no star with a parallax.*'Lost'"):
        got = guess.transform(lost)
    np.testing.assert_array_equal(got[0], guess.fallback_features_.astype(np.float32))


def test_slopes_and_distances_are_limited():
    far = KNOWN.assign(cluster="Far", bp_rp=KNOWN["bp_rp"] * -4, parallax=-0.1)
    X = pd.concat([KNOWN, far])
    plain = GuessFeatures().fit_transform(X)
    guess = GuessFeatures(max_slope=0.5, max_distance=5).set_output(transform="pandas").fit(X)
    limited = guess.transform(X)
    assert limited.columns.tolist() == ["cmd_slope", "mean_colour", "parallax_distance"]
    np.testing.assert_allclose(limited["cmd_slope"], [plain[0, 0], -0.5])
    np.testing.assert_array_equal(limited["mean_colour"], plain[:, 1])
    np.testing.assert_allclose(limited["parallax_distance"], [1, 5])
    assert (limited.dtypes == np.float32).all()


def test_zero_point_moves_parallax_and_magnitudes():
    got = GuessFeatures(zero_point=-1.0).fit_transform(
        KNOWN.assign(phot_g_mean_mag=KNOWN["phot_g_mean_mag"] - 5 * np.log10(2))
    )
    np.testing.assert_allclose(got, [[0.2, 0.9, 2.0]], rtol=1e-6)


def test_nothing_to_learn_from_gives_zero_with_a_warning():
    guess = GuessFeatures()
    with (
        pytest.warns(UserWarning, match="None of the 1 training clusters .* for cmd_slope; zero"),
        pytest.warns(UserWarning, match="None of the 1 training clusters .* for mean_colour; zero"),
    ):
        guess.fit(cluster("Faint", [18.0], [1.0]))
    assert guess.fallback_features_.tolist() == [0.0, 0.0, 1.0]


def test_parallaxes_are_needed():
    with pytest.raises(ValueError, match="star column 'parallax' is needed"):
        GuessFeatures().fit(KNOWN.drop(columns="parallax"))
    with pytest.raises(ValueError, match="No star has a parallax"):
        GuessFeatures().fit(KNOWN.assign(parallax=np.nan))
