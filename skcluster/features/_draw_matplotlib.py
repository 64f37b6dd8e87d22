"""Draw pictures of clusters one by one with matplotlib."""

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray
from skcluster.features._picture_layout import INCHES, PictureLayout


def default_settings() -> AbstractContextManager[None]:
    """Use matplotlib's default settings, whatever the user has changed."""
    from matplotlib import style

    return style.context("default")


class MatplotlibRenderer:
    """Draw the picture that ``savefig`` would write, without a file.

    One figure, independent of pyplot, is used for all clusters.

    Parameters
    ----------
    layout : PictureLayout
        Size and layout of the pictures.
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
        """Draw one cluster.

        Parameters
        ----------
        colour, magnitude : ndarray of shape (n_stars,)
            Positions of the stars in the diagram.

        Returns
        -------
        ndarray of shape (size, size)
            Amount of ink, 0 to 255.
        """
        self._stars.set_data(colour, magnitude)
        self._canvas.draw()
        ink: npt.NDArray[np.uint8] = 255 - np.asarray(self._canvas.buffer_rgba())[..., 0]
        return ink
