"""The star columns of copies: light and parallax moved, all else carried along."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skcluster._utils.typing import FloatArray
from skcluster.augmentation._copies import CopiedStars
from skcluster.augmentation._labels import Labels
from skcluster.augmentation._originals import Originals
from skcluster.gaia import parallax_error
from skcluster.photometry import ExtinctionCoefficients


def columns_of_copies(
    originals: Originals,
    stars: CopiedStars,
    modulus_shift: FloatArray,
    copies: Labels,
    noise: float,
    rng: np.random.RandomState,
) -> dict[str, npt.NDArray[Any]]:
    """The columns of the copies that are not simply carried along.

    Parameters
    ----------
    originals : Originals
        The clusters given.
    stars : CopiedStars
        Which of their stars make up the copies.
    modulus_shift : ndarray of shape (n_copies_in_all,)
        What the distance modulus of each copy has grown by, mag.
    copies : Labels
        Extinctions and distances of the copies.
    noise : float
        Standard deviation of photometric noise, mag.
    rng : RandomState
        Source of random numbers.

    Returns
    -------
    dict of str to ndarray of shape (n_stars,)
        Magnitudes, colour, parallax, its error and probability, those that there are.
    """
    shifts = originals.magnitude_shifts(
        stars.light, modulus_shift[stars.copy], copies.a_v[stars.copy]
    )
    shifts = ExtinctionCoefficients(*(np.where(stars.field, 0.0, shift) for shift in shifts))
    columns = _parallaxes(originals, stars, shifts.g, copies, rng)
    if noise:
        noises = rng.normal(scale=noise, size=(3, stars.copy.size))
        shifts = ExtinctionCoefficients(*(s + n for s, n in zip(shifts, noises, strict=True)))
    added = {
        "phot_g_mean_mag": shifts.g,
        "phot_bp_mean_mag": shifts.bp,
        "phot_rp_mean_mag": shifts.rp,
        "bp_rp": shifts.bp - shifts.rp,
    }
    for name, shift in added.items():
        if name in originals.stars:
            columns[name] = originals.stars[name][stars.light] + shift
    if stars.field.any() and "probability" in originals.stars:
        columns["probability"] = _probabilities(originals, stars)
    return columns


def _parallaxes(
    originals: Originals,
    stars: CopiedStars,
    g_shift: FloatArray,
    copies: Labels,
    rng: np.random.RandomState,
) -> dict[str, npt.NDArray[Any]]:
    """Parallaxes at the copies' distances, as noisy as those of stars so faint."""
    if "parallax" not in originals.stars:
        return {}
    own_distance = originals.labels.distance_kpc[originals.stars.cluster[stars.light]]
    g = originals.g[stars.light]
    typical = parallax_error(g)
    # Noise can be added, not taken off: a star made brighter keeps its error.
    growth = np.maximum(parallax_error(g + g_shift) / typical, 1)
    columns = {}
    error = typical
    if "parallax_error" in originals.stars:
        known = originals.stars["parallax_error"][stars.light]
        columns["parallax_error"] = known * growth
        error = np.where(np.isfinite(known), known, typical)
    extra = error * np.sqrt(growth**2 - 1) * rng.normal(size=error.size)
    moved = 1 / copies.distance_kpc[stars.copy] - 1 / own_distance
    columns["parallax"] = originals.stars["parallax"][stars.light] + moved + extra
    return columns


def _probabilities(originals: Originals, stars: CopiedStars) -> npt.NDArray[Any]:
    """Own ones of members; of field stars that of the cluster's least certain member."""
    own = originals.stars["probability"]
    least = np.fmin.reduceat(own, originals.stars.offsets[:-1])
    return np.where(stars.field, least[originals.stars.cluster[stars.host]], own[stars.host])


def append_column(
    original: pa.Array, added: npt.NDArray[Any] | None, carried: pa.Array
) -> pa.Array:
    """A star column with that of the copies after it, in its own type.

    Parameters
    ----------
    original : pyarrow.Array of shape (n_stars,)
        The column given.
    added : ndarray or None
        The column of the copies, if it is not carried along.
    carried : pyarrow.Array of int
        Where to carry it along from.
    """
    if added is None:
        return pa.concat_arrays([original, original.take(carried)])
    kind = original.type if pa.types.is_floating(original.type) else pa.float64()
    return pa.concat_arrays([original.cast(kind), pa.array(added).cast(kind, safe=False)])
