"""Colour-magnitude diagrams in a compact form for the page."""

from typing import Any

import numpy as np
from scipy.ndimage import binary_closing

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.photometry import Law
from skcluster.plotting._diagram import can_be_drawn, diagram_limits, most_credible, seen_isochrones
from skcluster.report._stars import packed

_MOST_CURVES = 80
#: Cells of the band, in colour and in magnitude.
CELLS = (150, 200)


def diagram(
    colour: FloatArray,
    magnitude: FloatArray,
    shown: IntArray,
    estimate: FloatArray,
    samples: Any,
    coverage: float,
    law: Law,
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

    Returns
    -------
    dict
        ``limits`` (mag): minimum and maximum of colour, then of magnitude; ``stars``, and each of
        ``lines``, the continuous parts of the isochrone: coordinates as 16-bit integers in base64,
        in units of the diagram; ``band``: for each column of cells, start and end of each run.
    """
    if len(colour) == 0:
        return {}
    low, high = diagram_limits(colour, magnitude)
    found: dict[str, Any] = {
        "limits": [round(float(v), 3) for v in (low[0], high[0], low[1], high[1])],
    }
    points = np.column_stack([colour, magnitude])[shown]
    found["stars"] = _packed((points - low) / (high - low))
    if can_be_drawn(estimate)[0]:
        line = (seen_isochrones(estimate, law=law)[0] - low) / (high - low)
        found["lines"] = [_packed(part) for part in _parts_within(line)]
    if samples is not None:
        credible = most_credible(samples, coverage, _MOST_CURVES)
        if len(credible):
            # Every fourth point: a cell is larger than the steps between them.
            curves = (seen_isochrones(credible, law=law, every=4) - low) / (high - low)
            found["band"] = _runs(curves)
    return found


def _parts_within(line: FloatArray) -> list[FloatArray]:
    """Return the parts of a line in or near the diagram, split at NaN and where it leaves."""
    near = ((line > -0.2) & (line < 1.2)).all(axis=1)
    # Points far outside are kept if a line leads from them into the diagram.
    kept = np.convolve(near, [True, True, True], "same") & np.isfinite(line).all(axis=1)
    ends = np.flatnonzero(np.diff(np.pad(kept.astype(np.int8), 1)))
    return [line[start:end] for start, end in ends.reshape(-1, 2) if end - start > 1]


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
