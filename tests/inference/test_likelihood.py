"""The likelihood is what its formulas say, star by star."""

from typing import Any

import numpy as np
import pytest
from common.populations import density_map
from hypothesis import given
from hypothesis import strategies as st
from rank_statistics import draw_members
from scipy.stats import norm

from skcluster.gaia import bp_rp_error
from skcluster.inference import Parameters, StarLikelihood
from skcluster.inference._likelihood import DereddeningTable, _thinned
from skcluster.isochrones import PopulationGrid
from skcluster.isochrones._population_tables import AXES
from skcluster.photometry import deredden, extinction_coefficients

LAWS = st.sampled_from(["dr2", "edr3"])
#: Kernel of the field density, from the documentation: 1 mag in G, 0.3 mag in BP−RP.
KERNEL = (1.0, 0.3)


def theta(**changes: Any) -> Parameters:
    typical = {"log_age": 9.0, "a_v": 0.6, "distance_modulus": 10.0, "metallicity": 0.05}
    return Parameters.of(**(typical | changes))


def members(n: int, seed: int = 0, **changes: Any) -> Any:
    return draw_members(theta(**changes), n, np.random.RandomState(seed))


def slow_member_density(likelihood: StarLikelihood, one: Parameters) -> Any:
    """Of each star, straight from photometry and map."""
    a_v, modulus = one.a_v[0], one.distance_modulus[0]
    population = one.log_age[0], one.metallicity[0], int(one.reddening[0])
    grid, law = PopulationGrid.load(), likelihood.law
    # The share of the map's cells that are seen, each dimmed as its own colour is.
    colour = AXES.bp_rp.values[None]
    seen = AXES.g.values[:, None] + extinction_coefficients(colour, a_v, law).g * a_v + modulus
    cells = density_map(*population, 0) * AXES.g.step * AXES.bp_rp.step
    share = cells[seen < likelihood.faint_limit].sum()
    scatter = np.array(AXES.scatter)
    densities = []
    for g, bp_rp in zip(likelihood.g, likelihood.bp_rp, strict=True):
        wanted = np.hypot(bp_rp_error(g, bp_rp), 0.015)
        nearest = int(np.argmin(np.abs(np.log(scatter / wanted))))
        _, (low, high) = deredden([g, g], [bp_rp - 1e-3, bp_rp + 1e-3], a_v, law)
        m_g, intrinsic = deredden(g, bp_rp, a_v, law)
        ages, metals, reddenings = ([value] for value in population)
        star = np.array([[m_g - modulus]]), np.array([[intrinsic]])
        density = grid.density(ages, metals, reddenings, *star, [nearest])[0, 0]
        densities.append(density * (high - low) / 2e-3 / share)
    return np.array(densities)


def kernel_sum(g: Any, bp_rp: Any) -> Any:
    """Of all stars at each star, each a normal distribution."""
    stars = zip(g, bp_rp, strict=True)
    return sum(norm.pdf(g, a, KERNEL[0]) * norm.pdf(bp_rp, b, KERNEL[1]) for a, b in stars)


@pytest.mark.parametrize("law", ["dr2", "edr3"])
@pytest.mark.parametrize("a_v", [0.0, 0.6, 3.0])
def test_agrees_with_the_formulas_star_by_star(law: Any, a_v: float):
    one = theta(a_v=a_v, reddening=1)
    g, bp_rp = members(40, seed=1, a_v=a_v)
    probability = np.linspace(0.05, 0.95, 40)
    likelihood = StarLikelihood(
        g, bp_rp, probability=probability, law=law, tempering=0.3, saturation=20.0
    )
    g, bp_rp, p = likelihood.g, likelihood.bp_rp, probability[likelihood.stars]
    member = slow_member_density(likelihood, one)
    common = member > 0.02
    assert common.mean() > 0.7
    np.testing.assert_allclose(likelihood.member_density(one)[0][common], member[common], rtol=0.05)
    extent = max(np.ptp(g), 3.0) * max(np.ptp(bp_rp), 1.5)
    field = 0.8 * kernel_sum(g, bp_rp) / 40 + 0.2 / extent
    np.testing.assert_allclose(likelihood.field_density, field, rtol=0.1)
    odds = np.exp(one.log_field_odds[0]) * (1 - p) / p / 0.15
    share = odds / (1 + odds)
    np.testing.assert_allclose(likelihood.field_share(one.log_field_odds)[0], share, rtol=1e-5)
    weight = 0.3 / (1 + 2 * np.pi * KERNEL[0] * KERNEL[1] * kernel_sum(g, bp_rp) / 20)
    expected = weight @ np.log((1 - share) * member + share * field)
    assert likelihood.log_likelihood(one)[0] == pytest.approx(expected, abs=0.02 * weight.sum())


@pytest.mark.parametrize(("a_v", "reddening"), [(0.0, 0), (1.0, 0), (1.0, 2), (3.0, 1)])
@pytest.mark.parametrize("limit", [14.0, 18.0])
def test_members_brighter_than_the_limit_are_one_in_all(a_v: float, reddening: int, limit: float):
    step = 0.04, 0.02
    g, bp_rp = np.meshgrid(np.arange(4, limit, step[0]) + step[0] / 2, np.arange(-0.8, 5, step[1]))
    everywhere = StarLikelihood(g.ravel(), bp_rp.ravel(), faint_limit=limit)
    one = theta(a_v=a_v, reddening=reddening)
    assert everywhere.member_density(one).sum() * np.prod(step) == pytest.approx(1, abs=0.04)


@given(LAWS, st.floats(0, 8), st.floats(-0.4, 4.0), st.floats(5, 18))
def test_table_of_dereddening_agrees_with_photometry(law: Any, a_v: float, colour: float, g: float):
    table = DereddeningTable.load(law)
    rows = table.rows(np.array([a_v]))
    a_v = 0.02 * rows[0]
    bp_rp, a_g, log_jacobian = (float(v[0, 0]) for v in table.at(rows, np.array([colour])))
    m_g, intrinsic = deredden(g, colour, a_v, law)
    if intrinsic < -1:  # no star is as blue, nor is the grid of populations
        assert bp_rp < -0.9
        return
    assert bp_rp == pytest.approx(float(intrinsic), abs=2e-3)
    assert g - a_g == pytest.approx(float(m_g), abs=2e-3)
    _, (low, high) = deredden([g, g], [colour - 0.02, colour + 0.02], a_v, law)
    assert np.exp(log_jacobian) == pytest.approx((high - low) / 0.04, rel=0.05)


@pytest.mark.parametrize(("colour", "column"), [(-5.0, 0), (20.0, -1)])
def test_colours_beyond_the_table_of_dereddening_have_the_values_at_its_end(colour, column):
    table = DereddeningTable.load("edr3")
    rows = table.rows(np.array([0.0, 2.0]))
    for looked_up, values in zip(
        table.at(rows, np.array([colour])), vars(table).values(), strict=True
    ):
        np.testing.assert_allclose(looked_up[:, 0], values[rows, column], atol=1e-3)


@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_the_order_of_stars_makes_no_difference(random: Any, n: int):
    g, bp_rp = members(n, seed=n)
    rng = np.random.RandomState(n)
    p = rng.uniform(size=n)
    order = np.array(random.sample(range(n), n))
    first = StarLikelihood(g, bp_rp, probability=p)
    second = StarLikelihood(g[order], bp_rp[order], probability=p[order])
    some = theta(log_age=[8.5, 9.0, 9.5])
    np.testing.assert_array_equal(first.log_likelihood(some), second.log_likelihood(some))
    np.testing.assert_array_equal(order[second.stars], first.stars)
    np.testing.assert_array_equal(g[first.stars], first.g)


def test_unlikely_members_say_less():
    g, bp_rp = members(60)
    others, more = np.full(60, 0.8), (0.01, 0.3, 0.99)
    # A star far from the isochrone, and one on it.
    for star, sign in (((12.0, 3.0), -1), ((g[30], bp_rp[30]), 1)):
        stars = np.append(g, star[0]), np.append(bp_rp, star[1])
        log_likelihoods = [
            StarLikelihood(*stars, probability=np.append(others, p)).log_likelihood(theta())[0]
            for p in more
        ]
        assert (sign * np.diff(log_likelihoods) > 0).all()


def test_an_unknown_probability_is_that_of_a_typical_star():
    g, bp_rp = members(3)
    odds = np.log([0.1, 1.0])
    typical = StarLikelihood(g, bp_rp, probability=np.full(3, 1 / 1.15)).field_share(odds)
    np.testing.assert_allclose(typical, np.repeat([[1 / 11], [1 / 2]], 3, axis=1), rtol=1e-5)
    for unknown in (None, np.full(3, np.nan)):
        field_share = StarLikelihood(g, bp_rp, probability=unknown).field_share(odds)
        np.testing.assert_allclose(field_share, typical, rtol=1e-5)
    share = StarLikelihood(g, bp_rp, probability=[0.0, 0.5, 1.0]).field_share(odds)
    assert (share > 0).all()
    assert (share < 1).all()


def test_stars_beyond_the_limit_are_not_used():
    g, bp_rp = members(50)
    limit = float(np.sort(g)[30])
    some = theta(log_age=[8.8, 9.0])
    limited = StarLikelihood(g, bp_rp, faint_limit=limit)
    assert len(limited.stars) == 30
    assert limited.g.max() < limit
    bright = g < limit
    alone = StarLikelihood(g[bright], bp_rp[bright], faint_limit=limit)
    np.testing.assert_array_equal(limited.log_likelihood(some), alone.log_likelihood(some))


def test_larger_errors_forgive_stars_beside_the_isochrone():
    g, bp_rp = members(40, a_v=0.0)
    dwarf = np.argmin(np.abs(g - 15.0))
    star = np.full(2, g[dwarf]), np.full(2, bp_rp[dwarf] - 0.12)
    density = StarLikelihood(*star, colour_error=[0.005, 0.1]).member_density(theta(a_v=0.0))[0]
    assert density[1] > 3 * density[0]
    typical = StarLikelihood(*star, colour_error=[np.nan, 0.0]).member_density(theta(a_v=0.0))
    np.testing.assert_array_equal(typical, StarLikelihood(*star).member_density(theta(a_v=0.0)))


def test_similar_stars_saturate():
    g, bp_rp = np.full(1000, 14.0), np.full(1000, 0.8)
    one = theta(a_v=0.0)
    single = StarLikelihood(g[:1], bp_rp[:1], tempering=1, saturation=np.inf)
    expected = single.log_likelihood(one)[0]

    def worth(n: int, saturation: float) -> float:
        likelihood = StarLikelihood(g[:n], bp_rp[:n], tempering=1, saturation=saturation)
        likelihood.field_density = np.full(n, single.field_density[0])
        return likelihood.log_likelihood(one)[0] / expected

    assert worth(1000, saturation=np.inf) == pytest.approx(1000, rel=1e-3)
    assert worth(1, saturation=30.0) == pytest.approx(30 / 31, rel=0.01)
    assert worth(30, saturation=30.0) == pytest.approx(15, rel=0.05)
    assert worth(1000, saturation=30.0) == pytest.approx(1000 / (1 + 1000 / 30), rel=0.05)


def test_thinning_hardly_changes_the_likelihood(monkeypatch):
    g, bp_rp = members(3000)
    some = theta(log_age=[8.8, 8.9, 9.0, 9.1])
    likelihoods = []
    for most in (400, 3000):
        monkeypatch.setattr("skcluster.inference._likelihood._MOST_STARS", most)
        likelihood = StarLikelihood(g, bp_rp)
        assert len(likelihood._chosen) == most
        likelihoods.append(likelihood.log_likelihood(some))
    total = likelihood._chosen_weight.sum()
    np.testing.assert_allclose(*likelihoods, atol=0.1 * total)
    np.testing.assert_allclose(*np.diff(likelihoods), atol=0.05 * total)


@given(st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=80), st.integers(1, 60))
def test_thinning_keeps_the_sum_of_the_weights(weights: list[float], most: int):
    weight = np.array(weights)
    chosen, kept = _thinned(weight, most)
    assert len(chosen) == len(kept) == min(most, len(weight))
    assert (np.diff(chosen) > 0).all()
    assert (kept >= weight[chosen] * (1 - 1e-9)).all()
    assert kept.sum() == pytest.approx(weight.sum(), rel=1e-6)


G, COLOUR = [14.0, 15.0], [0.8, 1.0]


@pytest.mark.parametrize(
    ("stars", "options", "message"),
    [
        (([], []), {}, "No star is brighter than the faint limit, G = 18"),
        (([18.0], [1.0]), {}, "No star is brighter than the faint limit"),
        ((G, [0.8]), {}, r"bp_rp must have one number per star, so shape \(2,\); got \(1,\)"),
        (([G], [COLOUR]), {}, "g must have one number per star"),
        ((G, [0.8, np.nan]), {}, "bp_rp must be finite, but that of star 1 is nan"),
        (([np.nan, 15.0], COLOUR), {}, "g must be finite, but that of star 0 is nan"),
        ((G, COLOUR), {"probability": [0.5]}, "probability must have one number per star"),
        ((G, COLOUR), {"probability": [50, np.nan]}, "within 0 to 1, but that of star 0 is 50"),
        ((G, COLOUR), {"probability": [1.0000001, 1]}, r"but that of star 0 is 1\.0000001\."),
        ((G, COLOUR), {"probability": [1, -0.5]}, "within 0 to 1, but that of star 1 is -0.5"),
        ((G, COLOUR), {"colour_error": [0.1] * 3}, "colour_error must have one number per star"),
        ((G, COLOUR), {"law": "dr3"}, "'law' parameter"),
        ((G, COLOUR), {"release": "dr3"}, "'release' parameter"),
        ((G, COLOUR), {"tempering": 0.0}, "'tempering' parameter"),
        ((G, COLOUR), {"saturation": -1}, "'saturation' parameter"),
        ((G, COLOUR), {"faint_limit": "18"}, "'faint_limit' parameter"),
    ],
)
def test_bad_input_is_refused(stars: Any, options: Any, message: str):
    with pytest.raises(ValueError, match=message):
        StarLikelihood(*stars, **options)


def test_parameters_must_be_finite_and_on_the_list():
    with pytest.raises(ValueError, match="a_v must be finite; got nan"):
        theta(a_v=[0.1, np.nan])
    with pytest.raises(ValueError, match="log_age must be finite; got inf"):
        theta(log_age=np.inf)
    g, bp_rp = members(3)
    with pytest.raises(ValueError, match="reddening must be within 0 to 3"):
        StarLikelihood(g, bp_rp).log_likelihood(theta(reddening=4))


def test_sets_of_parameters_are_evaluated_alike_alone_and_together():
    likelihood = StarLikelihood(*members(100))
    some = theta(log_age=np.linspace(8, 9.5, 700), a_v=np.linspace(0, 1, 700))
    together = likelihood.log_likelihood(some)
    assert len(some) == 700
    alone = [likelihood.log_likelihood(some[k : k + 1])[0] for k in (0, 350, 699)]
    np.testing.assert_allclose(together[[0, 350, 699]], alone, rtol=1e-6)
