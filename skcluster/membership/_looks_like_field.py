"""Tell a list of members from all stars of a field, by their proper motions."""

import numpy as np
from scipy.spatial import cKDTree

from skcluster._utils.typing import FloatArray
from skcluster.clusters import Stars

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


def fields_among(stars: Stars) -> list[object]:
    """Return the names of lists most of whose stars are far from any common proper motion.

    Parameters
    ----------
    stars : Stars
        The stars of member lists, perhaps with ``pmra`` and ``pmdec`` (mas/yr) and their errors.
    """
    if "pmra" not in stars or "pmdec" not in stars:
        return []
    motion = np.stack([stars["pmra"], stars["pmdec"]], axis=1).astype(float)
    if "pmra_error" in stars:
        motion[stars["pmra_error"].astype(float) > _PRECISE] = np.nan
    pairs = zip(stars.offsets[:-1], stars.offsets[1:], strict=True)
    return [
        name
        for name, (first, last) in zip(stars.index, pairs, strict=True)
        if _is_field(motion[first:last])
    ]


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
