"""Members of simulated and real fields, what the table says of clusters, and wrong input."""

import numpy as np
import pandas as pd
import pytest
from astropy.coordinates import SkyCoord

from skcluster.datasets import load_example_field, simulate_fields
from skcluster.membership import find_members
from skcluster.schema import CLUSTER_COLUMNS


def f1(selected, true):
    return 2 * (selected & true).sum() / (selected.sum() + true.sum())


def score(stars):
    return f1(stars["probability"] >= 0.5, stars["true_member"] == 1)


def test_members_and_parameters_of_simulated_clusters(fields):
    stars, clusters = find_members(fields[0])
    assert clusters.index.tolist() == fields[0].index.tolist()
    assert clusters.columns.tolist() == list(CLUSTER_COLUMNS)
    assert clusters.attrs["units"]["pmra"] == "mas / yr"
    assert stars.groupby("field").apply(score).min() > 0.85
    members = stars[stars["true_member"] == 1].groupby("field")
    for name in ("dec", "pmra", "pmdec", "parallax"):
        away = (clusters[name] - members[name].mean()).abs()
        assert (away < 5 * np.maximum(clusters[f"{name}_error"], 1e-3) + 0.01).all(), name
    assert clusters["half_number_radius_pc"].between(0.5, 8).all()
    assert clusters["n_members"].between(100, 200).all()
    assert (clusters["flag"] == "").all()


def test_probabilities_are_reliable():
    X, _ = simulate_fields(30, n_members=120, n_field=1501, distance_kpc=1.5, random_state=3)
    stars, _ = find_members(X)
    some = stars[stars["probability"].between(0.2, 0.95)]
    assert some["true_member"].mean() == pytest.approx(some["probability"].mean(), abs=0.06)


@pytest.mark.filterwarnings("ignore:.*no significant cluster")
def test_no_cluster_is_invented():
    X, y = simulate_fields(20, n_members=0, n_field=1501, random_state=1)
    assert y.isna().all(axis=None)
    stars, clusters = find_members(X)
    assert (clusters["flag"] == "no cluster found").sum() >= 19
    assert clusters.index.tolist() == X.index.tolist()
    assert len(stars) == 20 * 1501
    lost = stars["field"].isin(clusters.index[clusters["flag"] != ""])
    assert (stars.loc[lost, "cluster"] == "").all()
    assert (stars.loc[lost, "probability"] == 0).all()
    # Nor by a centre alone.
    centres = X.assign(**{k: [field[k].mean() for field in X["stars"]] for k in ("ra", "dec")})
    assert (find_members(centres)[1]["flag"] == "no cluster found").sum() >= 18


@pytest.mark.filterwarnings("ignore:.*no significant cluster")
def test_permuted_positions_hold_no_cluster(fields):
    rng = np.random.default_rng(0)
    mixed = {}
    for name, stars in fields[0]["stars"].items():
        order = rng.permutation(len(stars))
        mixed[name] = stars.assign(**{k: stars[k].to_numpy()[order] for k in ("ra", "dec")})
    assert (find_members(mixed)[1]["flag"] != "").all()


@pytest.mark.parametrize("where", ["the seam", "the pole"])
def test_anywhere_on_the_sky(field, where):
    expected = find_members({"field": field})[0]["probability"]
    ra, dec = field["ra"], field["dec"]
    x = (ra - ra.mean()) * np.cos(np.radians(dec))
    y = dec - dec.mean()
    if where == "the seam":
        moved = field.assign(ra=x % 360, dec=y)
        tolerance = 0.02
    else:
        moved = field.assign(ra=np.degrees(np.arctan2(y, x)) % 360, dec=90 - np.hypot(x, y))
        a = np.radians(moved["ra"])
        moved["pmra"] = -field["pmra"] * np.sin(a) + field["pmdec"] * np.cos(a)
        moved["pmdec"] = -field["pmra"] * np.cos(a) - field["pmdec"] * np.sin(a)
        tolerance = 0.05
    stars, clusters = find_members({"field": moved})
    assert np.abs(stars["probability"] - expected).mean() < tolerance
    assert f1(stars["probability"] >= 0.5, expected >= 0.5) > 0.95
    assert clusters["dec"].item() == pytest.approx(90 if where == "the pole" else 0, abs=0.05)


def test_columns_and_stars_come_along(field):
    strange = field.assign(note=np.arange(len(field)), source_id=np.arange(len(field)) + 2**60)
    strange.loc[strange.index[:5], "pmra"] = np.nan
    stars, _ = find_members({"field": strange})
    assert stars["note"].tolist() == list(range(len(field)))
    assert stars["source_id"].to_numpy()[-1] == 2**60 + len(field) - 1
    assert stars["probability"].isna().tolist() == [True] * 5 + [False] * (len(field) - 5)
    # What an earlier call added to a table is replaced.
    again, _ = find_members({"field": stars.drop(columns="cluster")})
    pd.testing.assert_frame_equal(again, stars)


def test_several_clusters_by_rank(field):
    second, _ = simulate_fields(1, n_members=80, n_field=20, distance_kpc=2.0, random_state=5)
    second = second.iloc[0]["stars"]
    second = second[second["true_member"] == 1]
    for name, shift in (("ra", 0.1), ("dec", -0.1), ("pmra", 3.0), ("pmdec", -3.0)):
        second[name] += field[name].median() - second[name].median() + shift
    both = pd.concat([field, second.assign(true_member=2)])
    stars, clusters = find_members({"NGC 1": both}, n_clusters="auto")
    assert clusters.index.tolist() == ["NGC 1", "NGC 1 2"]
    assert clusters["significance"].is_monotonic_decreasing
    nearer = clusters["parallax"].idxmax()
    for name in clusters.index:
        which = 1 if name == nearer else 2
        chosen = (stars["probability"] >= 0.5) & (stars["cluster"] == name)
        assert f1(chosen, stars["true_member"] == which) > 0.8
    motion = second[["pmra", "pmdec"]].median()
    hinted, alone = find_members({"NGC 1": both}, proper_motion=motion.tolist())
    assert f1(hinted["probability"] >= 0.5, hinted["true_member"] == 2) > 0.8
    assert alone.index.tolist() == ["NGC 1"]


def test_typical_errors_where_there_are_none(field):
    without = field.drop(columns=["pmra_error", "pmdec_error"]).assign(parallax_error=np.nan)
    n = len(field)
    message = f"{n} of {n} stars lack pmra_error, pmdec_error, parallax_error: .* errors of EDR3"
    with pytest.warns(UserWarning, match=message):
        stars, _ = find_members({"field": without})
    assert score(stars) > 0.85
    some = field.assign(pmra_error=np.where(np.arange(n) < 1, 0.0, field["pmra_error"]))
    with pytest.warns(UserWarning, match=f"1 of {n} stars lacks pmra_error: "):
        find_members({"field": some})


@pytest.fixture(scope="module")
def whole():
    """The 2011 stars of a simulated field, a complete circle of the sky."""
    return simulate_fields(1, n_members=0, n_field=2011, random_state=4)[0].iloc[0]["stars"]


AWAY = {
    "rows": (lambda stars: stars.iloc[:2000], "archives cut off an answer"),
    "half": (lambda stars: stars[stars["ra"] > stars["ra"].median()], "neither a circle nor"),
    "corner": (lambda stars: stars.sort_values("dec").iloc[:1403], "neither a circle nor"),
}


@pytest.mark.filterwarnings("ignore:.*no significant cluster")
@pytest.mark.parametrize("how", AWAY)
def test_a_download_that_was_cut_off_is_noticed(whole, how):
    cut, message = AWAY[how]
    with pytest.warns(UserWarning, match=message):
        find_members({"sky": cut(whole)})


@pytest.mark.filterwarnings("error:.*cut off", "ignore:.*no significant cluster")
@pytest.mark.parametrize("shape", ["circle", "square", "near the pole"])
def test_a_whole_download_is_not_taken_as_cut_off(whole, shape):
    x, y = (whole[k] - whole[k].mean() for k in ("ra", "dec"))
    x *= np.cos(np.radians(whole["dec"]))
    rng = np.random.default_rng(0)
    stars = {
        "circle": whole,
        "square": whole[(x.abs() < 0.6 * x.max()) & (y.abs() < 0.6 * x.max())],
        "near the pole": whole.assign(
            ra=rng.uniform(0, 80, len(whole)), dec=rng.uniform(88, 89, len(whole))
        ),
    }[shape]
    find_members({"sky": stars})


def test_the_example_field():
    X, y = load_example_field()
    stars, clusters = find_members(X)
    assert score(stars) > 0.95
    assert clusters["parallax"].item() == pytest.approx(1 / y["distance_kpc"].item(), abs=0.05)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda stars: stars.drop(columns=["ra"]), "'?ra'?"),
        (lambda stars: stars.drop(columns=["pmra", "pmdec"]), "'?pmra'?"),
        (lambda stars: stars.iloc[:1], "'sky' has 1 stars with .*20 are needed"),
        (lambda stars: stars.assign(pmra=np.nan), "pmra missing in all.*20 are needed"),
        (lambda stars: stars.assign(ra=10.0, dec=20.0), "'sky'.*the same position"),
        (lambda stars: stars.assign(pmra=1.0, pmdec=2.0), "'sky'.*the same proper motion"),
        (
            lambda stars: stars.assign(ra=np.radians(stars["ra"]), dec=np.radians(stars["dec"])),
            "'sky'.*radians",
        ),
        (lambda stars: pd.concat([stars.iloc[:1]] * 60), "'sky'.*the same position"),
    ],
)
def test_wrong_fields_are_refused_by_name(field, spoil, message):
    with pytest.raises(ValueError, match=message):
        find_members({"sky": spoil(field)})


@pytest.mark.parametrize(
    ("hint", "message"),
    [
        ({"center": (1.0,)}, "center must be one right ascension and declination"),
        ({"center": ("08 51", "+11 48")}, r"in degrees, not \('08 51', '\+11 48'\)"),
        ({"proper_motion": (1.0, np.nan)}, "proper_motion must be two finite numbers"),
        ({"center": SkyCoord([10, 20], [1, 2], unit="deg")}, "center must be one right ascension"),
        ({"center": (10.0, 100.0)}, r"in degrees, not \(10.0, 100.0\)"),
        ({"parallax": np.inf}, "parallax must be a finite number"),
    ],
)
def test_wrong_hints_are_refused(field, hint, message):
    with pytest.raises(ValueError, match=message):
        find_members({"sky": field}, **hint)


#: Agreement with the list of Cantat-Gaudin et al. 2018 that real cones had, less 0.03.
REAL = {"NGC_2420": 0.86, "NGC_188": 0.89, "King_11": 0.85, "Berkeley_20": 0.77}


@pytest.mark.filterwarnings("ignore:Left out")
@pytest.mark.parametrize("name", REAL)
def test_real_cones(read_cone, cones, name):
    stars, clusters = find_members({name: read_cone(name)})
    lists = pd.read_parquet(cones / "reference_members.parquet")
    listed = lists[(lists["cluster"] == name) & (lists["probability"] >= 0.5)]
    assert (
        f1(stars["probability"] >= 0.5, stars["source_id"].isin(listed["source_id"])) > REAL[name]
    )
    assert clusters["significance"].item() > 7


@pytest.mark.filterwarnings("ignore:.*no significant cluster", "ignore:Left out")
def test_a_centre_selects_a_cluster_that_a_stronger_one_hides_or_that_fills_its_field(read_cone):
    cone = {"UBC 482": read_cone("UBC_482")}
    assert find_members(cone)[1]["pmra"].item() == pytest.approx(-5.8, abs=0.1)
    hinted = find_members(cone, center=SkyCoord(131.14, -45.95, unit="deg").galactic)[1]
    assert hinted["pmra"].item() == pytest.approx(-5.14, abs=0.1)
    assert hinted["parallax"].item() == pytest.approx(0.46, abs=0.05)
    cone = {"IC 4756": read_cone("IC_4756")}
    assert find_members(cone)[1]["flag"].item() == "no cluster found"
    hinted = find_members(cone, center=(279.64, 5.43))[1]
    assert hinted["pmra"].item() == pytest.approx(1.25, abs=0.1)
    assert hinted["n_members"].item() > 90


#: Cones whose note says that a limit of rows cut them off.
CUT = {"NGC_7789", "NGC_2477", "Melotte_22", "NGC_2112"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_real_cone_has_an_answer_and_those_that_were_cut_off_are_noticed(cones, read_cone):
    names = pd.read_csv(cones / "cones.csv")["file"].str.removesuffix(".parquet")
    with pytest.warns(UserWarning, match="cut off") as caught:
        _, clusters = find_members({name: read_cone(name) for name in names})
    assert clusters.index.tolist() == names.tolist()
    assert (clusters["flag"] == "").mean() >= 0.97
    text = " ".join(str(w.message) for w in caught if "cut off" in str(w.message))
    assert {name for name in names if f"'{name}'" in text} == CUT
