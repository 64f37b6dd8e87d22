"""Words for messages, and the lines that warnings point at."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_validate

from skcluster import GuessFeatures, make_pipeline, simulate_clusters
from skcluster._utils.messages import documentation, some_names
from skcluster.clusters import stars_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["a"], "'a'"),
        (range(5), "0, 1, 2, 3, 4"),
        (iter("abcdefg"), "'a', 'b', 'c', 'd', 'e' and 2 more"),
    ],
)
def test_a_few_of_many_names(names, words):
    assert some_names(names) == words


def test_a_warning_points_at_the_callers_line_through_scikit_learn():
    X, y = simulate_clusters(12, random_state=0, n_stars=30)
    stars = stars_of(X)
    parallax = np.where(stars.cluster == 3, np.nan, stars["parallax"])
    X = stars.with_column("parallax", parallax).to_clusters()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cross_validate(make_pipeline(GuessFeatures(), Ridge()), X, y, cv=2)
    assert {warning.filename for warning in caught} == {__file__}


def test_messages_name_pages_and_sections_that_exist():
    files = (ROOT / "skcluster").rglob("*.py")
    calls = [re.findall(r"documentation\(['\"]([^'\"]+)['\"]\)", f.read_text()) for f in files]
    pages = {page for found in calls for page in found}
    assert len(pages) >= 4
    for page in pages:
        file, _, section = documentation(page).partition("#")
        titles = re.findall("^#+ (.*)$", (ROOT / file).read_text(), re.MULTILINE)
        sections = {re.sub("[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in titles}
        assert not section or section in sections
