"""Draw the stars of a colour-magnitude diagram, shaded by membership probability."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skcluster._utils.typing import FloatArray
from skcluster.plotting._style import BLUES, GREYS
from skcluster.schema import MEMBER_COLUMNS, STAR_COLUMNS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.legend import Legend

#: Minimum distance (pixels) of stars from a legend.
_MARGIN = 6
#: A diagram with a larger range of magnitudes than this is not extended.
_MOST_ROOM = 60


class Shades(NamedTuple):
    """The values that shade stars, and their colours."""

    #: Shape (n_stars,); NaN for stars that were not used.
    values: FloatArray
    #: Label of the colour bar.
    label: str
    #: Colours from unlikely to likely members, all visible on white.
    colours: tuple[str, ...]
    #: The value of the first colour; that of the last is 1.
    low: float


def shades_of(membership: FloatArray | None, probability: FloatArray | None) -> Shades | None:
    """Return shades by an estimate's membership or, without one, by the list's probabilities."""
    if membership is not None and np.isfinite(membership).any():
        return Shades(membership, MEMBER_COLUMNS["membership"].label, BLUES, 0.0)
    if probability is not None and np.isfinite(probability).any():
        # Stars without a probability are used as well.
        known = np.nan_to_num(probability, nan=0.0)
        return Shades(known, STAR_COLUMNS["probability"].label, GREYS, min(0.5, known.min()))
    return None


def draw_stars(
    axes: "Axes",
    colour: FloatArray,
    magnitude: FloatArray,
    shades: Shades | None,
    star_kw: dict[str, Any],
) -> "tuple[PathCollection, PathCollection | None]":
    """Draw the stars, the likeliest members on top, and those not used separately."""
    from matplotlib.colors import LinearSegmentedColormap

    size = float(np.clip(2500 / len(colour), 4, 16))
    style: dict[str, Any] = {"s": size, "linewidths": 0, "zorder": 2}
    unused, order = None, np.arange(len(colour))
    if shades is not None:
        order = np.argsort(shades.values, kind="stable")
        order = order[np.isfinite(shades.values[order])]
        rest = np.flatnonzero(np.isnan(shades.values))
        scale = LinearSegmentedColormap.from_list("membership", shades.colours)
        style |= {"c": shades.values[order], "cmap": scale, "vmin": shades.low, "vmax": 1}
        if len(rest):
            hollow: dict[str, Any] = {
                "facecolors": "none",
                "edgecolors": "#9a9a9a",
                "linewidths": 0.5,
            }
            unused = axes.scatter(colour[rest], magnitude[rest], s=size, zorder=1.5, **hollow)
            unused.set_label(f"{len(rest)} stars not used")
    elif not {"c", "color"} & star_kw.keys():
        style |= {"color": "black"}
    stars = axes.scatter(colour[order], magnitude[order], **{**style, **star_kw})
    stars.set_label(f"{len(order)} stars")
    return stars, unused


def keep_clear(legend: "Legend", colour: FloatArray, magnitude: FloatArray) -> None:
    """Move a legend to a corner without stars, or else make room below them."""
    axes = legend.axes
    figure: Any = axes.figure
    while not hasattr(figure, "draw_without_rendering"):  # within a SubFigure
        figure = figure.figure
    # The layout decides how much of the axes the legend takes.
    figure.draw_without_rendering()
    points = np.column_stack([colour, magnitude])

    def is_clear() -> bool:
        box = legend.get_window_extent().padded(_MARGIN)
        return not box.count_contains(axes.transData.transform(points))

    # The corner of faint blue stars comes first, where few clusters have stars.
    for corner in ("lower left", "upper right", "lower right", "upper left"):
        legend.set_loc(corner)
        if is_clear():
            return
    legend.set_loc("lower left")
    bottom, top = axes.get_ylim()
    while not is_clear() and abs(bottom - top) < _MOST_ROOM:
        bottom += (bottom - top) / 20
        axes.set_ylim(bottom, top)
