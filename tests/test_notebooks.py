"""What notebooks show of clusters, estimates and models."""

import pickle
import re
from xml.etree import ElementTree

from skcluster import estimate, load_model, save_model
from skcluster.clusters import as_clusters
from skcluster.datasets import load_example
from skcluster.inference import IsochronePosterior
from skcluster.persistence import read_card
from skcluster.plotting import show_clusters


def test_diagrams_of_clusters_show_stars_isochrones_and_doubts():
    X, _ = load_example()
    X = as_clusters(
        {"<b>": X.iloc[0]["stars"], "none": X.iloc[0]["stars"][:0], "x": X.iloc[2]["stars"]}
    )
    estimates = estimate(X).assign(flag=["few & faint", "", ""])
    page = show_clusters(X, estimates, most=3)._repr_html_()
    root = ElementTree.fromstring(page)
    texts = "".join(root.itertext())
    for text in ("<b>", "150 stars", "log age = 7.96 ± 0.13", "doubtful: few & faint", "BP−RP"):
        assert text in texts
    assert "none: no star to draw" in texts
    lines = [path.get("d") for path in root.iter("path") if path.get("stroke-dasharray")]
    assert len(lines) >= 2
    assert all(len(line) > 100 for line in lines)
    # A page stays small: at most one point per pixel.
    assert all(len(re.findall("[ML]", line)) < 1200 for line in lines)
    # Colours are those of the notebook, light or dark.
    assert 'stroke="currentColor"' in page
    assert "black" not in page
    # An age that no isochrone has is shown all the same.
    page = show_clusters(X[2:], estimates.assign(log_age=12.0))._repr_html_()
    assert "log age = 12.00" in page
    assert "stroke-dasharray" not in page


def test_diagrams_shade_likely_members_and_count_clusters():
    X, _ = load_example()
    _, members = estimate(X, membership=True)
    marks = []
    for given in (None, members):
        page = show_clusters(X, membership=given, most=1)
        assert repr(page) == "<diagrams of 1 of 3 clusters, for a notebook>"
        assert "diagrams of 1 of 3 clusters" in page._repr_html_()
        paths = ElementTree.fromstring(f"<p>{page._repr_html_()}</p>").iter("path")
        marks.append([path.get("d").count("M") for path in paths])
    likely = members["membership"][:150] >= 0.75
    assert 0.9 * likely.sum() < marks[1][2] <= likely.sum() < marks[0][2] <= 150


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
