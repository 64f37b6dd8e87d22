"""Masses and ranks against integrals of the mass function."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from skcluster.isochrones._masses_and_binaries import MassFunction, kroupa

KROUPA = {0.0: ((0.5,), (1.3, 2.3)), 0.5: ((0.5, 2.0), (1.3, 2.3, 2.8))}
MASSES = np.array([0.09, 0.3, 0.5, 0.7, 1.0, 2.0, 2.5, 8.0, 60.0])


@pytest.mark.parametrize("loss", KROUPA)
def test_slopes_are_those_of_kroupa(loss):
    assert kroupa(loss) == MassFunction(*KROUPA[loss])
    assert kroupa() == kroupa(0.0)


def number(low: float, high: float, function: MassFunction) -> float:
    """Stars between two masses, the density at the first break being 1 per solar mass."""

    def density(mass: float) -> float:
        bounds = [function.breaks[0], *function.breaks[1:], np.inf]
        if mass <= bounds[0]:
            return (mass / bounds[0]) ** -function.slopes[0]
        value = 1.0
        for low, high, slope in zip(bounds[:-1], bounds[1:], function.slopes[1:], strict=True):
            value *= (min(mass, high) / low) ** -slope if mass > low else 1
        return value

    return quad(density, low, high, points=[b for b in function.breaks if low < b < high])[0]


@pytest.mark.parametrize("loss", KROUPA)
def test_ranks_differ_by_the_number_of_stars_between_masses(loss):
    function = kroupa(loss)
    expected = [number(a, b, function) for a, b in pairwise(MASSES)]
    np.testing.assert_allclose(np.diff(function.rank(MASSES)), expected, rtol=1e-6)


@pytest.mark.parametrize("loss", KROUPA)
def test_mass_is_the_inverse_of_rank(loss):
    function = kroupa(loss)
    np.testing.assert_allclose(function.mass(function.rank(MASSES)), MASSES, rtol=1e-9)


def test_ranks_beyond_all_stars_have_huge_masses():
    function = kroupa()
    beyond = function.rank(np.array([1e9])) + 1
    assert function.mass(beyond)[0] > 1e6
