"""Pictures of colour-magnitude diagrams, drawn in numpy or with matplotlib."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from sklearn.utils._param_validation import Interval, StrOptions

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars
from skcluster.features._base import (
    COLOUR,
    DiagramTransformer,
    blocks,
    cluster_in_block,
    magnitudes_in_block,
)

#: Width and height of the paper's figures, inches.
_INCHES = 4.0
_POINTS_AN_INCH = 72.0

#: Left, bottom, width and height of the diagram as fractions of the picture: matplotlib's default
#: with axes, the whole picture without.
_BOX_WITH_AXES = (0.125, 0.11, 0.775, 0.77)
_BOX_WITHOUT = (0.0, 0.0, 1.0, 1.0)
#: Number of vertical lines per pixel for integrating the area of a disc.
_LINES = 256
#: Number of pixels per block, which should fit into the processor's cache.
_PIXELS = 2**19


class CMDRasterizer(DiagramTransformer):
    """Picture of the colour-magnitude diagram of each cluster, as a row of pixels.

    Every star is a dot, as in a scatter plot. A pixel is the amount of ink; the top row is first.

    Parameters
    ----------
    image_size : int, default=180
        Number of rows and columns of pixels. The picture is 4 inches wide and high.
    colour_range : (float, float), default=(0.0, 4.0)
        Limits in BP−RP, mag.
    magnitude_range : (float, float), default=None
        Limits in magnitude. None means (10, 18) for apparent and (−4, 12) for absolute magnitudes.
    magnitude : {"apparent", "absolute"}, default="apparent"
        Whether to use apparent G, or G minus the distance modulus of the cluster's median parallax.
    invert_magnitude : bool, default=True
        Whether bright stars are at the top, as usual.
    marker_size : float, default=4.0
        Diameter of a star in points, 1/72 inch, as matplotlib's ``markersize``.
    axes : bool, default=False
        Whether to draw the frame, ticks and their labels, as matplotlib does by default. They are
        the same in each picture and carry no information. Without them the diagram fills the
        picture.
    renderer : {"fast", "matplotlib"}, default="fast"
        Whether to draw all clusters at once in numpy, or one by one with matplotlib, as in the
        paper.
    zero_point : float, default=0.0
        Parallax zero point of the catalogue, mas (−0.029 in Gaia DR2), for absolute magnitudes.
    min_parallax : float, default=0.05
        Minimum of the median parallaxes, mas, for absolute magnitudes; smaller and negative ones
        are replaced by it. The default is 20 kpc, beyond every known open cluster.
    dtype : {"float32", "uint8"}, default="float32"
        Type of the pixels. 0 is empty; 1 in floats, 255 in bytes, is a star.

    Attributes
    ----------
    image_shape_ : (int, int, int)
        Rows, columns and channels (one, grey): ``row.reshape(image_shape_)`` is the picture.
    fallback_parallax_ : float
        For absolute magnitudes: the median parallax of the training clusters, which replaces, with
        a warning, that of a cluster without any.

    See Also
    --------
    CMDHistogram : Histogram of the diagram.

    Notes
    -----
    Branco & Ferraz (2023) drew pictures of 4 × 4 inches and 180 × 180 pixels with matplotlib's
    ``savefig``, colour from 0 to 4 and magnitude from 10 to 18. Marker, marker size, axes,
    direction of the magnitudes and colours are not given; those here are choices of this package.
    Pixels hold the amount of ink, so that the empty part of a picture is zero, which suits a
    network.

    The fast renderer centres stars on the same pixels as matplotlib's Agg and blends overlapping
    stars in the same way, but computes the edge of a star exactly, whereas Agg draws a polygon and
    rounds to 8 bits. For stars smaller than a pixel, Agg draws too much ink.

    Features are named after row and column, such as "pixel_0_179".

    Pictures take 130 kB each as floats and 32 kB as bytes.

    References
    ----------
    Branco & Ferraz 2023, *Neural networks approaches to star cluster studies: artificial neural
    networks, convolutional neural networks and mixed data models*.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster import CMDRasterizer
    >>> stars = pd.DataFrame({"phot_g_mean_mag": [11.0, 16.0], "bp_rp": [0.5, 3.0]})
    >>> rasterizer = CMDRasterizer(image_size=8, marker_size=72, dtype="uint8")
    >>> pixels = rasterizer.fit_transform({"NGC 2682": stars})
    >>> pixels.shape, rasterizer.image_shape_
    ((1, 64), (8, 8, 1))
    >>> pixels.reshape(8, 8)
    array([[ 20, 116,  20,   0,   0,   0,   0,   0],
           [116, 255, 116,   0,   0,   0,   0,   0],
           [ 20, 116,  20,   0,   0,   0,   0,   0],
           [  0,   0,   0,   0,   0,   0,   0,   0],
           [  0,   0,   0,   0,   0,   0,   0,   0],
           [  0,   0,   0,   0,   0,  20, 116,  20],
           [  0,   0,   0,   0,   0, 116, 255, 116],
           [  0,   0,   0,   0,   0,  20, 116,  20]], dtype=uint8)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **DiagramTransformer._parameter_constraints,
        "image_size": [Interval(Integral, 1, None, closed="left")],
        "invert_magnitude": ["boolean"],
        "marker_size": [Interval(Real, 0, None, closed="neither")],
        "axes": ["boolean"],
        "renderer": [StrOptions({"fast", "matplotlib"})],
        "dtype": [StrOptions({"float32", "uint8"})],
    }

    def __init__(
        self,
        *,
        image_size: int = 180,
        colour_range: tuple[float, float] = (0.0, 4.0),
        magnitude_range: tuple[float, float] | None = None,
        magnitude: Literal["apparent", "absolute"] = "apparent",
        invert_magnitude: bool = True,
        marker_size: float = 4.0,
        axes: bool = False,
        renderer: Literal["fast", "matplotlib"] = "fast",
        zero_point: float = 0.0,
        min_parallax: float = 0.05,
        dtype: Literal["float32", "uint8"] = "float32",
    ) -> None:
        self.image_size = image_size
        self.colour_range = colour_range
        self.magnitude_range = magnitude_range
        self.magnitude = magnitude
        self.invert_magnitude = invert_magnitude
        self.marker_size = marker_size
        self.axes = axes
        self.renderer = renderer
        self.zero_point = zero_point
        self.min_parallax = min_parallax
        self.dtype = dtype

    def _learn(self, stars: Stars) -> None:
        self._ranges()
        super()._learn(stars)
        self.image_shape_ = (int(self.image_size), int(self.image_size), 1)

    def _compute(self, stars: Stars) -> npt.NDArray[Any]:
        colours, magnitudes = self._ranges()
        layout = _Layout(
            size=self.image_shape_[0],
            colours=colours,
            magnitudes=magnitudes,
            inverted=self.invert_magnitude,
            marker=self.marker_size,
            axes=self.axes,
        )
        pictures = np.empty((len(stars.index), layout.size, layout.size), dtype=self.dtype)
        draw = _draw_fast if self.renderer == "fast" else _draw_with_matplotlib
        draw(layout, stars, self._moduli(stars), pictures)
        return pictures.reshape(len(pictures), -1)

    def _feature_names(self) -> list[str]:
        rows, columns, _ = self.image_shape_
        return [f"pixel_{row}_{column}" for row in range(rows) for column in range(columns)]


@dataclass(frozen=True)
class _Layout:
    """Size and layout of a picture."""

    #: Number of rows and columns of pixels.
    size: int
    #: Limits of the diagram, mag.
    colours: tuple[float, float]
    magnitudes: tuple[float, float]
    #: Whether bright stars are at the top.
    inverted: bool
    #: Diameter of a star, points.
    marker: float
    #: Whether frame, ticks and their labels are drawn.
    axes: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of the diagram as fractions of the picture."""
        return _BOX_WITH_AXES if self.axes else _BOX_WITHOUT

    @property
    def dpi(self) -> float:
        """Pixels per inch."""
        return self.size / _INCHES

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


def _disc(radius: float) -> FloatArray:
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


class _FastRenderer:
    """Draw discs where Agg would draw matplotlib's markers.

    Agg centres markers on pixels, so that all stars have the same shape, a stamp. The transmission
    of a pixel under several stars is the product of theirs.

    ``frame`` is the ink of the axes, if they are drawn.
    """

    def __init__(self, layout: _Layout, frame: FloatArray | None = None) -> None:
        self._layout = layout
        self._frame = frame
        stamp = _disc(layout.radius)
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


def _default_settings() -> AbstractContextManager[None]:
    """Use matplotlib's default settings, whatever the user has changed."""
    from matplotlib import style

    return style.context("default")


class _MatplotlibRenderer:
    """Draw the picture that ``savefig`` would write, without a file.

    One figure, independent of pyplot, is used for all clusters.
    """

    def __init__(self, layout: _Layout) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_INCHES, _INCHES), dpi=layout.dpi)
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


def _draw_fast(
    layout: _Layout, stars: Stars, moduli: FloatArray | None, out: npt.NDArray[Any]
) -> None:
    frame = None
    if layout.axes:
        with _default_settings():
            frame = _MatplotlibRenderer(layout).draw(np.empty(0), np.empty(0)) / np.float32(255)
    renderer = _FastRenderer(layout, frame)
    for clusters, members in blocks(stars, max(_PIXELS // renderer.pixels, 1)):
        renderer.draw(
            stars[COLOUR][members],
            magnitudes_in_block(stars, moduli, clusters, members),
            cluster_in_block(stars, clusters),
            out[clusters],
        )


def _draw_with_matplotlib(
    layout: _Layout, stars: Stars, moduli: FloatArray | None, out: npt.NDArray[Any]
) -> None:
    with _default_settings():
        renderer = _MatplotlibRenderer(layout)
        # matplotlib draws one figure at a time, so clusters are processed one by one.
        for picture, (clusters, members) in zip(out, blocks(stars, 1), strict=True):
            magnitude = magnitudes_in_block(stars, moduli, clusters, members)
            ink = renderer.draw(stars[COLOUR][members], magnitude)
            picture[:] = ink if out.dtype == np.uint8 else ink / np.float32(255)
