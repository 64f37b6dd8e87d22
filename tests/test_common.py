"""Common checks of every public estimator; the number of them is asserted."""

import pytest
from common_cases import CASES, discover
from common_checks import CHECKS

from skcluster.features import GuessDistances
from skcluster.regressors import TargetMinMaxScaler, TargetScaler

FAILED = (AssertionError, pytest.fail.Exception)

#: Pairs of case and check that must fail, with the reason.
EXPECTED_FAILURES = {
    (
        "ClusterAugmenter-noisy",
        "the_order_of_stars_does_not_matter",
    ): "which stars get which noise depends on their order, as with any random draw",
    (
        "ClusterCorruptor",
        "the_order_of_stars_does_not_matter",
    ): "which stars are lost or replaced depends on their order, as with any random draw",
    (
        "IsochronePosterior",
        "a_pipeline_can_remember",
    ): "it takes clusters, so that no step before it has an output to keep",
}

#: Estimators of numbers, not of clusters, which pass scikit-learn's own checks: see
#: tests/regressors and tests/features.
OF_NUMBERS = {GuessDistances, TargetMinMaxScaler, TargetScaler}

PAIRS = [
    (case, name) for case in CASES for name, (_, kinds) in CHECKS.items() if case.kind in kinds
]


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
    assert {type(case.estimator) for case in CASES} == found - OF_NUMBERS
    assert found > OF_NUMBERS


def test_no_check_is_lost():
    numbers = {
        kind: sum(kind in kinds for _, kinds in CHECKS.values())
        for kind in ("transformer", "resampler", "regressor")
    }
    assert numbers == {"transformer": 25, "resampler": 18, "regressor": 18}
    assert len(PAIRS) == 8 * 25 + 3 * 18 + 7 * 18
    assert EXPECTED_FAILURES.keys() <= {(case.name, name) for case, name in PAIRS}
