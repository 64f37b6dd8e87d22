"""Positions and proper motions of a field in the plane that touches the sky at its centre."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skcluster._utils.typing import FloatArray


def ra_dec(position: Any) -> Sequence[float]:
    """Return right ascension and declination (deg) of a SkyCoord; a pair of numbers unchanged."""
    if not hasattr(position, "transform_to"):
        pair: Sequence[float] = position
        return pair
    icrs = position.transform_to("icrs")
    if icrs.shape:
        raise ValueError(f"One position is needed, not a SkyCoord of shape {icrs.shape}.")
    return icrs.ra.deg, icrs.dec.deg


class TangentPlane(NamedTuple):
    """The plane that touches the sky at a point, with axes to the east and to the north.

    It has no seam at right ascension 0 and no singular point at the poles.
    """

    #: The point, deg.
    ra: float
    dec: float

    @classmethod
    def of(cls, ra: FloatArray, dec: FloatArray) -> "TangentPlane":
        """Return the plane at the middle of stars (deg): near the median of their directions."""
        toward = _directions(ra, dec)
        mean = toward.mean(axis=0)
        first = cls(*_angles(mean / max(float(np.linalg.norm(mean)), 1e-12)))
        x, y = first.project(ra, dec)
        return cls(*first.unproject(float(np.median(x)), float(np.median(y))))

    def project(self, ra: FloatArray, dec: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return coordinates of stars to the east and to the north, deg.

        The distance from the origin is the angle on the sky (zenithal equidistant projection),
        so that no star of a wide field is far away.
        """
        east, north, up = self._axes()
        toward = _directions(ra, dec)
        x, y, z = toward @ east, toward @ north, toward @ up
        across = np.hypot(x, y)
        angle = np.degrees(np.arctan2(across, z))
        stretch = np.divide(angle, across, out=np.full_like(across, 180 / np.pi), where=across > 0)
        return x * stretch, y * stretch

    def unproject(self, x: float, y: float) -> tuple[float, float]:
        """Return right ascension and declination (deg) of a point of the plane."""
        east, north, up = self._axes()
        angle = np.radians(np.hypot(x, y))
        across = np.sinc(angle / np.pi) * np.radians(1.0)
        return _angles(np.cos(angle) * up + across * (x * east + y * north))

    def rotate(
        self, ra: FloatArray, dec: FloatArray, pmra: FloatArray, pmdec: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return proper motions along the axes of the plane, carried there on great circles.

        East and north of a star differ from those of the centre, near a pole by any angle.
        """
        a, d = np.radians(ra), np.radians(dec)
        zero = np.zeros_like(a)
        east = np.column_stack([-np.sin(a), np.cos(a), zero])
        north = np.column_stack([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)])
        motion = pmra[:, None] * east + pmdec[:, None] * north
        toward = _directions(ra, dec)
        east_here, north_here, up = self._axes()
        turn = (motion @ up) / np.maximum(1 + toward @ up, 1e-6)
        motion = motion - turn[:, None] * (toward + up)
        return motion @ east_here, motion @ north_here

    def rotate_back(self, ra: float, dec: float, east: float, north: float) -> tuple[float, float]:
        """Return pmra and pmdec at a position of a proper motion along the axes of the plane."""
        here = np.array([ra]), np.array([dec])
        one, none = np.ones(1), np.zeros(1)
        along = np.concatenate(self.rotate(*here, one, none))
        across = np.concatenate(self.rotate(*here, none, one))
        motion = np.array([east, north])
        return float(motion @ along), float(motion @ across)

    def _axes(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        a, d = np.radians(self.ra), np.radians(self.dec)
        east = np.array([-np.sin(a), np.cos(a), 0.0])
        north = np.array([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)])
        up = np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
        return east, north, up


def _directions(ra: FloatArray, dec: FloatArray) -> FloatArray:
    a, d = np.radians(ra), np.radians(dec)
    return np.column_stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def _angles(toward: FloatArray) -> tuple[float, float]:
    x, y, z = (float(value) for value in toward)
    return float(np.degrees(np.arctan2(y, x)) % 360), float(
        np.degrees(np.arctan2(z, np.hypot(x, y)))
    )
