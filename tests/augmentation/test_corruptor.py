"""What each corruption takes away, adds and changes, on simulated lists and ones made by hand."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils import get_tags

from skcluster import ClusterAugmenter, ClusterCorruptor
from skcluster.augmentation import ClusterScrambler
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


def corrupted(members: pd.DataFrame, n_copies: int = 1, **on: Any) -> pd.DataFrame:
    """The stars of all copies of one cluster, with the number of their copy."""
    corruptor = ClusterCorruptor(n_copies=n_copies, random_state=0, **{**OFF, **on})
    more, _ = corruptor.fit_resample(members.assign(cluster="A"), np.zeros((1, 3)))
    stars = stars_of(more.iloc[1:])
    table = pd.DataFrame({name: stars[name] for name in stars.columns})
    return table.assign(copy=stars.cluster)


def corrupted_copies(simulated, **on):
    """Stars of the clusters and of their copies, in tables with a row number."""
    X, y = simulated
    more, _ = ClusterCorruptor(**{**OFF, **on}, random_state=0).fit_resample(X, y)
    stars = stars_of(more)
    table = pd.DataFrame({name: stars[name] for name in stars.columns}).assign(row=stars.cluster)
    copies = table[table["row"] >= len(X)]
    return table[table["row"] < len(X)], copies.assign(row=copies["row"] - len(X))


def at_1_kpc(m_g: Any, colour: Any) -> pd.DataFrame:
    return pd.DataFrame({"phot_g_mean_mag": np.add(m_g, 10.0), "bp_rp": colour, "parallax": 1.0})


def test_giants_are_bright_and_red():
    sequence = at_1_kpc(np.linspace(0, 6, 200), 0.4)
    giants = at_1_kpc([3.1, 0.0, -2.0], [1.0, 0.96, 2.0])
    others = at_1_kpc([3.3, 3.1, 0.0], [1.0, 0.94, 0.9])
    kept = corrupted(pd.concat([sequence, giants, others]), no_giants=1.0)
    assert_array_equal(kept["bp_rp"].iloc[200:], others["bp_rp"])
    assert len(kept) == 203


def test_binaries_are_the_red_third_of_each_half_magnitude():
    colours = np.arange(100) / 100
    strips = [at_1_kpc(np.full(100, m_g), colours + m_g) for m_g in (2.2, 2.9, 3.2, 3.7, 5.1)]
    # In one strip with those of 5.1, and bluer.
    strips.append(at_1_kpc(np.full(100, 5.4), colours + 4.0))
    kept = corrupted(pd.concat(strips), no_binaries=1.0)
    counts = kept.groupby("phot_g_mean_mag").size()
    assert counts.tolist() == [100, 100, 65, 65, 30, 100]
    assert kept.loc[kept["phot_g_mean_mag"] == 13.2, "bp_rp"].max() == pytest.approx(3.84)


def test_sparse_lists_keep_from_a_tenth_to_all():
    members = at_1_kpc(np.linspace(0, 6, 1000), 0.4)
    kept = corrupted(members, n_copies=300, sparse=1.0).groupby("copy").size() / 1000
    assert 0.065 < kept.min() < 0.13
    assert 0.9 < kept.max() <= 1
    assert_allclose(np.quantile(np.log10(kept), [0.25, 0.5, 0.75]), [-0.75, -0.5, -0.25], atol=0.07)


def test_one_to_fifteen_of_the_brightest_are_missing():
    members = at_1_kpc(np.linspace(0, 6, 50), 0.4)
    copies = corrupted(members, n_copies=300, no_bright_stars=1.0).groupby("copy")
    assert set(50 - copies.size()) == set(range(1, 16))
    for _, kept in copies["phot_g_mean_mag"]:
        assert_array_equal(kept, members["phot_g_mean_mag"][-len(kept) :])


def test_a_corruption_that_leaves_too_few_is_not_applied():
    members = at_1_kpc(np.linspace(0, 6, 20), 0.4)
    lost = {6: 14, 10: 10, 20: 0}
    for min_stars, most in lost.items():
        kept = corrupted(members, 200, no_bright_stars=1.0, min_stars=min_stars)
        assert 20 - kept.groupby("copy").size().min() == most


def test_contaminants_are_as_bright_as_the_list_and_half_a_magnitude():
    clusters = simulate_clusters(20, n_stars=200, random_state=2)
    on = {"contamination": 1.0, "max_contamination": 0.6, "n_copies": 10}
    own, copies = corrupted_copies(clusters, **on)
    before, after = (
        stars.groupby("row")["phot_g_mean_mag"].agg(["min", "max", "size"])
        for stars in (own, copies)
    )
    brighter = np.tile(before["min"], 10) - after["min"]
    assert brighter.max() == pytest.approx(0.5, abs=0.1)
    assert brighter.max() <= 0.5
    assert (after["max"] <= np.tile(before["max"], 10)).all()
    fraction = 1 - np.tile(before["size"], 10) / after["size"]
    assert_allclose(np.quantile(fraction, [0.25, 0.5, 0.75]), [0.15, 0.3, 0.45], atol=0.06)
    lists = zip(copies["row"] % 20, copies["phot_g_mean_mag"], strict=True)
    lent = set(lists) - set(zip(own["row"], own["phot_g_mean_mag"], strict=True))
    assert len({g for _, g in lent}) > 0.9 * len(own["phot_g_mean_mag"])  # of all that there are


def test_where_nobody_lends_a_star_there_is_none():
    # The stars of each cluster are too faint or too bright for the other.
    g = np.r_[np.linspace(10, 11, 40), np.linspace(16, 17, 40)]
    members = pd.DataFrame({"cluster": np.repeat(["A", "B"], 40), "phot_g_mean_mag": g})
    on = {**OFF, "contamination": 1.0, "max_contamination": 0.5}
    corruptor = ClusterCorruptor(n_copies=40, random_state=0, **on)
    more, _ = corruptor.fit_resample(members.assign(bp_rp=0.5, parallax=1.0), np.zeros((2, 3)))
    copies = stars_of(more.iloc[2:])
    of_a = copies["phot_g_mean_mag"] <= 11
    assert_array_equal(of_a, copies.cluster % 2 == 0)
    assert (copies.counts >= 40).all()
    assert (copies.counts == 40).any()
    assert (copies.counts > 60).any()


def test_parallaxes_of_contaminants_scatter_by_their_errors_and_up_to_three_times():
    clusters = simulate_clusters(20, n_stars=400, random_state=2)
    on = {"contamination": 1.0, "max_contamination": 0.9, "n_copies": 10}
    own, copies = corrupted_copies(clusters, **on)
    given = own["phot_g_mean_mag"] + 1000 * own["parallax"]
    lent = copies[~np.isin(copies["phot_g_mean_mag"] + 1000 * copies["parallax"], given)]
    assert_allclose(lent["phot_bp_mean_mag"] - lent["phot_rp_mean_mag"], lent["bp_rp"], atol=1e-5)
    middle = own.groupby("row")["parallax"].median()[lent["row"] % 20].to_numpy()
    residual = (lent["parallax"] - middle) / np.hypot(lent["parallax_error"], 0.03)
    by_copy = residual.groupby(lent["row"])
    spread = by_copy.std()[by_copy.size() > 150]
    assert len(spread) > 80
    wide = spread > 1.2
    assert wide.mean() == pytest.approx(0.27, abs=0.12)
    assert spread[~wide].median() == pytest.approx(1, abs=0.05)
    assert 2.4 < spread.max() < 3.4


def test_as_many_lists_state_probabilities_in_each_way():
    members = at_1_kpc(np.linspace(0, 6, 300), 0.4).assign(probability=0.9)
    on = {"contamination": 1.0, "max_contamination": 0.5, "other_probabilities": 1.0}
    copies = corrupted(members, 600, **on)
    assert copies["probability"].dropna().between(0, 1).all()
    lists = copies.groupby("copy")["probability"]
    unknown = lists.apply(lambda p: p.isna().all())
    certain = lists.apply(lambda p: (p == 1).all())
    own = lists.apply(lambda p: (p == 0.9).mean() > 0.45)
    lowest, highest = lists.min(), lists.max()
    assert unknown.mean() == pytest.approx(0.1, abs=0.03)
    assert certain.mean() == pytest.approx(0.1, abs=0.03)
    # Members keep theirs, and contaminants have less: 0.5 to 0.8, or 0 to 0.6.
    assert own.mean() == pytest.approx(0.55, abs=0.05)
    assert (highest[own] == 0.9).all()
    many = own & (lists.apply(lambda p: (p != 0.9).sum()) > 50)
    high = many & (lowest >= 0.5)
    assert high.sum() / many.sum() == pytest.approx(0.3 / 0.55, abs=0.08)
    contaminants = copies.query("probability != 0.9").groupby("copy")
    ends = contaminants["probability"].agg(["min", "max"])
    assert ends.loc[high[high].index, "max"].between(0.75, 0.8).all()
    low = many & ~high
    assert ends.loc[low[low].index, "max"].between(0.5, 0.6).all()
    assert ends.loc[low[low].index, "min"].between(0, 0.1).all()


def test_moving_needs_more_targets_than_one():
    for resampler, needs_more in ((ClusterAugmenter(), True), (ClusterCorruptor(), False)):
        tags = get_tags(resampler).target_tags
        assert tags.multi_output
        assert tags.single_output != needs_more


@pytest.fixture(scope="module")
def simulated():
    return simulate_clusters(30, n_stars=150, random_state=1)


def test_with_everything_off_copies_are_faithful(simulated):
    own, copies = corrupted_copies(simulated)
    pd.testing.assert_frame_equal(own, copies.reset_index(drop=True))


@pytest.mark.parametrize("kind", [np.asarray, lambda y: y["log_age"], lambda y: y.to_numpy()[:, 0]])
def test_labels_of_any_kind_are_repeated(toy, kind):
    X, y = toy
    labels = kind(y)
    _, more = ClusterCorruptor(random_state=0).fit_resample(X, labels)
    assert type(more) is type(labels)
    assert_array_equal(np.asarray(more), np.concatenate([labels, labels]))


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


def test_parallaxes_are_missing(simulated):
    _, copies = corrupted_copies(simulated, no_parallaxes=0.5)
    missing = copies.groupby("row")["parallax"].apply(lambda p: p.isna().mean())
    assert set(missing) == {0.0, 1.0}
    assert copies.loc[copies["parallax"].isna(), "parallax_error"].isna().all()


def test_zero_points_are_shifted_per_list(simulated):
    own, copies = corrupted_copies(simulated, shifted=1.0, parallax_scale=0.05, colour_scale=0.02)
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


@pytest.mark.parametrize(
    ("kinds", "unknown"),
    [([], r"\[\]"), (["field", "fields"], r"\['fields'\]"), ([["a"]], r"\[\['a'\]\]")],
)
def test_kinds_of_lists_are_some_of_those_that_there_are(toy, kinds, unknown):
    with pytest.raises(ValueError, match=rf"kinds must be some of .*cluster'\], not {unknown}\."):
        ClusterScrambler(kinds=kinds, random_state=0).fit_resample(*toy)


def test_bad_input_is_refused(toy):
    X, y = toy
    with pytest.raises(ValueError, match=r"limits .* increasing"):
        ClusterCorruptor(limits=(17, 15)).fit_resample(X, y)
    with pytest.raises(ValueError, match="X has 12 clusters, but y has 3 rows"):
        ClusterCorruptor().fit_resample(X, y.iloc[:3])
    with pytest.raises(ValueError, match="'contamination' parameter"):
        ClusterCorruptor(contamination=2).fit_resample(X, y)
