"""Simulated members follow the density that the likelihood compares stars with."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from skcluster.gaia import bp_rp_error
from skcluster.inference import Parameters, StarLikelihood
from skcluster.inference._simulate_members import simulate_members
from skcluster.isochrones import PopulationGrid, isochrone

#: Open clusters, not too far for some stars to be seen.
CLUSTERS = st.builds(
    Parameters.of,
    log_age=st.floats(6.6, 10.0),
    a_v=st.floats(0, 4),
    distance_modulus=st.floats(5, 13),
    metallicity=st.floats(-0.5, 0.4),
    reddening=st.integers(0, 3),
)


@given(CLUSTERS, st.integers(1, 300), st.floats(15, 19), st.integers(0, 2**32 - 1))
def test_any_cluster_gives_as_many_stars_as_asked(theta, n, limit, seed):
    g, bp_rp = simulate_members(theta, n, faint_limit=limit, random_state=seed)
    assert g.shape == bp_rp.shape == (n,)
    assert g.max() < limit
    assert np.isfinite(bp_rp).all()
    again = simulate_members(theta, n, faint_limit=limit, random_state=seed)
    np.testing.assert_array_equal((g, bp_rp), again)


@pytest.mark.parametrize("reddening", [0, 2])
@pytest.mark.parametrize("log_age", [7.5, 9.2])
def test_magnitudes_follow_the_shares_of_the_population(log_age, reddening):
    theta = Parameters.of(log_age, 0.0, 9.0, reddening=reddening)
    g, _ = simulate_members(theta, 4000, faint_limit=17.0, random_state=0)
    grid = PopulationGrid.load()

    def share(limit):
        ones = np.ones(len(limit))
        population = log_age * ones, 0 * ones, np.full(len(limit), reddening)
        return grid.share_brighter(*population, limit - 9.0)

    assert kstest(g, lambda x: share(x) / share(np.array([17.0]))).pvalue > 1e-3


@pytest.mark.parametrize("a_v", [0.0, 1.5])
def test_the_mean_log_density_is_that_of_the_model(a_v):
    """The entropy of stars that are drawn is that of the density, integrated over the diagram."""
    theta = Parameters.of(9.0, a_v, 10.0)
    step = 0.05, 0.02
    axes = np.arange(7, 17, step[0]) + step[0] / 2, np.arange(-0.5, 4, step[1])
    grid = [values.ravel() for values in np.meshgrid(*axes)]
    everywhere = StarLikelihood(*grid, faint_limit=17.0).member_density(theta)[0]
    expected = np.sum(everywhere * np.log(np.maximum(everywhere, 1e-12))) * np.prod(step)
    stars = simulate_members(theta, 5000, faint_limit=17.0, random_state=0)
    log_density = np.log(StarLikelihood(*stars, faint_limit=17.0).member_density(theta)[0])
    assert log_density.mean() == pytest.approx(expected, abs=0.1)


def test_colours_scatter_as_much_as_errors_say():
    theta = Parameters.of(8.5, 0.0, 12.0)
    g, bp_rp = simulate_members(theta, 20_000, random_state=0)
    points = isochrone(8.5).query("0.5 < mass < 1.2")
    line = points["phot_g_mean_mag"].to_numpy() + 12.0, points["bp_rp"].to_numpy()
    blue = {}
    for low, high in ((16, 16.5), (17.5, 18)):
        some = (g > low) & (g < high)
        offset = bp_rp[some] - np.interp(g[some], line[0][::-1], line[1][::-1])
        # Binaries lie on the red side only.
        blue[low] = np.quantile(offset, 0.02)
    assert blue[17.5] < blue[16] < -0.01
    assert blue[17.5] > -4 * np.hypot(bp_rp_error(18, 1.2), 0.015)


def test_what_cannot_be_seen_is_refused():
    with pytest.raises(ValueError, match="No member is brighter than G = 18"):
        simulate_members(Parameters.of(9.5, 0.0, 26.0), 5, random_state=0)
    with pytest.raises(ValueError, match="No member is brighter than G = 5"):
        simulate_members(Parameters.of(10.0, 3.0, 12.0), 5, faint_limit=5.0, random_state=0)
    with pytest.raises(ValueError, match="One set of parameters is needed, not 2"):
        simulate_members(Parameters.of([9.0, 9.1], 0.0, 10.0), 5, random_state=0)
    with pytest.raises(ValueError, match="law must be one of"):
        simulate_members(Parameters.of(9.0, 0.5, 10.0), 5, random_state=0, law="dr3")
