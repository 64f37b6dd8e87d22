"""Observe true magnitudes and parallaxes with Gaia EDR3."""

import numpy as np

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.datasets.simulation._effects import Effects
from skcluster.gaia import Band, parallax_error, photometric_error

# BP fluxes below about one electron per second are overestimated (Riello et al. 2021, section 8.1),
# as if a source of this magnitude were added.
_BP_EXCESS_MAGNITUDE = 22.8

# Scatter of the parallax error (dex) between parts of the sky and between stars, in the lists of
# Almeida, Monteiro & Dias 2023.
_SKY_SPREAD, _STAR_SPREAD = 0.10, 0.05


def observe_photometry(true: FloatArray, effects: Effects, rng: np.random.Generator) -> FloatArray:
    """Return magnitudes as Gaia measures them, shape (3, n_stars): G, BP, RP."""
    seen = true.copy()
    if effects.faint_bp_bias > 0:
        excess = effects.faint_bp_bias * 10 ** (0.4 * (true[1] - _BP_EXCESS_MAGNITUDE))
        seen[1] -= 2.5 * np.log10(1 + excess)
    if effects.photometric_errors > 0:
        bands: tuple[Band, ...] = ("g", "bp", "rp")
        sigma = np.stack([photometric_error(m, b) for m, b in zip(seen, bands, strict=True)])
        seen += effects.photometric_errors * sigma * rng.standard_normal(seen.shape)
    if effects.colour_scatter > 0:
        half = 0.5 * effects.colour_scatter * rng.standard_normal(seen.shape[1])
        seen[1] += half
        seen[2] -= half
    return seen


def observe_parallax(
    distance_kpc: FloatArray,
    g: FloatArray,
    cluster: IntArray,
    n_clusters: int,
    effects: Effects,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Return parallaxes and their errors as Gaia measures them (mas)."""
    spread = _SKY_SPREAD * rng.standard_normal(n_clusters)[cluster]
    spread += _STAR_SPREAD * rng.standard_normal(len(g))
    error = parallax_error(g) * 10**spread
    scatter = effects.parallax_zero_point_scatter * rng.standard_normal(n_clusters)
    zero_point = effects.parallax_zero_point + scatter[cluster]
    noise = np.hypot(effects.parallax_errors * error, effects.parallax_floor)
    parallax = 1 / distance_kpc + zero_point + noise * rng.standard_normal(len(g))
    return parallax, error


def observed_columns(
    true: FloatArray,
    distance_kpc: FloatArray,
    cluster: IntArray,
    n_clusters: int,
    effects: Effects,
    rng: np.random.Generator,
) -> dict[str, FloatArray]:
    """Return magnitudes, colours and parallaxes of stars under the Gaia archive's names."""
    g, bp, rp = observe_photometry(true, effects, rng)
    parallax, error = observe_parallax(distance_kpc, g, cluster, n_clusters, effects, rng)
    return {
        "phot_g_mean_mag": g,
        "bp_rp": bp - rp,
        "phot_bp_mean_mag": bp,
        "phot_rp_mean_mag": rp,
        "parallax": parallax,
        "parallax_error": error,
    }


def membership_probability(
    member: BoolArray, g: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw membership probabilities as in published lists, 0.51 to 1.

    They are near 1 for bright members, scattered for faint ones, and lower for field stars.
    """
    doubt = np.where(member, np.clip(0.25 + 0.25 * (g - 14), 0.25, 1.25), 2.0)
    return 1 - 0.49 * rng.random(len(g)) ** (4 / doubt)
