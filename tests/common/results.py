"""Checks of what it gives."""

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import joblib
import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from common.registry import check, fitted, same


@check()
def input_and_parameters_are_never_changed(case, X, y, tmp_path):
    data, estimator = case.input(X), case.new()
    before = joblib.hash((data, y, X)), estimator.get_params()
    case.result(estimator, data, y)
    assert (joblib.hash((data, y, X)), estimator.get_params()) == before


@check("transformer", "regressor")
def fit_returns_the_estimator(case, X, y, tmp_path):
    estimator = case.new()
    assert estimator.fit(case.input(X), y) is estimator


@check()
def one_seed_gives_the_same_bits(case, X, y, tmp_path):
    data = case.input(X)
    estimator = case.new()
    first = case.result(estimator, data, y)
    same(first, case.result(case.new(), data, y))
    same(first, case.result(estimator, data, y))


@check()
def pickles_do_the_same(case, X, y, tmp_path):
    data = case.input(X)
    unfitted = pickle.loads(pickle.dumps(case.new()))
    first = case.result(unfitted, data, y)
    same(first, case.result(case.new(), data, y))
    fitted = pickle.loads(pickle.dumps(unfitted))
    assert vars(fitted).keys() == vars(unfitted).keys()
    if case.kind != "resampler":
        same(first, case.output(fitted, data))


@check("transformer", "regressor")
def unfitted_says_so(case, X, y, tmp_path):
    with pytest.raises(NotFittedError, match=type(case.estimator).__name__):
        case.output(case.new(), case.input(X))
    if case.kind == "transformer":
        with pytest.raises(NotFittedError):
            case.new().get_feature_names_out()


@check("transformer", "regressor")
def rows_follow_when_clusters_are_shuffled(case, X, y, tmp_path):
    order = np.random.default_rng(0).permutation(len(X))
    fitted = case.new().fit(case.input(X), y)
    expected = case.output(fitted, case.input(X))
    if case.kind == "transformer":
        fitted = case.new().fit(X.iloc[order], y.iloc[order])
    rows = case.input(X)[order] if case.features is not None else X.iloc[order]
    assert_allclose(case.output(fitted, rows), expected[order], rtol=1e-6)


@check("transformer", "regressor")
def parts_of_a_batch_are_its_rows(case, X, y, tmp_path):
    """One cluster at a time, some, and two threads at once."""
    data, estimator = case.input(X), fitted(case, X, y)
    batch = case.output(estimator, data)

    def output(rows: Any) -> Any:
        return case.output(estimator, data.iloc[rows] if hasattr(data, "iloc") else data[rows])

    parts = [[row] for row in range(len(X))] + [[3, 1, 8], [11, 0, 5, 2]]
    alone = [output(rows) for rows in parts]
    for rows, found in zip(parts, alone, strict=True):
        if case.kind == "transformer":
            assert_array_equal(found, batch[rows])
        else:  # sums of products depend on the number of rows in the last digit
            assert_allclose(found, batch[rows], rtol=1e-5, atol=1e-6)
    with warnings.catch_warnings(), ThreadPoolExecutor(2) as threads:
        for found, before in zip(threads.map(output, parts), alone, strict=True):
            assert_array_equal(found, before)


@check("numbers")
def any_array_will_do(case, X, y, tmp_path):
    data, estimator = np.asarray(case.input(X)), fitted(case, X, y)
    expected = case.output(estimator, data)
    frozen = data.copy()
    frozen.flags.writeable = False
    strided = np.repeat(data, 2, axis=1)[:, ::2]
    swapped = data.astype(data.dtype.newbyteorder())
    for array in (frozen, strided, swapped, np.asfortranarray(data), data.tolist()):
        assert_array_equal(case.output(estimator, array), expected)


@check()
def jobs_do_not_matter(case, X, y, tmp_path):
    """Estimators with `n_jobs` give the same bits with one and with two."""
    if "n_jobs" not in case.parameters:
        return
    # The threads of scikit-learn set and restore the warning filters of the process in any order.
    with warnings.catch_warnings(), parallel_config("threading"):
        one, two = (case.result(case.new().set_params(n_jobs=n), case.input(X), y) for n in (1, 2))
    same(one, two)
