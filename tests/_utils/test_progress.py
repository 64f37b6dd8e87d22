"""Progress is shown on terminals, or when it is asked for."""

import pytest

# Draws a random number when it is imported first, which the tests of global state would notice.
import rich.progress  # noqa: F401

from skcluster._utils.progress import progress_bar


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
