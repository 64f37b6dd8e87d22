"""The parameters of a cluster, and their prior distribution."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp, ndtri

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.isochrones._population_tables import AXES

#: Field odds of typical lists of members, about one star in nine, and the standard deviation of
#: their natural logarithm: adopted values.
FIELD_ODDS_PRIOR = (0.12, 1.2)
#: Mean and standard deviation of [M/H] (dex): the scatter of [Fe/H] among open clusters is 0.1 to
#: 0.15 dex (Netopil et al. 2016, A&A 585, A150).
METALLICITY_PRIOR = (0.0, 0.15)
#: Probabilities of the scales of differential reddening, 0, 0.12, 0.3 and 0.7 mag: adopted values.
REDDENING_PRIOR = (0.5, 0.35, 0.12, 0.03)
#: Weight of the wide component of the prior, and its standard deviations of log age, A_V and
#: distance modulus in units of those of the narrow one: adopted values.
TAIL_WEIGHT, TAIL_FACTORS = 0.3, (2.5, 3.5, 1.3)
#: Standard error of the zero point of a list's colours (mag): photometric systems agree to one or
#: two hundredths of a magnitude; an adopted value.
COLOUR_ZERO_POINT_ERROR = 0.02
#: Smaller ones are taken as this one (mag), so that proposals have a finite width.
_LEAST_COLOUR_ERROR = 1e-3

_TYPICAL_LOG_FIELD_ODDS = float(np.log(FIELD_ODDS_PRIOR[0]))
_LOG_2PI = np.log(2 * np.pi)


@dataclass(frozen=True, eq=False)
class Parameters:
    """Parameters of a cluster on which the likelihood of its stars depends.

    It contains many sets of them: each attribute is an array of shape (n_draws,).

    Parameters
    ----------
    log_age : ndarray
        Logarithm (base 10) of the age in years.
    a_v : ndarray
        Extinction A_V of the least reddened stars (mag); differential reddening adds to it.
    distance_modulus : ndarray
        Distance modulus (mag).
    metallicity : ndarray
        [M/H] (dex).
    log_field_odds : ndarray
        Natural logarithm of the prior odds of a typical star of the list to be a field star rather
        than a member, see `StarLikelihood`.
    colour_zero_point : ndarray
        Zero point of the list's BP−RP (mag), by which observed colours are too red.
    reddening : ndarray of int
        Scale of differential reddening: 0 to 3 stand for 0, 0.12, 0.3 and 0.7 mag.

    See Also
    --------
    StarLikelihood : The likelihood of a cluster's stars.

    Examples
    --------
    >>> from skcluster.inference import Parameters
    >>> theta = Parameters.of(log_age=[8.5, 9.0], a_v=0.3, distance_modulus=10.0)
    >>> len(theta), theta.a_v
    (2, array([0.3, 0.3]))
    """

    log_age: FloatArray
    a_v: FloatArray
    distance_modulus: FloatArray
    metallicity: FloatArray
    log_field_odds: FloatArray
    colour_zero_point: FloatArray
    reddening: IntArray

    def __len__(self) -> int:
        return len(self.log_age)

    @classmethod
    def of(
        cls,
        log_age: npt.ArrayLike,
        a_v: npt.ArrayLike,
        distance_modulus: npt.ArrayLike,
        metallicity: npt.ArrayLike = 0.0,
        log_field_odds: npt.ArrayLike = _TYPICAL_LOG_FIELD_ODDS,
        reddening: npt.ArrayLike = 0,
        colour_zero_point: npt.ArrayLike = 0.0,
    ) -> Self:
        """Make sets of parameters from arrays or numbers, which are broadcast.

        Parameters
        ----------
        log_age : array-like
            Logarithm (base 10) of the age in years.
        a_v : array-like
            Extinction A_V (mag).
        distance_modulus : array-like
            Distance modulus (mag).
        metallicity : array-like, default=0.0
            [M/H] (dex).
        log_field_odds : array-like, default=log(0.12)
            Natural logarithm of the field odds of a typical star.
        reddening : array-like of int, default=0
            Index of the scale of differential reddening.
        colour_zero_point : array-like, default=0.0
            Zero point of the list's BP−RP (mag).

        Returns
        -------
        theta : Parameters
            The sets of parameters.

        Raises
        ------
        ValueError
            If a value is not finite.
        """
        main = log_age, a_v, distance_modulus, metallicity
        given = (*main, log_field_odds, colour_zero_point, reddening)
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in given))
        for field, values in zip(fields(cls), arrays, strict=True):
            if not np.isfinite(values).all():
                unknown = values[~np.isfinite(values)][0]
                raise ValueError(f"{field.name} must be finite; got {unknown}.")
        return cls.from_continuous(np.column_stack(arrays[:-1]), arrays[-1].astype(np.int64))

    @property
    def continuous(self) -> FloatArray:
        """All parameters except the scale of differential reddening, shape (n_draws, 6)."""
        columns = [getattr(self, field.name) for field in fields(self)[:-1]]
        return np.column_stack(columns)

    @classmethod
    def from_continuous(cls, values: FloatArray, reddening: IntArray) -> Self:
        """Make sets of parameters from continuous values; the inverse of `continuous`.

        Parameters
        ----------
        values : ndarray of shape (n_draws, 6)
            The continuous parameters.
        reddening : ndarray of int, shape (n_draws,)
            Indices of the scale of differential reddening.

        Returns
        -------
        theta : Parameters
            The sets of parameters.
        """
        log_age, a_v, modulus, metallicity, odds, colour = np.ascontiguousarray(values.T)
        return cls(log_age, a_v, modulus, metallicity, odds, colour, reddening)

    def __getitem__(self, rows: object) -> Self:
        """Return some of the sets."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class Prior:
    """Prior distribution of one cluster's parameters.

    Log age, A_V and distance modulus follow a mixture of two normal distributions with the same
    mean. One has the width of the prediction's errors; the other is wider and allows the stars to
    outweigh the prediction. The metallicity and the zero point of colours are normal, the field
    odds are log-normal, and the scale of differential reddening takes one of four values. The
    distribution is truncated to the range of the isochrones and to 0 ≤ A_V ≤ 12. What is known of
    the cluster from elsewhere multiplies it by further normal distributions.

    Parameters
    ----------
    mean, spread : ndarray of shape (3,)
        Mean and standard deviation of log age (dex), A_V (mag) and distance modulus (mag).
    tail_weight, tail_factors
        As in `IsochronePosterior`, and so are those of the other priors and of the zero point.
    known : ndarray of shape (4, 2), optional
        What is known from elsewhere of log age, A_V, distance modulus and [M/H]: values and
        standard errors, NaN where nothing is known.
    """

    #: The support.
    RANGES: ClassVar = {
        "log_age": (AXES.log_age.values[0], AXES.log_age.values[-1]),
        "a_v": (0.0, 12.0),
        "metallicity": (AXES.metallicity.values[0], AXES.metallicity.values[-1]),
    }
    #: Parameters that are the same for all clusters.
    OPTIONS: ClassVar = (
        *("tail_weight", "tail_factors"),
        *("metallicity_prior", "field_odds_prior", "reddening_prior", "colour_zero_point_error"),
    )
    #: Number of uniform deviates that `draw` needs per set of parameters.
    N_DEVIATES: ClassVar = 8

    mean: FloatArray
    spread: FloatArray
    tail_weight: float = TAIL_WEIGHT
    tail_factors: Sequence[float] = TAIL_FACTORS
    metallicity_prior: Sequence[float] = METALLICITY_PRIOR
    field_odds_prior: Sequence[float] = FIELD_ODDS_PRIOR
    reddening_prior: Sequence[float] = REDDENING_PRIOR
    colour_zero_point_error: float = COLOUR_ZERO_POINT_ERROR
    known: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check the values that users set."""
        self._check("tail_factors", "three positive numbers", 3, lambda v: v > 0)
        self._check("metallicity_prior", "a number and a positive one", 2, lambda v: v[1:] > 0)
        self._check("field_odds_prior", "two positive numbers", 2, lambda v: v > 0)
        n_scales, rule = len(AXES.reddening), f"{len(AXES.reddening)} probabilities of sum 1"
        self._check("reddening_prior", rule, n_scales, lambda v: (v >= 0) & np.isclose(v.sum(), 1))

    def _check(
        self, name: str, rule: str, n: int, is_possible: Callable[[FloatArray], BoolArray]
    ) -> None:
        values = np.asarray(getattr(self, name), dtype=np.float64)
        if values.shape != (n,) or not (np.isfinite(values).all() and is_possible(values).all()):
            raise ValueError(f"{name} must be {rule}; got {getattr(self, name)}.")

    @property
    def log_field_odds(self) -> tuple[float, float]:
        """Mean and standard deviation of the natural logarithm of the field odds."""
        return float(np.log(self.field_odds_prior[0])), self.field_odds_prior[1]

    @cached_property
    def _components(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log weights, means and standard deviations of the two normal distributions.

        Arrays of shape (2,), (2, 6) and (2, 6), in the order of `Parameters.continuous`.
        """
        colour = 0.0, max(self.colour_zero_point_error, _LEAST_COLOUR_ERROR)
        others = np.array([self.metallicity_prior, self.log_field_odds, colour], dtype=np.float64)
        mean = np.tile(np.r_[self.mean, others[:, 0]], (2, 1))
        spread = np.tile(np.r_[self.spread, others[:, 1]], (2, 1))
        spread[1, :3] *= self.tail_factors
        with np.errstate(divide="ignore"):
            log_weight = np.log([1 - self.tail_weight, self.tail_weight])
        if self.known is None or np.isnan(self.known).all():
            return log_weight, mean, spread
        # A product of two normal densities is a normal one, times the density of their difference.
        rows = np.flatnonzero(np.isfinite(self.known).all(axis=1))
        (value, error), width = self.known[rows].T, spread[:, rows]
        total = np.hypot(width, error)
        log_weight += (-0.5 * ((value - mean[:, rows]) / total) ** 2 - np.log(total)).sum(axis=1)
        mean[:, rows] = (mean[:, rows] * error**2 + value * width**2) / total**2
        spread[:, rows] = width * error / total
        return log_weight - logsumexp(log_weight), mean, spread

    def supports(self, theta: Parameters) -> BoolArray:
        """Return which sets of parameters are possible at all."""
        within = [
            (getattr(theta, name) >= low) & (getattr(theta, name) <= high)
            for name, (low, high) in self.RANGES.items()
        ]
        possible: BoolArray = np.logical_and.reduce(within)
        return possible

    def moved_into_support(self, theta: Parameters) -> Parameters:
        """Return the nearest sets of parameters that are possible."""
        moved = {name: np.clip(getattr(theta, name), *ends) for name, ends in self.RANGES.items()}
        return replace(theta, **moved)

    def log_density(self, theta: Parameters) -> FloatArray:
        """Return the logarithm of the density before truncation, normalised; shape (n_draws,)."""
        values = theta.continuous
        normal = [
            log_weight - 0.5 * (((values - mean) / spread) ** 2).sum(axis=1) - np.log(spread).sum()
            for log_weight, mean, spread in zip(*self._components, strict=True)
        ]
        with np.errstate(divide="ignore"):
            log_reddening = np.log(self.reddening_prior)
        density: FloatArray = logsumexp(normal, axis=0) + log_reddening[theta.reddening]
        density -= 0.5 * _LOG_2PI * values.shape[1]
        return density

    def draw(self, uniform: FloatArray) -> Parameters:
        """Convert uniform deviates, shape (n_draws, 8), to parameters before truncation."""
        log_weight, mean, spread = self._components
        component = (uniform[:, 7] < np.exp(log_weight[1])).astype(np.intp)
        values = mean[component] + spread[component] * ndtri(uniform[:, :6])
        return Parameters.from_continuous(
            values, choose(np.array(self.reddening_prior), uniform[:, 6])
        )


def choose(probabilities: FloatArray, uniform: FloatArray) -> IntArray:
    """Draw indices with probabilities, from uniform deviates."""
    return np.searchsorted(np.cumsum(probabilities)[:-1], uniform)
