"""Pictures of colour-magnitude diagrams, drawn in numpy or with matplotlib."""

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
#: Number of vertical lines per pixel for integrating the area of a disc.
_LINES = 256
#: Number of pixels per block, which should fit into the processor's cache.
_PIXELS = 2**19


@dataclass(kw_only=True, repr=False, eq=False)
class CMDRasterizer(DiagramTransformer):
    """Picture of the colour-magnitude diagram of each cluster, as a row of pixels.

    Every star is a dot, as in a scatter plot. A pixel is the amount of ink; the top row is first.

    Parameters
    ----------
    colour_range : (float, float), default=(0.0, 4.0)
        Limits in BP−RP, mag.
    magnitude_range : (float, float), default=None
        Limits in magnitude. None means (10, 18) for apparent and (−4, 12) for absolute magnitudes.
    magnitude : {"apparent", "absolute"}, default="apparent"
        Whether to use apparent G, or G minus the distance modulus of the cluster's median
        parallax. Parallaxes below 0.05 mas count as 0.05 mas, that is 20 kpc.
    zero_point : float, default=0.0
        Parallax zero point of the catalogue, mas (−0.029 in Gaia DR2), for absolute magnitudes.
    image_size : int, default=180
        Number of rows and columns of pixels. The picture is 4 inches wide and high.
    marker_size : float, default=4.0
        Diameter of a star in points, 1/72 inch, as matplotlib's ``markersize``.
    renderer : {"fast", "matplotlib"}, default="fast"
        Whether to draw all clusters at once in numpy, or one by one with matplotlib, as in the
        paper.
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

    colour_range: tuple[float, float] = (0.0, 4.0)
    image_size: int = 180
    marker_size: float = 4.0
    renderer: Literal["fast", "matplotlib"] = "fast"
    dtype: Literal["float32", "uint8"] = "float32"

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **DiagramTransformer._parameter_constraints,
        "image_size": [Interval(Integral, 1, None, closed="left")],
        "marker_size": [Interval(Real, 0, None, closed="neither")],
        "renderer": [StrOptions({"fast", "matplotlib"})],
        "dtype": [StrOptions({"float32", "uint8"})],
    }

    def _learn(self, stars: Stars) -> None:
        self._ranges()
        super()._learn(stars)
        self.image_shape_ = (int(self.image_size), int(self.image_size), 1)

    def _compute(self, stars: Stars) -> npt.NDArray[Any]:
        pictures = np.empty((len(stars.index), *self.image_shape_[:2]), dtype=self.dtype)
        draw = self._draw_fast if self.renderer == "fast" else self._draw_with_matplotlib
        draw(stars, self._moduli(stars), pictures)
        return pictures.reshape(len(pictures), -1)

    def _feature_names(self) -> list[str]:
        rows, columns, _ = self.image_shape_
        return [f"pixel_{row}_{column}" for row in range(rows) for column in range(columns)]

    @property
    def _dpi(self) -> float:
        """Pixels per inch."""
        return self.image_shape_[0] / _INCHES

    def _draw_fast(self, stars: Stars, moduli: FloatArray | None, out: npt.NDArray[Any]) -> None:
        """Draw discs where Agg would draw matplotlib's markers.

        Agg centres markers on pixels, so that all stars have the same shape, a stamp. The
        transmission of a pixel under several stars is the product of theirs.
        """
        size, (colours, magnitudes) = self.image_shape_[0], self._ranges()
        stamp = _disc(self.marker_size / _POINTS_AN_INCH * self._dpi / 2)
        reach = len(stamp) // 2
        margin = 2 * reach + 1
        side = size + 2 * margin

        def on_paper(values: FloatArray, limits: tuple[float, float]) -> IntArray:
            """Return rows or columns, on paper with a margin, of stars as Agg rounds them."""
            scale = size / (limits[1] - limits[0])
            places = np.multiply(values, scale, dtype=np.float64)
            places += 0.5 - limits[0] * scale
            np.floor(places, out=places)
            # Stars centred outside the picture are moved to where their edge is just not visible.
            np.clip(places, -reach - 1, size + reach, out=places)
            return places.astype(np.int64) + margin

        dy, dx = np.nonzero(stamp)
        steps = (dy - reach) * side + dx - reach
        transmissions = (1 - stamp[dy, dx]).astype(np.float32)
        for clusters, members in blocks(stars, max(_PIXELS // side**2, 1)):
            place = cluster_in_block(stars, clusters) * side
            # The top row, of the brightest stars, is row 0.
            place += on_paper(magnitudes_in_block(stars, moduli, clusters, members), magnitudes)
            place *= side
            place += on_paper(stars[COLOUR][members], colours)
            clear = np.ones((clusters.stop - clusters.start, side, side), dtype=np.float32)
            flat = clear.reshape(-1)
            for step, transmission in zip(steps, transmissions, strict=True):
                np.multiply.at(flat, place + step, transmission)
            clear = clear[:, margin:-margin, margin:-margin]
            if out.dtype == np.uint8:
                np.subtract(255.5, 255 * clear, out=out[clusters], casting="unsafe")
            else:
                np.subtract(1, clear, out=out[clusters])

    def _draw_with_matplotlib(
        self, stars: Stars, moduli: FloatArray | None, out: npt.NDArray[Any]
    ) -> None:
        """Draw the pictures that ``savefig`` would write, without files.

        One figure, independent of pyplot and of the user's settings, is used for all clusters.
        """
        from matplotlib import style
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        colours, magnitudes = self._ranges()
        with style.context("default"):
            figure = Figure(figsize=(_INCHES, _INCHES), dpi=self._dpi)
            canvas: Any = FigureCanvasAgg(figure)  # matplotlib does not annotate its methods
            axes = figure.add_axes((0, 0, 1, 1))
            axes.set_axis_off()
            (dots,) = axes.plot([], [], "ko", markersize=self.marker_size, markeredgewidth=0)
            axes.set(xlim=colours, ylim=magnitudes[::-1])
            for picture, (clusters, members) in zip(out, blocks(stars, 1), strict=True):
                magnitude = magnitudes_in_block(stars, moduli, clusters, members)
                dots.set_data(stars[COLOUR][members], magnitude)
                canvas.draw()
                ink = 255 - np.asarray(canvas.buffer_rgba())[..., 0]
                picture[:] = ink if out.dtype == np.uint8 else ink / np.float32(255)


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
