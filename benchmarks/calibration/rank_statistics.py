"""Simulation-based calibration: ranks of true parameters among draws of their posterior.

Parameters are drawn from the prior, stars are simulated from them, and the posterior given these
stars is sampled. If likelihood and sampling are correct, the rank of the true value among the
draws is uniformly distributed (Talts et al. 2018, arXiv:1804.06788). The stars come from isochrones
interpolated to the parameters, not from the densities of the likelihood, so that errors of these
between their ages and metallicities show.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import kstest
from sklearn.utils.parallel import Parallel, delayed

from skcluster.clusters import stars_of
from skcluster.datasets import Effects, simulate_clusters
from skcluster.inference import Parameters, Potential, StarLikelihood
from skcluster.inference._cluster_posterior import sample_posterior

# The prior and the sampler are what is tested; users reach them through IsochronePosterior.
from skcluster.inference._prior import Prior
from skcluster.photometry import distance_from_modulus

Floats = npt.NDArray[np.floating[Any]]

LABELS = {
    "log_age": "log age",
    "a_v": "$A_V$",
    "distance_modulus": "distance modulus",
    "metallicity": "[M/H]",
}
#: Mean and spread of log age, A_V and distance modulus in the prior.
PRIOR = ((8.6, 0.9, 10.5), (0.4, 0.3, 0.3))
#: Of the scales of differential reddening, only that of none: simulated ones vary continuously.
REDDENING_PRIOR = (1.0, 0.0, 0.0, 0.0)
N_STARS = 100
N_DRAWS = 4096
#: Faint limit, and ends of the field stars' magnitudes and colours, which are uniform (mag).
FIELD = ((8.0, 18.0), (-0.5, 3.5))
FIELD_DENSITY = 1 / np.prod([high - low for low, high in FIELD])


def draw_parameters(prior: Prior, rng: np.random.RandomState) -> Parameters:
    """One set of parameters from the prior within its support."""
    while True:
        theta = prior.draw(rng.uniform(1e-6, 1 - 1e-6, (1, Prior.N_DEVIATES)))
        if prior.supports(theta)[0]:
            return theta


def draw_members(theta: Parameters, n_stars: int, rng: np.random.RandomState) -> Any:
    """Magnitudes and colours of members as the likelihood assumes them: binaries and errors."""
    effects = Effects()
    assumed = ("binary_fraction", "massive_star_loss", "photometric_errors", "colour_scatter")
    X, _ = simulate_clusters(
        1,
        log_age=theta.log_age[0],
        a_v=theta.a_v[0],
        distance_kpc=distance_from_modulus(theta.distance_modulus[0]),
        metallicity=theta.metallicity[0],
        n_stars=n_stars,
        effects=Effects.none().but(
            **{name: getattr(effects, name) for name in (*assumed, "faint_limit")}
        ),
        random_state=rng,
    )
    stars = stars_of(X)
    return stars["phot_g_mean_mag"].copy(), stars["bp_rp"] + theta.colour_zero_point[0]


def draw_stars(theta: Parameters, rng: np.random.RandomState) -> tuple[Floats, Floats]:
    """Magnitudes and colours of members and field stars."""
    share = 1 / (1 + np.exp(-theta.log_field_odds[0]))
    n_field = rng.binomial(N_STARS, share)
    g, bp_rp = draw_members(theta, N_STARS, rng)
    g[:n_field] = rng.uniform(*FIELD[0], n_field)
    bp_rp[:n_field] = rng.uniform(*FIELD[1], n_field)
    return g, bp_rp


def simulate(seed: int, n_draws: int) -> Floats:
    """Ranks of the true continuous parameters, between 0 and 1, and the effective draws."""
    rng = np.random.RandomState(seed)
    prior = Prior(np.array(PRIOR[0]), np.array(PRIOR[1]), reddening_prior=REDDENING_PRIOR)
    theta = draw_parameters(prior, rng)
    likelihood = StarLikelihood(
        *draw_stars(theta, rng), faint_limit=FIELD[0][1], tempering=1, saturation=np.inf
    )
    likelihood.field_density = np.full(N_STARS, FIELD_DENSITY, dtype=np.float32)
    posterior = sample_posterior(Potential(likelihood, prior), n_draws, seed)
    below = posterior.parameters.continuous < theta.continuous
    return np.append(posterior.weights @ below, posterior.effective_size)


def rank_statistics(n_simulations: int) -> tuple[pd.DataFrame, Floats]:
    """Whether the ranks are uniform, and the ranks themselves.

    Returns
    -------
    table : DataFrame
        A line a parameter: p-value of the Kolmogorov-Smirnov test, and counts in ten equal bins.
    ranks : ndarray of shape (n_simulations, 4)
    """
    found = np.array(
        Parallel(n_jobs=2)(delayed(simulate)(seed, N_DRAWS) for seed in range(n_simulations))
    )
    ranks, effective = found[:, : len(LABELS)], found[:, -1]
    few, middle = np.quantile(effective, [0.05, 0.5])
    print(f"effective draws: median {middle:.0f}, 5 per cent below {few:.0f}")
    lines = [
        {
            "parameter": name,
            "KS p": round(float(kstest(column, "uniform").pvalue), 3),
            "counts in ten bins": " ".join(map(str, np.histogram(column, 10, (0, 1))[0])),
        }
        for name, column in zip(LABELS, ranks.T, strict=True)
    ]
    return pd.DataFrame(lines), ranks


def draw_ranks(ranks: Floats, file: Path) -> None:
    """Histograms of the ranks, with the band that nine in ten bins of uniform ranks are in."""
    n_bins = 20
    expected = len(ranks) / n_bins
    spread = 1.645 * np.sqrt(expected * (1 - 1 / n_bins))
    figure = Figure(figsize=(13, 3.4), layout="constrained")
    for axes, column, label in zip(figure.subplots(1, 4), ranks.T, LABELS.values(), strict=True):
        axes.axhspan(expected - spread, expected + spread, color="#cccccc", linewidth=0)
        axes.hist(column, n_bins, range=(0, 1), histtype="step", color="#0072B2", linewidth=1.5)
        axes.set(title=label, xlabel="rank of the truth", xlim=(0, 1))
    figure.savefig(file, dpi=110)
