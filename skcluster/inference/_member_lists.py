"""The stars of each cluster, for the likelihood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from skcluster._utils.typing import FloatArray
from skcluster.clusters import Stars, magnitude_limits
from skcluster.gaia import Release, parallax_error, parallax_zero_point
from skcluster.inference._likelihood import StarLikelihood
from skcluster.photometry import Law

#: Isochrones do not match the colours of fainter dwarfs (mag).
_FAINTEST_M_G = 8.3
#: Approximate A_G / A_V of such dwarfs.
_A_G = 0.8
#: 2.5 / ln 10 converts a relative flux error to a magnitude error.
_MAGNITUDES = 2.5 / np.log(10)
#: Scatter of parallaxes in excess of their errors, and minimum error of a mean parallax (mas).
_PARALLAX_FLOOR, _PARALLAX_SYSTEMATIC = 0.03, 0.02
_LARGEST_MODULUS_ERROR = 1.0
#: Parallaxes farther than this from the cluster's are outliers (in units of their errors).
_FAR = 3.0
_FEWEST_STARS = 4


@dataclass(frozen=True)
class StarModel:
    """Settings of the likelihood of all clusters; see `StarLikelihood`."""

    tempering: float
    saturation: float
    faint_limit: float
    law: Law
    release: Release


@dataclass(frozen=True, eq=False)
class MemberList:
    """The stars of one cluster.

    Attributes
    ----------
    columns : mapping of str to ndarray of shape (n_stars,)
        Columns, by the names of the Gaia archive.
    magnitude_limit : float
        Magnitude limit in G (mag); NaN without a star that is bright enough to be used.
    """

    columns: Mapping[str, FloatArray] = field(repr=False)
    magnitude_limit: float

    def get(self, name: str) -> FloatArray | None:
        """Return a column, or None."""
        return self.columns.get(name)

    def likelihood(self, model: StarModel, mean: FloatArray) -> StarLikelihood | None:
        """Return the likelihood of the stars that are bright enough; None without any.

        Parameters
        ----------
        model : StarModel
            Its settings.
        mean : ndarray of shape (3,)
            Expected log age, A_V and distance modulus; the latter two determine which stars are too
            faint for the isochrones.
        """
        g = self.columns["phot_g_mean_mag"]
        if np.isnan(self.magnitude_limit):
            return None
        limit = min(self.magnitude_limit, _FAINTEST_M_G + mean[2] + _A_G * max(mean[1], 0.0))
        if np.count_nonzero(g < limit) < _FEWEST_STARS:
            limit = self.magnitude_limit
        likelihood: StarLikelihood = StarLikelihood(
            g,
            self.columns["bp_rp"],
            probability=self.get("probability"),
            colour_error=self._colour_error(),
            faint_limit=limit,
            law=model.law,
            release=model.release,
            tempering=model.tempering,
            saturation=model.saturation,
        )
        return likelihood

    def _colour_error(self) -> FloatArray | None:
        ratios = [self.get(f"phot_{band}_mean_flux_over_error") for band in ("bp", "rp")]
        if any(ratio is None for ratio in ratios):
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            bp, rp = (_MAGNITUDES / ratio for ratio in ratios if ratio is not None)
            error: FloatArray = np.hypot(bp, rp)
        return np.where(np.isfinite(error), error, np.nan)

    def _parallaxes(self, release: Release) -> tuple[FloatArray, FloatArray]:
        """Return known parallaxes, and their errors with the floor (mas)."""
        parallax = self.get("parallax")
        if parallax is None:
            return np.empty(0), np.empty(0)
        typical = parallax_error(self.columns["phot_g_mean_mag"], release)
        given = self.get("parallax_error")
        error = typical if given is None else np.where(given > 0, given, typical)
        known = np.isfinite(parallax)
        return parallax[known], np.hypot(error[known], _PARALLAX_FLOOR)

    def parallax_outliers(self, model: StarModel) -> float:
        """Return the share of stars over 3 errors from the median parallax; NaN without any."""
        bright = self.columns["phot_g_mean_mag"] < model.faint_limit
        columns = {name: values[bright] for name, values in self.columns.items()}
        stars = replace(self, columns=columns)
        parallax, error = stars._parallaxes(model.release)
        if not len(parallax):
            return np.nan
        middle = _weighted_median(parallax, error**-2)
        return float(np.mean(np.abs(parallax - middle) > _FAR * error))

    def parallax_modulus(self, release: Release) -> tuple[float, float]:
        """Return the distance modulus of the mean parallax and its error (mag); NaN without any."""
        parallax, error = self._parallaxes(release)
        if not len(parallax):
            return np.nan, np.nan
        middle = _weighted_median(parallax, error**-2)
        near = np.abs(parallax - middle) <= _FAR * error
        weight = error[near] ** -2
        mean = np.sum(weight * parallax[near]) / weight.sum() - parallax_zero_point(release)
        mean_error = np.hypot(weight.sum() ** -0.5, _PARALLAX_SYSTEMATIC)
        least = max(mean, 0.5 * mean_error, 0.05)
        modulus_error = 5 / np.log(10) * mean_error / least
        return 10 - 5 * np.log10(least), min(modulus_error, _LARGEST_MODULUS_ERROR)


def _weighted_median(values: FloatArray, weights: FloatArray) -> float:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulative, cumulative[-1] / 2)])


#: Columns that are used if present.
_COLUMNS = (
    "phot_g_mean_mag",
    "bp_rp",
    "probability",
    "parallax",
    "parallax_error",
    "phot_bp_mean_flux_over_error",
    "phot_rp_mean_flux_over_error",
)


def member_lists(stars: Stars, faint_limit: float) -> list[MemberList]:
    """Return the stars of each cluster that are brighter than the limit, without copying."""
    columns: dict[str, Any] = {
        name: stars[name].astype(np.float64, copy=False) for name in _COLUMNS if name in stars
    }
    limits = magnitude_limits(stars, faint_limit).tolist()
    return [
        MemberList({name: values[start:end] for name, values in columns.items()}, limit)
        for start, end, limit in zip(stars.offsets[:-1], stars.offsets[1:], limits, strict=True)
    ]


def check_measurable(
    index: Any, lists: Sequence[MemberList], mean: FloatArray, faint_limit: float
) -> None:
    """Refuse training clusters without a usable star, or without an expected distance.

    Raises
    ------
    ValueError
        If there are any.
    """
    for name, stars, expected in zip(index, lists, mean, strict=True):
        if not (stars.columns["phot_g_mean_mag"] < faint_limit).any():
            lack = f"no star brighter than G = {faint_limit:g}"
        elif not np.isfinite(expected).all():
            lack = "no star with a parallax, or no prediction of the estimator"
        else:
            continue
        raise ValueError(f"Cluster {name!r} cannot be used for training: it has {lack}.")
