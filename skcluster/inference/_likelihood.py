"""The likelihood of a cluster's stars on isochrones."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import numpy.typing as npt
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.gaia import Release, bp_rp_error, parallax_error, parallax_zero_point
from skcluster.inference._dereddening import DereddeningTable
from skcluster.inference._field_density import KERNEL, field_density, smoothed_counts
from skcluster.inference._parameters import Parameters
from skcluster.isochrones import AXES, PopulationGrid
from skcluster.isochrones._masses_and_binaries import COLOUR_SCATTER
from skcluster.photometry import Law, extinction_coefficients

__all__ = ["StarLikelihood"]

#: Odds (1 − p)/p of a typical star of a list; its field odds are the parameter.
_TYPICAL_ODDS = 0.15
_PROBABILITIES = (0.01, 0.99)
#: Scatter of parallaxes in excess of their errors (mas).
_PARALLAX_FLOOR = 0.02
#: Number of table look-ups per block, so that a block fits into the cache of a core.
_BLOCK = 2**16


class StarLikelihood:
    r"""Likelihood of the stars of one cluster, given age, extinction, distance and metallicity.

    Each star, with magnitude and colour :math:`x_i`, is either a member, drawn from the density of
    a stellar population, or a field star:

    .. math:: L(\theta) = \prod_i \left[(1 - f_i)\, p(x_i \mid \theta) + f_i\, q(x_i)\right]^{w_i}

    :math:`p` is the density of `skcluster.isochrones.PopulationGrid` for the age and metallicity,
    evaluated at the absolute magnitude and intrinsic colour that follow from the A_V and the
    distance, multiplied by the derivative of the intrinsic with respect to the observed colour (the
    Jacobian of the extinction), and divided by the fraction of the population that is brighter than
    the faint limit. :math:`q` is the smoothed density of all stars of the list. The prior odds
    :math:`f_i / (1 - f_i)` are the field odds, which are a parameter, multiplied by
    :math:`(1 - P_i) / (0.15\, P_i)`, where :math:`P_i` is the membership probability in the list:
    a star of odds 0.15 is a typical one.

    Models and observed stars differ by more than the photometric errors, and the difference is
    similar for neighbouring stars: a thousand stars on one main sequence do not have a thousand
    times the information of one. The weight of a star is therefore

    .. math:: w_i = \frac{\beta}{1 + n_i / n_0}

    where :math:`n_i` is the effective number of stars within the smoothing kernel around it
    (Gaussian, standard deviations 1 mag in G and 0.3 mag in BP−RP). The information from any part
    of the diagram thus saturates. ``tempering=1, saturation=inf`` gives the plain likelihood.

    Parameters
    ----------
    g, bp_rp : array-like of shape (n_stars,)
        Observed magnitudes and colours (mag). Stars at the faint limit or fainter are not used.
    probability : array-like of shape (n_stars,), optional
        Membership probabilities. Stars with NaN, or all stars without this argument, count as
        typical.
    colour_error : array-like of shape (n_stars,), optional
        Standard errors of the colours (mag). By default and where NaN, those that are typical of
        Gaia at that magnitude.
    parallax, error_of_parallax : array-like of shape (n_stars,), optional
        Parallaxes and their standard errors (mas). If given, the densities include a normal
        distribution of the parallax: for members around that of the cluster's distance, for field
        stars around the median of the list and three times as wide.
    faint_limit : float, default=18.0
        Magnitude limit of the member list in G (mag).
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, see `skcluster.photometry.extinction_coefficients`.
    release : {"edr3", "dr2"}, default="edr3"
        Data release of the errors and of the zero point of parallaxes, see `skcluster.gaia`.
    tempering : float, default=0.3
        :math:`\beta`, the weight of a star without neighbours.
    saturation : float, default=60.0
        :math:`n_0`, the number of neighbours that halves the weight of a star; may be infinite.
    max_stars : int, default=400
        Largest number of stars that `log_likelihood` evaluates. Longer lists are thinned evenly
        in magnitude, with probabilities in proportion to the weights, and the weights of the stars
        that remain are raised so that their sum is about the same.
    field : callable, optional
        Function of magnitudes and colours that returns the density of field stars (1/mag²). By
        default, the smoothed density of the given stars.

    Attributes
    ----------
    stars : ndarray of int, shape (n_used,)
        Indices into the given arrays of the stars that are used, brightest first.
    g, bp_rp : ndarray of shape (n_used,)
        Their magnitudes and colours (mag).
    field_density : ndarray of float32, shape (n_used,)
        :math:`q(x_i)`, in 1/mag², or 1/(mag² mas) with parallaxes.

    See Also
    --------
    IsochronePosterior : Combines the likelihood with the prediction of a network.

    Notes
    -----
    A_V is rounded to 0.02 mag, and the scatter of each star's colour to one of the values of
    ``skcluster.isochrones.AXES.scatter``.

    Examples
    --------
    The true age of a simulated cluster is more likely than a younger one:

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

    @validate_params(
        {
            "faint_limit": [Interval(Real, None, None, closed="right")],
            "law": [StrOptions({"dr2", "edr3"})],
            "release": [StrOptions({"dr2", "edr3"})],
            "tempering": [Interval(Real, 0, None, closed="neither")],
            "saturation": [Interval(Real, 0, None, closed="right")],
            "max_stars": [Interval(Integral, 1, None, closed="left")],
            "field": [callable],
        },
        prefer_skip_nested_validation=True,
    )
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
        given = _one_number_per_star(
            g=g,
            bp_rp=bp_rp,
            probability=probability,
            colour_error=colour_error,
            parallax=parallax,
            error_of_parallax=error_of_parallax,
        )
        g, bp_rp = given["g"], given["bp_rp"]
        bright = np.flatnonzero(g < faint_limit)
        if not len(bright):
            raise ValueError(f"No star is brighter than the faint limit, G = {faint_limit:g}.")
        # Sorted, so that the result does not depend on the order of the table.
        self.stars = bright[np.lexsort((bp_rp[bright], g[bright]))]
        self.faint_limit, self.law = faint_limit, law
        self.g, self.bp_rp = g[self.stars], bp_rp[self.stars]
        of_used = {name: values[self.stars] for name, values in given.items()}
        self._scatter = scatter_classes(self.g, self.bp_rp, of_used.get("colour_error"), release)
        self._relative_odds = _relative_odds(of_used.get("probability"), len(self.g))
        self.field_density = field(self.g, self.bp_rp).astype(np.float32)
        neighbours = 2 * np.pi * np.prod(KERNEL) * smoothed_counts(self.g, self.bp_rp)
        weight = tempering / (1 + neighbours / saturation)
        self._chosen, self._chosen_weight = _thinned(weight, max_stars)
        self._parallaxes = None
        if parallax is not None:
            typical = parallax_error(self.g, release)
            own = _where_positive(of_used.get("error_of_parallax"), typical)
            self._parallaxes = _Parallaxes(
                of_used["parallax"], np.hypot(own, _PARALLAX_FLOOR), parallax_zero_point(release)
            )
            self.field_density *= self._parallaxes.field_density()

    def log_likelihood(self, parameters: Parameters) -> FloatArray:
        """Compute the logarithm of the weighted likelihood.

        Parameters
        ----------
        parameters : Parameters
            The ``n_draws`` sets of parameters.

        Returns
        -------
        ndarray of shape (n_draws,)
            The log likelihood of each set.
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
        """Return the prior probability of each star to be a field star, :math:`f_i`.

        Parameters
        ----------
        log_field_odds : ndarray of shape (n_draws,)
            Logarithms of the field odds, as in `Parameters`.
        stars : ndarray of int, shape (n_chosen,), optional
            Indices among the stars that are used. By default, all of these.

        Returns
        -------
        ndarray of float32, shape (n_draws, n_chosen)
            The probabilities.
        """
        relative = self._relative_odds if stars is None else self._relative_odds[stars]
        odds = np.exp(np.asarray(log_field_odds, dtype=np.float32))[:, None] * relative
        share: FloatArray = odds / (1 + odds)
        return share

    def member_density(self, parameters: Parameters, stars: IntArray | None = None) -> FloatArray:
        r"""Return the density of members in the observed diagram, at the position of each star.

        Parameters
        ----------
        parameters : Parameters
            The ``n_draws`` sets of parameters.
        stars : ndarray of int, shape (n_chosen,), optional
            Indices among the stars that are used. By default, all of these.

        Returns
        -------
        ndarray of float32, shape (n_draws, n_chosen)
            :math:`p(x_i \mid \theta)`, in 1/mag², or 1/(mag² mas) with parallaxes.
        """
        stars = np.arange(len(self.g)) if stars is None else stars
        density = self._population(parameters, stars)
        if self._parallaxes is not None:
            density *= self._parallaxes.member_density(parameters.distance_modulus)[:, stars]
        return density

    def _population(self, theta: Parameters, stars: IntArray) -> FloatArray:
        """Return the density of members, normalised over stars brighter than the limit."""
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
    """Parallaxes of stars (NaN if unknown), their errors, and their zero point (mas)."""

    values: FloatArray
    error: FloatArray
    zero_point: float

    def member_density(self, distance_modulus: FloatArray) -> FloatArray:
        """Return the density around the parallax of each distance (1/mas); 1 without a parallax."""
        return self._around(10 ** (2 - distance_modulus / 5)[:, None] + self.zero_point, self.error)

    def field_density(self) -> FloatArray:
        """Return the density around the median (1/mas), three times as wide; 1 if unknown."""
        known = self.values[np.isfinite(self.values)]
        median = np.median(known) if len(known) else 0.0
        return self._around(np.array(median), 3 * self.error)

    def _around(self, expected: FloatArray, sigma: FloatArray) -> FloatArray:
        known = np.isfinite(self.values)
        z = (np.where(known, self.values, expected) - expected) / sigma
        density = np.exp(-0.5 * z**2) / (sigma * np.sqrt(2 * np.pi))
        return np.where(known, density, 1.0).astype(np.float32)


def _one_number_per_star(**given: npt.ArrayLike | None) -> dict[str, FloatArray]:
    """Return the given arrays, after checking that each has one number per star."""
    arrays: dict[str, FloatArray] = {
        name: np.asarray(values, dtype=np.float64)
        for name, values in given.items()
        if values is not None
    }
    shape = (arrays["g"].size,)
    for name, values in arrays.items():
        if values.shape != shape:
            raise ValueError(
                f"{name} must have one number per star, so shape {shape}; got {values.shape}."
            )
        if name in ("g", "bp_rp") and not np.isfinite(values).all():
            star = int(np.argmin(np.isfinite(values)))
            raise ValueError(f"{name} must be finite, but that of star {star} is {values[star]}.")
    return arrays


def share_seen(theta: Parameters, faint_limit: float, law: Law) -> FloatArray:
    """Return the fraction of a population that is brighter than a limit in G, shape (n_draws,)."""
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
    """Return indices of at most so many stars, in order of magnitude, and their weights."""
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
    """Return errors where they are known, typical ones elsewhere."""
    return typical if values is None else np.where(values > 0, values, typical)


def scatter_classes(
    g: FloatArray,
    bp_rp: FloatArray,
    error: FloatArray | None = None,
    release: Release = "edr3",
) -> IntArray:
    """Return the indices of the grid's scatters nearest in logarithm to those of the stars."""
    error = _where_positive(error, bp_rp_error(g, bp_rp, release))
    known = np.array(AXES.scatter)
    middle = np.sqrt(known[1:] * known[:-1])
    nearest: IntArray = np.searchsorted(middle, np.hypot(error, COLOUR_SCATTER))
    return nearest


def _relative_odds(probability: FloatArray | None, n_stars: int) -> FloatArray:
    """Return the odds of being a non-member, relative to a typical star; 1 where unknown."""
    if probability is None:
        return np.ones(n_stars, dtype=np.float32)
    p = np.clip(probability, *_PROBABILITIES)
    odds = np.where(np.isnan(p), 1.0, (1 - p) / p / _TYPICAL_ODDS)
    return odds.astype(np.float32)
