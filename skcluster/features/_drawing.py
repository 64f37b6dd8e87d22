"""Pictures of colour-magnitude diagrams: where stars lie, drawn in numpy or with matplotlib."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray, IntArray

#: Width and height of the paper's figures, inches.
INCHES = 4.0
_POINTS_AN_INCH = 72.0

#: Left, bottom, width and height of the diagram as fractions of the picture: matplotlib's default
#: with axes, the whole picture without.
_BOX_WITH_AXES = (0.125, 0.11, 0.775, 0.77)
_BOX_WITHOUT = (0.0, 0.0, 1.0, 1.0)
#: Number of vertical lines per pixel for integrating the area of a disc.
_LINES = 256


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


def disc(radius: float) -> FloatArray:
    """Return the fraction of each pixel that a disc covers, centred on the middle pixel.

    The radius is in pixels; the array of fractions has the shape (2 m + 1, 2 m + 1).
    """
    reach = max(int(np.ceil(radius - 0.5)), 0)
    pixels = np.arange(-reach, reach + 1)
    # On a line at x the disc covers y from -half to half.
    x = pixels[:, None] + (np.arange(_LINES) + 0.5) / _LINES - 0.5
    half = np.sqrt(np.maximum(radius**2 - x**2, 0))
    low = np.maximum(pixels[:, None, None] - 0.5, -half)
    high = np.minimum(pixels[:, None, None] + 0.5, half)
    cover = np.maximum(high - low, 0).mean(axis=2)
    # Exact in y, approximate in x: averaging with the transpose restores the symmetry.
    stamp: FloatArray = (cover + cover.T) / 2
    return stamp


class FastRenderer:
    """Draw discs where Agg would draw matplotlib's markers.

    Agg centres markers on pixels, so that all stars have the same shape, a stamp. The transmission
    of a pixel under several stars is the product of theirs.

    ``frame`` is the ink of the axes, if they are drawn.
    """

    def __init__(self, layout: PictureLayout, frame: FloatArray | None = None) -> None:
        self._layout = layout
        self._frame = frame
        stamp = disc(layout.radius)
        self._reach = len(stamp) // 2
        rows, columns = layout.window
        # Stars centred outside the window are moved to where at most their edge is visible.
        self._pad = 2 * self._reach + 1
        height, width = rows.stop - rows.start, columns.stop - columns.start
        self._padded: tuple[int, int] = height + 2 * self._pad, width + 2 * self._pad
        dy, dx = np.nonzero(stamp)
        self._steps = (dy - self._reach) * self._padded[1] + dx - self._reach
        self._clear = (1 - stamp[dy, dx]).astype(np.float32)

    @property
    def pixels(self) -> int:
        """Number of pixels of a picture while it is drawn."""
        return self._padded[0] * self._padded[1]

    def draw(
        self,
        colour: FloatArray,
        magnitude: FloatArray,
        cluster: IntArray,
        out: npt.NDArray[Any],
    ) -> None:
        """Draw some clusters, whose stars belong to picture number ``cluster``.

        ``out``, pictures of shape (n_clusters, size, size), is filled with the amount of ink: 0 to
        1 in floats, 0 to 255 in bytes.
        """
        rows, columns = self._layout.window
        place = cluster * self._padded[0]
        place += self._on_paper(self._layout.rows(magnitude), rows)
        place *= self._padded[1]
        place += self._on_paper(self._layout.columns(colour), columns)
        clear = np.ones((len(out), *self._padded), dtype=np.float32)
        flat = clear.reshape(-1)
        for step, factor in zip(self._steps, self._clear, strict=True):
            np.multiply.at(flat, place + step, factor)
        seen = clear[:, self._pad : -self._pad, self._pad : -self._pad]
        if self._frame is not None:
            _ink(1 - self._frame, out)
            seen *= 1 - self._frame[rows, columns]
        _ink(seen, out[:, rows, columns])

    def _on_paper(self, places: FloatArray, seen: slice) -> IntArray:
        """Return rows or columns on the padded canvas."""
        beyond = self._reach + 1
        np.clip(places, seen.start - beyond, seen.stop - 1 + beyond, out=places)
        places += self._pad - seen.start
        return places.astype(np.int64)


def _ink(clear: FloatArray, out: npt.NDArray[Any]) -> None:
    """Fill pictures with ink, given the transmission of pixels."""
    if out.dtype == np.uint8:
        np.subtract(np.float32(255.5), np.float32(255) * clear, out=out, casting="unsafe")
    else:
        np.subtract(np.float32(1), clear, out=out)


def default_settings() -> AbstractContextManager[None]:
    """Use matplotlib's default settings, whatever the user has changed."""
    from matplotlib import style

    return style.context("default")


class MatplotlibRenderer:
    """Draw the picture that ``savefig`` would write, without a file.

    One figure, independent of pyplot, is used for all clusters.
    """

    def __init__(self, layout: PictureLayout) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(INCHES, INCHES), dpi=layout.dpi)
        self._canvas: Any = FigureCanvasAgg(figure)  # matplotlib does not annotate its methods
        axes = figure.add_axes(layout.box)
        if not layout.axes:
            axes.set_axis_off()
        (self._stars,) = axes.plot(
            [], [], "o", color="black", markersize=layout.marker, markeredgewidth=0
        )
        axes.set_xlim(*layout.colours)
        axes.set_ylim(*(layout.magnitudes[::-1] if layout.inverted else layout.magnitudes))

    def draw(self, colour: FloatArray, magnitude: FloatArray) -> npt.NDArray[np.uint8]:
        """Return the amount of ink of each pixel of one cluster's picture, 0 to 255."""
        self._stars.set_data(colour, magnitude)
        self._canvas.draw()
        ink: npt.NDArray[np.uint8] = 255 - np.asarray(self._canvas.buffer_rgba())[..., 0]
        return ink
