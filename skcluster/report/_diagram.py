"""Stars, isochrone and band of each cluster in a compact form for the page."""

import base64
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.ndimage import binary_closing

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars
from skcluster.photometry import Law
from skcluster.plotting._diagram import (
    can_be_drawn,
    diagram_limits,
    most_credible,
    most_reddened,
    seen_isochrones,
)

_MOST_CURVES = 80
#: Maximum number of stars shown per cluster; a random selection of so many looks the same.
MOST_STARS = 4000
#: Maximum number of stars on a page, 24 bytes each.
_MOST_ON_PAGE = 400_000
#: Length between points of an isochrone, in units of the diagram.
_STEP = 0.004
#: Cells of the band, in colour and in magnitude.
CELLS = (150, 200)


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


def diagram(
    colour: FloatArray,
    magnitude: FloatArray,
    shown: IntArray,
    estimate: FloatArray,
    samples: Any,
    coverage: float,
    law: Law,
    spread: float = 0.0,
) -> dict[str, Any]:
    """Return stars, isochrone and band of one cluster in a form that JSON supports.

    Parameters
    ----------
    colour, magnitude : ndarray of shape (n_stars,)
        BP−RP and G (mag).
    shown : ndarray of int
        Positions of the stars to draw.
    estimate : ndarray of shape (3,) or (4,)
        Log age (dex), A_V (mag), distance (kpc) and, optionally, [M/H] (dex).
    samples : array-like of shape (n_samples, 3) or (n_samples, 4), optional
        Joint samples of the same quantities.
    coverage : float
        Fraction of the samples whose isochrones form the band.
    law : {"dr2", "edr3"}
        Extinction law, as in `skcluster.isochrones.isochrone`.
    spread : float, default=0.0
        Scale of the half-normal differential reddening (mag of A_V); the isochrone behind more
        dust than that of 95 per cent of the stars is drawn as well.

    Returns
    -------
    dict
        ``limits`` (mag): minimum and maximum of colour, then of magnitude; ``stars``, and each of
        ``lines`` and ``reddened``, the continuous parts of the isochrones: coordinates as 16-bit
        integers in base64, in units of the diagram; ``band``: for each column of cells, start and
        end of each run.
    """
    if len(colour) == 0:
        return {}
    low, high = diagram_limits(colour, magnitude)
    drawn: dict[str, Any] = {
        "limits": [round(float(v), 3) for v in (low[0], high[0], low[1], high[1])],
    }
    points = np.column_stack([colour, magnitude])[shown]
    drawn["stars"] = _packed((points - low) / (high - low))
    if can_be_drawn(estimate)[0]:
        reddened = most_reddened(estimate, spread)
        for name, values in (("lines", estimate), ("reddened", reddened)):
            if values is not None:
                line = (seen_isochrones(values, law=law)[0] - low) / (high - low)
                drawn[name] = [_packed(part) for part in _parts_within(line)]
    if samples is not None:
        credible = most_credible(samples, coverage, _MOST_CURVES)
        if len(credible):
            # Every fourth point: a cell is larger than the steps between them.
            curves = (seen_isochrones(credible, law=law, every=4) - low) / (high - low)
            drawn["band"] = _runs(curves)
    return drawn


def _parts_within(line: FloatArray) -> list[FloatArray]:
    """Return the parts of a line in or near the diagram, split at NaN and where it leaves."""
    near = ((line > -0.2) & (line < 1.2)).all(axis=1)
    # Points far outside are kept if a line leads from them into the diagram.
    kept = np.convolve(near, [True, True, True], "same") & np.isfinite(line).all(axis=1)
    ends = np.flatnonzero(np.diff(np.pad(kept.astype(np.int8), 1)))
    parts = (line[start:end] for start, end in ends.reshape(-1, 2) if end - start > 1)
    return [_thinned(part) for part in parts]


def _thinned(line: FloatArray) -> FloatArray:
    """Return the first, the last, and one point in each step of a line."""
    along = np.cumsum(np.hypot(*np.diff(line, axis=0, prepend=line[:1]).T))
    kept = np.diff(along // _STEP, prepend=-1.0) > 0
    kept[-1] = True
    return line[kept]


def _packed(places: FloatArray) -> str:
    """Encode coordinates, 0 to 1 within the diagram and -1 to 2 around it."""
    return packed(np.clip((places + 1) * 65535 / 3, 0, 65535).round().astype("<u2"))


def _runs(curves: FloatArray) -> list[list[int]]:
    """Return the cells crossed by curves, as runs in each column of cells."""
    filled = np.zeros(CELLS, dtype=bool)
    start, end = curves[:, :-1], curves[:, 1:]
    # Only segments near the diagram, in steps of less than a cell.
    near = ((np.minimum(start, end) < 1.02) & (np.maximum(start, end) > -0.02)).all(axis=2)
    start, end = start[near], end[near]
    steps = np.ceil(np.abs((end - start) * CELLS).max(axis=1)).astype(int) + 1
    segment = np.repeat(np.arange(len(steps)), steps)
    along = (np.arange(len(segment)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[segment]
    places = start[segment] + along[:, None] * (end - start)[segment]
    cells = np.floor(places * CELLS).astype(int)
    cells = cells[((cells >= 0) & (cells < CELLS)).all(axis=1)]
    filled[cells[:, 0], cells[:, 1]] = True
    # Closes gaps between the curves of neighbouring samples.
    filled = binary_closing(np.pad(filled, 4), np.ones((7, 7)))[4:-4, 4:-4]
    edges = np.diff(np.pad(filled.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    return [np.flatnonzero(column).tolist() for column in edges]


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
        The columns that the stars have, in base64: ``membership`` and ``probability`` as bytes, 1
        to 255 for 0 to 1, and 0 for NaN; ``parallax`` (mas) in single precision; ``source_id`` in
        64 bits, or a list of strings if the identifiers are not integers.
    """
    columns: dict[str, str | list[str]] = {}
    if membership is not None:
        columns["membership"] = packed(_shares(membership[places]))
    if "probability" in stars:
        columns["probability"] = packed(_shares(stars["probability"][places]))
    if "parallax" in stars:
        columns["parallax"] = packed(stars["parallax"][places].astype("<f4"))
    if "source_id" in stars:
        identifiers = stars.arrow("source_id").take(pa.array(places))
        if pa.types.is_integer(identifiers.type) and not identifiers.null_count:
            columns["source_id"] = packed(np.asarray(identifiers).astype("<i8"))
        elif not pa.types.is_floating(identifiers.type):  # whose digits may be lost
            texts = identifiers.to_pylist()
            columns["source_id"] = ["–" if text is None else str(text) for text in texts]
    return columns


def _shares(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    shares = 1 + 254 * np.clip(values.astype(np.float64), 0, 1)
    return np.nan_to_num(shares.round(), nan=0.0).astype(np.uint8)


def packed(values: npt.NDArray[Any]) -> str:
    """Return the bytes of an array in base64."""
    return base64.b64encode(values.tobytes()).decode()
