"""Recognise downloads of a field: passed as a list of members, or cut off on their way."""

from itertools import pairwise

import numpy as np
from scipy.spatial import ConvexHull, QhullError, cKDTree

from skcluster._utils.typing import FloatArray
from skcluster.clusters import Stars

#: Numbers of rows at which services and clients cut off an answer unless told otherwise: astroquery
#: and VizieR (50, 100, 500), the Gaia archive (2000, 50 000; 3 000 000 without login), other TAP
#: services (20 000, 100 000). Limits that users set are not among them, as complete fields have
#: such numbers by chance; what these leave shows in the footprint.
ROW_LIMITS = frozenset([50, 100, 500, 2000, 20_000, 50_000, 100_000, 3_000_000])
#: Stars per cell of the sky; cells with fewer than a share of the usual number are empty. A whole
#: download has stars in at least a share of the cells of its circle or rectangle.
_PER_CELL, _EMPTY, _LEAST_FILLED, _LEAST_CELLS = 20, 0.1, 0.95, 9
#: Least number of stars of which anything is told, most that are looked at, and largest error of
#: their proper motions (mas/yr).
_LEAST, _MOST, _PRECISE = 100, 3000, 0.3
#: A star moves like others within so much of a proper motion (mas/yr), or within this fraction of
#: it: near clusters are extended in proper motion.
_NEAR, _FRACTION = 1.0, 0.3
#: In fewer than this fraction of the stars of a field is the commonest motion. 735 of 735 lists of
#: members (Almeida et al. 2023) have more, and 55 of 59 fields less; the others were
#: selected by proper motion.
_COMMON = 0.57


def footprint_is_broken(position: FloatArray, ra: FloatArray, dec: FloatArray) -> bool:
    """Return whether stars leave parts empty of every circle and rectangle around them.

    Archives sort stars by position on the sky, so that a download that was cut off lacks a corner.
    Positions are those in the tangent plane, shape (2, n_stars), and right ascension and
    declination (deg): near a pole, a rectangle of these is none in the plane.
    """
    try:
        corners = position[:, ConvexHull(position.T).vertices]
    except QhullError:
        return False
    centre, radius = _circle(corners)
    along = np.roll(corners, -1, axis=1) - corners
    along /= np.hypot(*along)
    across = np.array([-along[1], along[0]])
    widths = [np.ptp(axes.T @ corners, axis=1) for axes in (along, across)]
    best = int(np.argmin(widths[0] * widths[1]))
    turned = np.array([along[:, best], across[:, best]]) @ position
    middle = np.degrees(np.angle(np.exp(1j * np.radians(ra)).sum()))
    equator = np.array([(ra - middle + 180) % 360 - 180, np.sin(np.radians(dec))])
    circle = [(c - radius, c + radius) for c in centre]
    shares = _filled(position, circle), _filled(turned), _filled(equator)
    return max(shares) < _LEAST_FILLED


def _circle(points: FloatArray) -> tuple[FloatArray, float]:
    """Return about the smallest circle around points, by steps towards the farthest."""
    centre: FloatArray = points.mean(axis=1)
    for step in range(2, 300):
        farthest = points[:, np.hypot(*(points - centre[:, None])).argmax()]
        centre = centre + (farthest - centre) / step
    return centre, float(np.hypot(*(points - centre[:, None])).max())


def _filled(points: FloatArray, circle: list[tuple[float, float]] | None = None) -> float:
    """Return the share of cells that have stars: of the rectangle around them, or of a circle.

    The circle is given by its ranges of both coordinates.
    """
    n = int(np.sqrt(points.shape[1] / _PER_CELL))
    if n**2 < _LEAST_CELLS:
        return 1.0
    counts, _, _ = np.histogram2d(points[0], points[1], bins=n, range=circle)
    if circle:
        x, y = np.indices(counts.shape) / n + 0.5 / n - 0.5
        counts = counts[np.hypot(x, y) + 0.5 / n < 0.5]
    usual = np.median(counts[counts > 0]) if counts.any() else 0.0
    return float((counts > _EMPTY * usual).mean())


def fields_among(stars: Stars) -> list[object]:
    """Return the names of lists most of whose stars are far from any common proper motion."""
    if "pmra" not in stars or "pmdec" not in stars:
        return []
    motion = np.stack([stars["pmra"], stars["pmdec"]], axis=1).astype(float)
    if "pmra_error" in stars:
        motion[stars["pmra_error"].astype(float) > _PRECISE] = np.nan
    lists = zip(stars.index, pairwise(stars.offsets), strict=True)
    return [name for name, (first, last) in lists if _is_field(motion[first:last])]


def _is_field(motion: FloatArray) -> bool:
    motion = motion[np.isfinite(motion).all(axis=1)]
    if len(motion) < _LEAST:
        return False
    if len(motion) > _MOST:
        motion = motion[np.random.default_rng(0).choice(len(motion), _MOST, replace=False)]
    # The commonest motion has the nearest neighbours.
    distance = cKDTree(motion).query(motion, k=1 + len(motion) // 10)[0][:, -1]
    common = motion[distance.argmin()]
    near = max(_NEAR, _FRACTION * float(np.hypot(*common)))
    return bool((np.hypot(*(motion - common).T) < near).mean() < _COMMON)
