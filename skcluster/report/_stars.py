"""Data of individual stars in a compact form for the page."""

import base64
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars

#: Maximum number of stars shown per cluster; a random selection of so many looks the same.
MOST_STARS = 4000
#: Maximum number of stars on a page, 24 bytes each.
_MOST_ON_PAGE = 400_000


def shown_stars(counts: IntArray) -> list[IntArray]:
    """Return which stars of each cluster are shown: all, or a random selection."""
    most = _most_of_each(counts)
    rng = np.random.default_rng(0)
    return [
        np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False)) for n in counts
    ]


def _most_of_each(counts: IntArray) -> int:
    """Return the maximum number of stars per cluster that keeps the page within its limit."""
    low, high = 1, MOST_STARS
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(counts, middle).sum() <= _MOST_ON_PAGE:
            low = middle
        else:
            high = middle - 1
    return low


def star_facts(
    stars: Stars, membership: FloatArray | None, places: IntArray
) -> dict[str, str | list[str]]:
    """Return columns of some stars in a form that JSON supports.

    Parameters
    ----------
    stars : Stars
        The stars of all clusters.
    membership : ndarray of shape (n_stars,), optional
        Membership probabilities of the estimate.
    places : ndarray of int
        Positions of the stars to show.

    Returns
    -------
    dict
        The known columns in base64: ``membership`` and ``probability`` as bytes, 1 to 255 for 0 to
        1, and 0 for NaN; ``parallax`` (mas) in single precision; ``source_id`` in 64 bits, or a
        list of strings if the identifiers are not integers.
    """
    found: dict[str, str | list[str]] = {}
    if membership is not None:
        found["membership"] = packed(_shares(membership[places]))
    if "probability" in stars:
        found["probability"] = packed(_shares(stars["probability"][places]))
    if "parallax" in stars:
        found["parallax"] = packed(stars["parallax"][places].astype("<f4"))
    if "source_id" in stars:
        identifiers = stars.arrow("source_id").take(pa.array(places))
        if pa.types.is_integer(identifiers.type) and not identifiers.null_count:
            found["source_id"] = packed(np.asarray(identifiers).astype("<i8"))
        elif not pa.types.is_floating(identifiers.type):  # whose digits may be lost
            texts = identifiers.to_pylist()
            found["source_id"] = ["–" if text is None else str(text) for text in texts]
    return found


def _shares(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    known = 1 + 254 * np.clip(values.astype(np.float64), 0, 1)
    return np.nan_to_num(known.round(), nan=0.0).astype(np.uint8)


def packed(values: npt.NDArray[Any]) -> str:
    """Return the bytes of an array in base64."""
    return base64.b64encode(values.tobytes()).decode()
