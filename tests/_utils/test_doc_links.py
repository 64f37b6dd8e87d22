"""Diagrams of estimators in notebooks."""

import pytest

from skcluster import ClusterAugmenter, StarSet
from skcluster.features import GuessDistances


@pytest.mark.parametrize("estimator", [ClusterAugmenter(), StarSet()])
def test_a_diagram_does_not_link_to_the_documentation_of_scikit_learn(estimator, monkeypatch):
    monkeypatch.delenv("SKCLUSTER_DOCS", raising=False)
    assert type(estimator)._doc_link_module == "skcluster"
    assert estimator._get_doc_link() == ""
    assert f"modules/generated/skcluster.{type(estimator).__name__}" not in estimator._repr_html_()


@pytest.mark.parametrize(
    ("estimator", "address"),
    [
        (StarSet(), "skcluster.StarSet"),
        (GuessDistances(), "skcluster.features.GuessDistances"),
    ],
)
def test_a_diagram_links_to_a_site_that_is_named(estimator, address, monkeypatch):
    monkeypatch.setenv("SKCLUSTER_DOCS", "file:///home/me/skcluster/out/site/")
    link = f"file:///home/me/skcluster/out/site/reference/{address}.html"
    assert estimator._get_doc_link() == link
    assert link in estimator._repr_html_()
