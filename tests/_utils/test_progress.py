"""Progress is shown on terminals, or when it is asked for."""

import pytest

# Draws a random number when it is imported first, which the tests of global state would notice.
import rich.progress  # noqa: F401
from sklearn.linear_model import Ridge

from skcluster import CMDHistogram, make_pipeline, simulate_clusters
from skcluster._utils.progress import progress_bar, shown_stages
from skcluster.inference import IsochronePosterior


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
    model = IsochronePosterior(regressor, cv=2, tempering=0.3, n_draws=64, n_jobs=n_jobs)
    with shown_stages("Beginning"):
        model.fit(X, y)
    shown = capsys.readouterr().err
    for text in ("Training", "/3", "Sampling held-out clusters", "12/12", "remaining"):
        assert (text in shown) == on_terminal
    assert on_terminal or shown == ""
