"""What a page tells of individual stars, in few bytes."""

import base64
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars

#: More stars of a cluster than this, drawn at random, look the same.
MOST_STARS = 4000
#: Stars of a whole page, 24 bytes each.
_MOST_ON_PAGE = 400_000


def shown_stars(counts: IntArray) -> list[IntArray]:
    """Which stars of each cluster are drawn: all, or as many at random as a page can hold."""
    most = _most_of_each(counts)
    rng = np.random.default_rng(0)
    return [
        np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False)) for n in counts
    ]


def _most_of_each(counts: IntArray) -> int:
    """The largest number of stars of any cluster for which the page holds them all."""
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
    """Columns of some stars, as JSON can hold them.

    Parameters
    ----------
    stars : Stars
        Of all clusters.
    membership : ndarray of shape (n_stars,), optional
        Probabilities of all stars to be members according to the estimate.
    places : ndarray of int
        Positions of the stars that are shown.

    Returns
    -------
    dict
        Each in base64, and only if it is known: ``membership`` and ``probability``, bytes of 1 to
        255 for 0 to 1, and 0 for NaN; ``parallax`` (mas), single precision; ``source_id``, 64 bits,
        or a list of texts if the identifiers are not integers.
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
        elif not pa.types.is_floating(identifiers.type):  # which would have lost digits
            texts = identifiers.to_pylist()
            found["source_id"] = ["–" if text is None else str(text) for text in texts]
    return found


def _shares(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    known = 1 + 254 * np.clip(values.astype(np.float64), 0, 1)
    return np.nan_to_num(known.round(), nan=0.0).astype(np.uint8)


def packed(values: npt.NDArray[Any]) -> str:
    """The bytes of an array in base64."""
    return base64.b64encode(values.tobytes()).decode()
