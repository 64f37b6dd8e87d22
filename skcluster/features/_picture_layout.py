"""Positions of stars in pictures of colour-magnitude diagrams."""

from dataclasses import dataclass

import numpy as np

from skcluster._utils.typing import FloatArray

#: Width and height of the paper's figures, inches.
INCHES = 4.0
_POINTS_AN_INCH = 72.0

#: Left, bottom, width and height of the diagram as fractions of the picture: matplotlib's default
#: with axes, the whole picture without.
_BOX_WITH_AXES = (0.125, 0.11, 0.775, 0.77)
_BOX_WITHOUT = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class PictureLayout:
    """Size and layout of a picture.

    Parameters
    ----------
    size : int
        Number of rows and columns of pixels.
    colours, magnitudes : (float, float)
        Limits of the diagram, mag.
    inverted : bool
        Whether bright stars are at the top.
    marker : float
        Diameter of a star, points.
    axes : bool
        Whether frame, ticks and their labels are drawn.
    """

    size: int
    colours: tuple[float, float]
    magnitudes: tuple[float, float]
    inverted: bool
    marker: float
    axes: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of the diagram as fractions of the picture."""
        return _BOX_WITH_AXES if self.axes else _BOX_WITHOUT

    @property
    def dpi(self) -> float:
        """Pixels per inch."""
        return self.size / INCHES

    @property
    def radius(self) -> float:
        """Radius of a star, pixels."""
        return self.marker / _POINTS_AN_INCH * self.dpi / 2

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns in which stars are visible."""
        left, bottom, width, height = self.box
        edges = [1 - bottom - height, 1 - bottom, left, left + width]
        top, low, west, east = (int(edge * self.size + 0.5) for edge in edges)
        # Agg includes the last row and column.
        return slice(top, min(low + 1, self.size)), slice(west, min(east + 1, self.size))

    def columns(self, colour: FloatArray) -> FloatArray:
        """Return the column of each star's centre, as Agg rounds it; unbounded."""
        left, _, width, _ = self.box
        low, high = self.colours
        scale = width * self.size / (high - low)
        return _floor(colour, scale, left * self.size - low * scale + 0.5)

    def rows(self, magnitude: FloatArray) -> FloatArray:
        """Return the row of each star's centre, as Agg rounds it; unbounded."""
        _, bottom, _, height = self.box
        # The top row is row 0.
        top, low = self.magnitudes if self.inverted else self.magnitudes[::-1]
        scale = height * self.size / (low - top)
        return _floor(magnitude, scale, (1 - bottom - height) * self.size - top * scale + 0.5)


def _floor(values: FloatArray, scale: float, shift: float) -> FloatArray:
    places = np.multiply(values, scale, dtype=np.float64)
    places += shift
    return np.floor(places, out=places)
