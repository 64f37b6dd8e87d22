"""A cluster's diagram as few bytes of a page."""

from typing import Any

import numpy as np
from scipy.ndimage import binary_closing

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.photometry import Law
from skcluster.plotting import can_be_drawn, diagram_limits, most_credible, seen_isochrones
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
    """Stars, isochrone and band of one cluster, as JSON can hold them.

    Parameters
    ----------
    colour, magnitude : ndarray of shape (n_stars,)
        BP−RP and G (mag).
    shown : ndarray of int
        Positions of the stars that are drawn.
    estimate : ndarray of shape (3,) or (4,)
        log age (dex), A_V (mag), distance (kpc) and perhaps [M/H] (dex).
    samples : array-like of as many columns, optional
        Joint samples of them.
    coverage : float
        Share of the samples whose isochrones make the band.
    law : {"dr2", "edr3"}
        Extinction law, as in `skcluster.isochrones.isochrone`.

    Returns
    -------
    dict
        ``limits`` (mag): least and greatest colour, then magnitude; ``stars``, and each of
        ``lines``, the unbroken parts of the isochrone: pairs of numbers, 0 to 65535 from one limit
        to the other, as 16 bits in base64; ``band``: for each column of cells, first and last cell
        of each run.
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
            # A fourth of the points: a cell is wider than the steps between them.
            curves = (seen_isochrones(credible, law=law, every=4) - low) / (high - low)
            found["band"] = _runs(curves)
    return found


def _parts_within(line: FloatArray) -> list[FloatArray]:
    """The parts of a line in or near the diagram, broken where it leaves and where it has NaN."""
    near = ((line > -0.2) & (line < 1.2)).all(axis=1)
    # Points far outside stay, where a line leads from them into the diagram.
    kept = np.convolve(near, [True, True, True], "same") & np.isfinite(line).all(axis=1)
    ends = np.flatnonzero(np.diff(np.pad(kept.astype(np.int8), 1)))
    return [line[start:end] for start, end in ends.reshape(-1, 2) if end - start > 1]


def _packed(places: FloatArray) -> str:
    """Places within the diagram, 0 to 1, and up to one diagram's width beyond its sides."""
    return packed(np.clip((places + 1) * 65535 / 3, 0, 65535).round().astype("<u2"))


def _runs(curves: FloatArray) -> list[list[int]]:
    """The cells that curves pass, as runs in each column of cells."""
    filled = np.zeros(CELLS, dtype=bool)
    start, end = curves[:, :-1], curves[:, 1:]
    # Only segments near the diagram, and in steps of less than a cell.
    near = ((np.minimum(start, end) < 1.02) & (np.maximum(start, end) > -0.02)).all(axis=2)
    start, end = start[near], end[near]
    steps = np.ceil(np.abs((end - start) * CELLS).max(axis=1)).astype(int) + 1
    segment = np.repeat(np.arange(len(steps)), steps)
    along = (np.arange(len(segment)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[segment]
    places = start[segment] + along[:, None] * (end - start)[segment]
    cells = np.floor(places * CELLS).astype(int)
    cells = cells[((cells >= 0) & (cells < CELLS)).all(axis=1)]
    filled[cells[:, 0], cells[:, 1]] = True
    # Between the curves of two samples lie those of samples that were not drawn.
    filled = binary_closing(np.pad(filled, 4), np.ones((7, 7)))[4:-4, 4:-4]
    edges = np.diff(np.pad(filled.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    return [np.flatnonzero(column).tolist() for column in edges]
