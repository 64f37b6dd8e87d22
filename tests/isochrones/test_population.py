"""The density of a population is a density, and that of the isochrone's stars."""

import numpy as np
import numpy.typing as npt
import pytest
from common.populations import density_map
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import shift
from scipy.stats import halfnorm

from skcluster.clusters import stars_of
from skcluster.datasets import Effects, simulate_clusters
from skcluster.isochrones import PopulationGrid, isochrone
from skcluster.isochrones._population_tables import AXES, DENSITY_OF_CODE, encode
from skcluster.photometry import distance_modulus

Floats = npt.NDArray[np.floating]

CELL = AXES.g.step * AXES.bp_rp.step
AGES = st.floats(6.6, 10.1)
METALLICITIES = st.floats(-0.6, 0.35)
REDDENINGS = st.integers(0, len(AXES.reddening) - 1)
SCATTERS = st.integers(0, len(AXES.scatter) - 1)


def density(theta: tuple[float, float, int], m_g, bp_rp, scatter=0) -> Floats:
    """Of stars, shape (n_stars,), of one population."""
    m_g, bp_rp = np.broadcast_arrays(*np.atleast_1d(np.float32(m_g), np.float32(bp_rp)))
    of_one = ([value] for value in theta)
    scatters = np.full(len(m_g), scatter)
    return PopulationGrid.load().density(*of_one, m_g[None], bp_rp[None], scatters)[0]


def simulated(n: int, log_age: float, metallicity: float = 0.0, seed: int = 0, **effects: float):
    """Absolute magnitudes and colours of simulated stars without errors."""
    X, _ = simulate_clusters(
        1,
        log_age=log_age,
        a_v=0.0,
        distance_kpc=1.0,
        metallicity=metallicity,
        n_stars=n,
        effects=Effects.none().but(**effects),
        random_state=seed,
    )
    stars = stars_of(X)
    return stars["phot_g_mean_mag"] - distance_modulus(1.0), stars["bp_rp"]


#: Of stars as `PopulationGrid` assumes them, without those that are too faint.
AS_ASSUMED = {"binary_fraction": 0.6, "massive_star_loss": 0.5, "faint_limit": 18.0}


@given(st.floats(3e-5, 300.0))
def test_codes_are_within_four_per_cent(value: float) -> None:
    decoded = DENSITY_OF_CODE[encode(np.array([value]))[0]]
    assert decoded == pytest.approx(value, rel=0.033)


def test_no_density_is_no_density() -> None:
    assert (DENSITY_OF_CODE[encode(np.array([0.0, -1.0, 1e-6]))] == 0).all()
    assert (np.diff(DENSITY_OF_CODE) > 0).all()
    assert (encode(DENSITY_OF_CODE.astype(float)) == np.arange(256)).all()


@given(AGES, METALLICITIES, REDDENINGS, SCATTERS)
def test_integrates_to_one_but_for_stars_that_dust_moves_off_the_faint_end(
    age: float, metallicity: float, reddening: int, scatter: int
) -> None:
    population = density_map(age, metallicity, reddening, scatter)
    low = 0.97 if reddening == 0 else 0.75
    assert low < population.sum() * CELL < 1.03
    assert (population >= 0).all()


@given(AGES, METALLICITIES, REDDENINGS, st.integers(40, 150))
def test_share_and_colour_are_those_of_the_map(
    age: float, metallicity: float, reddening: int, row: int
) -> None:
    grid = PopulationGrid.load()
    theta = [age], [metallicity], [reddening]
    population = density_map(age, metallicity, reddening, 0)
    edge = AXES.g.values[[row]] + AXES.g.step / 2
    expected = population[: row + 1].sum() * CELL
    np.testing.assert_allclose(grid.share_brighter(*theta, edge), expected, atol=3e-3)
    # Colours are interpolated between ages, not weighted by the numbers of stars.
    dwarfs = population[110] @ AXES.bp_rp.values / population[110].sum()
    assert grid.mean_colour(*theta, AXES.g.values[[110]])[0] == pytest.approx(dwarfs, abs=0.05)


def test_share_brighter_rises_from_nothing_to_all() -> None:
    limits = np.linspace(-20, 20, 200)
    brighter = PopulationGrid.load().share_brighter
    share = [brighter([8.3], [0.1], [1], limits[k : k + 1])[0] for k in range(200)]
    assert share[0] == 0
    assert (np.diff(share) >= 0).all()
    # Reddened dwarfs leave the grid at the faint end.
    assert 0.95 < share[-1] < 1


@given(
    st.integers(0, len(AXES.log_age) - 2),
    st.integers(0, len(AXES.metallicity) - 2),
    st.integers(0, len(AXES.g) - 2),
    st.integers(0, len(AXES.bp_rp_offset) - 3),
    SCATTERS,
)
def test_interpolates_between_nodes_along_the_sequence(
    i: int, j: int, row: int, column: int, scatter: int
) -> None:
    grid = PopulationGrid.load()
    age, metallicity = AXES.log_age.values, AXES.metallicity.values
    density_map(age[i] + 0.01, 0.0, 0, 0)  # reads the tables of both ages
    at_nodes = DENSITY_OF_CODE[
        grid.tables.codes[i : i + 2, j : j + 2, 0, scatter, row : row + 2, column : column + 2]
    ]
    centre = grid.tables.centre[i : i + 2, j : j + 2, row : row + 2]
    m_g, offset = AXES.g.values[row], AXES.bp_rp_offset.values[column]
    if row < len(AXES.g) - 2:
        node = density((age[i], metallicity[j], 0), m_g, centre[0, 0, 0] + offset, scatter)
        np.testing.assert_allclose(node, at_nodes[0, 0, 0, 0], rtol=3e-3, atol=2e-3)
    middle = [(v[k] + v[k + 1]) / 2 for v, k in ((age, i), (metallicity, j))]
    cell = m_g + AXES.g.step / 2, centre.mean() + offset + AXES.bp_rp_offset.step / 2
    interpolated = density((*middle, 0), *cell, scatter)
    np.testing.assert_allclose(interpolated, at_nodes.mean(), rtol=3e-3, atol=1e-3)


@pytest.mark.parametrize(("age", "metallicity"), [(8.25, 0.025), (9.03, 0.1), (9.45, -0.125)])
def test_populations_between_nodes_are_as_narrow_as_those_of_the_isochrones(
    age: float, metallicity: float
) -> None:
    """Interpolated isochrones, from which stars are simulated, are not wider in between."""
    m_g, bp_rp = simulated(3000, age, metallicity, binary_fraction=0.0)
    dwarfs = (m_g > 5) & (m_g < 8)
    seen = m_g[dwarfs], bp_rp[dwarfs]

    def mean_log_density(metallicity: float) -> float:
        return float(np.log(density((age, metallicity, 0), *seen) + 1e-3).mean())

    steps = np.array([-0.15, -0.075, 0.0, 0.075, 0.15])
    profile = np.array([mean_log_density(metallicity + step) for step in steps])
    assert np.argmax(profile) == 2
    assert (np.diff(profile) * [1, 1, -1, -1] > 0).all()


@given(
    AGES,
    st.one_of(st.floats(-1e4, AXES.g.start - 0.01), st.floats(9.3, 1e4)),
    st.one_of(st.floats(-1e4, AXES.bp_rp.start - 0.01), st.floats(3.4, 1e4)),
)
def test_there_is_nothing_outside_the_grid(age: float, m_g: float, bp_rp: float) -> None:
    points = [(m_g, 1.0), (5.0, bp_rp), (m_g, bp_rp)]
    assert (density((age, 0.0, 0), *np.transpose(points)) == 0).all()


def test_beyond_the_ends_of_age_and_metallicity_the_ends_are_taken() -> None:
    star = np.array([5.0]), np.array([0.8])
    np.testing.assert_array_equal(
        density((12.0, 3.0, 0), *star),
        density((AXES.log_age.values[-1], AXES.metallicity.values[-1], 0), *star),
    )


@pytest.mark.parametrize("reddening", [-1, len(AXES.reddening)])
def test_an_unknown_scale_of_reddening_is_refused(reddening: int) -> None:
    with pytest.raises(ValueError, match=rf"reddening must be within 0 to 3; got {reddening}\."):
        density((9.0, 0.0, reddening), 5.0, 0.8)


@pytest.mark.parametrize("age", [8.0, 9.0, 9.6])
@pytest.mark.parametrize("metallicity", [-0.3, 0.0, 0.3])
def test_stars_lie_on_the_isochrone_and_equal_binaries_above_it(
    age: float, metallicity: float
) -> None:
    points = isochrone(age, metallicity)
    # Dwarfs of half to 0.85 solar masses, which age does not change.
    dwarfs = points[points["mass"].between(0.55, 0.85)]
    g, colour = dwarfs["phot_g_mean_mag"].to_numpy(), dwarfs["bp_rp"].to_numpy()
    offsets = np.arange(-1.5, 0.6, 0.05)
    along = [density((age, metallicity, 0), g + offset, colour).mean() for offset in offsets]
    assert offsets[np.argmax(along)] == pytest.approx(0, abs=0.1)
    # Two equal stars are 0.753 mag brighter than one; no two stars are brighter than that.
    binaries, above, below = np.interp([-0.72, -1.1, 0.4], offsets, along)
    assert binaries > 10 * above
    assert binaries > 10 * below


def test_differential_reddening_is_one_sided() -> None:
    populations = [density_map(9.0, 0.0, k, 0)[:130] for k in range(len(AXES.reddening))]
    colours = [(p @ AXES.bp_rp.values).sum() / p.sum() for p in populations]
    assert (np.diff(colours) > 0.02).all()
    # The blue edge of the main sequence hardly moves.
    row = populations[0][115], populations[2][115]
    edges = [AXES.bp_rp.values[np.argmax(np.cumsum(r) > 0.02 * r.sum())] for r in row]
    assert edges[1] - edges[0] < 0.06


def test_dust_in_front_of_stars_is_half_normal() -> None:
    grid = PopulationGrid.load()
    limits = np.linspace(-2, 8, 21)
    # A_G is 0.85 A_V, E(BP-RP) 0.44 A_V. Midpoints of 200 equally likely intervals.
    deviates = halfnorm.ppf((np.arange(200) + 0.5) / 200)
    for k, scale in enumerate(AXES.reddening):
        theta = np.full(200, 8.6), np.full(200, 0.1)
        dust = scale * deviates
        clean = [grid.share_brighter(*theta, np.full(200, 0), m - 0.85 * dust) for m in limits]
        dusty_shares = [grid.share_brighter([8.6], [0.1], [k], np.array([m]))[0] for m in limits]
        np.testing.assert_allclose(dusty_shares, np.mean(clean, axis=1), atol=3e-3)
        plain, dusty = (density_map(8.6, 0.1, reddening, 2) for reddening in (0, k))
        moved = [
            shift(plain, (0.85 * a_v / AXES.g.step, 0.44 * a_v / AXES.bp_rp.step), order=1)
            for a_v in dust[2::5]
        ]
        difference = np.abs(np.mean(moved, axis=0) - dusty)[:150].sum() / dusty[:150].sum()
        assert difference < 0.03


@pytest.mark.parametrize("scatter", [1, 2])
def test_scatter_widens_the_sequence_by_its_variance(scatter: int) -> None:
    def variance(j: int) -> Floats:
        rows = density_map(8.6, 0.1, 0, j)[80:150]
        mean = rows @ AXES.bp_rp.values / rows.sum(axis=1)
        return rows @ AXES.bp_rp.values**2 / rows.sum(axis=1) - mean**2

    added = AXES.scatter[scatter] ** 2 - AXES.scatter[0] ** 2
    assert np.median(variance(scatter) - variance(0)) == pytest.approx(added, rel=0.12)


@pytest.mark.parametrize("age", [7.0, 8.6, 9.6])
def test_as_many_stars_of_each_brightness_as_are_simulated(age: float) -> None:
    n = 40_000
    m_g, bp_rp = simulated(n, age, seed=1, **AS_ASSUMED)
    limits = np.arange(1.0, 9.0)
    theta = np.full(8, age), np.zeros(8), np.zeros(8, dtype=int)
    share = PopulationGrid.load().share_brighter(*theta, limits)
    share /= share[-1]
    seen_share = (m_g[:, None] < limits).mean(axis=0)
    np.testing.assert_allclose(seen_share, share, atol=4 * 0.5 / np.sqrt(n))
    # Binaries lie redder than single stars of their brightness.
    population = density_map(age, 0.0, 0, 0)
    for low in (115, 135):
        rows = population[low : low + 10].sum(axis=0)
        edges = AXES.g.values[[low, low + 10]] - AXES.g.step / 2
        inside = (m_g >= edges[0]) & (m_g < edges[1])
        expected = np.array([(rows * AXES.bp_rp.values**p).sum() / rows.sum() for p in (1, 2)])
        seen = bp_rp[inside]
        assert seen.mean() == pytest.approx(expected[0], abs=0.015)
        spread = np.sqrt(expected[1] - expected[0] ** 2)
        assert np.hypot(seen.std(), AXES.scatter[0]) == pytest.approx(spread, rel=0.05)


@pytest.mark.parametrize("age", [7.6, 8.4, 9.0, 9.5])
def test_simulated_stars_are_likeliest_at_their_own_age(age: float) -> None:
    m_g, bp_rp = simulated(400, age, **AS_ASSUMED)
    ages = age + np.array([-0.3, -0.15, 0.0, 0.15, 0.3])
    densities = [density((a, 0.0, 0), m_g, bp_rp) for a in ages]
    likelihood = np.log(np.maximum(densities, 1e-6)).sum(axis=1)
    assert np.argmax(likelihood) == 2
    assert (np.array(densities[2]) > 1e-3).mean() > 0.97
