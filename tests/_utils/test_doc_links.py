"""Diagrams of estimators in notebooks."""

import pytest

from skcluster import ClusterAugmenter, StarSet


@pytest.mark.parametrize("estimator", [ClusterAugmenter(), StarSet()])
def test_a_diagram_does_not_link_to_the_documentation_of_scikit_learn(estimator):
    assert type(estimator)._doc_link_module == "skcluster"
    assert estimator._get_doc_link() == ""
    assert f"modules/generated/skcluster.{type(estimator).__name__}" not in estimator._repr_html_()
