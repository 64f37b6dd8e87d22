"""Simulate the stars of a block of clusters as flat arrays, and observe them with Gaia EDR3."""

from dataclasses import dataclass

import numpy as np

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.datasets.simulation._disc import draw_field, field_counts
from skcluster.datasets.simulation._effects import Effects
from skcluster.gaia import Band, parallax_error, photometric_error
from skcluster.isochrones import IsochroneGrid
from skcluster.isochrones._masses_and_binaries import MASS_RATIO_RANGE, kroupa
from skcluster.photometry import Law, distance_modulus, extinction_coefficients

# A binary of equal stars is brighter than one of them by this (mag).
_TWICE = 2.5 * np.log10(2)
_OLDEST_WITHOUT_STRAGGLERS = 8.5

# BP fluxes below about one electron per second are overestimated (Riello et al. 2021, section 8.1),
# as if a source of this magnitude were added.
_BP_EXCESS_MAGNITUDE = 22.8

# Scatter of the parallax error (dex) between parts of the sky and between stars, in the lists of
# Almeida, Monteiro & Dias 2023.
_SKY_SPREAD, _STAR_SPREAD = 0.10, 0.05


@dataclass(frozen=True)
class Parameters:
    """True parameters of clusters, each an array of shape (n_clusters,)."""

    log_age: FloatArray
    a_v: FloatArray
    distance_kpc: FloatArray
    metallicity: FloatArray
    n_stars: IntArray

    def __len__(self) -> int:
        return len(self.log_age)


@dataclass(frozen=True)
class _Stars:
    """Stars before the observation: apparent magnitudes, shape (3, n_stars), and distances."""

    cluster: IntArray
    magnitudes: FloatArray
    distance_kpc: FloatArray


def apparent(
    absolute: FloatArray, distance_kpc: FloatArray, a_v: FloatArray, law: Law
) -> FloatArray:
    """Return apparent magnitudes from absolute ones: G, BP and RP along the first axis."""
    k = extinction_coefficients(absolute[1] - absolute[2], a_v, law)
    return absolute + np.stack(k) * a_v + distance_modulus(distance_kpc)


class Simulation:
    """The stars of a block of clusters, whose random numbers are drawn in the order of calls."""

    def __init__(self, parameters: Parameters, effects: Effects, rng: np.random.Generator) -> None:
        self.clusters, self.effects, self.rng = parameters, effects, rng
        self.isochrones = IsochroneGrid.load().interpolate(
            parameters.log_age, parameters.metallicity
        )

    def stars(self) -> tuple[dict[str, FloatArray], IntArray]:
        """Return the catalogue's columns of members and field stars, and numbers of stars."""
        clusters, effects, rng = self.clusters, self.effects, self.rng
        n_field = field_counts(clusters.n_stars, clusters.distance_kpc, effects.field_fraction, rng)
        members = self.members(clusters.n_stars - n_field)
        row = np.repeat(np.arange(len(clusters)), n_field)
        absolute, distance, a_v = draw_field(
            row, clusters.distance_kpc, clusters.a_v, effects.faint_limit, rng
        )
        field = _Stars(row, apparent(absolute, distance, a_v, effects.law), distance)
        cluster = np.concatenate([members.cluster, field.cluster])
        order = np.argsort(cluster, kind="stable")
        true = np.concatenate([members.magnitudes, field.magnitudes], axis=1)[:, order]
        distance = np.concatenate([members.distance_kpc, field.distance_kpc])[order]
        member = (np.arange(len(cluster)) < len(members.cluster))[order]
        cluster = cluster[order]
        columns = observed_columns(true, distance, cluster, len(clusters), effects, rng)
        columns["probability"] = _probability(member, columns["phot_g_mean_mag"], rng)
        counts = np.bincount(cluster, minlength=len(clusters))
        self.refuse_empty(counts)
        return {name: values.astype(np.float32) for name, values in columns.items()}, counts

    def refuse_empty(self, counts: IntArray) -> None:
        """Refuse clusters without a star brighter than the limit, of so many."""
        if counts.all():
            return
        i, clusters = int(np.argmin(counts)), self.clusters
        raise ValueError(
            f"A cluster of {clusters.n_stars[i]} stars, log age {clusters.log_age[i]:.2f}, at "
            f"{clusters.distance_kpc[i]:.2f} kpc with A_V = {clusters.a_v[i]:.2f} mag has no "
            f"star brighter than G = {self.effects.faint_limit:g}, the faint_limit."
        )

    def members(self, n_members: IntArray) -> _Stars:
        """Draw members bright enough to be seen, about as many per cluster as wanted."""
        clusters, effects, rng = self.clusters, self.effects, self.rng
        masses = kroupa(effects.massive_star_loss)
        lowest, single, highest = masses.rank(np.stack(self.mass_bounds()))
        # Enough that sufficient stars remain after the magnitude limit nearly always, with a
        # seventh more for differential reddening.
        visible = 0.85 * (highest - single) / np.maximum(highest - lowest, 1e-12)
        loss = np.isfinite(effects.faint_limit)
        wanted = n_members / np.maximum(visible * (1 - 0.5 * effects.incompleteness), 0.05)
        n_drawn = np.ceil(wanted + 3 * np.sqrt(wanted)).astype(np.int64) if loss else n_members
        cluster = np.repeat(np.arange(len(clusters)), n_drawn)
        ranks = lowest[cluster] + (highest - lowest)[cluster] * rng.random(len(cluster))
        mass = masses.mass(ranks)
        absolute = self.isochrones.at(cluster, np.log10(mass))
        self.make_blue_stragglers(absolute, cluster)
        self.add_companions(absolute, mass, cluster)
        distance = clusters.distance_kpc[cluster]
        if effects.depth > 0:
            depth = 1e-3 * effects.depth * rng.standard_normal(len(cluster))
            distance = np.maximum(distance + depth, 0.5 * distance)
        a_v = clusters.a_v[cluster]
        if effects.differential_reddening > 0:
            scale = effects.differential_reddening * clusters.a_v
            scale *= rng.gamma(2.0, 0.5, len(clusters))
            a_v = a_v + scale[cluster] * np.abs(rng.standard_normal(len(cluster)))
        seen = apparent(absolute, distance, a_v, effects.law)
        if not loss:
            return _Stars(cluster, seen, distance)
        lost = effects.incompleteness * 0.5 ** (effects.faint_limit - seen[0])
        kept = np.flatnonzero((seen[0] < effects.faint_limit) & (rng.random(len(mass)) >= lost))
        first = np.searchsorted(cluster[kept], np.arange(len(clusters)))
        kept = kept[np.arange(len(kept)) - first[cluster[kept]] < n_members[cluster[kept]]]
        return _Stars(cluster[kept], seen[:, kept], distance[kept])

    def mass_bounds(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return mass bounds per cluster (solar masses).

        They are the lowest mass that an equal-mass companion can lift above the limit, that of the
        faintest visible star without one, and the highest.
        """
        distance, a_v = self.clusters.distance_kpc[:, None], self.clusters.a_v[:, None]
        # Every fourth point, and the last one, locate the limit well enough.
        points = np.r_[0 : self.isochrones.log_mass.shape[1] : 4, -1]
        log_mass = self.isochrones.log_mass[:, points]
        absolute = self.isochrones.magnitudes[:, :, points]
        seen = apparent(absolute, distance, a_v, self.effects.law)[0]
        visible = seen < self.effects.faint_limit
        self.refuse_empty(visible.sum(axis=1))
        row = np.arange(len(self.clusters))
        single = np.argmax(visible, axis=1)
        paired = np.argmax(seen - _TWICE < self.effects.faint_limit, axis=1)
        lowest, faintest = (log_mass[row, np.maximum(i - 1, 0)] for i in (paired, single))
        return 10**lowest, 10**faintest, 10 ** log_mass[:, -1]

    def make_blue_stragglers(self, magnitudes: FloatArray, cluster: IntArray) -> None:
        """Turn some stars of old clusters into blue stragglers, in place."""
        clusters, rng = self.clusters, self.rng
        old = clusters.log_age > _OLDEST_WITHOUT_STRAGGLERS
        share = self.effects.blue_straggler_fraction * old
        straggler = np.flatnonzero(rng.random(len(cluster)) < share[cluster])
        younger = clusters.log_age - rng.uniform(0.15, 0.7, len(clusters))
        younger = np.maximum(younger, IsochroneGrid.LOG_AGE_RANGE[0])
        isochrones = IsochroneGrid.load().interpolate(younger, clusters.metallicity)
        row = cluster[straggler]
        below_turn_off = rng.uniform(-0.25, -0.03, len(straggler))
        magnitudes[:, straggler] = isochrones.at(row, isochrones.log_mass[row, -1] + below_turn_off)

    def add_companions(self, magnitudes: FloatArray, mass: FloatArray, cluster: IntArray) -> None:
        """Add the light of unresolved companions to some stars, in place."""
        companion = mass * self.rng.uniform(*MASS_RATIO_RANGE, len(mass))
        lightest = 10 ** self.isochrones.log_mass[0, 0]
        has_one = self.rng.random(len(mass)) < self.effects.binary_fraction
        paired = np.flatnonzero(has_one & (companion > lightest))
        light = self.isochrones.at(cluster[paired], np.log10(companion[paired]))
        magnitudes[:, paired] -= 2.5 * np.log10(1 + 10 ** (0.4 * (magnitudes[:, paired] - light)))


def _photometry(true: FloatArray, effects: Effects, rng: np.random.Generator) -> FloatArray:
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


def observed_columns(
    true: FloatArray,
    distance_kpc: FloatArray,
    cluster: IntArray,
    n_clusters: int,
    effects: Effects,
    rng: np.random.Generator,
) -> dict[str, FloatArray]:
    """Return what Gaia measures of stars, under the archive's names."""
    g, bp, rp = _photometry(true, effects, rng)
    spread = _SKY_SPREAD * rng.standard_normal(n_clusters)[cluster]
    spread += _STAR_SPREAD * rng.standard_normal(len(g))
    error = parallax_error(g) * 10**spread
    scatter = effects.parallax_zero_point_scatter * rng.standard_normal(n_clusters)
    zero_point = effects.parallax_zero_point + scatter[cluster]
    noise = np.hypot(effects.parallax_errors * error, effects.parallax_floor)
    parallax = 1 / distance_kpc + zero_point + noise * rng.standard_normal(len(g))
    return {
        "phot_g_mean_mag": g,
        "bp_rp": bp - rp,
        "phot_bp_mean_mag": bp,
        "phot_rp_mean_mag": rp,
        "parallax": parallax,
        "parallax_error": error,
    }


def _probability(member: BoolArray, g: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw membership probabilities as in published lists, 0.51 to 1.

    They are near 1 for bright members, scattered for faint ones, and lower for field stars.
    """
    doubt = np.where(member, np.clip(0.25 + 0.25 * (g - 14), 0.25, 1.25), 2.0)
    return 1 - 0.49 * rng.random(len(g)) ** (4 / doubt)
