"""The prior distribution of a cluster's parameters."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.special import logsumexp, ndtri

from skcluster._utils.typing import FloatArray
from skcluster.inference._parameters import TYPICAL_LOG_FIELD_ODDS, Parameters
from skcluster.isochrones import AXES

_LOG_2PI = np.log(2 * np.pi)


@dataclass(frozen=True, eq=False)
class Prior:
    """Prior distribution of one cluster's parameters.

    Log age, A_V and distance modulus follow a mixture of two normal distributions with the same
    mean. One has the width of the prediction's errors; the other is wider and allows the stars to
    outweigh the prediction. The metallicity is normal around the solar value [1]_, the field odds
    are log-normal around one star in nine, and the scale of differential reddening takes one of
    four values. The distribution is truncated to the range of the isochrones and to 0 ≤ A_V ≤ 12.

    Parameters
    ----------
    mean, spread : ndarray of shape (3,)
        Mean and standard deviation of log age (dex), A_V (mag) and distance modulus (mag).
    tail_weight : float
        Weight of the wider distribution.
    tail_factors : tuple of three float
        Ratios of its standard deviations to those of the narrower one.

    References
    ----------
    .. [1] Netopil et al. 2016, A&A 585, A150: the scatter of [Fe/H] among open clusters is
       0.1 to 0.15 dex.
    """

    METALLICITY: ClassVar = (0.0, 0.15)
    LOG_FIELD_ODDS: ClassVar = (TYPICAL_LOG_FIELD_ODDS, 1.2)
    #: Probabilities of the scales of differential reddening.
    REDDENING: ClassVar = np.array([0.5, 0.35, 0.12, 0.03])
    #: The support.
    RANGES: ClassVar = {
        "log_age": (AXES.log_age.values[0], AXES.log_age.values[-1]),
        "a_v": (0.0, 12.0),
        "metallicity": (AXES.metallicity.values[0], AXES.metallicity.values[-1]),
    }
    #: Number of uniform deviates that `draw` needs per set of parameters.
    N_DEVIATES: ClassVar = 7

    mean: FloatArray
    spread: FloatArray
    tail_weight: float = 0.3
    tail_factors: tuple[float, float, float] = (2.5, 3.5, 1.3)

    def supports(self, theta: Parameters) -> np.ndarray:
        """Return which sets of parameters are possible at all."""
        within = [
            (getattr(theta, name) >= low) & (getattr(theta, name) <= high)
            for name, (low, high) in self.RANGES.items()
        ]
        possible: np.ndarray = np.logical_and.reduce(within)
        return possible

    def moved_into_support(self, theta: Parameters) -> Parameters:
        """Return the nearest sets of parameters that are possible."""
        moved = {name: np.clip(getattr(theta, name), *ends) for name, ends in self.RANGES.items()}
        return replace(theta, **moved)

    def log_density(self, theta: Parameters) -> FloatArray:
        """Return the logarithm of the density before truncation, normalised; shape (n_draws,)."""
        values = theta.continuous
        z = (values[:, :3] - self.mean) / self.spread
        narrow = _log_normal(z) - np.log(self.spread).sum()
        factors = np.array(self.tail_factors)
        wide = _log_normal(z / factors) - np.log(self.spread * factors).sum()
        with np.errstate(divide="ignore"):
            weights = np.log([1 - self.tail_weight, self.tail_weight])
        main = logsumexp([weights[0] + narrow, weights[1] + wide], axis=0)
        others = np.column_stack(
            [
                (theta.metallicity - self.METALLICITY[0]) / self.METALLICITY[1],
                (theta.log_field_odds - self.LOG_FIELD_ODDS[0]) / self.LOG_FIELD_ODDS[1],
            ]
        )
        scale = np.log(self.METALLICITY[1] * self.LOG_FIELD_ODDS[1])
        density: FloatArray = (
            main + _log_normal(others) - scale + np.log(self.REDDENING[theta.reddening])
        )
        return density

    def draw(self, uniform: FloatArray) -> Parameters:
        """Convert uniform deviates, shape (n_draws, 7), to parameters before truncation."""
        z = ndtri(uniform[:, :5])
        wide = (uniform[:, 6] < self.tail_weight)[:, None]
        spread = self.spread * np.where(wide, self.tail_factors, 1.0)
        values = np.column_stack(
            [
                self.mean + spread * z[:, :3],
                self.METALLICITY[0] + self.METALLICITY[1] * z[:, 3],
                self.LOG_FIELD_ODDS[0] + self.LOG_FIELD_ODDS[1] * z[:, 4],
            ]
        )
        return Parameters.from_continuous(values, choose(self.REDDENING, uniform[:, 5]))


def choose(probabilities: FloatArray, uniform: FloatArray) -> np.ndarray:
    """Draw indices with probabilities, from uniform deviates."""
    return np.searchsorted(np.cumsum(probabilities)[:-1], uniform)


def _log_normal(z: FloatArray) -> FloatArray:
    """Return the logarithm of the standard normal density, summed over the columns."""
    density: FloatArray = -0.5 * (z**2 + _LOG_2PI).sum(axis=1)
    return density
