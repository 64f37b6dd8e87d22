"""Pictures of colour-magnitude diagrams."""

from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import Stars
from skcluster.features._base import (
    COLOUR,
    DiagramTransformer,
    blocks,
    cluster_in_block,
    magnitudes_in_block,
)
from skcluster.features._drawing import (
    FastRenderer,
    MatplotlibRenderer,
    PictureLayout,
    default_settings,
)

#: Number of pixels per block, which should fit into the processor's cache.
_PIXELS = 2**19


class CMDRasterizer(DiagramTransformer):
    """Picture of the colour-magnitude diagram of each cluster, as a row of pixels.

    Every star is a dot, as in a scatter plot.

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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ClustersLike, y: Any = None) -> Self:
        """Set up the picture and, for absolute magnitudes, learn the fallback parallax.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.
        y : object
            Ignored, but its rows must not name the clusters in another order.

        Returns
        -------
        self : CMDRasterizer
            The fitted transformer.
        """
        self._ranges()
        self._fit_distances(self._validate(X), y)
        self.image_shape_ = (int(self.image_size), int(self.image_size), 1)
        return self

    def transform(self, X: ClustersLike) -> npt.NDArray[Any]:
        """Draw every cluster.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.

        Returns
        -------
        ndarray of shape (n_clusters, image_size * image_size)
            Amount of ink of each pixel, starting with the top row.

        Warns
        -----
        UserWarning
            For absolute magnitudes, if a cluster has no star with a parallax.
        """
        check_is_fitted(self)
        stars = self._validate(X)
        colours, magnitudes = self._ranges()
        layout = PictureLayout(
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
        return self._output(pictures.reshape(len(pictures), -1), X, stars)

    def _feature_names(self) -> list[str]:
        rows, columns, _ = self.image_shape_
        return [f"pixel_{row}_{column}" for row in range(rows) for column in range(columns)]


def _draw_fast(
    layout: PictureLayout, stars: Stars, moduli: FloatArray | None, out: npt.NDArray[Any]
) -> None:
    frame = None
    if layout.axes:
        with default_settings():
            frame = MatplotlibRenderer(layout).draw(np.empty(0), np.empty(0)) / np.float32(255)
    renderer = FastRenderer(layout, frame)
    for clusters, members in blocks(stars, max(_PIXELS // renderer.pixels, 1)):
        renderer.draw(
            stars[COLOUR][members],
            magnitudes_in_block(stars, moduli, clusters, members),
            cluster_in_block(stars, clusters),
            out[clusters],
        )


def _draw_with_matplotlib(
    layout: PictureLayout, stars: Stars, moduli: FloatArray | None, out: npt.NDArray[Any]
) -> None:
    with default_settings():
        renderer = MatplotlibRenderer(layout)
        # matplotlib draws one figure at a time, so clusters are processed one by one.
        for picture, (clusters, members) in zip(out, blocks(stars, 1), strict=True):
            magnitude = magnitudes_in_block(stars, moduli, clusters, members)
            ink = renderer.draw(stars[COLOUR][members], magnitude)
            picture[:] = ink if out.dtype == np.uint8 else ink / np.float32(255)
