"""Mixtures of normal distributions of proper motion and parallax, each star with its own errors.

Bovy, Hogg & Roweis 2011, Annals of Applied Statistics 5, 1657 ("extreme deconvolution").
"""

from dataclasses import dataclass

import numpy as np

from skcluster._utils.typing import FloatArray

_LOG_2PI = float(np.log(2 * np.pi))
#: Rows and columns of the six different elements of a symmetric matrix.
_ROW, _COLUMN = (0, 0, 0, 1, 1, 2), (0, 1, 2, 1, 2, 2)


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
