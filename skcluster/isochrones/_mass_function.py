"""Masses of stars: a mass function in power laws."""

from dataclasses import dataclass

import numpy as np

from skcluster._utils.typing import FloatArray


@dataclass(frozen=True)
class MassFunction:
    """Numbers of stars by mass: dN/dm falls with other powers of m on other stretches.

    Attributes
    ----------
    breaks : tuple of float
        Where the power changes (solar masses).
    slopes : tuple of float
        The powers, one more than breaks, none of them 1.
    """

    breaks: tuple[float, ...]
    slopes: tuple[float, ...]

    def rank(self, mass: FloatArray) -> FloatArray:
        """A number that rises with mass, uniform over stars: the integral of the function."""
        bounds, scales, starts = self._parts()
        part = np.searchsorted(self.breaks, mass)
        power = 1 - np.array(self.slopes)[part]
        ratio: FloatArray = (mass / bounds[part]) ** power - 1
        return starts[part] + scales[part] * ratio / power

    def mass(self, rank: FloatArray) -> FloatArray:
        """The inverse of `rank`."""
        bounds, scales, starts = self._parts()
        part = np.searchsorted(starts[1:], rank)
        power = 1 - np.array(self.slopes)[part]
        # Ranks are finite for ever larger masses only up to a limit.
        ratio = np.maximum(1 + (rank - starts[part]) * power / scales[part], 1e-12)
        return bounds[part] * ratio ** (1 / power)

    def _parts(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Of each stretch its lower bound (the first one's upper), m dN/dm and rank there."""
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
    """Kroupa (2001, MNRAS 322, 231, equation 2), from 0.08 solar masses on.

    Parameters
    ----------
    massive_star_loss : float, default=0.0
        How much faster than that numbers fall above two solar masses.
    """
    if massive_star_loss == 0:
        return MassFunction((0.5,), (1.3, 2.3))
    return MassFunction((0.5, 2.0), (1.3, 2.3, 2.3 + massive_star_loss))
