"""Each corruption does what it says to the copies, and nothing to the clusters given."""

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skcluster import ClusterCorruptor
from skcluster.clusters import as_clusters, stars_of
from skcluster.clusters._magnitude_limits import state_magnitude_limit
from skcluster.datasets import simulate_clusters, simulate_field_stars

#: Nothing happens by itself.
OFF = {
    name: 0.0
    for name in ClusterCorruptor().get_params()
    if name.startswith("no_")
    or name in ("contamination", "limited", "sparse", "other_probabilities", "shifted")
}


@pytest.fixture(scope="module")
def simulated():
    return simulate_clusters(30, n_stars=150, random_state=1)


def corrupted(simulated, **on):
    """Stars of the clusters and of one copy of each, in tables with a row number."""
    X, y = simulated
    more, _ = ClusterCorruptor(**{**OFF, **on}, random_state=0).fit_resample(X, y)
    stars = stars_of(more)
    table = pd.DataFrame({name: stars[name] for name in stars.columns}).assign(row=stars.cluster)
    copies = table[table["row"] >= len(X)]
    return table[table["row"] < len(X)], copies.assign(row=copies["row"] - len(X))


def test_with_everything_off_copies_are_faithful(simulated):
    own, copies = corrupted(simulated)
    pd.testing.assert_frame_equal(own, copies.reset_index(drop=True))


def test_originals_come_first_and_unchanged(toy):
    X, y = toy
    before = joblib.hash((X, y))
    corruptor = ClusterCorruptor(n_copies=2, random_state=0)
    more, y_more = corruptor.fit_resample(X, y)
    assert joblib.hash((X, y)) == before
    pd.testing.assert_frame_equal(pd.DataFrame(more.iloc[:12]), pd.DataFrame(X))
    assert_array_equal(y_more.to_numpy(), np.tile(y.to_numpy(), (3, 1)))
    assert_array_equal(corruptor.sample_indices_, np.tile(np.arange(12), 3))
    assert more.index.equals(y_more.index)
    assert list(more.index[[12, 24]]) == ["Toy_0 (copy 1)", "Toy_0 (copy 2)"]
    again, _ = clone(corruptor).fit_resample(X, y)
    assert joblib.hash(again) == joblib.hash(more)


@pytest.mark.parametrize("kind", [np.asarray, lambda y: y["log_age"], lambda y: y.to_numpy()[:, 0]])
def test_labels_of_any_kind_are_repeated(toy, kind):
    X, y = toy
    labels = kind(y)
    _, more = ClusterCorruptor(random_state=0).fit_resample(X, labels)
    assert type(more) is type(labels)
    assert_array_equal(np.asarray(more), np.concatenate([labels, labels]))


def test_contaminants_pass_for_members(simulated):
    own, copies = corrupted(simulated, contamination=1.0, max_contamination=0.6)
    fraction = 1 - own.groupby("row").size() / copies.groupby("row").size()
    assert 0.15 < fraction.mean() < 0.45
    assert fraction.max() < 0.61
    assert (copies.groupby("row")["phot_g_mean_mag"].max() <= own["phot_g_mean_mag"].max()).all()
    added = copies.merge(own, on=list(own.columns), how="left", indicator=True)
    added = added[added["_merge"] == "left_only"]
    middle = own.groupby("row")["parallax"].median()[added["row"]].to_numpy()
    off = (added["parallax"] - middle) / np.hypot(added["parallax_error"], 0.03)
    assert abs(off.median()) < 0.2
    assert 0.8 < off.std() < 2
    assert_allclose(
        added["phot_bp_mean_mag"] - added["phot_rp_mean_mag"], added["bp_rp"], atol=1e-5
    )


def test_field_stars_come_from_one_sightline_per_copy():
    X, y = simulate_clusters(40, n_stars=100, random_state=0)
    field = simulate_field_stars(5, 400, random_state=3)
    colours = stars_of(field)["bp_rp"].reshape(5, 400)
    on = {**OFF, "contamination": 1.0}
    for field_given in (field, lambda random_state: field):
        more, _ = ClusterCorruptor(field=field_given, random_state=0, **on).fit_resample(X, y)
        n_sightlines = [
            sum(np.isin(stars["bp_rp"], line).any() for line in colours)
            for stars in more["stars"].iloc[40:]
        ]
        assert set(n_sightlines) == {0, 1}


def test_a_limit_cuts_faint_stars(simulated):
    _, copies = corrupted(simulated, limited=1.0, limits=(15.0, 16.0), min_stars=1)
    faintest = copies.groupby("row")["phot_g_mean_mag"].max()
    assert (faintest < 16).mean() > 0.8
    assert faintest.std() > 0.1


def test_a_limit_that_cuts_is_stated_where_limits_are(simulated):
    X, y = simulated
    stated = state_magnitude_limit(X, 18)
    on = {**OFF, "limited": 1.0, "limits": (16.0, 18.5), "min_stars": 1}
    more, _ = ClusterCorruptor(**on, random_state=0).fit_resample(stated, y)
    stars = stars_of(more)
    limit = pd.Series(stars["magnitude_limit"]).groupby(stars.cluster)
    assert (limit.max() == limit.min()).all()
    assert (limit.max()[:30] == 18).all()
    copies = limit.max()[30:]
    assert (copies == 18).any()
    assert (copies < 17.0).any()
    assert copies.between(16, 18).all()
    faintest = pd.Series(stars["phot_g_mean_mag"]).groupby(stars.cluster).max()[30:]
    assert (faintest < copies).all()


def test_a_copy_keeps_its_fewest_stars(toy):
    X, y = toy
    on = {**OFF, "limited": 1.0, "sparse": 1.0, "no_bright_stars": 1.0}
    more, _ = ClusterCorruptor(random_state=0, min_stars=5, **on).fit_resample(X, y)
    counts = stars_of(more).counts
    assert (counts[12:] >= np.minimum(counts[:12], 5)).all()
    assert counts[12:].sum() < counts[:12].sum()


def test_the_brightest_are_missing(simulated):
    own, copies = corrupted(simulated, no_bright_stars=1.0)
    lost = own.groupby("row").size() - copies.groupby("row").size()
    assert lost.between(1, 15).all()
    for row, stars in own.groupby("row"):
        kept = np.sort(stars["phot_g_mean_mag"])[lost[row] :]
        assert_array_equal(kept, np.sort(copies.loc[copies["row"] == row, "phot_g_mean_mag"]))


def test_probabilities_are_stated_in_other_ways(simulated):
    own, copies = corrupted(simulated, other_probabilities=1.0)
    by_row = copies.groupby("row")["probability"]
    assert by_row.apply(lambda p: p.isna().all()).any()
    assert by_row.apply(lambda p: (p == 1).all()).any()
    assert (by_row.min() < 0.3).any()
    stated = copies["probability"].dropna()
    assert stated.between(0, 1).all()
    assert_array_equal(copies["bp_rp"], own["bp_rp"])


def test_parallaxes_are_missing(simulated):
    _, copies = corrupted(simulated, no_parallaxes=0.5)
    missing = copies.groupby("row")["parallax"].apply(lambda p: p.isna().mean())
    assert set(missing) == {0.0, 1.0}
    assert copies.loc[copies["parallax"].isna(), "parallax_error"].isna().all()


def test_zero_points_are_shifted_per_list(simulated):
    own, copies = corrupted(simulated, shifted=1.0, parallax_scale=0.05, colour_scale=0.02)
    for name, scale in (("parallax", 0.05), ("bp_rp", 0.02)):
        shift = pd.Series(copies[name].to_numpy() - own[name].to_numpy()).groupby(own["row"])
        assert shift.std().max() < 1e-3
        assert 0.5 * scale < shift.mean().std() < 2 * scale
    assert_allclose(
        copies["phot_bp_mean_mag"] - copies["phot_rp_mean_mag"], copies["bp_rp"], atol=1e-5
    )


def test_lists_of_magnitudes_and_colours_alone_do():
    rng = np.random.default_rng(0)
    X = as_clusters(
        pd.DataFrame(
            {
                "cluster": np.repeat(["A", "B"], 40),
                "phot_g_mean_mag": rng.uniform(10, 18, 80),
                "bp_rp": rng.uniform(0, 2, 80),
                "note": "kept",
            }
        )
    )
    more, _ = ClusterCorruptor(n_copies=20, random_state=0).fit_resample(X, np.zeros(2))
    stars = stars_of(more)
    assert stars.columns == stars_of(X).columns
    assert set(stars["note"]) == {"kept"}
    assert np.isfinite(stars["bp_rp"]).all()


def test_without_copies_everything_is_as_it_was(toy):
    X, y = toy
    corruptor = ClusterCorruptor(n_copies=0, random_state=0)
    same, labels = corruptor.fit_resample(X, y)
    assert same is X
    assert labels is y
    assert_array_equal(corruptor.sample_indices_, np.arange(12))


@pytest.mark.parametrize(
    ("field", "error", "message"),
    [
        (3, TypeError, "field must contain stars of sightlines. Clusters can be made from"),
        (lambda random_state: [], ValueError, "field must contain stars of sightlines. There is"),
    ],
)
def test_a_field_without_stars_is_refused(toy, field, error, message):
    with pytest.raises(error, match=message):
        ClusterCorruptor(field=field, random_state=0).fit_resample(*toy)


def test_bad_input_is_refused(toy):
    X, y = toy
    with pytest.raises(ValueError, match=r"limits .* increasing"):
        ClusterCorruptor(limits=(17, 15)).fit_resample(X, y)
    with pytest.raises(ValueError, match="X has 12 clusters, but y has 3 rows"):
        ClusterCorruptor().fit_resample(X, y.iloc[:3])
    with pytest.raises(ValueError, match="'contamination' parameter"):
        ClusterCorruptor(contamination=2).fit_resample(X, y)
