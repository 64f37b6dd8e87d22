"""Checks of scikit-learn's conventions: parameters, copies, tags and documentation."""

import inspect
import re
from typing import Any

import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_regressor
from sklearn.utils import estimator_checks, get_tags

from common.registry import check


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
    assert found.keys() >= {"Parameters", "Attributes", "References", "Examples"}
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
def a_wrong_parameter_is_refused_in_scikit_learns_words(case, X, y, tmp_path):
    data = case.input(X)
    for name in case.parameters:
        wrong = case.new().set_params(**{name: object()})
        with pytest.raises((ValueError, TypeError)) as caught:
            case.result(wrong, data, y)
        kind = type(case.estimator).__name__
        said = rf"The '{name}' parameter of {kind} must be |{name} must "
        assert re.match(said, str(caught.value)), str(caught.value)


@check()
def tags_tell_the_truth(case, X, y, tmp_path):
    tags = get_tags(case.estimator)
    assert tags.requires_fit
    assert not tags.input_tags.sparse
    assert is_regressor(case.estimator) == (case.kind == "regressor")
    assert tags.input_tags.two_d_array == (case.features is not None)
    if case.features is None:
        assert tags.input_tags.allow_nan  # in columns of which a value may be missing
    assert tags.target_tags.required == (case.kind != "transformer")
    assert tags.target_tags.multi_output or case.kind != "regressor"
    assert not hasattr(case.estimator, "partial_fit")


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
    for name in names:
        found = [n for n in dir(estimator_checks) if n.startswith(name)]
        assert len(found) == 1, name
        getattr(estimator_checks, found[0])(kind.__name__, case.new())
