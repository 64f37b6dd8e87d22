"""Draw parameters of clusters from priors, or use given ones."""

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import stats

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.isochrones import IsochroneGrid
from skcluster.isochrones._grid import check_range


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


class Distribution(Protocol):
    """A distribution with ``rvs``, such as a frozen one of `scipy.stats`."""

    def rvs(self, size: int, random_state: np.random.Generator) -> Any:
        """Draw values."""


Prior: TypeAlias = float | npt.ArrayLike | Distribution | None

# Priors of the 1867 clusters of Cantat-Gaudin et al. 2020, from their sample in
# Almeida, Monteiro & Dias 2023, each broadened by about a tenth.
# Mean, standard deviation, minimum, maximum.
_LOG_AGE = (8.25, 0.75, 6.2, 10.0)
_DISTANCE_MODULUS = (11.2, 1.8, 3.2, 15.7)
_METALLICITY = (0.0, 0.15, -0.5, 0.4)
_LOG10_N_STARS = (2.1, 0.36, 1.0, 3.7)
# Mean A_V at large distances (mag), its scale length (kpc), the shape of the gamma distribution
# around the mean, and the maximum (mag).
_A_V = (1.75, 1.4, 2.2, 7.0)


def _truncated_normal(
    mean: float, deviation: float, lowest: float, highest: float, n: int, rng: np.random.Generator
) -> FloatArray:
    a, b = (lowest - mean) / deviation, (highest - mean) / deviation
    drawn: FloatArray = stats.truncnorm.rvs(a, b, mean, deviation, size=n, random_state=rng)
    return drawn


def draw_a_v(distance_kpc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw extinctions (mag) at distances (kpc); mean and scatter grow with distance."""
    far, scale, shape, most = _A_V
    mean = far * -np.expm1(-distance_kpc / scale)
    a_v: FloatArray = np.minimum(rng.gamma(shape, mean / shape), most)
    return a_v


def check_given(n_clusters: int, priors: dict[str, Prior]) -> None:
    """Refuse arrays whose length is not the number of clusters."""
    for name, prior in priors.items():
        if prior is None or hasattr(prior, "rvs"):
            continue
        size = np.size(prior)
        if np.ndim(prior) > 1 or (np.ndim(prior) == 1 and size != n_clusters):
            raise ValueError(f"{name} has {size} values for {n_clusters} clusters.")


def draw_parameters(
    first: int, n: int, priors: dict[str, Prior], rng: np.random.Generator
) -> Parameters:
    """Draw the parameters of clusters ``first`` to ``first + n``."""

    def of(name: str) -> FloatArray | None:
        prior = priors.get(name)
        if prior is None:
            return None
        if hasattr(prior, "rvs"):
            return np.asarray(prior.rvs(size=n, random_state=given_rng), dtype=float)
        values = np.asarray(prior, dtype=float)
        return np.full(n, float(values)) if values.ndim == 0 else values[first : first + n]

    # All defaults are drawn, even if not used, so that fixing one parameter does not change the
    # others for the same seed.
    modulus = _truncated_normal(*_DISTANCE_MODULUS, n, rng)
    default = {
        "log_age": _truncated_normal(*_LOG_AGE, n, rng),
        "distance_kpc": 10 ** (modulus / 5 - 2),
        "metallicity": _truncated_normal(*_METALLICITY, n, rng),
        "n_stars": 10 ** _truncated_normal(*_LOG10_N_STARS, n, rng),
    }
    a_v_rng, given_rng = rng.spawn(2)
    given = {name: of(name) for name in (*default, "a_v")}
    log_age, distance, metallicity, n_stars = (
        drawn if (value := given[name]) is None else value for name, drawn in default.items()
    )
    a_v = given["a_v"]
    _refuse("distance_kpc", distance, ~(distance > 0) | np.isinf(distance), "positive")
    if a_v is None:
        a_v = draw_a_v(distance, a_v_rng)
    _refuse("a_v", a_v, ~(a_v >= 0) | np.isinf(a_v), "zero or positive")
    _refuse("n_stars", n_stars, ~(n_stars >= 1) | np.isinf(n_stars), "1 or more")
    return Parameters(
        check_range("log_age", log_age, IsochroneGrid.LOG_AGE_RANGE),
        a_v,
        distance,
        check_range("metallicity", metallicity, IsochroneGrid.METALLICITY_RANGE),
        np.round(n_stars).astype(np.int64),
    )


def _refuse(name: str, values: FloatArray, wrong: BoolArray, rule: str) -> None:
    if wrong.any():
        raise ValueError(f"{name} must be {rule}; got {values[wrong][0]:g}.")
