import numpy as np
import pytest

from skcluster.regressors.networks.training import LearningRateSchedule


def rates(*settings):
    schedule = LearningRateSchedule(*settings)
    return [schedule(i) for i in range(schedule.n_points)]


def test_it_stays_or_falls_along_half_a_cosine():
    assert rates(0.1, 4) == [0.1] * 4
    np.testing.assert_allclose(
        rates(0.1, 4, "cosine"), 0.05 * (1 + np.cos(np.pi * np.arange(4) / 4))
    )


def test_it_rises_first():
    found = rates(1.0, 40, "cosine", 0.1)
    assert found[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert (np.diff(found[3:]) < 0).all()
    assert 0 < found[-1] < 0.01


@pytest.mark.parametrize("n_points", [1, 2])
def test_short_trainings_have_a_learning_rate(n_points):
    assert rates(1.0, n_points, "cosine", 0.05)[0] == 1.0
