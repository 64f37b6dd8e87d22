from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.linear_model import LinearRegression

from skcluster import GuessFeatures, make_pipeline
from skcluster.clusters import as_clusters
from skcluster.datasets import Effects, simulate_clusters
from skcluster.estimation import estimate
from skcluster.isochrones import isochrone
from skcluster.photometry import distance_modulus
from skcluster.plotting import CMDDisplay


def assert_drawn(line, *parameters, **options):
    """The line is the isochrone of these parameters."""
    points = isochrone(*parameters, **options)[["bp_rp", "phot_g_mean_mag"]].dropna()
    drawn = line.get_xydata()
    np.testing.assert_allclose(drawn[np.isfinite(drawn).all(axis=1)], points, atol=1e-9)


def test_stars_and_isochrone_are_where_they_should_be(sample):
    X, y = sample
    name = X.index[3]
    display = CMDDisplay.from_clusters(X, y, cluster=name)
    stars = X.loc[name, "stars"]
    drawn = pd.DataFrame(display.stars_.get_offsets(), columns=["colour", "g"])
    wanted = stars[["bp_rp", "phot_g_mean_mag"]].to_numpy()
    np.testing.assert_allclose(np.sort(drawn, axis=0), np.sort(wanted, axis=0))
    age, a_v, distance = y.loc[name, ["log_age", "a_v", "distance_kpc"]]
    assert_drawn(display.isochrone_, age, a_v=a_v, distance_kpc=distance)
    assert display.ax_.yaxis_inverted()
    low, high = display.ax_.get_xlim()
    assert ((wanted[:, 0] > low) & (wanted[:, 0] < high)).all()
    assert display.band_ is None
    assert display.ax_.get_title() == name.replace("_", " ")


@pytest.mark.parametrize(("spread", "more"), [(0.3, 0.588), (0.01, None), (np.nan, None)])
def test_differential_reddening_is_a_second_line(sample, spread, more):
    X, y = sample
    name = X.index[0]
    estimate = {**y.loc[name], "differential_reddening": spread}
    line = CMDDisplay.from_clusters(X, estimate, cluster=name).reddened_
    assert (line is None) == (more is None)
    if line is not None:
        reddened = {**y.loc[name], "a_v": y.loc[name, "a_v"] + more}
        expected = CMDDisplay.from_clusters(X, reddened, cluster=name).isochrone_
        np.testing.assert_allclose(line.get_xydata(), expected.get_xydata())


def test_stars_without_any_effect_lie_on_the_isochrone_of_their_parameters():
    X, y = simulate_clusters(1, random_state=0, n_stars=50, metallicity=0.0, effects=Effects.none())
    display = CMDDisplay.from_clusters(X, y)
    stars, line = display.stars_.get_offsets(), display.isochrone_.get_xydata()
    fine = np.concatenate([a + np.linspace(0, 1, 20)[:, None] * (b - a) for a, b in pairwise(line)])
    distance = np.min(np.linalg.norm(stars[:, None] - fine, axis=2), axis=1)
    assert distance.max() < 0.02


@pytest.mark.parametrize(("log_age", "n_parts"), [(8.5, 1), (9.6, 2)])
def test_the_isochrone_breaks_where_stars_jump(sample, log_age, n_parts):
    X, _ = sample
    samples = np.array([log_age, 0.1, 1.0]) + np.linspace(0, 0.01, 30)[:, None]
    display = CMDDisplay.from_clusters(X[:1], [log_age, 0.1, 1.0], samples=samples)
    band = [path.vertices for path in display.band_.get_paths()]
    for line in (display.isochrone_.get_xydata(), *band):
        known = np.isfinite(line).all(axis=1)
        assert 1 + np.count_nonzero(known[:-1] & ~known[1:]) == n_parts


def test_the_band_is_of_the_most_credible_samples(sample):
    X, y = sample
    name = X.index[0]
    truth = y.loc[name, ["log_age", "a_v", "distance_kpc"]].to_numpy(dtype=float)
    rng = np.random.default_rng(0)
    samples = truth * (1 + rng.normal(0, 0.01, (200, 3)))
    samples[:, 1] = truth[1] + rng.normal(0, 0.1, 200)
    display = CMDDisplay.from_clusters(X, y, cluster=name, samples=samples, coverage=0.5)
    assert len(display.band_.get_segments()) == 100
    faint = isochrone(truth[0])["phot_g_mean_mag"].iloc[0]
    least = [segment[0, 1] for segment in display.band_.get_segments()]
    spread = distance_modulus(truth[2] * 1.01) - distance_modulus(truth[2])
    assert np.std(least) < 4 * (spread + 0.1)
    assert np.mean(least) > faint + distance_modulus(truth[2]) - 0.5
    everything = CMDDisplay.from_clusters(X, y, cluster=name, samples=samples, coverage=1)
    assert len(everything.band_.get_segments()) == 120  # no more are drawn
    assert everything.band_.get_label() == "100 % of joint samples"
    samples[::2, 2] = 0  # no distance, as of samples beyond what is possible
    drawable = CMDDisplay.from_clusters(X, y, cluster=name, samples=samples[:40], coverage=1)
    assert len(drawable.band_.get_segments()) == 20


def test_an_estimator_is_drawn_as_its_table(sample, model):
    X, _ = sample
    alone = X[1:2]
    table, samples, members = estimate(alone, model, n_samples=100, membership=True, random_state=0)
    drawn = CMDDisplay.from_clusters(alone, table, samples=samples, membership=members)
    assert {**drawn.estimate, "notes": ""} == {**table.iloc[0], "notes": ""}
    used = members["membership"].notna()
    assert len(drawn.stars_.get_offsets()) == used.sum()
    assert (drawn.unused_ is None) == used.all()
    display = CMDDisplay.from_estimator(model, X, cluster=X.index[1], n_samples=100)
    assert display.summary() == drawn.summary()
    for name in ("isochrone", "band", "membership"):
        np.testing.assert_array_equal(getattr(display, name), getattr(drawn, name))
    wide = CMDDisplay.from_estimator(model, X, cluster=X.index[1], n_samples=0, coverage=0.95)
    assert wide.band_ is None
    plain = CMDDisplay.from_estimator(model, X, cluster=X.index[1], samples=None, membership=None)
    assert plain.band_ is plain.membership is None
    assert wide.estimate["log_age_upper"] > display.estimate["log_age_upper"]
    bare = make_pipeline(GuessFeatures(), LinearRegression()).fit(*sample)
    drawn = CMDDisplay.from_estimator(bare, alone)
    assert drawn.estimate["log_age"] == bare.predict(alone)[0, 0]
    assert drawn.band_ is None


@pytest.mark.parametrize(
    ("flag", "notes", "told", "untold"),
    [
        ("outside domain", "few stars", "doubtful: outside domain", "few stars"),
        ("", "few stars; contaminants identified", "notes: few stars; 31 %", "doubtful"),
        ("", "", "[M/H] = 0.20", "notes"),
    ],
)
def test_flag_or_notes_are_told_beside_the_diagram(sample, flag, notes, told, untold):
    X, _ = sample
    values = {"log_age": 9.0, "a_v": 0.1, "distance_kpc": 1.0, "metallicity": 0.2}
    values |= {"field_fraction": 0.314, "flag": flag, "notes": notes}
    alone = CMDDisplay.from_clusters(X[:1], values).ax_.get_legend().get_title().get_text()
    assert told in alone
    assert untold not in alone
    axes = plt.figure().add_subplot()
    within = CMDDisplay.from_clusters(X[:1], values, ax=axes).ax_.get_legend().get_title()
    assert not {"doubtful", "notes"} & set(within.get_text().replace(":", " ").split())


def test_the_isochrone_has_the_metallicity_of_the_estimate(sample):
    X, _ = sample
    display = CMDDisplay.from_clusters(X[:1], [9.0, 0.1, 1.0, 0.2])
    assert_drawn(display.isochrone_, 9.0, 0.2, a_v=0.1, distance_kpc=1.0)
    assert "[M/H] = 0.20" in display.summary()
    assert display.isochrone_.get_label() == "PARSEC isochrone"
    solar = CMDDisplay.from_clusters(X[:1], [9.0, 0.1, 1.0, 0.0])
    bare = CMDDisplay.from_clusters(X[:1], [9.0, 0.1, 1.0])
    np.testing.assert_array_equal(solar.isochrone_.get_xydata(), bare.isochrone_.get_xydata())
    assert bare.isochrone_.get_label() == "PARSEC, [M/H] = 0"
    assert "[M/H]" not in bare.summary()


def test_the_estimate_of_a_display_is_a_row(sample):
    _, y = sample
    stars = {"colour": np.ones(3), "magnitude": np.arange(3)}
    row, same = (CMDDisplay(**stars, estimate=e).plot() for e in (y.iloc[0], dict(y.iloc[0])))
    assert row.summary() == same.summary() != ""
    with pytest.raises(TypeError, match=r"estimate must be a row of .*, not ndarray"):
        CMDDisplay(**stars, estimate=y.iloc[0].to_numpy())


def test_the_band_has_the_metallicities_of_the_samples(sample):
    X, _ = sample
    samples = np.tile([9.0, 0.1, 1.0, 0.0], (20, 1))
    samples[:, 3] = np.linspace(-0.3, 0.3, 20)
    display = CMDDisplay.from_clusters(X[:1], samples[9], samples=samples, coverage=1)
    lowest = [segment[0, 0] for segment in display.band_.get_segments()]
    assert np.ptp(lowest) > 0.15  # the colour of the faintest dwarfs
    assert "[M/H] = −0.02" in display.summary()
    named = pd.DataFrame(samples, columns=["log_age", "a_v", "distance_kpc", "metallicity"])
    same = CMDDisplay.from_clusters(X[:1], samples[9], samples={X.index[0]: named}, coverage=1)
    np.testing.assert_array_equal(same.band, display.band)
    without, solar = (
        CMDDisplay.from_clusters(X[:1], samples=some, coverage=1)
        for some in (samples[:, :3], samples * [1, 1, 1, 0])
    )
    np.testing.assert_array_equal(without.band, solar.band)


def test_stars_are_shaded_by_their_membership(sample):
    stars = sample[0].iloc[0]["stars"].head(4).assign(probability=[1.0, 0.5, 0.9, 0.7])
    X = as_clusters({"other": stars.head(2), "one": stars})
    membership = [0.0, 0.0, 0.9, 0.1, np.nan, 0.4]
    display = CMDDisplay.from_clusters(X, cluster="one", membership=membership)
    assert display.stars_.get_array().tolist() == [0.1, 0.4, 0.9]
    np.testing.assert_array_equal(
        display.unused_.get_offsets()[0], stars[["bp_rp", "phot_g_mean_mag"]].iloc[2]
    )
    assert display.unused_.get_facecolors().size == 0
    assert display.colorbar_.ax.get_ylabel() == "posterior membership probability"
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert sorted(labels) == ["1 stars not used", "3 stars"]
    # As estimate() returns it; of stars that are all unused, the list's own probabilities tell.
    long = pd.DataFrame({"cluster": ["other"] * 2 + ["one"] * 4, "membership": np.nan})
    listed = CMDDisplay.from_clusters(X, cluster="one", membership=long)
    assert listed.unused_ is None
    assert listed.colorbar_.ax.get_ylabel() == "membership probability"
    with pytest.raises(ValueError, match="6 stars, but 2 values"):
        CMDDisplay.from_clusters(X, cluster="one", membership=[1, 0])
    with pytest.raises(ValueError, match="cluster 'other' belongs to 'one'"):
        CMDDisplay.from_clusters(X, cluster="one", membership=long[::-1])


def test_likelier_members_are_darker_and_on_top(sample):
    X, _ = sample
    stars = X.iloc[0]["stars"].head(3).assign(probability=[1.0, 0.5, 0.9])
    display = CMDDisplay.from_clusters({"one": stars})
    assert display.stars_.get_array().tolist() == [0.5, 0.9, 1.0]
    display.figure_.canvas.draw()
    brightness = display.stars_.get_facecolors()[:, :3].mean(axis=1)
    assert (np.diff(brightness) < 0).all()
    assert display.colorbar_ is not None
    alone = CMDDisplay.from_clusters({"one": stars.drop(columns="probability")})
    assert alone.colorbar_ is None


def test_axes_are_the_caller_s(sample):
    X, y = sample
    _, ax = plt.subplots()
    display = CMDDisplay.from_clusters(
        X[:1], y.iloc[0].to_dict(), ax=ax, legend=False, colorbar=False
    )
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert ax.get_legend() is None
    assert display.colorbar_ is None
    again = display.plot()
    assert again is display
    assert display.ax_ is not ax


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"cluster": "nowhere"}, "no cluster 'nowhere'"),
        ({}, "has 60 clusters; choose one"),
        ({"cluster": "sim_000000", "estimates": [1, 2]}, "three numbers.* or four"),
        ({"cluster": "sim_000000", "estimates": {"log_age": 8}}, "lacks a_v, distance_kpc"),
        ({"cluster": "sim_000000", "estimates": [12, 0.1, 1]}, "'sim_000000': log_age.*6 to 10.2"),
        ({"cluster": "sim_000000", "estimates": [9, 0.1, 1, 1]}, "'sim_000000': metallicity must"),
        ({"cluster": "sim_000000", "estimates": pd.DataFrame()}, "0 rows of cluster 'sim_000000'"),
        ({"cluster": "sim_000000", "samples": {}}, "no samples of cluster 'sim_000000'"),
        ({"cluster": "sim_000000", "samples": [[1, 2, 3]]}, "at least two rows"),
    ],
)
def test_what_cannot_be_drawn_is_said(sample, change, text):
    X, _ = sample
    X = X.set_axis([f"sim_{i:06d}" for i in range(len(X))])
    with pytest.raises(ValueError, match=text):
        CMDDisplay.from_clusters(X, **change)


def test_a_cluster_without_usable_stars_is_refused(sample):
    stars = sample[0].iloc[0]["stars"]
    with pytest.warns(UserWarning, match="No star is left"):
        X = as_clusters(
            {"gone": stars.assign(bp_rp=np.nan, phot_bp_mean_mag=np.nan), "there": stars}
        )
    with pytest.raises(ValueError, match="'gone' has no star"):
        CMDDisplay.from_clusters(X, cluster="gone")


def test_the_legend_covers_no_star_and_stretches_no_axis(sample):
    _, y = sample
    rng = np.random.default_rng(0)
    colour, magnitude = rng.uniform(0, 3, 500), rng.uniform(8, 18, 500)
    display = CMDDisplay(
        colour=colour, magnitude=magnitude, estimate=y.iloc[0].to_dict(), name="full"
    ).plot()
    display.figure_.canvas.draw()
    stars = display.ax_.transData.transform(np.column_stack([colour, magnitude]))
    assert display.ax_.get_legend().get_window_extent().count_contains(stars) == 0
    assert display.ax_.bbox.count_contains(stars) == len(stars)
    assert max(display.ax_.get_ylim()) < magnitude.max() + 1
    assert display.figure_.bbox.count_contains(
        display.ax_.get_legend().get_window_extent().corners()
    )
    # Within the caller's axes, it is where the fewest stars are.
    _, ax = plt.subplots()
    bright_blue = (colour < 1.4) & (magnitude < 11.5)
    display = CMDDisplay(colour=colour[~bright_blue], magnitude=magnitude[~bright_blue]).plot(ax=ax)
    display.figure_.canvas.draw()
    box = display.ax_.get_legend().get_window_extent().transformed(ax.transAxes.inverted())
    assert box.x1 < 0.5 < box.y0
