import os
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV

from skcluster import CMDHistogram, load_model, make_pipeline, save_model
from skcluster.clusters import as_clusters, stars_of
from skcluster.clusters._stars import clusters_from_flat
from skcluster.datasets import load_example, simulate_clusters
from skcluster.estimation import estimate
from skcluster.inference import IsochronePosterior, PredictiveDistribution
from skcluster.io import read_clusters, write_clusters
from skcluster.pipelines import ann_pipeline, set_pipeline

TARGETS = ["log_age", "a_v", "distance_kpc"]


def test_each_cluster_has_a_line_with_intervals():
    X, y = simulate_clusters(30, random_state=0, n_stars=40)
    table = estimate(X, coverage=0.9)
    assert table.index.tolist() == X.index.tolist()
    for target in TARGETS:
        low, high = table[f"{target}_lower"], table[f"{target}_upper"]
        assert (low <= table[target]).all()
        assert (table[target] <= high).all()
        assert ((low <= y[target]) & (y[target] <= high)).mean() > 0.75
    narrow = estimate(X[:9], coverage=0.5)
    assert (narrow["log_age_upper"] < table["log_age_upper"][:9]).all()


def test_doubtful_clusters_are_flagged_and_others_noted():
    X, _ = simulate_clusters(1, random_state=0, n_stars=200, log_age=8.0)
    rows = [X.iloc[0]["stars"].assign(cluster="good")]
    rows.append(rows[0].head(4).assign(cluster="poor"))
    rows.append(rows[0].assign(cluster="faint", phot_g_mean_mag=18.5))
    rows.append(rows[0].assign(cluster="odd", bp_rp=9.0))
    deeper = rows[0]["parallax"].where(np.arange(200) % 10 > 0, 3.0)
    rows.append(rows[0].assign(cluster="deep", parallax=deeper))
    table = estimate(as_clusters(pd.concat(rows), cluster_column="cluster"))
    assert table.loc["good", ["flag", "notes"]].tolist() == ["", ""]
    assert table.loc["poor", ["flag", "notes"]].tolist() == ["", "few stars"]
    assert table.loc["faint", "flag"].startswith("cannot be measured")
    assert table.loc["faint", "notes"] == ""
    assert np.isnan(table.loc["faint", "log_age_lower"])
    assert table.loc["deep", "notes"] == "parallaxes deeper than the errors"
    assert "outside domain" in table.loc["odd", "flag"]


def test_the_release_and_zero_point_of_parallaxes_count():
    X, _ = simulate_clusters(4, distance_kpc=3.0, n_stars=150, random_state=0)
    plain = estimate(X)
    pd.testing.assert_frame_equal(estimate(X, release="edr3"), plain)
    of_dr2 = estimate(X, release="dr2")
    assert (of_dr2["distance_kpc"] < plain["distance_kpc"]).all()
    assert of_dr2["notes"].str.contains("DR2 zero point applied").all()
    assert not estimate(X, zero_point=-0.05)["notes"].str.contains("DR2").any()
    assert (estimate(X, zero_point=0.0)["distance_kpc"] > plain["distance_kpc"]).all()


def test_a_stated_limit_is_where_lists_end():
    X, _ = simulate_clusters(4, n_stars=200, random_state=0)
    stars = stars_of(X)
    cut = stars.take(stars["phot_g_mean_mag"] < 15.5).to_clusters()
    whole, members = estimate(X, magnitude_limit=15.5, membership=True)
    assert whole["n_stars"].tolist() == stars.counts.tolist()
    assert (whole["n_used"] <= stars_of(cut).counts).all()
    assert members["membership"].isna().equals(members["phot_g_mean_mag"] >= 15.5)
    columns = [*TARGETS, "log_age_lower", "log_age_upper"]
    # The mean parallax is that of all stars, be they used otherwise or not.
    stated = estimate(cut, magnitude_limit=15.5)
    pd.testing.assert_frame_equal(stated[columns], whole[columns], atol=0.1)
    # Without being told, the limit is seen in the stars.
    seen = estimate(cut)
    assert ((seen["log_age"] - whole["log_age"]).abs() < 0.1).all()


def test_lists_without_parallaxes_are_estimated():
    X, y = simulate_clusters(8, log_age=8.5, a_v=0.5, distance_kpc=1.5, n_stars=200, random_state=0)
    stars = stars_of(X)
    fields = {name: stars[name] for name in ("phot_g_mean_mag", "bp_rp", "probability")}
    bare = clusters_from_flat(fields, stars.offsets, X.index)
    table = estimate(bare)
    with_parallaxes = estimate(X)
    width = table["distance_kpc_upper"] - table["distance_kpc_lower"]
    assert (
        width > with_parallaxes["distance_kpc_upper"] - with_parallaxes["distance_kpc_lower"]
    ).all()
    assert ((table["log_age"] - y["log_age"]).abs() < 0.6).all()
    within = (table["distance_kpc"] / y["distance_kpc"]).between(0.6, 1.6)
    assert within.all()


def test_any_model_of_three_targets_will_do():
    X, y = simulate_clusters(30, random_state=0)
    model = make_pipeline(CMDHistogram(), LinearRegression()).fit(X, y[TARGETS])
    assert estimate(X, model).columns.tolist() == ["n_stars", *TARGETS, "flag", "notes"]
    with pytest.raises(ValueError, match="need a model such as IsochronePosterior; Pipeline"):
        estimate(X, model, membership=True)
    with pytest.raises(ValueError, match="need a model such as IsochronePosterior; Posterior"):
        estimate(X, Posterior(), membership=True)
    assert estimate(X, model, membership="if known")[1] is None
    with pytest.raises(ValueError, match="Pipeline has none"):
        estimate(X, model, n_samples=5)
    with pytest.raises(ValueError, match=r"naming them, 1 per cluster; 3 are needed: log_age, a_v"):
        estimate(X, model.fit(X, y["log_age"]))
    with pytest.raises(TypeError, match=r"such as load_model returns, not 'mine\.skcluster'"):
        estimate(X, "mine.skcluster")


class Posterior:
    """A model that offers all that a model can."""

    def predict_distribution(self, X: Any) -> "Offered":
        return Offered(stars_of(X).counts)


class Offered(PredictiveDistribution):
    targets = ("log_age", "a_v", "distance_kpc", "metallicity")

    def __init__(self, counts: Any) -> None:
        self.n_used = counts // 2
        self._fits = counts / 1000
        self._means = np.column_stack([counts / 100, -counts, counts / 10, 0.0 * counts])

    @property
    def extra_columns(self) -> Any:
        return pd.DataFrame({"fits": self._fits, "note": "seen"})

    @property
    def flags(self) -> Any:
        return {"two clusters": self.n_used > 20}

    @property
    def notes(self) -> Any:
        return {"contaminants identified": self.n_used < 20, "seen twice": self.n_used < 20}

    @property
    def reliability(self) -> Any:
        return self.n_used / 100

    def predict(self) -> Any:
        return self._means

    def interval(self, coverage: float = 0.68) -> Any:
        return self._means[..., None] + [-coverage, coverage]

    def sample(self, n_samples: int = 1000, random_state: Any = None) -> Any:
        return np.repeat(self._means[:, None], n_samples, axis=1)


def test_the_table_has_what_the_model_offers():
    X, _ = simulate_clusters(3, random_state=0, n_stars=100)
    stars = {
        "gone": X.iloc[0]["stars"].assign(bp_rp=np.nan, phot_bp_mean_mag=np.nan),
        "rich": X.iloc[0]["stars"].head(50),
        "poor": X.iloc[1]["stars"].head(12),
    }
    with pytest.warns(UserWarning, match="No star is left"):
        X = as_clusters(stars)
    table, samples = estimate(X, Posterior(), coverage=0.5, n_samples=4)
    ends = ["", "_lower", "_upper"]
    assert table.columns.tolist() == [
        "n_stars",
        "n_used",
        *(t + end for t in [*TARGETS, "metallicity"] for end in ends),
        "fits",
        "note",
        "reliability",
        "flag",
        "notes",
    ]
    assert table["n_stars"].tolist() == [0, 50, 12]
    assert table["n_used"].tolist() == [0, 25, 6]
    assert table["flag"].tolist() == ["cannot be measured", "two clusters", ""]
    notes = "few stars; contaminants identified; seen twice"
    assert table["notes"].tolist() == ["", "", notes]
    assert table["reliability"].isna().tolist() == [True, False, False]
    assert table.loc[["rich", "poor"], "reliability"].tolist() == [0.25, 0.06]
    # An extinction is never negative, nor is an age below that of a star.
    assert table.loc["rich", ["a_v", "a_v_lower", "log_age"]].tolist() == [0, 0, 5]
    assert table.loc["rich", "metallicity_upper"] == 0.5
    assert table.loc["gone", "fits":"note"].isna().all()
    assert list(samples) == ["gone", "rich", "poor"]
    assert samples["rich"].columns.tolist() == [*TARGETS, "metallicity"]
    assert samples["rich"].shape == (4, 4)
    assert samples["gone"].isna().all(axis=None)


def test_samples_belong_to_their_clusters():
    X, _ = simulate_clusters(104, random_state=0, n_stars=15)  # the last four are a batch
    model = IsochronePosterior(n_draws=64, random_state=0).fit(X)
    batches: list[int] = []
    table, samples = estimate(X, model, n_samples=50, random_state=0, progress=batches.append)
    assert batches == [20] * 5 + [4]
    with_two = estimate(
        X, model, n_samples=50, membership=True, random_state=0, progress=batches.append, n_jobs=2
    )
    assert batches == [20, 20, 20, 20, 20, 4] * 2
    pd.testing.assert_frame_equal(with_two[0], table, check_exact=True)
    for name, drawn in samples.items():
        pd.testing.assert_frame_equal(with_two[1][name], drawn, check_exact=True)
    _, members = estimate(X, model, membership=True)
    pd.testing.assert_frame_equal(with_two[2], members, check_exact=True)
    assert list(samples) == table.index.tolist() == X.index.tolist()
    pd.testing.assert_frame_equal(table[:9], estimate(X[:9], model), rtol=1e-5)
    drawn = model.sample(X, 50, random_state=0)
    np.testing.assert_allclose(np.stack([s.to_numpy() for s in samples.values()]), drawn)
    twice = X.iloc[[0, 0]]
    assert len(estimate(twice, model)) == 2
    with pytest.raises(ValueError, match="there are two clusters 'sim_000000'"):
        estimate(twice, model, n_samples=5)


FIRST_USE = """
from skcluster.datasets import simulate_clusters
from skcluster.estimation import estimate

estimate(simulate_clusters(100, random_state=0, n_stars=15)[0], n_jobs=2)
"""


@pytest.mark.slow
def test_the_first_use_computes_the_densities_before_other_processes_start(tmp_path):
    variables = os.environ | {"SKCLUSTER_DATA": str(tmp_path)}
    command = [sys.executable, "-c", FIRST_USE]
    done = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
    assert done.stderr.count("Tabulating") == 1
    assert len(list(tmp_path.glob("population_*"))) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"coverage": 1},
        {"n_samples": -1},
        {"membership": "all"},
        {"random_state": "x"},
        {"progress": 3},
        {"release": "dr1"},
    ],
)
def test_a_wrong_parameter_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        estimate({}, **wrong)


def test_no_clusters_and_clusters_without_stars_have_all_columns():
    X, _ = simulate_clusters(2, random_state=0, n_stars=20)
    full, full_members = estimate(X, membership=True)
    table, samples, members = estimate(X[:0], n_samples=3, membership=True)
    pd.testing.assert_series_equal(table.dtypes, full.dtypes)
    assert members.columns.tolist() == full_members.columns.tolist()
    assert len(table) == len(samples) == len(members) == 0
    stars = {name: X.loc[name, "stars"].assign(bp_rp=np.nan) for name in X.index}
    with pytest.warns(UserWarning, match="No star is left"):
        gone = as_clusters({n: s.drop(columns="phot_bp_mean_mag") for n, s in stars.items()})
    table = estimate(gone)
    assert table.columns.tolist() == full.columns.tolist()
    assert table["flag"].tolist() == ["cannot be measured"] * 2
    assert table["n_used"].tolist() == [0, 0]
    assert table["reliability"].isna().all()


def test_all_stars_are_returned_with_their_membership():
    X, _ = simulate_clusters(3, random_state=0, n_stars=60)
    stars = {name: X.loc[name, "stars"] for name in X.index}
    first = X.index[0]
    identifiers = pd.array([2**60, pd.NA, *range(len(stars[first]) - 2)], dtype="Int64")
    stars = {
        first: stars[first].assign(source_id=identifiers),
        "gone": stars[X.index[1]].assign(bp_rp=np.nan, phot_bp_mean_mag=np.nan),
        "faint": stars[X.index[2]].assign(phot_g_mean_mag=19.0),
    }
    with pytest.warns(UserWarning, match="No star is left"):
        X = as_clusters(stars)
    table, members = estimate(X, membership=True)
    assert members["cluster"].tolist() == [first] * 60 + ["faint"] * len(stars["faint"])
    used = members["phot_g_mean_mag"] < 18
    assert members.loc[used, "membership"].between(0, 1).all()
    assert members.loc[~used, "membership"].isna().all()
    one = members[members["cluster"] == first]
    assert one["membership"].count() == table.loc[first, "n_used"]
    assert one["membership"].mean() == pytest.approx(1 - table.loc[first, "field_fraction"])
    assert one["source_id"].iloc[0] == 2**60
    assert one["source_id"].isna().tolist() == [False, True, *[False] * 58]
    # In any order of clusters, with samples in between.
    again, samples, backwards = estimate(X.iloc[::-1], n_samples=2, membership=True, random_state=0)
    assert list(samples) == list(X.index[::-1])
    pd.testing.assert_frame_equal(again.loc[table.index], table, rtol=1e-5)
    pd.testing.assert_frame_equal(table, estimate(X))
    backwards = pd.concat([backwards[backwards["cluster"] == name] for name in X.index])
    pd.testing.assert_frame_equal(backwards.reset_index(drop=True), members, rtol=1e-5)


def test_few_stars_and_noisy_stars_have_wider_intervals():
    X, _ = simulate_clusters(8, random_state=0, n_stars=400, distance_kpc=1.0)
    some = {name: X.loc[name, "stars"].sample(15, random_state=0) for name in X.index}
    rng = np.random.default_rng(0)
    noisy = {}
    for name in X.index:
        stars = X.loc[name, "stars"]
        noisy[name] = stars.assign(bp_rp=stars["bp_rp"] + rng.normal(0, 0.2, len(stars)))

    def widths(clusters):
        table = estimate(clusters)
        return np.array([table[f"{t}_upper"] - table[f"{t}_lower"] for t in TARGETS])

    whole = widths(X)
    assert (np.median(widths(some) / whole, axis=1) > 1.1).all()
    assert (np.median(widths(noisy) / whole, axis=1)[:2] > 1.0).all()


@pytest.mark.slow
def test_a_cluster_of_a_million_stars():
    X, _ = simulate_clusters(
        1, random_state=0, n_stars=1_000_000, log_age=8.5, distance_kpc=0.8, a_v=0.3
    )
    assert len(X.iloc[0]["stars"]) > 900_000
    line = estimate(X).iloc[0]
    assert abs(line["log_age"] - 8.5) < 0.6
    assert abs(line["a_v"] - 0.3) < 0.5
    assert line["distance_kpc"] == pytest.approx(0.8, rel=0.2)


def test_units_are_with_the_numbers(tmp_path):
    X, y = load_example()
    table = estimate(X)
    expected = {"log_age": "dex(yr)", "a_v": "mag", "distance_kpc": "kpc"}
    assert expected.items() <= table.attrs["units"].items()
    assert table.attrs["units"]["distance_kpc_lower"] == "kpc"
    assert table.attrs["units"]["flag"] == ""
    assert estimate(X[:0]).attrs == table.attrs
    write_clusters(X, tmp_path / "members.ecsv")
    y.to_csv(tmp_path / "labels.csv")
    for labels in (y, simulate_clusters(2, random_state=0)[1]):
        assert labels.attrs["units"] == expected
    _, read = read_clusters(tmp_path / "members.ecsv", tmp_path / "labels.csv")
    assert read.attrs["units"] == expected


ORDER = ["distance_kpc", "a_v", "log_age"]


@pytest.mark.parametrize(
    "model",
    [
        ann_pipeline(epochs=1, random_state=0),
        GridSearchCV(
            ann_pipeline(epochs=1, random_state=0), {"regressor__regressor__epochs": [1]}, cv=2
        ),
        set_pipeline(epochs=0, random_state=0),
    ],
    ids=["ann", "search", "set"],
)
def test_targets_keep_the_names_with_which_they_were_learned(model, tmp_path):
    X, y = simulate_clusters(20, random_state=0)
    model.fit(X, y[ORDER])
    expected = np.asarray(model.predict(X))
    table = estimate(X, model)
    np.testing.assert_array_equal(table[ORDER], expected)
    if not isinstance(model, GridSearchCV):
        save_model(model, tmp_path / "model.skcluster")
        pd.testing.assert_frame_equal(estimate(X, load_model(tmp_path / "model.skcluster")), table)
