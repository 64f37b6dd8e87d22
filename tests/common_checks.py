"""What every public estimator must do; each check takes a case, X and y, and a folder."""

import inspect
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from common_cases import Case
from nested_pandas import NestedFrame
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_validate, train_test_split
from sklearn.pipeline import FeatureUnion
from sklearn.utils import estimator_checks, get_tags

from skcluster import CMDHistogram
from skcluster.clusters import clusters_from_flat, stars_of

Check = Callable[[Case, NestedFrame, pd.DataFrame, Path], None]

#: Checks by name, with the kinds of estimators that they are for.
CHECKS: dict[str, tuple[Check, set[str]]] = {}
ALL = {"transformer", "resampler", "regressor"}


def check(*kinds: str) -> Callable[[Check], Check]:
    def register(function: Check) -> Check:
        CHECKS[function.__name__] = (function, set(kinds) or ALL)
        return function

    return register


def same(first: Any, second: Any) -> None:
    """Two results are equal to the bit."""
    assert joblib.hash(first) == joblib.hash(second)


# What it is made of


@check()
def parameters_are_stored_and_nothing_else(case, X, y, tmp_path):
    kind = type(case.estimator)
    signature = inspect.signature(kind).parameters
    given = {name: object() for name in signature}
    assert vars(kind(**given)) == given
    # As in scikit-learn, the estimator inside another one comes first and needs no keyword.
    first = list(signature)[: isinstance(case.estimator, MetaEstimatorMixin)]
    assert {name for name, p in signature.items() if p.default is p.empty} <= set(first)
    keyword_only = [name for name, p in signature.items() if p.kind is p.KEYWORD_ONLY]
    assert [*first, *keyword_only] == list(signature)


@check()
def clone_keeps_parameters_alone(case, X, y, tmp_path):
    estimator, data = case.new(), case.input(X)
    case.result(estimator, data, y)
    copy = clone(estimator)
    assert comparable(copy.get_params()) == comparable(case.estimator.get_params())
    assert vars(copy).keys() == case.parameters.keys()


def comparable(params: dict[str, Any]) -> dict[str, Any]:
    """Parameters with estimators, which are equal to themselves alone, as their classes."""
    return {name: _comparable(value) for name, value in params.items()}


def _comparable(value: Any) -> Any:
    if isinstance(value, (list, tuple)):  # such as the steps of a pipeline
        return [_comparable(one) for one in value]
    return type(value) if isinstance(value, BaseEstimator) else value


@check()
def parameters_can_be_read_and_set(case, X, y, tmp_path):
    (name, values), *_ = case.grid.items()
    estimator = case.new()
    assert estimator.set_params(**{name: values[1]}) is estimator
    assert estimator.get_params()[name] == values[1]
    with pytest.raises(ValueError, match="Invalid parameter 'no_such'"):
        estimator.set_params(no_such=1)


@check()
def representations_name_it(case, X, y, tmp_path):
    kind = type(case.estimator).__name__
    (name, values), *_ = case.grid.items()
    estimator = case.new().set_params(**{name: values[1]})
    assert repr(estimator).startswith(kind)
    with config_context(print_changed_only=False):
        text = estimator.__repr__(N_CHAR_MAX=10_000)
        assert f"{name.rpartition('__')[2]}={values[1]!r}" in text
    assert kind in estimator._repr_html_()


def sections(docstring: str) -> dict[str, str]:
    """The sections of a numpydoc docstring, in order."""
    pieces = re.split(r"^(.+)\n-{3,}$", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def documented(section: str) -> list[str]:
    """The names that a section describes."""
    lines = re.findall(r"^([\w, ]+) : ", section, flags=re.MULTILINE)
    return [name for line in lines for name in line.split(", ")]


@check()
def docstring_has_every_parameter_and_attribute(case, X, y, tmp_path):
    kind = type(case.estimator)
    found = sections(kind.__doc__)
    order = ["Parameters", "Attributes", "See Also", "Notes", "References", "Examples"]
    assert list(found) == [name for name in order if name in found]
    assert found.keys() >= {"Parameters", "Attributes", "Examples"}
    # Keeping what others compute needs no source.
    assert "References" in found or case.name == "CachedTransformer"
    described = documented(found["Parameters"])
    assert sorted(described) == sorted(case.parameters)
    estimator = case.new()
    case.result(estimator, case.input(X), y)
    learned = {name for name in vars(estimator) if re.fullmatch(r"[a-z]\w*_", name)}
    # An encoder for those who open the network up; scikit-learn's own count of columns.
    learned -= {"n_features_in_", "feature_names_in_"}
    assert learned
    assert learned <= set(documented(found["Attributes"]))


@check()
def constraints_cover_every_parameter(case, X, y, tmp_path):
    kind = type(case.estimator)
    assert kind._parameter_constraints.keys() == case.parameters.keys()


@check()
def a_wrong_parameter_is_refused_by_name(case, X, y, tmp_path):
    data = case.input(X)
    for name in case.parameters:
        wrong = case.new().set_params(**{name: object()})
        with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
            case.result(wrong, data, y)


@check("transformer", "resampler")
def sklearns_checks_that_need_no_table(case, X, y, tmp_path):
    """`check_estimator` stops short of estimators that take no table."""
    assert not get_tags(case.estimator).input_tags.two_d_array
    names = [
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_estimator_tags_renamed",
        "check_valid_tag_types",
        "check_mixin_order",
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_get_params_invariance",
        "check_set_params",
        "check_do_not_raise_errors_in_init_or_set_param",
    ]
    kind = type(case.estimator)
    ran = 0
    for name in names:
        found = [n for n in dir(estimator_checks) if n.startswith(name)]
        assert len(found) == 1, name
        getattr(estimator_checks, found[0])(kind.__name__, case.new())
        ran += 1
    assert ran == 10


# What it does


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


@check("transformer", "resampler")
def the_order_of_stars_does_not_matter(case, X, y, tmp_path):
    stars = stars_of(X)
    order = np.lexsort((np.random.default_rng(0).random(len(stars)), stars.cluster))
    fields = {column: stars[column][order] for column in stars.columns}
    shuffled = clusters_from_flat(fields, stars.offsets, X.index)
    assert joblib.hash(shuffled) != joblib.hash(X)
    first, second = (case.result(case.new(), data, y) for data in (X, shuffled))
    if case.kind == "resampler":
        count = CMDHistogram(normalize=None)
        assert_array_equal(first[1], second[1])
        first, second = (count.fit_transform(more) for more, _ in (first, second))
    assert_allclose(first, second, rtol=1e-6, atol=1e-7)


@check("transformer", "regressor")
def one_cluster_equals_its_row_in_the_batch(case, X, y, tmp_path):
    data = case.input(X)
    fitted = case.new().fit(data, y)
    batch = case.output(fitted, data)
    for row in range(len(X)):
        one = data.iloc[[row]] if hasattr(data, "iloc") else data[[row]]
        assert_allclose(case.output(fitted, one), batch[[row]], rtol=1e-5, atol=1e-6)


@check("transformer", "resampler")
def any_table_of_stars_will_do(case, X, y, tmp_path):
    stars = stars_of(X)
    long = pd.DataFrame({column: stars[column] for column in stars.columns})
    long.insert(0, "cluster", stars.index[stars.cluster])
    tables = {name: table.drop(columns="cluster") for name, table in long.groupby("cluster")}
    tables = {name: tables[name] for name in X.index}
    expected = case.result(case.new(), X, y)
    for data in (long, tables):
        found = case.result(case.new(), data, y)
        if case.kind == "resampler":
            assert found[0].index.tolist() == expected[0].index.tolist()
            assert_array_equal(found[1], expected[1])
            same(dict_of_stars(found[0]), dict_of_stars(expected[0]))
        else:
            assert_array_equal(found, expected)


def dict_of_stars(X: NestedFrame) -> dict[str, Any]:
    stars = stars_of(X)
    return {column: np.array(stars[column]) for column in stars.columns}


@check("transformer", "resampler")
def a_cluster_without_stars_is_refused_by_name(case, X, y, tmp_path):
    stars = stars_of(X)
    empty = stars.take(stars.cluster != 3).to_clusters()
    with pytest.raises(ValueError, match="'Toy_3'"):
        case.result(case.new(), empty, y)
    with pytest.raises(ValueError, match="no cluster"):
        case.result(case.new(), X.iloc[:0], y.iloc[:0])


# scikit-learn's tools


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


@check("transformer")
def fit_transform_is_fit_and_transform(case, X, y, tmp_path):
    same(case.new().fit_transform(X, y), case.new().fit(X, y).transform(X))


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
    scores = cross_validate(case.model(), X, y, cv=3, error_score="raise")
    assert np.isfinite(scores["test_score"]).all()
    arrays = cross_validate(case.model(), X, y.to_numpy(), cv=3, error_score="raise")
    # The same numbers, but added up in another order.
    assert_allclose(scores["test_score"], arrays["test_score"], rtol=1e-4)
    with config_context(transform_output="pandas"):
        pandas = cross_validate(case.model(), X, y, cv=3, error_score="raise")
    assert_allclose(scores["test_score"], pandas["test_score"], rtol=1e-4)


@check()
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
