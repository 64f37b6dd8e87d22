"""The likelihood of a cluster's stars on isochrones."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.gaia import Release, bp_rp_error, parallax_error, parallax_zero_point
from skcluster.inference._dereddening import DereddeningTable
from skcluster.inference._field_density import KERNEL, field_density, smoothed_counts
from skcluster.inference._parameters import Parameters
from skcluster.isochrones import AXES, PopulationGrid
from skcluster.photometry import Law, extinction_coefficients

__all__ = ["StarLikelihood"]

#: Scatter of colours beyond their errors: rotation, spots, crowded spectra (mag).
_INTRINSIC_SCATTER = 0.015
#: Odds (1 − p)/p of a typical star of a list, whose field odds are the parameter.
_TYPICAL_ODDS = 0.15
_PROBABILITIES = (0.01, 0.99)
#: Scatter of parallaxes beyond their errors (mas).
_PARALLAX_FLOOR = 0.02
#: Numbers that are looked up at a time: they stay in the cache of a core.
_BLOCK = 2**16


class StarLikelihood:
    r"""Likelihood of the stars of one cluster, given age, extinction, distance and the like.

    Each star, of magnitude and colour :math:`x_i`, is either a member, with the density of a
    stellar population, or a field star:

    .. math:: L(\theta) = \prod_i \left[(1 - f_i)\, p(x_i \mid \theta) + f_i\, q(x_i)\right]^{w_i}

    :math:`p` is the density of `skcluster.isochrones.PopulationGrid` at age and metallicity, at
    the absolute magnitude and intrinsic colour that the star has behind A_V at the distance, times
    the derivative of intrinsic by observed colour, and divided by the share of stars brighter than
    the faint limit. :math:`q` is the density of all stars of the list, smoothed.
    The odds :math:`f_i / (1 - f_i)` are the field odds, a parameter, times :math:`(1 - p_i)/p_i`
    relative to 0.15, with the membership probability :math:`p_i`.

    Isochrones and the catalogue's stars differ by more than photometric errors, and differ alike
    for neighbouring stars: a thousand stars of one main sequence do not tell a thousand times as
    much as one. The weight of a star is therefore

    .. math:: w_i = \frac{\beta}{1 + n_i / n_0}

    with :math:`n_i` stars within the smoothing kernel around it (1 mag in G, 0.3 mag in BP−RP), so
    that the information of a part of the diagram saturates. ``tempering=1, saturation=inf`` is the
    plain likelihood.

    Parameters
    ----------
    g, bp_rp : array-like of shape (n_stars,)
        Observed magnitudes and colours (mag). Stars as faint as the limit or fainter are not used.
    probability : array-like of shape (n_stars,), optional
        Membership probabilities; NaN and no probabilities at all stand for a typical star.
    colour_error : array-like of shape (n_stars,), optional
        Standard errors of the colours (mag). By default and where NaN, Gaia's at that magnitude.
    parallax, error_of_parallax : array-like of shape (n_stars,), optional
        Parallaxes and their standard errors (mas). If given, members also follow a normal
        distribution around the parallax of the distance, field stars one three times as wide.
    faint_limit : float, default=18.0
        Limit in G of the list of members (mag).
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, see `skcluster.photometry.extinction_coefficients`.
    release : {"edr3", "dr2"}, default="edr3"
        Data release of the errors and of the zero point of parallaxes, see `skcluster.gaia`.
    tempering : float, default=0.3
        :math:`\beta`, the largest weight of a star.
    saturation : float, default=60.0
        :math:`n_0`, neighbours that halve a star's weight; may be infinite.
    max_stars : int, default=400
        Stars that `log_likelihood` uses at most. Of more, those of small weights are thinned out,
        evenly in magnitude, and the weights of the others raised, so that the sum of the weights
        stays.
    field : callable, optional
        Density of field stars (1/mag²) at magnitudes and colours; by default the smoothed density
        of the stars given.

    Attributes
    ----------
    stars : ndarray of int, shape (n_used,)
        Places in the arrays given of the stars that are used, brightest first.
    g, bp_rp : ndarray of shape (n_used,)
        Their magnitudes and colours (mag).
    field_density : ndarray of float32, shape (n_used,)
        :math:`q(x_i)`, in 1/mag², with parallaxes in 1/(mag² mas).

    See Also
    --------
    IsochronePosterior : Combines the likelihood with the prediction of a network.

    Notes
    -----
    A_V is rounded to 0.02 mag; scatters of the colour to those of ``AXES.scatter``.

    Examples
    --------
    The age of a simulated cluster is more likely than a younger one:

    >>> import numpy as np
    >>> from skcluster.clusters import stars_of
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.inference import Parameters, StarLikelihood
    >>> X, y = simulate_clusters(1, log_age=9.0, a_v=0.3, distance_kpc=1.0, n_stars=200,
    ...                          random_state=0)
    >>> stars = stars_of(X)
    >>> likelihood = StarLikelihood(stars["phot_g_mean_mag"], stars["bp_rp"])
    >>> theta = Parameters.of(log_age=[8.5, 9.0], a_v=0.3, distance_modulus=10.0)
    >>> younger, right = likelihood.log_likelihood(theta)
    >>> bool(right > younger)
    True
    """

    def __init__(
        self,
        g: npt.ArrayLike,
        bp_rp: npt.ArrayLike,
        *,
        probability: npt.ArrayLike | None = None,
        colour_error: npt.ArrayLike | None = None,
        parallax: npt.ArrayLike | None = None,
        error_of_parallax: npt.ArrayLike | None = None,
        faint_limit: float = 18.0,
        law: Law = "dr2",
        release: Release = "edr3",
        tempering: float = 0.3,
        saturation: float = 60.0,
        max_stars: int = 400,
        field: Callable[[FloatArray, FloatArray], FloatArray] = field_density,
    ) -> None:
        g, bp_rp = np.asarray(g, dtype=np.float64), np.asarray(bp_rp, dtype=np.float64)
        bright = np.flatnonzero(g < faint_limit)
        if not len(bright):
            raise ValueError(f"No star is brighter than the faint limit, G = {faint_limit:g}.")
        # In an order of their own, so that that of the table makes no difference.
        self.stars = bright[np.lexsort((bp_rp[bright], g[bright]))]
        self.faint_limit, self.law = faint_limit, law
        self.g, self.bp_rp = g[self.stars], bp_rp[self.stars]
        self._scatter = scatter_classes(self.g, self.bp_rp, self._of_used(colour_error), release)
        self._relative_odds = _relative_odds(self._of_used(probability), len(self.g))
        self.field_density = field(self.g, self.bp_rp).astype(np.float32)
        neighbours = 2 * np.pi * np.prod(KERNEL) * smoothed_counts(self.g, self.bp_rp)
        weight = tempering / (1 + neighbours / saturation)
        self._chosen, self._chosen_weight = _thinned(weight, max_stars)
        self._parallaxes = None
        given = self._of_used(parallax)
        if given is not None:
            typical = parallax_error(self.g, release)
            own = _where_positive(self._of_used(error_of_parallax), typical)
            self._parallaxes = _Parallaxes(
                given, np.hypot(own, _PARALLAX_FLOOR), parallax_zero_point(release)
            )
            self.field_density *= self._parallaxes.field_density()

    def _of_used(self, values: npt.ArrayLike | None) -> FloatArray | None:
        return None if values is None else np.asarray(values, dtype=np.float64)[self.stars]

    def log_likelihood(self, parameters: Parameters) -> FloatArray:
        """Logarithm of the weighted likelihood.

        Parameters
        ----------
        parameters : Parameters
            n_draws sets of them.

        Returns
        -------
        ndarray of shape (n_draws,)
        """
        found = np.empty(len(parameters))
        size = max(_BLOCK // len(self._chosen), 1)
        for start in range(0, len(parameters), size):
            block = slice(start, start + size)
            theta, chosen = parameters[block], self._chosen
            share = self.field_share(theta.log_field_odds, chosen)
            density = (1 - share) * self.member_density(theta, chosen)
            density += share * self.field_density[chosen]
            found[block] = np.log(np.maximum(density, 1e-12)) @ self._chosen_weight
        return found

    def field_share(self, log_field_odds: FloatArray, stars: IntArray | None = None) -> FloatArray:
        """Prior probability of each star to be of the field, :math:`f_i`.

        Parameters
        ----------
        log_field_odds : ndarray of shape (n_draws,)
            As in `Parameters`.
        stars : ndarray of int, shape (n_chosen,), optional
            Places among the stars that are used. By default, all.

        Returns
        -------
        ndarray of float32, shape (n_draws, n_chosen)
        """
        relative = self._relative_odds if stars is None else self._relative_odds[stars]
        odds = np.exp(np.asarray(log_field_odds, dtype=np.float32))[:, None] * relative
        share: FloatArray = odds / (1 + odds)
        return share

    def member_density(self, parameters: Parameters, stars: IntArray | None = None) -> FloatArray:
        r"""Density of each star in the observed diagram if it is a member.

        Parameters
        ----------
        parameters : Parameters
            n_draws sets of them.
        stars : ndarray of int, shape (n_chosen,), optional
            Places among the stars that are used. By default, all.

        Returns
        -------
        ndarray of float32, shape (n_draws, n_chosen)
            :math:`p(x_i \mid \theta)`, in 1/mag², with parallaxes in 1/(mag² mas).
        """
        stars = np.arange(len(self.g)) if stars is None else stars
        density = self._population(parameters, stars)
        if self._parallaxes is not None:
            density *= self._parallaxes.member_density(parameters.distance_modulus)[:, stars]
        return density

    def _population(self, theta: Parameters, stars: IntArray) -> FloatArray:
        """Density of members, normalised over stars brighter than the limit."""
        table = DereddeningTable.load(self.law)
        rows, place = np.unique(table.rows(theta.a_v), return_inverse=True)
        bp_rp, a_g, log_jacobian = table.at(rows, self.bp_rp[stars])
        unextinguished = self.g[stars].astype(np.float32) - a_g
        modulus = theta.distance_modulus.astype(np.float32)[:, None]
        density = PopulationGrid.load().density(
            theta.log_age,
            theta.metallicity,
            theta.reddening,
            unextinguished[place] - modulus,
            bp_rp[place],
            self._scatter[stars],
        )
        share = np.maximum(share_seen(theta, self.faint_limit, self.law), 1e-6)
        density *= np.exp(log_jacobian)[place]
        density /= share[:, None].astype(np.float32)
        return density


@dataclass(frozen=True, eq=False)
class _Parallaxes:
    """Parallaxes of stars, NaN where unknown, their errors, and their zero point (mas)."""

    values: FloatArray
    error: FloatArray
    zero_point: float

    def member_density(self, distance_modulus: FloatArray) -> FloatArray:
        """Density around the parallax of each distance (1/mas); 1 where a star has none."""
        return self._around(10 ** (2 - distance_modulus / 5)[:, None] + self.zero_point, self.error)

    def field_density(self) -> FloatArray:
        """Density around the median, three times as wide (1/mas); 1 where a star has none."""
        known = self.values[np.isfinite(self.values)]
        median = np.median(known) if len(known) else 0.0
        return self._around(np.array(median), 3 * self.error)

    def _around(self, expected: FloatArray, sigma: FloatArray) -> FloatArray:
        known = np.isfinite(self.values)
        z = (np.where(known, self.values, expected) - expected) / sigma
        density = np.exp(-0.5 * z**2) / (sigma * np.sqrt(2 * np.pi))
        return np.where(known, density, 1.0).astype(np.float32)


def share_seen(theta: Parameters, faint_limit: float, law: Law) -> FloatArray:
    """Share of the stars of a population that are brighter than a limit in G, shape (n_draws,)."""
    grid = PopulationGrid.load()
    population = theta.log_age, theta.metallicity, theta.reddening
    colour: FloatArray = np.ones(len(theta))
    # A_G depends on the colour of the stars at the limit, which depends on A_G.
    for _ in range(2):
        a_g = extinction_coefficients(colour, theta.a_v, law).g * theta.a_v
        limit = faint_limit - theta.distance_modulus - a_g
        colour = grid.mean_colour(*population, limit)
    a_g = extinction_coefficients(colour, theta.a_v, law).g * theta.a_v
    return grid.share_brighter(*population, faint_limit - theta.distance_modulus - a_g)


def _thinned(weight: FloatArray, most: int) -> tuple[IntArray, FloatArray]:
    """Places of at most so many stars, and their weights; stars are in order of magnitude."""
    if len(weight) <= most:
        return np.arange(len(weight)), weight
    # Probabilities in proportion to the weights, at most 1, and `most` in all.
    probability = np.minimum(most * weight / weight.sum(), 1)
    for _ in range(20):
        sure = probability >= 1
        rest = most - np.count_nonzero(sure)
        probability = np.where(sure, 1.0, np.minimum(rest * weight / weight[~sure].sum(), 1))
    count = np.floor(np.cumsum(probability) + 1e-9)
    chosen = np.flatnonzero(np.diff(count, prepend=0) > 0)
    return chosen, weight[chosen] / probability[chosen]


def _where_positive(values: FloatArray | None, typical: FloatArray) -> FloatArray:
    """Errors where they are known, typical ones elsewhere."""
    return typical if values is None else np.where(values > 0, values, typical)


def scatter_classes(
    g: FloatArray,
    bp_rp: FloatArray,
    error: FloatArray | None = None,
    release: Release = "edr3",
) -> IntArray:
    """The nearest scatter, in its logarithm, among those of the grid."""
    error = _where_positive(error, bp_rp_error(g, bp_rp, release))
    known = np.array(AXES.scatter)
    middle = np.sqrt(known[1:] * known[:-1])
    nearest: IntArray = np.searchsorted(middle, np.hypot(error, _INTRINSIC_SCATTER))
    return nearest


def _relative_odds(probability: FloatArray | None, n_stars: int) -> FloatArray:
    """Odds of not belonging, by those of a typical star; 1 where the probability is unknown."""
    if probability is None:
        return np.ones(n_stars, dtype=np.float32)
    p = np.clip(probability, *_PROBABILITIES)
    odds = np.where(np.isnan(p), 1.0, (1 - p) / p / _TYPICAL_ODDS)
    return odds.astype(np.float32)
