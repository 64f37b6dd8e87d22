"""Positions and proper motions of a field in the plane that touches the sky at its centre."""

from typing import Any, NamedTuple

import numpy as np

from skcluster._utils.typing import FloatArray


def numbers_of(value: Any, n: int) -> FloatArray | None:
    """Return so many finite numbers as an array, or None if the value is anything else."""
    try:
        numbers: FloatArray = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return numbers if numbers.shape == (n,) and np.isfinite(numbers).all() else None


def ra_dec(name: str, position: Any) -> FloatArray:
    """Return right ascension and declination (deg) of a SkyCoord, pair of numbers or Quantity.

    Anything else is refused; the message has the name of the argument.
    """
    given = position
    if hasattr(position, "transform_to"):
        icrs = position.transform_to("icrs")
        given = icrs.ra.deg, icrs.dec.deg
    elif hasattr(position, "to_value"):
        given = position.to_value("deg")
    pair = numbers_of(given, 2)
    if pair is None or abs(pair[1]) > 90:
        raise ValueError(
            f"{name} must be one right ascension and declination, in degrees, not {position!r}."
        )
    return pair


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
        mean = _axes(ra, dec)[2].mean(axis=0)
        first = cls(*_angles(mean / max(float(np.linalg.norm(mean)), 1e-12)))
        x, y = first.project(ra, dec)
        return cls(*first.unproject(float(np.median(x)), float(np.median(y))))

    def project(self, ra: FloatArray, dec: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return coordinates of stars to the east and to the north, deg.

        The distance from the origin is the angle on the sky (zenithal equidistant projection),
        so that no star of a wide field is far away.
        """
        toward = _axes(ra, dec)[2]
        x, y, z = (toward @ axis for axis in _axes(self.ra, self.dec))
        across = np.hypot(x, y)
        angle = np.degrees(np.arctan2(across, z))
        stretch = np.divide(angle, across, out=np.full_like(across, 180 / np.pi), where=across > 0)
        return x * stretch, y * stretch

    def unproject(self, x: float, y: float) -> tuple[float, float]:
        """Return right ascension and declination (deg) of a point of the plane."""
        east, north, up = _axes(self.ra, self.dec)
        angle = np.radians(np.hypot(x, y))
        across = np.sinc(angle / np.pi) * np.radians(1.0)
        return _angles(np.cos(angle) * up + across * (x * east + y * north))

    def rotate(
        self, ra: FloatArray, dec: FloatArray, pmra: FloatArray, pmdec: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return proper motions along the axes of the plane, carried there on great circles.

        East and north of a star differ from those of the centre, near a pole by any angle.
        """
        east, north, toward = _axes(ra, dec)
        motion = pmra[:, None] * east + pmdec[:, None] * north
        east_here, north_here, up = _axes(self.ra, self.dec)
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


def _axes(ra: Any, dec: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return unit vectors to the east, to the north and towards positions, shape (..., 3)."""
    a, d = np.radians(ra), np.radians(dec)
    east = np.stack([-np.sin(a), np.cos(a), np.zeros_like(a)], axis=-1)
    north = np.stack([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)], axis=-1)
    toward = np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)
    return east, north, toward


def _angles(toward: FloatArray) -> tuple[float, float]:
    x, y, z = (float(value) for value in toward)
    return float(np.degrees(np.arctan2(y, x)) % 360), float(
        np.degrees(np.arctan2(z, np.hypot(x, y)))
    )
