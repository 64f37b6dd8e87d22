"""What notebooks show of clusters, estimates and models."""

import pickle

from skcluster import estimate, load_model, save_model
from skcluster.datasets import load_example
from skcluster.inference import IsochronePosterior
from skcluster.persistence import read_card


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


def test_the_card_goes_with_the_model_into_files_and_not_into_fits(tmp_path):
    model = load_model()
    again = pickle.loads(pickle.dumps(model))
    assert again.card_ == model.card_
    save_model(model, tmp_path / "a.skcluster")
    kept = load_model(tmp_path / "a.skcluster")
    assert kept.card_["card"] == model.card_["card"] == read_card()["card"]
    X, _ = load_example()
    save_model(kept, tmp_path / "b.skcluster", card={"name": "<mine>"})
    assert "&lt;mine&gt;" in load_model(tmp_path / "b.skcluster").card_._repr_html_()
    bare = IsochronePosterior(n_draws=64, random_state=0)
    bare.card_ = model.card_
    bare.fit(X)
    assert bare.card_ is None


def test_a_file_shows_its_card():
    shown = load_model().card_._repr_html_()
    for text in (
        "Model reference",
        "Distance [kpc]",
        "Gaia (E)DR3 members",
        "<td>68%</td>",
        "are not used",
        "log_age RMSE (dex)",
        "Bressan et al. 2012",
        "scikit-learn",
    ):
        assert text in shown
