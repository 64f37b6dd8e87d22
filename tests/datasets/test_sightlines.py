"""Simulated field stars beside what is known of the disc and of real sightlines."""

from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import stars_of
from skcluster.datasets import simulate_field_stars

FIELD = Path(__file__).parents[3] / "shared" / "data" / "field" / "field_stars.parquet"


def test_shape_names_and_seed():
    X = simulate_field_stars(3, 50, random_state=0)
    stars = stars_of(X)
    assert stars.counts.tolist() == [50, 50, 50]
    assert list(X.index) == ["field_000000", "field_000001", "field_000002"]
    assert stars["phot_g_mean_mag"].max() < 18.3
    assert joblib.hash(simulate_field_stars(3, 50, random_state=0)) == joblib.hash(X)
    assert joblib.hash(simulate_field_stars(3, 50, random_state=1)) != joblib.hash(X)


def test_sightlines_differ_in_dust():
    stars = stars_of(simulate_field_stars(200, 200, random_state=0))
    colour = pd.Series(stars["bp_rp"]).groupby(stars.cluster).median()
    assert colour.min() < 1.0
    assert colour.max() > 2.0


def test_faint_stars_and_far_ones_are_most():
    stars = stars_of(simulate_field_stars(50, 500, random_state=0))
    assert 15.5 < np.median(stars["phot_g_mean_mag"]) < 17.5
    assert 0.2 < np.median(stars["parallax"]) < 2.0


@pytest.mark.skipif(not FIELD.is_file(), reason=f"real field stars are not at {FIELD}")
def test_real_field_stars_lie_where_simulated_ones_do():
    real = pd.read_parquet(FIELD).dropna(subset=["BP-RP"])
    real = real[(real["Gmag"] < 18) & (real["Gmag"] > 15)]
    stars = stars_of(simulate_field_stars(300, 300, random_state=0))
    bright = (stars["phot_g_mean_mag"] > 15) & (stars["phot_g_mean_mag"] < 18)
    low, high = np.quantile(stars["bp_rp"][bright], [0.01, 0.99])
    assert real["BP-RP"].between(low, high).mean() > 0.95


def test_bad_parameters_are_refused():
    with pytest.raises(ValueError, match="'n_stars' parameter"):
        simulate_field_stars(n_stars=0)
