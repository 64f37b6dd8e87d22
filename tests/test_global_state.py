"""The guard of the global state must be able to fail."""

import logging
import os
import random
import signal
import sys
import warnings

import numpy as np
import pytest
import sklearn
from global_state import changes, global_state


def forget_numpy():
    np.random.seed(7)  # noqa: NPY002


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (forget_numpy, "numpy's random state"),
        (lambda: random.seed(7), "Python's random state"),
        (lambda: np.seterr(divide="ignore"), "numpy's error handling"),
        (lambda: sklearn.set_config(transform_output="pandas"), "scikit-learn's configuration"),
        (lambda: warnings.simplefilter("ignore"), "warnings filters"),
        (lambda: os.environ.update(SKCLUSTER_X="1"), "environment variables"),
        (lambda: signal.signal(signal.SIGINT, signal.SIG_IGN), "what is done on Ctrl-C"),
        (lambda: logging.getLogger().setLevel(1), "messages that are logged"),
    ],
)
def test_a_change_is_seen(spoil, name):
    level, handler = logging.getLogger().level, signal.getsignal(signal.SIGINT)
    states = np.random.get_state(), random.getstate()  # noqa: NPY002
    before = global_state()
    with np.errstate(), sklearn.config_context(), warnings.catch_warnings():
        spoil()
        found = changes(before, global_state())
    np.random.set_state(states[0])  # noqa: NPY002
    random.setstate(states[1])
    os.environ.pop("SKCLUSTER_X", None)
    signal.signal(signal.SIGINT, handler)
    logging.getLogger().setLevel(level)
    assert found == [name]


def test_matplotlib_is_watched_once_it_is_there():
    import matplotlib as mpl

    before = global_state()
    with mpl.rc_context({"lines.linewidth": 9}):
        assert changes(before, global_state()) == ["matplotlib's settings"]


def test_nothing_is_loaded_to_look_at_it():
    loaded = set(sys.modules)
    global_state()
    assert {"tensorflow", "keras", "matplotlib"} & (set(sys.modules) - loaded) == set()
