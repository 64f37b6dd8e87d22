"""Clusters and field as a mixture in proper motion, parallax and position.

The stars' own errors enter as in Bovy, Hogg & Roweis 2011, Annals of Applied Statistics 5, 1657
("extreme deconvolution").
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skcluster._utils.typing import BoolArray, FloatArray

#: Number of normal distributions of the field, and their least widths: mas/yr, mas/yr, mas.
N_FIELD = 8
_LEAST_FIELD = np.array([0.5, 0.5, 0.08])
#: Least and largest intrinsic widths of distant clusters (mas/yr, mas/yr, mas), and the typical
#: ones that a few stars are held to.
_LEAST, _LARGEST = np.array([0.02, 0.02, 0.01]), np.array([0.6, 0.6, 0.25])
TYPICAL = np.array([0.08, 0.08, 0.02])
_PRIOR_STARS = 15.0
#: Clusters nearer than this parallax (mas) are wider in proportion, up to a factor.
_NEAR, _MAX_SCALE = 1.2, 8.0
#: Core radii, as fractions of the radius of the field.
_RADII = np.geomspace(0.02, 1.0, 24)
_PREFERRED_RADIUS = 0.15
_N_RINGS = 128
#: Steps of the fit of the field before clusters are looked for.
_FIELD_STEPS = 25
#: A fit ends when the log-likelihood changes by less than this.
_TOLERANCE = 1e-3
#: Exponent of the surface density (1 + (r / core radius)²)^-exponent.
EXPONENT = 2.5

_LOG_2PI = float(np.log(2 * np.pi))
#: Rows and columns of the six different elements of a symmetric matrix.
_ROW, _COLUMN = (0, 0, 0, 1, 1, 2), (0, 1, 2, 1, 2, 2)


@dataclass(frozen=True)
class Field:
    """Stars of a field in the tangent plane."""

    #: Proper motions (mas/yr) and parallaxes (mas), and the squares of their errors; shape (3,
    #: n_stars).
    data: FloatArray
    variance: FloatArray
    #: Degrees to the east and to the north of the middle; shape (2, n_stars).
    position: FloatArray
    #: Radius of the field, deg.
    radius: float

    def __len__(self) -> int:
        """Return the number of stars."""
        return int(self.data.shape[1])

    def take(self, stars: BoolArray) -> "Field":
        """Return some of the stars."""
        return Field(
            self.data[:, stars], self.variance[:, stars], self.position[:, stars], self.radius
        )


@dataclass(frozen=True)
class Normals:
    """Normal distributions in three dimensions."""

    #: Centres; shape (n, 3).
    mean: FloatArray
    #: Covariances, without the errors of the stars; shape (n, 3, 3).
    cov: FloatArray

    def solve(self, data: FloatArray, variance: FloatArray) -> "Solved":
        """Compare stars with each distribution, broadened by the errors of each star."""
        v = self.cov
        b, c, f = v[:, 0, 1, None], v[:, 0, 2, None], v[:, 1, 2, None]
        a, e, i = (v[:, k, k, None] + variance[k] for k in range(3))
        inverse = np.empty((6, *a.shape))
        inverse[0] = e * i - f * f
        inverse[1] = c * f - b * i
        inverse[2] = b * f - c * e
        inverse[3] = a * i - c * c
        inverse[4] = b * c - a * f
        inverse[5] = a * e - b * b
        determinant = a * inverse[0] + b * inverse[1] + c * inverse[2]
        inverse /= determinant
        x, y, z = (data[k] - self.mean[:, k, None] for k in range(3))
        pull = np.empty((3, *a.shape))
        pull[0] = inverse[0] * x + inverse[1] * y + inverse[2] * z
        pull[1] = inverse[1] * x + inverse[3] * y + inverse[4] * z
        pull[2] = inverse[2] * x + inverse[4] * y + inverse[5] * z
        square = x * pull[0] + y * pull[1] + z * pull[2]
        log_density = -0.5 * (square + np.log(determinant) + 3 * _LOG_2PI)
        return Solved(log_density, pull, inverse)

    def updated(self, solved: "Solved", share: FloatArray) -> "Normals":
        """Return the distributions after a step of expectation maximisation."""
        total = np.maximum(share.sum(axis=1), 1e-9)
        pull = np.einsum("kin,in->ik", solved.pull, share) / total[:, None]
        spread = np.empty((len(total), 3, 3))
        for k, (row, column) in enumerate(zip(_ROW, _COLUMN, strict=True)):
            product = solved.pull[row] * solved.pull[column]
            product -= solved.inverse[k]
            spread[:, row, column] = np.einsum("in,in->i", product, share) / total
            spread[:, column, row] = spread[:, row, column]
        step = np.einsum("kij,kj->ki", self.cov, pull)
        cov = self.cov + self.cov @ spread @ self.cov - step[:, :, None] * step[:, None, :]
        return Normals(self.mean + step, (cov + np.swapaxes(cov, 1, 2)) / 2)


@dataclass(frozen=True)
class Solved:
    """Stars compared with normal distributions."""

    #: Logarithm of the density; shape (n, n_stars).
    log_density: FloatArray
    #: Inverse covariance times the difference from the mean; shape (3, n, n_stars).
    pull: FloatArray
    #: Elements of the inverse covariance; shape (6, n, n_stars).
    inverse: FloatArray


@dataclass(frozen=True)
class Cluster:
    """A cluster: normal in proper motion and parallax, with a radial profile on the sky."""

    normal: Normals
    #: Degrees to the east and to the north; shape (2,).
    centre: FloatArray
    #: Scale of the surface density, deg.
    core_radius: float
    #: Fraction of the stars of the field that are members.
    fraction: float

    def squared_distance(self, field: Field) -> FloatArray:
        """Return the squares of the stars' distances from the centre, deg²."""
        square: FloatArray = ((field.position - self.centre[:, None]) ** 2).sum(axis=0)
        return square


@dataclass(frozen=True)
class Background:
    """Distribution of the field stars in proper motion and parallax."""

    normals: Normals
    #: Their weights, which sum to 1; shape (n,).
    share: FloatArray

    def solve(self, field: Field) -> tuple[Solved, FloatArray, FloatArray]:
        """Return the comparison, each star's probability of each normal, and the log density."""
        solved = self.normals.solve(field.data, field.variance)
        part = solved.log_density + np.log(self.share)[:, None]
        top = part.max(axis=0)
        np.exp(part - top, out=part)
        total = part.sum(axis=0)
        part /= total
        return solved, part, top + np.log(total)

    def step(self, solved: Solved, part: FloatArray) -> "Background":
        """Return the distribution after a step of expectation maximisation."""
        normals = self.normals.updated(solved, part)
        share = part.sum(axis=1) + 1e-3
        return Background(
            Normals(normals.mean, _at_least(normals.cov, _LEAST_FIELD)), share / share.sum()
        )


@dataclass(frozen=True)
class Fit:
    """Clusters and field, fitted to stars."""

    clusters: list[Cluster]
    background: Background
    #: Probabilities that stars belong to each cluster; shape (n_clusters, n_stars).
    probability: FloatArray
    #: Logarithm of the density of proper motion and parallax in the cluster, relative to the field;
    #: shape (n_clusters, n_stars).
    log_ratio: FloatArray
    #: Logarithm of the likelihood, relative to that of the field alone.
    gain: float


def scales_of(parallax: Any) -> FloatArray:
    """Return how much wider than distant clusters those of these parallaxes (mas) appear."""
    scales: FloatArray = np.minimum(np.maximum(parallax / _NEAR, 1.0), _MAX_SCALE)
    return scales


def fit_background(field: Field, weight: FloatArray) -> Background:
    """Fit the distribution of the field to weighted stars.

    The normals start from the stars in order of their distance from the median, so that narrow ones
    describe the distant stars of the disc, wide ones the near stars.
    """
    data = field.data
    middle = np.median(data, axis=1)
    spread = 1.4826 * np.median(np.abs(data - middle[:, None]), axis=1) + 1e-3
    distance = (((data - middle[:, None]) / spread[:, None]) ** 2).sum(axis=0)
    distance += np.maximum(data[2] - middle[2], 0) / spread[2]
    edges = np.quantile(distance, np.linspace(0, 1, N_FIELD + 1) ** 0.8)
    which = np.clip(np.searchsorted(edges, distance, side="right") - 1, 0, N_FIELD - 1)
    groups = [data[:, which == k] for k in range(N_FIELD)]
    groups = [group if group.shape[1] > 3 else data for group in groups]
    normals = Normals(
        np.array([group.mean(axis=1) for group in groups]),
        np.array([np.cov(group) for group in groups]) + np.diag(_LEAST_FIELD**2),
    )
    background = Background(normals, np.full(N_FIELD, 1 / N_FIELD))
    for _ in range(_FIELD_STEPS):
        solved, part, _ = background.solve(field)
        background = background.step(solved, part * weight)
    return background


def fit(
    field: Field,
    clusters: list[Cluster],
    background: Background,
    n_steps: int,
    *,
    free_background: bool,
) -> Fit:
    """Fit clusters, and the field if it is free, by expectation maximisation."""
    solved, part, log_field = background.solve(field)
    outside = np.ones(len(field))
    last = -np.inf
    for step in range(n_steps):
        own = [cluster.normal.solve(field.data, field.variance) for cluster in clusters]
        log_ratio = np.array([one.log_density[0] for one in own]) - log_field
        fractions = np.array([cluster.fraction for cluster in clusters])
        rest = max(1 - fractions.sum(), 0.01)
        shape = np.array([log_profile(field, cluster, outside) for cluster in clusters])
        odds = np.log(fractions / rest)[:, None] + log_ratio + shape
        total = np.logaddexp(0, np.logaddexp.reduce(odds, axis=0))
        probability = np.exp(odds - total)
        outside = np.exp(-total)
        gain = float((np.log(rest) + total).sum())
        if step == n_steps - 1 or (abs(gain - last) < _TOLERANCE and step > 5):
            break
        last = gain
        clusters = [
            _step(field, cluster, one, chance, outside, radius=step % 2 == 1)
            for cluster, one, chance in zip(clusters, own, probability, strict=True)
        ]
        if free_background:
            background = background.step(solved, part * outside)
            solved, part, log_field = background.solve(field)
    return Fit(clusters, background, probability, log_ratio, gain)


def log_profile(field: Field, cluster: Cluster, outside: FloatArray) -> FloatArray:
    """Return the log of the surface density of a cluster relative to that of the field.

    It is normalised over the field stars, whose weights are ``outside``: they show where the field
    was observed, whatever its shape, edges and gaps.
    """
    square = cluster.squared_distance(field)
    values = (1 + square / cluster.core_radius**2) ** -EXPONENT
    logs: FloatArray = np.log(values / ((values @ outside) / outside.sum()))
    return logs


def _step(
    field: Field,
    cluster: Cluster,
    solved: Solved,
    probability: FloatArray,
    outside: FloatArray,
    *,
    radius: bool,
) -> Cluster:
    """Return a cluster after a step of expectation maximisation."""
    normal = cluster.normal.updated(solved, probability[None])
    normal = Normals(normal.mean, _bounded(normal, float(probability.sum())))
    square = cluster.squared_distance(field) / cluster.core_radius**2
    # Step of the location of a Student distribution, which this profile is.
    pull = probability / (1 + square)
    centre = (field.position @ pull) / max(float(pull.sum()), 1e-9)
    fraction = float(np.clip(probability.mean(), 1e-6, 0.98))
    cluster = Cluster(normal, centre, cluster.core_radius, fraction)
    return _with_radius(field, cluster, probability, outside) if radius else cluster


def _with_radius(
    field: Field, cluster: Cluster, probability: FloatArray, outside: FloatArray
) -> Cluster:
    """Return the cluster with the most likely core radius, from counts in rings."""
    distance = np.sqrt(cluster.squared_distance(field)) / field.radius
    edges = np.geomspace(0.003, 2.5, _N_RINGS)
    ring = np.searchsorted(edges, distance)
    members = np.bincount(ring, probability, minlength=_N_RINGS + 1)
    others = np.bincount(ring, outside, minlength=_N_RINGS + 1)
    middle = np.append(edges, edges[-1]) / (edges[1] / edges[0]) ** 0.5
    logs = -EXPONENT * np.log1p((middle / _RADII[:, None]) ** 2)
    score = logs @ members - members.sum() * np.log(np.exp(logs) @ others / others.sum())
    score -= 0.5 * np.log(_RADII / _PREFERRED_RADIUS) ** 2
    return replace(cluster, core_radius=float(_RADII[np.argmax(score)] * field.radius))


def _bounded(normal: Normals, n_members: float) -> FloatArray:
    """Return the covariance of a cluster within the limits of intrinsic widths."""
    scale = scales_of(normal.mean[0, 2])
    weight = _PRIOR_STARS / (n_members + _PRIOR_STARS)
    cov = (1 - weight) * normal.cov[0] + weight * np.diag((TYPICAL * scale) ** 2)
    width = np.sqrt(np.maximum(cov.diagonal(), 1e-12))
    change = np.clip(width, _LEAST, _LARGEST * scale) / width
    bounded: FloatArray = (cov * change[:, None] * change)[None]
    return bounded


def _at_least(cov: FloatArray, width: FloatArray) -> FloatArray:
    """Return covariances whose eigenvalues, in units of squared widths, are at least 1."""
    units = width[:, None] * width
    values, vectors = np.linalg.eigh(cov / units)
    wide: FloatArray = np.einsum("kij,kj,klj->kil", vectors, np.maximum(values, 1), vectors) * units
    return wide
