"""Which clusters a field holds: candidates, their significance, and the fit of those that count."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.membership._mixture import (
    TYPICAL,
    Cluster,
    Field,
    Fit,
    Normals,
    fit,
    fit_background,
    scales_of,
)

#: Least significance of a cluster in a field of which nothing is known, and of one that is hinted.
LEAST_SIGNIFICANCE, LEAST_HINTED = 5.3, 3.5
#: Least excess of stars in proper motion of a cluster that fills its field, if its position is
#: hinted. Fields without a cluster reach 6.
LEAST_IN_MOTION = 8.0
#: Least number of members, the sum of their probabilities.
LEAST_MEMBERS = 8.0
#: Half widths of the box in proper motion and parallax in which stars are counted (mas/yr,
#: mas/yr, mas), factors on them for near clusters, and half sides of the squares on the sky, as
#: fractions of the radius of the field.
_BOX = np.array([0.25, 0.25, 0.12])
_SCALES = np.array([1.0, 2.5, 6.0])
_SQUARES = (0.15, 0.3, 0.5)
#: The surroundings in proper motion are a box wider by this factor.
_WIDER = 2.5
#: Stars to search around, and numbers of candidates by contrast on the sky and in proper motion.
_MAX_CENTRES, _N_SKY, _N_MOTION = 3000, 5, 2
#: Error of proper motion and parallax of stars that are counted, and least number of them.
_PRECISE, _LEAST_PRECISE = 0.3, 200
_SHORT, _LONG = 12, 40
#: How far a hinted position may be from the centre of a cluster, and one standard deviation of it:
#: fractions of the radius of the field, and the same in deg for small fields.
_CENTRE_LIMIT, _CENTRE_SCATTER = (0.35, 0.1), (0.15, 0.05)
#: Largest number of clusters that are fitted together, if not more are asked for.
_MOST = 4


@dataclass(frozen=True)
class Hint:
    """What is known of the cluster: position (deg), proper motion (mas/yr), parallax (mas)."""

    position: FloatArray | None = None
    motion: FloatArray | None = None
    parallax: float | None = None

    def __bool__(self) -> bool:
        """Return whether anything is known."""
        return self.position is not None or self.motion is not None or self.parallax is not None

    def allows(self, field: Field) -> BoolArray:
        """Return which stars are near what is known."""
        return self._near(field.position, field.data, field.radius)

    def agrees(self, field: Field, cluster: Cluster) -> bool:
        """Return whether a cluster is near what is known."""
        mean = cluster.normal.mean.T
        return bool(self._near(cluster.centre[:, None], mean, field.radius).all())

    def _near(self, position: FloatArray, data: FloatArray, radius: float) -> BoolArray:
        near = np.ones(data.shape[1], dtype=bool)
        scale = scales_of(data[2] if self.parallax is None else np.array([self.parallax]))
        if self.position is not None:
            limit = max(_CENTRE_LIMIT[0] * radius, _CENTRE_LIMIT[1])
            near &= np.hypot(*(position - self.position[:, None])) < limit
        if self.motion is not None:
            offset = np.hypot(*(data[:2] - self.motion[:, None]))
            near &= offset < 0.3 * scale + 0.03 * np.hypot(*self.motion)
        if self.parallax is not None:
            near &= np.abs(data[2] - self.parallax) < 0.15 * scale + 0.1 * self.parallax
        return near


@dataclass(frozen=True)
class FieldClusters:
    """Clusters of a field, the most significant first."""

    clusters: list[Cluster]
    #: Probabilities that stars belong to each of them; shape (n_clusters, n_stars).
    probability: FloatArray
    #: Their significances; shape (n_clusters,).
    significance: FloatArray


def search(field: Field, hint: Hint, n_clusters: int | None) -> FieldClusters | None:
    """Return the clusters of a field, at most ``n_clusters``, or None if it has none.

    All that are significant are fitted together, so that one does not attract the stars of another.
    The only one that is asked for is then that of the highest rank; several are the most
    significant. Hints select the clusters that agree with them.
    """
    starts = _candidates(field, Hint())
    if hint:
        starts += _candidates(field, hint)
    if not starts:
        return None
    weight = np.ones(len(field))
    for start in starts:
        weight[_alike(field, start)] = 0.02
    background = fit_background(field, weight)
    tried = [fit(field, [start], background, _SHORT, free_background=False) for start in starts]
    values = np.array([_hinted_significance(field, one, hint) for one in tried])
    chosen: list[int] = []
    for i in np.argsort([-_rank(field, one, hint) for one in tried]):
        if values[i] > 0 and not any(_same(tried[i], tried[j]) for j in chosen):
            chosen.append(int(i))
    chosen = chosen[: max(n_clusters, _MOST)] if n_clusters else chosen
    if not chosen:
        return None
    clusters = [tried[i].clusters[0] for i in chosen]
    best = fit(field, clusters, background, _LONG, free_background=True)
    kept = [k for k, cluster in enumerate(best.clusters) if hint.agrees(field, cluster)]
    if n_clusters != 1:
        kept.sort(key=lambda k: -values[chosen[k]])
    kept = kept[:n_clusters]
    if not kept:
        return None
    significances = values[[chosen[k] for k in kept]]
    return FieldClusters([best.clusters[k] for k in kept], best.probability[kept], significances)


def _rank(field: Field, fitted: Fit, hint: Hint) -> float:
    """Return what orders clusters if one is asked for.

    Without a hint of its position it is the gain, less for clusters at the edge: the one asked for
    is often central. With one it is the significance, less for clusters away from it: a
    neighbour that has more members, or a stream across the field, may have the larger gain.
    """
    cluster = fitted.clusters[0]
    if hint.position is None:
        away = np.hypot(*cluster.centre) / field.radius
        rank = fitted.gain * (0.2 + 0.8 * float(np.exp(-0.5 * (away / 0.4) ** 2)))
    else:
        scatter = max(_CENTRE_SCATTER[0] * field.radius, _CENTRE_SCATTER[1])
        away = np.hypot(*(cluster.centre - hint.position)) / scatter
        rank = max(significance(field, fitted), 1.0) * float(np.exp(-0.5 * away**2))
    if hint.motion is not None:
        off = np.hypot(*(cluster.normal.mean[0, :2] - hint.motion))
        rank *= float(np.exp(-0.5 * (off / 0.2) ** 2)) + 1e-3
    return rank


def _hinted_significance(field: Field, fitted: Fit, hint: Hint) -> float:
    """Return the significance of a cluster, or 0 if it is too small.

    Less is asked of a cluster that agrees with hints. If these give its proper motion, it needs no
    contrast on the sky, as it may fill the field; nor if they give its position, and it stands out
    in proper motion instead.
    """
    value = significance(field, fitted)
    if not (hint and hint.agrees(field, fitted.clusters[0])):
        return value if value >= LEAST_SIGNIFICANCE else 0.0
    if value < LEAST_HINTED and fitted.probability.sum() >= LEAST_MEMBERS:
        gain = float(np.sqrt(max(fitted.gain, 0)))
        if hint.motion is None and hint.position is not None:
            excess = _excess_in_motion(field, fitted.clusters[0])
            gain = min(gain, excess) if excess >= LEAST_IN_MOTION else 0.0
        elif hint.motion is None:
            gain = 0.0
        value = gain if gain >= LEAST_SIGNIFICANCE else 0.0
    return value if value >= LEAST_HINTED else 0.0


def significance(field: Field, fitted: Fit) -> float:
    """Return the significance of the only cluster of a fit.

    It is the smaller of two numbers. The first says how concentrated on the sky the stars are that
    agree with it in proper motion and parallax: the sum of the log profile over them, compared with
    its mean and standard deviation if positions were permuted among all stars of the field. The
    second is the square root of the gain in log-likelihood.
    """
    (cluster,) = fitted.clusters
    odds = np.log(cluster.fraction / (1 - cluster.fraction)) + fitted.log_ratio[0]
    alike = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
    if min(alike.sum(), fitted.probability[0].sum()) < LEAST_MEMBERS:
        return 0.0
    log_profile = -np.log1p(cluster.squared_distance(field) / cluster.core_radius**2)
    log_profile -= log_profile.mean()
    alike -= alike.mean()
    variance = (alike @ alike) * (log_profile @ log_profile) / (len(field) - 1)
    contrast = float(alike @ log_profile / np.sqrt(variance))
    return min(contrast, float(np.sqrt(max(fitted.gain, 0))))


def _same(first: Fit, second: Fit) -> bool:
    """Return whether two fits share most members of one of them."""
    one, two = first.probability[0], second.probability[0]
    return bool(np.minimum(one, two).sum() > 0.3 * min(one.sum(), two.sum()))


def _candidates(field: Field, hint: Hint) -> list[Cluster]:
    """Return where clusters may be, by counts of stars around each star."""
    precise: BoolArray = np.all(field.variance < _PRECISE**2, axis=0)
    if precise.sum() < _LEAST_PRECISE:
        precise = np.ones(len(field), dtype=bool)
    field = field.take(precise)
    near = np.flatnonzero(hint.allows(field))
    if len(near) > _MAX_CENTRES:
        near = near[np.linspace(0, len(near) - 1, _MAX_CENTRES).astype(int)]
    if not len(near):
        return []
    scales = scales_of(field.data[2, near])
    scales = _SCALES[np.abs(np.log(_SCALES[:, None] / scales)).argmin(axis=0)]
    on_sky, side, in_motion = _contrasts(field, near, scales)
    everywhere = np.full_like(side, 3.0)
    starts: list[Cluster] = []
    for values, sides, n in ((on_sky, side, _N_SKY), (in_motion, everywhere, _N_MOTION)):
        for start in starts:
            values[_alike(field, start, 2.0)[near]] = -np.inf
        for _ in range(n):
            top = int(np.argmax(values))
            if values[top] <= 0:
                break
            starts.append(_start(field, near[top], scales[top], sides[top] * field.radius))
            values[_alike(field, starts[-1], 2.0)[near]] = -np.inf
            values[top] = -np.inf
    return starts


def _contrasts(
    field: Field, centres: IntArray, scales: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the largest excess of stars around each centre on the sky, the side, and in motion.

    The excess on the sky compares, of the stars inside and outside a box in proper motion and
    parallax, how many lie in a square on the sky: no area or edge of the field enters.
    """
    position = field.position.T / field.radius
    n = len(field)
    on_sky, side = np.full(len(centres), -np.inf), np.zeros(len(centres))
    in_motion = np.full(len(centres), -np.inf)
    inside = [_count(position / square, position[centres] / square) for square in _SQUARES]
    for scale in np.unique(scales):
        rows = np.flatnonzero(scales == scale)
        scaled = field.data.T / (_BOX * scale)
        here = centres[rows]
        alike = _count(scaled, scaled[here])
        wider = np.array([_WIDER, _WIDER, 1.0])
        around = _count(scaled / wider, scaled[here] / wider) - alike
        in_motion[rows] = _excess(alike, around / (_WIDER**2 - 1))
        for square, in_square in zip(_SQUARES, inside, strict=True):
            five = np.column_stack([scaled, position / square])
            both = _count(five, five[here])
            others = n - alike - in_square[rows] + both
            expected = (alike - both) * (in_square[rows] - both) / np.maximum(others, 1)
            value = _excess(both, expected)
            better = value > on_sky[rows]
            on_sky[rows[better]] = value[better]
            side[rows[better]] = square
    return on_sky, side, in_motion


def _excess_in_motion(field: Field, cluster: Cluster) -> float:
    """Return the excess of stars that agree with a cluster over those around in proper motion."""
    offset = np.abs(field.data - cluster.normal.mean[0][:, None])
    offset /= (_BOX * scales_of(cluster.normal.mean[0, 2]))[:, None]
    around = (offset[:2] < _WIDER).all(axis=0) & (offset[2] < 1)
    alike = around & (offset[:2] < 1).all(axis=0)
    count = np.array([float(alike.sum())])
    return float(_excess(count, (around.sum() - count) / (_WIDER**2 - 1))[0])


def _count(points: FloatArray, centres: FloatArray) -> FloatArray:
    """Return how many points differ from each centre by 1 at most in every coordinate."""
    counts: FloatArray = cKDTree(points).query_ball_point(
        centres, 1.0, p=np.inf, return_length=True
    )
    return counts.astype(float)


def _excess(count: FloatArray, expected: FloatArray) -> FloatArray:
    """Return the signed root of the likelihood ratio of a count, about in standard deviations."""
    expected = expected + 0.5
    ratio = count * np.log(np.maximum(count, 1e-9) / expected) - (count - expected)
    root: FloatArray = np.sign(count - expected) * np.sqrt(2 * np.maximum(ratio, 0))
    return root


def _start(field: Field, star: int, scale: float, side: float) -> Cluster:
    """Return the cluster of the stars around one of them."""
    offset = np.abs(field.data - field.data[:, star, None])
    near = (offset < (_BOX * scale)[:, None]).all(axis=0)
    near &= (np.abs(field.position - field.position[:, star, None]) < side).all(axis=0)
    normal = Normals(
        np.median(field.data[:, near], axis=1)[None], np.diag((TYPICAL * scale) ** 2)[None]
    )
    centre = np.median(field.position[:, near], axis=1)
    fraction = float(np.clip(near.mean(), 1e-6, 0.9))
    return Cluster(normal, centre, min(side / 2, field.radius / 2), fraction)


def _alike(field: Field, cluster: Cluster, factor: float = 1.0) -> BoolArray:
    """Return which stars agree with a cluster in proper motion and parallax."""
    mean = cluster.normal.mean[0]
    box = factor * _BOX * scales_of(mean[2])
    alike: BoolArray = (np.abs(field.data - mean[:, None]) < box[:, None]).all(axis=0)
    return alike
