"""What is made of the columns of a list before its likelihood."""

import numpy as np
import pytest

from skcluster.clusters import stars_of
from skcluster.clusters._stars import clusters_from_flat
from skcluster.inference import Parameters, StarLikelihood
from skcluster.inference._potential import Potential, Potentials
from skcluster.inference._regressor import NormalPrediction

MEAN = np.array([8.5, 1.0, 7.0])


def one(mean=MEAN, **columns: object) -> Potential | None:
    values = {name: np.asarray(column, dtype=float) for name, column in columns.items()}
    n = max(len(column) for column in values.values())
    values = {"phot_g_mean_mag": np.full(n, 15.0), "bp_rp": np.full(n, 1.0), **values}
    stars = stars_of(clusters_from_flat(values, [0, n]))
    prediction = NormalPrediction(np.atleast_2d(mean), np.full((1, 3), 0.1))
    return Potentials.of(stars, prediction, 18.0, 0.3, {"saturation": 60.0}, {})[0]


def test_errors_of_colours_come_from_both_fluxes():
    ratios = {
        "phot_bp_mean_flux_over_error": [100, 50, 0, np.nan],
        "phot_rp_mean_flux_over_error": [200, 50, 100, 100],
    }
    errors = 2.5 / np.log(10) * np.hypot([0.01, 0.02], [0.005, 0.02])
    colours = np.array([0.9, 1.0, 1.1, 1.2])
    options = {"faint_limit": 16.1, "saturation": 60.0}
    own = StarLikelihood(
        np.full(4, 15.0), colours, colour_error=[*errors, *[np.nan] * 2], **options
    )
    typical = StarLikelihood(np.full(4, 15.0), colours, **options)
    bp = "phot_bp_mean_flux_over_error"
    for columns, expected in ((ratios, own), ({bp: ratios[bp]}, typical)):
        likelihood = one(bp_rp=colours, **columns).likelihood
        theta = Parameters.of(8.5, 1.0, [7.0, 8.0, 9.0])
        np.testing.assert_array_equal(
            likelihood.member_density(theta), expected.member_density(theta)
        )


def test_dwarfs_that_are_too_faint_for_isochrones_are_not_used():
    g = np.linspace(10, 17.9, 80)
    assert one(phot_g_mean_mag=g).likelihood.faint_limit == pytest.approx(8.3 + 7.0 + 0.8)
    far = one(np.array([8.5, -1.0, 12.0]), phot_g_mean_mag=g)
    assert far.likelihood.faint_limit == 18
    # With fewer than four brighter stars, all that the list has.
    for n_bright, limit in ((3, 18.0), (4, 16.1)):
        few = np.r_[np.full(n_bright, 16.0), np.full(9, 17.9)]
        assert one(phot_g_mean_mag=few).likelihood.faint_limit == pytest.approx(limit)


def test_without_a_star_or_a_prediction_there_is_no_potential():
    assert one(phot_g_mean_mag=[18.5, 19.0]) is None
    assert one(np.array([np.nan, 1.0, 7.0]), phot_g_mean_mag=[15.0]) is None


def test_a_prior_has_some_width():
    assert one(phot_g_mean_mag=[15.0]).prior.spread.tolist() == [0.1] * 3
    stars = stars_of(clusters_from_flat({"phot_g_mean_mag": [15.0], "bp_rp": [1.0]}, [0, 1]))
    sure = NormalPrediction(MEAN[None], np.zeros((1, 3)))
    assert Potentials.of(stars, sure, 18.0, 0.3, {}, {})[0].prior.spread.tolist() == [0.01] * 3
