"""Links to the documentation: of diagrams of estimators in notebooks, and in messages."""

import re
from pathlib import Path

import pytest

from skcluster import ClusterAugmenter, StarSet
from skcluster._utils.doc_links import documentation
from skcluster.regressors import TargetScaler

ROOT = Path(__file__).parents[2]
CALL = re.compile(r"documentation\(['\"]([^'\"]+)['\"]\)")
PAGES = sorted(
    {page for file in (ROOT / "skcluster").rglob("*.py") for page in CALL.findall(file.read_text())}
)


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
        (TargetScaler(), "skcluster.regressors.TargetScaler"),
    ],
)
def test_a_diagram_links_to_a_site_that_is_named(estimator, address, monkeypatch):
    monkeypatch.setenv("SKCLUSTER_DOCS", "file:///home/me/skcluster/out/site/")
    link = f"file:///home/me/skcluster/out/site/reference/{address}.html"
    assert estimator._get_doc_link() == link
    assert link in estimator._repr_html_()


@pytest.mark.parametrize("page", PAGES)
def test_messages_link_to_pages_and_sections_that_exist(page, monkeypatch):
    monkeypatch.delenv("SKCLUSTER_DOCS", raising=False)
    file, _, section = documentation(page).partition("#")
    titles = re.findall("^#+ (.*)$", (ROOT / file).read_text(), re.MULTILINE)
    sections = {re.sub("[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles}
    assert not section or section in sections
    monkeypatch.setenv("SKCLUSTER_DOCS", "https://example.org/skcluster/")
    name, mark, section = page.partition("#")
    assert documentation(page) == f"https://example.org/skcluster/{name}.html{mark}{section}"
    assert (ROOT / "docs" / f"{name}.md").is_file()


def test_messages_link_to_several_pages():
    assert len(PAGES) >= 4
