"""Common checks of every public estimator; the number of them is asserted."""

import pytest
from common import clusters, conventions, results, tools
from common.cases import CASES, discover
from common.registry import CHECKS, pairs

from skcluster.membership import MemberSelector
from skcluster.regressors import TargetMinMaxScaler, TargetScaler

FAILED = (AssertionError, pytest.fail.Exception)
GAPS = "what takes more stars than there are is missing"
DRAWN = "which stars get or lose what depends on their order, as with any random draw"

#: Pairs of case and check that must fail, with the reason.
EXPECTED_FAILURES = {
    ("ClusterAugmenter-noisy", "the_order_of_stars_does_not_matter"): DRAWN,
    ("ClusterCorruptor", "the_order_of_stars_does_not_matter"): DRAWN,
    ("ClusterScrambler", "the_order_of_stars_does_not_matter"): DRAWN,
    (
        "IsochronePosterior",
        "a_pipeline_can_remember",
    ): "it takes clusters, so that no step before it has an output to keep",
    ("CMDSummary", "output_is_finite"): GAPS,
}

#: Estimators of numbers, not of clusters, which pass scikit-learn's own checks: see
#: tests/regressors.
OF_NUMBERS = {TargetMinMaxScaler, TargetScaler}
#: Of fields of the sky, whose conventions tests/membership checks.
OF_FIELDS = {MemberSelector}

PAIRS = pairs(CASES)


def as_parameter(case, name):
    reason = EXPECTED_FAILURES.get((case.name, name))
    marks = [pytest.mark.xfail(reason=reason, raises=FAILED, strict=True)] if reason else []
    if case.kind == "regressor" and "two_workers" in name:
        marks.append(pytest.mark.slow)  # each worker imports TensorFlow
    return pytest.param(case, name, id=f"{case.name}-{name}", marks=marks)


@pytest.mark.parametrize(("case", "name"), [as_parameter(*pair) for pair in PAIRS])
def test_common(case, name, toy, tmp_path):
    CHECKS[name][0](case, *toy, tmp_path)


def test_every_estimator_has_a_case():
    found = set(discover().values())
    elsewhere = OF_NUMBERS | OF_FIELDS
    assert {type(case.estimator) for case in CASES} == found - elsewhere
    assert found > elsewhere


def test_no_check_is_lost():
    modules = [module.__name__ for module in (conventions, results, clusters, tools)]
    by_module = {m: sum(f.__module__ == m for f, _ in CHECKS.values()) for m in modules}
    assert list(by_module.values()) == [9, 9, 15, 7]
    assert len(CHECKS) == 40
    assert len(PAIRS) == 585
    assert EXPECTED_FAILURES.keys() <= {(case.name, name) for case, name in PAIRS}
