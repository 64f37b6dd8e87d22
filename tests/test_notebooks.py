"""What notebooks show of clusters, estimates and models."""

from skcluster import estimate, load_model
from skcluster.datasets import load_example


def test_clusters_show_their_names_and_stars():
    X, _ = load_example()
    shown = X._repr_html_()
    for text in (*X.index, "stars", "phot_g_mean_mag", "+149 rows"):
        assert text in shown


def test_estimates_show_values_and_flags():
    X, _ = load_example()
    shown = estimate(X)._repr_html_()
    for text in (*X.index, "log_age", "distance_kpc", "flag"):
        assert text in shown


def test_a_model_shows_its_parts():
    shown = load_model()._repr_html_()
    for text in ("IsochronePosterior", "StarSet", "SetRegressor"):
        assert text in shown
