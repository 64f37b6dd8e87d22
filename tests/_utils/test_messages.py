"""Words for messages, the lines that warnings point at, and progress on terminals."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

# Draws a random number when it is imported first, which the tests of global state would notice.
import rich.progress  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_validate

from skcluster import CMDHistogram, GuessFeatures, make_pipeline, simulate_clusters
from skcluster._utils.messages import documentation, progress_bar, shown_stages, some_names
from skcluster.clusters import stars_of
from skcluster.inference import IsochronePosterior

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


@pytest.mark.parametrize(("show", "total", "shown"), [(True, 2, True), (False, 2, False)])
def test_a_bar_is_shown_when_asked_for(show, total, shown, capsys):
    with progress_bar("Counting", total, show=show, unit="stars") as advance:
        advance(1)
        advance(1)
    printed = capsys.readouterr()
    assert ("Counting" in printed.err) == shown
    assert ("2/2 stars" in printed.err) == shown
    assert printed.out == ""


@pytest.mark.parametrize(("show", "total"), [(None, 2), (True, 0)])
def test_no_bar_without_a_terminal_or_without_work(show, total, capsys):
    with progress_bar("Counting", total, show=show) as advance:
        advance(1)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("n_jobs", "on_terminal"), [(1, True), (2, True), (1, False)])
def test_the_stages_of_a_fit_are_counted_on_a_terminal_only(
    n_jobs, on_terminal, capsys, monkeypatch
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: on_terminal, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    X, y = simulate_clusters(12, n_stars=60, random_state=0)
    regressor = make_pipeline(CMDHistogram(colour_width=0.4), Ridge())
    settings = {"cv": 2, "tempering": 0.3, "n_draws": 64, "random_state": 0}
    model = IsochronePosterior(regressor, **settings, n_jobs=n_jobs)
    with shown_stages("Beginning"):
        model.fit(X, y)
    shown = capsys.readouterr().err
    for text in ("Training", "/3", "Sampling held-out clusters", "12/12", "remaining"):
        assert (text in shown) == on_terminal
    assert on_terminal or shown == ""
