"""Checks that scikit-learn's tools take it."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate, train_test_split
from sklearn.pipeline import FeatureUnion

from common.clusters import long_table
from common.registry import check


@check("transformer")
def feature_names_and_pandas_output(case, X, y, tmp_path):
    plain = case.new().fit_transform(X)
    names = case.new().fit(X).get_feature_names_out()
    assert names.shape == (plain.shape[1],)
    assert names.dtype == object
    assert len(set(names)) == len(names)
    estimator = case.new()
    assert estimator.set_output(transform="pandas") is estimator
    for frame in (estimator.fit_transform(X), estimator.transform(X)):
        assert isinstance(frame, pd.DataFrame)
        assert frame.index.equals(X.index)
        assert frame.columns.tolist() == names.tolist()
        assert_array_equal(frame, plain)
    table = long_table(X)
    assert estimator.transform(table).equals(frame)
    with config_context(transform_output="pandas"):
        assert case.new().fit_transform(table).equals(frame)


@check("transformer")
def output_is_finite(case, X, y, tmp_path):
    assert np.isfinite(case.new().fit_transform(X)).all()


@check("transformer")
def feature_unions_put_it_beside_others(case, X, y, tmp_path):
    union = FeatureUnion([("one", case.new()), ("two", case.new())])
    plain = case.new().fit_transform(X)
    assert_array_equal(union.fit_transform(X), np.hstack([plain, plain]))
    names = case.new().fit(X).get_feature_names_out()
    frame = union.set_output(transform="pandas").fit_transform(X)
    assert frame.columns.tolist() == [f"{k}__{n}" for k in ("one", "two") for n in names]
    assert frame.index.equals(X.index)


@check()
def cross_validation(case, X, y, tmp_path):
    scores = cross_validate(case.model(), X, y, cv=2, error_score="raise")
    assert np.isfinite(scores["test_score"]).all()
    # Labels without names, steps that give pandas: the same numbers, added up in another order.
    with config_context(transform_output="pandas"):
        other = cross_validate(case.model(), X, y.to_numpy(), cv=2, error_score="raise")
    assert_allclose(scores["test_score"], other["test_score"], rtol=1e-4)


#: One of each kind; what workers do with it is joblib's, and the same for the others.
IN_WORKERS = ("CMDHistogram", "ClusterAugmenter", "ANNRegressor")


@check(cases=IN_WORKERS)
def grid_search_is_the_same_with_two_workers(case, X, y, tmp_path):
    grid = {f"step__{name}": values for name, values in case.grid.items()}
    one, two = (
        GridSearchCV(case.model(), grid, cv=2, n_jobs=n, error_score="raise").fit(X, y)
        for n in (1, 2)
    )
    scores = one.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert scores[0] != scores[1]
    assert_array_equal(scores, two.cv_results_["mean_test_score"])
    assert_array_equal(one.predict(X), two.predict(X))


@check()
def a_pipeline_can_remember(case, X, y, tmp_path):
    def held() -> set[Path]:
        return set(tmp_path.rglob("output.pkl"))

    expected = case.model().fit(X, y).predict(X)
    remembering = case.model(memory=str(tmp_path))
    assert_array_equal(remembering.fit(X, y).predict(X), expected)
    first = held()
    assert first
    assert_array_equal(clone(remembering).fit(X, y).predict(X), expected)
    assert held() == first


@check()
def splits_fit_and_predict(case, X, y, tmp_path):
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=4, random_state=0)
    assert X_test.index.equals(y_test.index)
    predicted = case.model().fit(X_train, y_train).predict(X_test)
    assert predicted.shape == (4, 3)
    assert np.isfinite(predicted).all()
