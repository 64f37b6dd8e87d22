"""Which stars a cluster has: their masses, their companions, the scatter of their colours."""

from dataclasses import dataclass

import numpy as np

from skcluster._utils.typing import FloatArray

# Of stars in published member lists. The first two are not measurements: with them, simulated
# clusters are hardest to distinguish from real ones (`skcluster.datasets.Effects`).
#: Fraction of stars with an unresolved companion.
BINARY_FRACTION = 0.6
#: Steepening of the slope of the mass function above two solar masses.
MASSIVE_STAR_LOSS = 0.5
#: Mass ratios of binaries are uniform in this range.
MASS_RATIO_RANGE = (0.1, 1.0)
#: Scatter of BP−RP at a given mass in excess of the errors: rotation, spots, blended spectra (mag).
COLOUR_SCATTER = 0.015

#: Number of mass ratios that represent all binaries.
_N_MASS_RATIOS = 10
#: The light of a star of magnitude m is proportional to exp(-_EXPONENT * m).
_EXPONENT = 0.4 * np.log(10)


@dataclass(frozen=True)
class MassFunction:
    """Broken power-law mass function: dN/dm is a power law in m between two breaks.

    `rank` and `mass` convert between masses and uniformly distributed numbers, for drawing masses.
    There is one slope more than breaks (solar masses), and none is 1.
    """

    breaks: tuple[float, ...]
    slopes: tuple[float, ...]

    def rank(self, mass: FloatArray) -> FloatArray:
        """Return the rank of masses (solar masses), which increases and is uniform over stars.

        It is the integral of the mass function up to each mass, up to a constant and a factor.
        """
        bounds, scales, starts = self._parts()
        part = np.searchsorted(self.breaks, mass)
        power = 1 - np.array(self.slopes)[part]
        ratio = (mass / bounds[part]) ** power - 1
        rank: FloatArray = starts[part] + scales[part] * ratio / power
        return rank

    def mass(self, rank: FloatArray) -> FloatArray:
        """Return the masses (solar masses) of ranks; the inverse of `rank`."""
        bounds, scales, starts = self._parts()
        part = np.searchsorted(starts[1:], rank)
        power = 1 - np.array(self.slopes)[part]
        # Ranks of arbitrarily large masses have a finite limit.
        ratio = np.maximum(1 + (rank - starts[part]) * power / scales[part], 1e-12)
        mass: FloatArray = bounds[part] * ratio ** (1 / power)
        return mass

    def _parts(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the start of each segment (the end of the first), and m dN/dm and rank there."""
        bounds = np.array([self.breaks[0], *self.breaks])
        density, start = 1.0, 0.0
        scales, starts = [bounds[0]], [0.0]
        for low, high, slope in zip(
            bounds[1:], [*bounds[2:], np.inf], self.slopes[1:], strict=True
        ):
            scales.append(density * low)
            starts.append(start)
            if np.isfinite(high):
                power = 1 - slope
                start += density * low * ((high / low) ** power - 1) / power
                density *= (high / low) ** -slope
        return bounds, np.array(scales), np.array(starts)


def kroupa(massive_star_loss: float = 0.0) -> MassFunction:
    """Return the initial mass function of Kroupa (2001, MNRAS 322, 231, equation 2).

    It holds above 0.08 solar masses. The loss of massive stars steepens the slope above two solar
    masses: 0.5 makes it 2.8 instead of 2.3.
    """
    if massive_star_loss == 0:
        return MassFunction((0.5,), (1.3, 2.3))
    return MassFunction((0.5, 2.0), (1.3, 2.3, 2.3 + massive_star_loss))


def with_companions(
    log_mass: FloatArray, magnitudes: FloatArray, stars: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the stars of an isochrone, single and with companions: magnitudes and numbers.

    Of an isochrone, ``log_mass`` (n_points,) never decreases, ``magnitudes`` (3, n_points) are
    those in G, BP and RP, and ``stars`` (n_points - 1,) the numbers of stars between the points.
    The results are half-way between the points: magnitudes of shape (3, n_mass_ratios + 1, n_points
    - 1), single stars first, and numbers of shape (n_mass_ratios + 1, n_points - 1).
    """
    single = (magnitudes[:, None, 1:] + magnitudes[:, None, :-1]) / 2
    low, high = MASS_RATIO_RANGE
    ratios = low + (high - low) * (np.arange(_N_MASS_RATIOS) + 0.5) / _N_MASS_RATIOS
    companion = (log_mass[1:] + log_mass[:-1]) / 2 + np.log10(ratios)[:, None]
    light = np.array([np.interp(companion, log_mass, band) for band in magnitudes])
    # A companion below the minimum mass of the isochrone adds no light.
    relative = (companion >= log_mass[0]) * np.exp(_EXPONENT * (single - light))
    both = single - np.log(1 + relative) / _EXPONENT
    shares = [1 - BINARY_FRACTION] + _N_MASS_RATIOS * [BINARY_FRACTION / _N_MASS_RATIOS]
    return np.concatenate([single, both], axis=1), np.outer(shares, stars)
