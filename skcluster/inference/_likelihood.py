"""The likelihood of a cluster's stars on isochrones."""

from dataclasses import dataclass
from functools import cache
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.gaia import Release, bp_rp_error
from skcluster.inference._prior import Parameters
from skcluster.isochrones import PopulationGrid
from skcluster.isochrones._masses_and_binaries import COLOUR_SCATTER
from skcluster.isochrones._population_tables import AXES
from skcluster.photometry import Law, extinction_coefficients

#: Odds (1 − p)/p of a typical star of a list; its field odds are the parameter.
_TYPICAL_ODDS = 0.15
_PROBABILITIES = (0.01, 0.99)
#: Largest number of stars that a likelihood evaluates.
_MOST_STARS = 400
#: Number of table look-ups per block, so that a block fits into the cache of a core.
_BLOCK = 2**16

#: Standard deviations of the kernel in G and BP−RP (mag).
KERNEL = (1.0, 0.3)
#: Fraction of field stars that is uniformly distributed in the diagram; the others follow the stars
#: of the list, because they have passed its selection.
_UNIFORM_SHARE = 0.2
#: Least extent of that distribution (mag).
_LEAST_EXTENT = (3.0, 1.5)
#: Bins per kernel width, when stars are counted.
_BINS_PER_WIDTH = 6

#: Steps of the table of dereddening in A_V and in observed colour (mag), and its ends.
_STEP_A_V, _STEP_COLOUR = 0.02, 0.02
_LARGEST_A_V = 12.0
_COLOURS = np.arange(-1.5, 9.0, _STEP_COLOUR)


def _smoothed_counts(g: FloatArray, bp_rp: FloatArray) -> FloatArray:
    """Return the smoothed density of stars at each star, itself included (stars per mag²)."""
    step = np.array(KERNEL) / _BINS_PER_WIDTH
    values = np.stack([g, bp_rp])
    low = values.min(axis=1) - step
    bins = ((values - low[:, None]) / step[:, None]).astype(np.int64)
    # Extreme colours must not enlarge the table: such stars have no neighbours.
    bins = np.minimum(bins, np.array([400, 400])[:, None])
    counts = np.zeros(bins.max(axis=1) + 1)
    np.add.at(counts, tuple(bins), 1)
    smooth = gaussian_filter(counts, _BINS_PER_WIDTH, mode="constant", truncate=3.0)
    density: FloatArray = smooth[tuple(bins)] / step.prod()
    return density


class StarLikelihood:
    r"""Likelihood of the stars of one cluster, given age, extinction, distance and metallicity.

    Each star, with magnitude and colour :math:`x_i`, is either a member, drawn from the density of
    a stellar population, or a field star:

    .. math:: L(\theta) = \prod_i \left[(1 - f_i)\, p(x_i \mid \theta) + f_i\, q(x_i)\right]^{w_i}

    :math:`p` is the density of `skcluster.isochrones.PopulationGrid` for the age and metallicity,
    evaluated at the absolute magnitude and intrinsic colour that follow from the A_V and the
    distance, multiplied by the derivative of the intrinsic with respect to the observed colour (the
    Jacobian of the extinction), and divided by the fraction of the population that is brighter than
    the faint limit. :math:`q` is 80 per cent the smoothed density of all stars of the list, and 20
    per cent uniform over its extent. The prior odds :math:`f_i / (1 - f_i)` are the field odds,
    which are a parameter, multiplied by :math:`(1 - P_i) / (0.15\, P_i)`, where :math:`P_i` is the
    membership probability in the list: a star of odds 0.15 is a typical one.

    Models and observed stars differ by more than the photometric errors, and the difference is
    similar for neighbouring stars: a thousand stars on one main sequence do not have a thousand
    times the information of one. The weight of a star is therefore

    .. math:: w_i = \frac{\beta}{1 + n_i / n_0}

    where :math:`n_i` is the effective number of stars within the smoothing kernel around it
    (Gaussian, standard deviations 1 mag in G and 0.3 mag in BP−RP). The information from any part
    of the diagram thus saturates. ``tempering=1, saturation=inf`` gives the plain likelihood. Of
    more than 400 stars, a sample is used, thinned evenly in magnitude with probabilities in
    proportion to the weights, which are raised so that their sum is about the same.

    Parameters
    ----------
    g, bp_rp : array-like of shape (n_stars,)
        Observed magnitudes and colours (mag). Stars at the faint limit or fainter are not used.
    probability : array-like of shape (n_stars,), optional
        Membership probabilities, 0 to 1, which are limited to 0.01 … 0.99. Stars with NaN, or all
        stars without this argument, count as typical.
    colour_error : array-like of shape (n_stars,), optional
        Standard errors of the colours (mag). By default, and where not positive, those that are
        typical of Gaia at that magnitude.
    faint_limit : float, default=18.0
        Magnitude limit of the member list in G (mag).
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, see `skcluster.photometry.extinction_coefficients`.
    release : {"edr3", "dr2"}, default="edr3"
        Data release of the typical errors of colours, see `skcluster.gaia`.
    tempering : float, default=0.3
        :math:`\beta`, the weight of a star without neighbours.
    saturation : float, default=60.0
        :math:`n_0`, the number of neighbours that halves the weight of a star; may be infinite.

    Attributes
    ----------
    stars : ndarray of int, shape (n_used,)
        Indices into the given arrays of the stars that are used, brightest first.
    g, bp_rp : ndarray of shape (n_used,)
        Their magnitudes and colours (mag).
    field_density : ndarray of float32, shape (n_used,)
        :math:`q(x_i)`, in 1/mag².

    See Also
    --------
    IsochronePosterior : Combines the likelihood with the prediction of a network.

    Notes
    -----
    A_V is rounded to 0.02 mag, and the scatter of each star's colour to 0.02, 0.04 or 0.08 mag.

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
        faint_limit: float = 18.0,
        law: Law = "dr2",
        release: Release = "edr3",
        tempering: float = 0.3,
        saturation: float = 60.0,
    ) -> None:
        given = _one_number_per_star(
            g=g, bp_rp=bp_rp, probability=probability, colour_error=colour_error
        )
        bright = np.flatnonzero(given["g"] < faint_limit)
        if not len(bright):
            raise ValueError(f"No star is brighter than the faint limit, G = {faint_limit:g}.")
        # Sorted, so that the result does not depend on the order of the table.
        self.stars = bright[np.lexsort((given["bp_rp"][bright], given["g"][bright]))]
        self.faint_limit, self.law = faint_limit, law
        self.g, self.bp_rp, p, error = (values[self.stars] for values in given.values())
        error = np.where(error > 0, error, bp_rp_error(self.g, self.bp_rp, release))
        self._scatter = _nearest_scatters(np.hypot(error, COLOUR_SCATTER))
        p = np.clip(p, *_PROBABILITIES)
        odds = np.where(np.isnan(p), 1.0, (1 - p) / p / _TYPICAL_ODDS)
        self._relative_odds = odds.astype(np.float32)
        smooth = _smoothed_counts(self.g, self.bp_rp)
        extent = np.maximum([np.ptp(self.g), np.ptp(self.bp_rp)], _LEAST_EXTENT)
        field = (1 - _UNIFORM_SHARE) * (smooth / len(self.g)) + _UNIFORM_SHARE / extent.prod()
        self.field_density: FloatArray = field.astype(np.float32)
        weight = tempering / (1 + 2 * np.pi * np.prod(KERNEL) * smooth / saturation)
        self._chosen, self._chosen_weight = _thinned(weight, _MOST_STARS)

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
        log_likelihood = np.empty(len(parameters))
        size = max(_BLOCK // len(self._chosen), 1)
        # Neighbours in the tables follow each other, so that these stay in the cache of a core.
        order = np.lexsort(
            (
                parameters.reddening,
                AXES.metallicity.bracket(parameters.metallicity)[0],
                AXES.log_age.bracket(parameters.log_age)[0],
            )
        )
        for start in range(0, len(parameters), size):
            block = order[start : start + size]
            theta, chosen = parameters[block], self._chosen
            share = self.field_share(theta.log_field_odds, chosen)
            density = (1 - share) * self.member_density(theta, chosen)
            density += share * self.field_density[chosen]
            log_likelihood[block] = np.log(np.maximum(density, 1e-12)) @ self._chosen_weight
        return log_likelihood

    def field_share(
        self, log_field_odds: FloatArray, stars: IntArray | slice = slice(None)
    ) -> FloatArray:
        """Return the prior probability of each star to be a field star, :math:`f_i`.

        Parameters
        ----------
        log_field_odds : ndarray of shape (n_draws,)
            Logarithms of the field odds, as in `Parameters`.
        stars : ndarray of int or slice, optional
            Which of the used stars; all by default.

        Returns
        -------
        ndarray of float32, shape (n_draws, n_used)
            The probabilities.
        """
        odds = np.exp(np.asarray(log_field_odds, np.float32))[:, None] * self._relative_odds[stars]
        share: FloatArray = odds / (1 + odds)
        return share

    def member_density(
        self, parameters: Parameters, stars: IntArray | slice = slice(None)
    ) -> FloatArray:
        r"""Return the density of members in the observed diagram, at the position of each star.

        Parameters
        ----------
        parameters : Parameters
            The ``n_draws`` sets of parameters.
        stars : ndarray of int or slice, optional
            Which of the used stars; all by default.

        Returns
        -------
        ndarray of float32, shape (n_draws, n_used)
            :math:`p(x_i \mid \theta)`, in 1/mag².
        """
        table = DereddeningTable.load(self.law)
        rows, place = np.unique(table.rows(parameters.a_v), return_inverse=True)
        bp_rp, a_g, log_jacobian = table.at(rows, self.bp_rp[stars])
        unextinguished = self.g[stars].astype(np.float32) - a_g
        modulus = parameters.distance_modulus.astype(np.float32)[:, None]
        zero_point = parameters.colour_zero_point.astype(np.float32)[:, None]
        slope = np.exp(log_jacobian)[place]
        density = PopulationGrid.load().density(
            parameters.log_age,
            parameters.metallicity,
            parameters.reddening,
            unextinguished[place] - modulus,
            bp_rp[place] - slope * zero_point,  # to first order
            self._scatter[stars],
        )
        # Normalised over the stars that are brighter than the limit.
        seen = _share_seen(parameters, self.faint_limit, self.law)
        density *= slope
        density /= np.maximum(seen, 1e-6)[:, None].astype(np.float32)
        return density


def _one_number_per_star(**given: Any) -> dict[str, FloatArray]:
    """Return arrays of one number per star, checked; NaN where none is given."""
    n = np.size(given["g"])
    arrays: dict[str, FloatArray] = {}
    for name, values in given.items():
        array = np.full(n, np.nan) if values is None else np.asarray(values, dtype=np.float64)
        if array.shape != (n,):
            raise ValueError(
                f"{name} must have one number per star, so shape {(n,)}; got {array.shape}."
            )
        needed, limited = name in ("g", "bp_rp"), name == "probability"
        wrong = ~np.isfinite(array) if needed else limited & ((array < 0) | (array > 1))
        if wrong.any():
            star, rule = int(np.argmax(wrong)), "finite" if needed else "within 0 to 1"
            raise ValueError(f"{name} must be {rule}, but that of star {star} is {array[star]}.")
        arrays[name] = array
    return arrays


def _share_seen(theta: Parameters, faint_limit: float, law: Law) -> FloatArray:
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


def _nearest_scatters(scatter: FloatArray) -> IntArray:
    """Return the indices of the scatters of the grid that are nearest in logarithm."""
    scatters = np.array(AXES.scatter)
    nearest: IntArray = np.searchsorted(np.sqrt(scatters[1:] * scatters[:-1]), scatter)
    return nearest


@dataclass(frozen=True, eq=False)
class DereddeningTable:
    """Intrinsic colour, A_G and Jacobian by A_V and observed BP−RP, shape (n_a_v, n_colours).

    Attributes
    ----------
    bp_rp : ndarray of float32
        Intrinsic colour (mag).
    a_g : ndarray of float32
        Extinction in G (mag).
    log_jacobian : ndarray of float32
        Logarithm of the derivative of intrinsic by observed colour.
    """

    bp_rp: FloatArray
    a_g: FloatArray
    log_jacobian: FloatArray

    @staticmethod
    @cache
    def load(law: Law) -> "DereddeningTable":
        """Load the table of an extinction law, which takes some hundredths of a second."""
        a_v = np.arange(0, _LARGEST_A_V + _STEP_A_V / 2, _STEP_A_V)[:, None]
        # Observed colour increases with intrinsic colour, so that interpolation inverts it.
        intrinsic = np.arange(-3.0, 9.0, _STEP_COLOUR)
        k = extinction_coefficients(intrinsic, a_v, law)
        observed = intrinsic + (k.bp - k.rp) * a_v
        slope = np.gradient(observed, intrinsic, axis=1)
        rows = [
            [np.interp(_COLOURS, seen, values) for values in (intrinsic, a_g, slopes)]
            for seen, a_g, slopes in zip(observed, k.g * a_v, slope, strict=True)
        ]
        bp_rp, a_g, slopes = np.moveaxis(np.array(rows, dtype=np.float32), 1, 0)
        return DereddeningTable(bp_rp, a_g, -np.log(slopes))

    def rows(self, a_v: FloatArray) -> IntArray:
        """Return the nearest rows of the table."""
        row: IntArray = np.rint(np.clip(a_v, 0, _LARGEST_A_V) / _STEP_A_V).astype(np.int64)
        return row

    def at(
        self, rows: IntArray, observed_bp_rp: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return intrinsic colour, A_G and log Jacobian, each of shape (n_rows, n_stars)."""
        place = (np.clip(observed_bp_rp, _COLOURS[0], _COLOURS[-1] - 1e-6) - _COLOURS[0]) / (
            _STEP_COLOUR
        )
        left = place.astype(np.int64)
        above = (place - left).astype(np.float32)
        left = np.minimum(left, len(_COLOURS) - 2)
        bp_rp, a_g, log_jacobian = (
            (1 - above) * table[rows[:, None], left] + above * table[rows[:, None], left + 1]
            for table in (self.bp_rp, self.a_g, self.log_jacobian)
        )
        return bp_rp, a_g, log_jacobian
