"""Simulated clusters, in memory and in files, and simulated field stars."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nested_pandas import NestedFrame
from scipy import stats

from skcluster.clusters import stars_of, validate_clusters
from skcluster.datasets import Effects, simulate_clusters, simulate_field_stars, simulate_to_parquet
from skcluster.datasets.simulation._simulate import BLOCK_SIZE
from skcluster.io import read_clusters
from skcluster.isochrones import isochrone

NONE = Effects.none()
FIELD = Path(__file__).parents[3] / "shared" / "data" / "field" / "field_stars.parquet"


def table(X: NestedFrame) -> pd.DataFrame:
    """All stars, one row each, with the row of their cluster."""
    stars = stars_of(X)
    return pd.DataFrame({name: stars[name] for name in stars.columns} | {"row": stars.cluster})


def one(n_stars: int = 2000, effects: Effects = NONE, **parameters: Any) -> pd.DataFrame:
    """The stars of one old, near, clear cluster."""
    given = {"log_age": 9.0, "a_v": 0.0, "distance_kpc": 0.5, "metallicity": 0.0} | parameters
    return table(simulate_clusters(1, random_state=0, n_stars=n_stars, effects=effects, **given)[0])


def off_isochrone(stars: pd.DataFrame, **parameters: float) -> np.ndarray:
    """Distance of stars from an isochrone in the colour-magnitude diagram (mag)."""
    line = isochrone(parameters.pop("log_age", 9.0), **({"distance_kpc": 0.5} | parameters))
    line = line[["bp_rp", "phot_g_mean_mag"]].to_numpy()
    points = stars[["bp_rp", "phot_g_mean_mag"]].to_numpy(dtype=float)
    start, step = line[:-1], np.diff(line, axis=0)
    joined = np.isfinite(step).all(axis=1)  # the curve breaks where stars jump
    start, step = start[joined], step[joined]
    along = ((points[:, None] - start) * step).sum(-1) / np.maximum((step**2).sum(-1), 1e-12)
    nearest = start + np.clip(along, 0, 1)[..., None] * step
    return np.sqrt(((nearest - points[:, None]) ** 2).sum(-1)).min(axis=1)


def test_is_like_any_real_catalogue() -> None:
    X, y = simulate_clusters(20, random_state=0)
    assert isinstance(X, NestedFrame)
    validate_clusters(X)
    assert y.columns.tolist() == ["log_age", "a_v", "distance_kpc"]
    assert X.index.equals(y.index)
    assert X.index.is_unique
    stars = table(X)
    assert stars.notna().all(axis=None)
    assert stars["probability"].between(0.51, 1).all()
    assert (stars["parallax_error"] > 0).all()
    np.testing.assert_allclose(
        stars["bp_rp"], stars["phot_bp_mean_mag"] - stars["phot_rp_mean_mag"], atol=1e-5
    )


def test_metallicity_can_be_a_target() -> None:
    _, y = simulate_clusters(3, random_state=0, with_metallicity=True, metallicity=[0.1, 0, -0.2])
    assert y["metallicity"].tolist() == [0.1, 0, -0.2]


def test_same_seed_same_clusters_whatever_works_on_them() -> None:
    n = 2 * BLOCK_SIZE + 20
    X, y = simulate_clusters(n, random_state=3, n_stars=12)
    again, y_again = simulate_clusters(n, random_state=3, n_stars=12, n_jobs=2)
    pd.testing.assert_frame_equal(y, y_again, check_exact=True)
    pd.testing.assert_frame_equal(table(X), table(again), check_exact=True)
    state = np.random.RandomState(0)  # moves on
    first, second = (simulate_clusters(2, random_state=state)[1] for _ in range(2))
    assert not np.allclose(first, second)


@given(
    log_age=st.floats(6.0, 10.2),
    a_v=st.floats(0, 3),
    distance_kpc=st.floats(0.1, 3),
    metallicity=st.floats(-0.7, 0.4),
)
def test_without_effects_every_star_lies_on_its_isochrone(
    log_age: float, a_v: float, distance_kpc: float, metallicity: float
) -> None:
    parameters = {"log_age": log_age, "a_v": a_v, "distance_kpc": distance_kpc}
    stars = one(100, metallicity=metallicity, **parameters)
    assert len(stars) == 100
    assert off_isochrone(stars, metallicity=metallicity, **parameters).max() < 0.02
    np.testing.assert_allclose(stars["parallax"], 1 / distance_kpc, rtol=1e-5)


@pytest.mark.parametrize(
    ("effect", "strength", "column"),
    [
        ("binary_fraction", 1.0, "diagram"),
        ("blue_straggler_fraction", 0.3, "diagram"),
        ("field_fraction", 0.9, "diagram"),
        ("differential_reddening", 0.3, "diagram"),
        ("depth", 20.0, "parallax"),
        ("photometric_errors", 3.0, "diagram"),
        ("colour_scatter", 0.05, "diagram"),
        ("parallax_errors", 1.0, "parallax"),
        ("parallax_floor", 0.05, "parallax"),
        ("parallax_zero_point", 0.05, "parallax"),
        ("parallax_zero_point_scatter", 0.05, "parallax"),
    ],
)
def test_each_effect_is_seen_alone(effect: str, strength: float, column: str) -> None:
    stars = one(effects=NONE.but(**{effect: strength, "faint_limit": 18.0}), a_v=1.0)
    off = off_isochrone(stars, a_v=1.0)
    moved = off > 0.02 if column == "diagram" else np.abs(stars["parallax"] - 2) > 0.002
    assert moved.mean() > 0.15
    if column == "parallax" and effect != "depth":
        assert (off < 0.02).all()


def test_binaries_are_brighter_and_by_no_more_than_a_twin() -> None:
    stars = one(effects=NONE.but(binary_fraction=1.0, faint_limit=18.0))
    line = isochrone(9.0, distance_kpc=0.5)
    line = line[(line["mass"] < 1.6) & (line["mass"] > 0.2)][::-1]
    single = np.interp(stars["bp_rp"], line["bp_rp"], line["phot_g_mean_mag"])
    inside = stars["bp_rp"].between(1.0, 2.0) & (stars["phot_g_mean_mag"] > 13)
    lifted = (single - stars["phot_g_mean_mag"])[inside]
    assert lifted.between(-0.02, 0.85).all()
    assert lifted.max() > 0.7


def test_the_faint_limit_holds_and_a_fainter_one_lets_more_through() -> None:
    bright, deep = (
        one(effects=NONE.but(faint_limit=limit))["phot_g_mean_mag"] for limit in (15.0, 18.0)
    )
    assert bright.max() < 15
    assert 17.5 < deep.max() < 18


def test_incompleteness_thins_out_the_faint() -> None:
    full, thin = (
        one(20000, effects=NONE.but(faint_limit=18.0, incompleteness=lost))["phot_g_mean_mag"]
        for lost in (0.0, 0.8)
    )
    assert (thin > 17).mean() < 0.75 * (full > 17).mean()


def test_massive_stars_can_be_lost() -> None:
    full, thin = (
        one(20000, effects=NONE.but(massive_star_loss=loss), log_age=7.0)["phot_g_mean_mag"]
        for loss in (0.0, 2.0)
    )
    assert (thin < 8).mean() < 0.6 * (full < 8).mean()


def test_faint_bp_is_too_bright() -> None:
    stars = one(distance_kpc=0.1, effects=NONE.but(faint_bp_bias=1.0))
    line = isochrone(9.0, distance_kpc=0.1).query("mass < 0.6")[::-1]
    expected = np.interp(stars["phot_g_mean_mag"], line["phot_g_mean_mag"], line["bp_rp"])
    bluer = (expected - stars["bp_rp"])[stars["phot_g_mean_mag"] > line["phot_g_mean_mag"].iloc[0]]
    bp = stars["phot_bp_mean_mag"]
    assert bluer[bp > 21].min() > 0.15
    assert bluer[bp < 17].max() < 0.03


def test_field_stars_spread_in_parallax_and_near_clusters_have_few() -> None:
    effects = NONE.but(field_fraction=0.3, faint_limit=18.0)
    off = {}
    for distance in (0.1, 2.0):
        stars = one(5000, effects=effects, distance_kpc=distance)
        off[distance] = (np.abs(stars["parallax"] * distance - 1) > 1e-4).mean()
    assert 0.05 < off[2.0] < 0.7
    assert off[0.1] < off[2.0]


def test_blue_stragglers_are_only_in_old_clusters() -> None:
    effects = NONE.but(blue_straggler_fraction=0.5)
    assert off_isochrone(one(effects=effects, log_age=8.0), log_age=8.0).max() < 0.02
    assert (off_isochrone(one(effects=effects)) > 0.1).mean() > 0.3


def test_defaults_are_the_distributions_that_the_documentation_states() -> None:
    X, y = simulate_clusters(500, random_state=0, with_metallicity=True)
    for values, mean, deviation, lowest, highest in (
        (y["log_age"], 8.25, 0.75, 6.2, 10.0),
        (5 * np.log10(y["distance_kpc"]) + 10, 11.2, 1.8, 3.2, 15.7),
        (y["metallicity"], 0.0, 0.15, -0.5, 0.4),
    ):
        ends = np.array([lowest - mean, highest - mean]) / deviation
        assert stats.kstest(values, stats.truncnorm(*ends, mean, deviation).cdf).pvalue > 0.01
    scaled = y["a_v"] / (1.75 * (1 - np.exp(-y["distance_kpc"] / 1.4)))
    assert stats.kstest(scaled, stats.gamma(2.2, scale=1 / 2.2).cdf).pvalue > 0.01
    log_n = np.log10(stars_of(X).counts)
    assert np.median(log_n) == pytest.approx(2.1, abs=0.06)
    assert log_n.std() == pytest.approx(0.36, abs=0.05)


def test_parameters_may_be_given_or_drawn() -> None:
    _, y = simulate_clusters(
        500, random_state=0, log_age=stats.uniform(8, 1), a_v=0.3, distance_kpc=np.full(500, 1.5)
    )
    assert y["log_age"].between(8, 9).all()
    assert y["log_age"].std() > 0.2
    assert (y["a_v"] == 0.3).all()
    assert (y["distance_kpc"] == 1.5).all()


def test_giving_one_parameter_leaves_the_others() -> None:
    _, y = simulate_clusters(10, random_state=0)
    _, fixed = simulate_clusters(10, random_state=0, log_age=9.0)
    pd.testing.assert_frame_equal(y.drop(columns="log_age"), fixed.drop(columns="log_age"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_clusters": 0}, "n_clusters == 0, must be >= 1"),
        ({"n_clusters": 2.5}, "n_clusters must be an instance of int"),
        ({"log_age": 11.0}, "log_age must be within 6 to 10.2, the range of the isochrones"),
        ({"metallicity": 0.9}, "metallicity must be within -0.7 to 0.4"),
        ({"distance_kpc": -1.0}, "distance_kpc must be positive; got -1"),
        ({"a_v": -0.1}, "a_v must be zero or positive; got -0.1"),
        ({"a_v": np.nan}, "a_v must be zero or positive; got nan"),
        ({"n_stars": 0}, "n_stars must be 1 or more; got 0"),
        ({"log_age": [8.0, 9.0, 9.5]}, "log_age has 3 values for 2 clusters"),
        ({"effects": {"depth": 1.0}}, "^effects must be an instance of Effects or None, got dict"),
        ({"log_age": 10.0, "distance_kpc": 500.0}, r"log age 10.00, at 500.00 kpc .* G = 18"),
    ],
)
def test_bad_parameters_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        simulate_clusters(**({"n_clusters": 2, "random_state": 0} | arguments))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"binary_fraction": 1.5}, "binary_fraction must be within 0 to 1, not 1.5"),
        ({"field_fraction": 0.95}, "field_fraction must be within 0 to 0.9"),
        ({"depth": -1.0}, "depth must be zero or a positive number"),
        ({"faint_limit": np.nan}, "faint_limit must be a number"),
        ({"faint_limit": np.inf}, "need a finite faint_limit"),
    ],
)
def test_bad_effects_are_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Effects(**changes)


def test_files_hold_the_same_clusters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    n = BLOCK_SIZE + 5
    members, labels = tmp_path / "members.parquet", tmp_path / "clusters.parquet"
    simulate_to_parquet(members, labels, n, random_state=7, n_stars=15, progress=True)
    assert f"{n}/{n} clusters" in capsys.readouterr().err
    X, y = simulate_clusters(n, random_state=7, n_stars=15, with_metallicity=True)
    stored = pd.read_parquet(labels).set_index("cluster")
    pd.testing.assert_frame_equal(stored, y, check_exact=True, check_names=False)
    read, _ = read_clusters(members, labels=labels)
    for name in ("phot_g_mean_mag", "bp_rp", "parallax"):
        np.testing.assert_array_equal(stars_of(read.loc[X.index])[name], stars_of(X)[name])
    assert pq.ParquetFile(members).num_row_groups == 2
    assert {path.name for path in tmp_path.iterdir()} == {"members.parquet", "clusters.parquet"}


@pytest.mark.parametrize(
    ("labels", "arguments", "message"),
    [
        ("c.parquet", {"log_age": 12.0}, "log_age must be within"),
        ("c.parquet", {"with_metallicity": True}, "simulate_to_parquet has no parameter 'with_"),
        ("m.parquet", {}, "must be two files"),
    ],
)
def test_a_failure_leaves_no_file(
    tmp_path: Path, labels: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        simulate_to_parquet(
            tmp_path / "m.parquet", tmp_path / labels, 5, **{"random_state": 0} | arguments
        )
    assert list(tmp_path.iterdir()) == []


def test_field_stars_of_a_seed() -> None:
    X = simulate_field_stars(3, 50, random_state=0)
    stars = stars_of(X)
    assert stars.counts.tolist() == [50, 50, 50]
    assert list(X.index) == ["field_000000", "field_000001", "field_000002"]
    assert stars["phot_g_mean_mag"].max() < 18.3
    assert joblib.hash(simulate_field_stars(3, 50, random_state=0)) == joblib.hash(X)
    assert joblib.hash(simulate_field_stars(3, 50, random_state=1)) != joblib.hash(X)


def test_sightlines_differ_in_dust_and_most_stars_are_faint_and_far() -> None:
    stars = stars_of(simulate_field_stars(200, 200, random_state=0))
    colour = pd.Series(stars["bp_rp"]).groupby(stars.cluster).median()
    assert colour.min() < 1.0
    assert colour.max() > 2.0
    assert 15.5 < np.median(stars["phot_g_mean_mag"]) < 17.5
    assert 0.2 < np.median(stars["parallax"]) < 2.0


@pytest.mark.skipif(not FIELD.is_file(), reason=f"real field stars are not at {FIELD}")
def test_real_field_stars_lie_where_simulated_ones_do() -> None:
    real = pd.read_parquet(FIELD).dropna(subset=["BP-RP"])
    real = real[(real["Gmag"] < 18) & (real["Gmag"] > 15)]
    stars = stars_of(simulate_field_stars(300, 300, random_state=0))
    bright = (stars["phot_g_mean_mag"] > 15) & (stars["phot_g_mean_mag"] < 18)
    low, high = np.quantile(stars["bp_rp"][bright], [0.01, 0.99])
    assert real["BP-RP"].between(low, high).mean() > 0.95
