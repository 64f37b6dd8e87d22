"""The list of checks, and what they share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.testing import assert_allclose, assert_array_equal

from common.cases import Case
from skcluster.clusters import stars_of

Check = Callable[[Case, NestedFrame, pd.DataFrame, Path], None]

#: Checks by name, with the kinds of estimators, or the names of the cases, that they are for.
CHECKS: dict[str, tuple[Check, set[str]]] = {}
ALL = {"transformer", "resampler", "regressor"}
#: The columns of the clusters that the checks use.
COLUMNS = ("phot_g_mean_mag", "bp_rp", "parallax", "parallax_error", "probability")


def check(*kinds: str, cases: tuple[str, ...] = ()) -> Callable[[Check], Check]:
    """Register a check for estimators of these kinds, for some cases, or for all of them.

    "clusters" stands for all that take clusters, and "numbers" for all others.
    """

    def register(function: Check) -> Check:
        CHECKS[function.__name__] = (function, {*kinds, *cases} or ALL)
        return function

    return register


def pairs(cases: list[Case]) -> list[tuple[Case, str]]:
    """Every case with the name of every check that is for it."""
    return [
        (case, name) for case in cases for name, (_, kinds) in CHECKS.items() if case.kinds & kinds
    ]


def same(first: Any, second: Any) -> None:
    """Two results are equal to the bit."""
    assert joblib.hash(first) == joblib.hash(second)


_FITTED: dict[str, Any] = {}


def fitted(case: Case, X: NestedFrame, y: pd.DataFrame) -> Any:
    """The estimator fitted on the clusters of the tests, once for all checks that only use it."""
    if case.name not in _FITTED:
        _FITTED[case.name] = case.new().fit(case.input(X), y)
    return _FITTED[case.name]


def numbers(X: NestedFrame) -> dict[str, Any]:
    """The stars of clusters as arrays."""
    stars = stars_of(X)
    return {"counts": stars.counts, **{c: np.array(stars[c]) for c in COLUMNS if c in stars}}


def outcome(case: Case, clusters: Any, X: NestedFrame, y: pd.DataFrame) -> dict[str, Any]:
    """What the estimator makes of clusters, by name: numbers, without names of clusters.

    A resampler takes them with `y`; others are fitted on `X` and `y` first.
    """
    if case.kind != "resampler":
        return {"output": np.asarray(case.output(fitted(case, X, y), clusters))}
    more, targets = case.new().fit_resample(clusters, y)
    return {**numbers(more), "y": np.asarray(targets)}


def equal(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Two outcomes hold the same numbers to the bit."""
    assert first.keys() == second.keys()
    for name, values in first.items():
        assert_array_equal(values, second[name], err_msg=name)


def close(first: dict[str, Any], second: dict[str, Any], rtol: float, atol: float = 0.0) -> None:
    """Two outcomes hold nearly the same numbers."""
    assert first.keys() == second.keys()
    for name, values in first.items():
        assert_allclose(values, second[name], rtol=rtol, atol=atol, err_msg=name)
