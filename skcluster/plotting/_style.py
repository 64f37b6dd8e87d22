"""Colours, labels and axes of all figures."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

#: Okabe and Ito's colour-blind safe colours (Wong 2011, Nature Methods 8, 441). In grey the three
#: differ in lightness, and every line has its own dash pattern.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
COLOURS = (BLUE, VERMILION, GREEN, "#CC79A7", "#56B4E9", "#E69F00")
#: VERMILION mixed with white, for areas behind stars.
PALE = "#F5CDB0"
#: Shades of stars, from unlikely to likely members: by the probabilities of the list, and by those
#: of an estimate.
GREYS, BLUES = ("#b8b8b8", "#000000"), ("#a9cdea", "#4487bf", "#06203f")
_LONGEST_TITLE = 60
DASHES = ("-", "--", "-.", ":")


def display_name(name: object) -> str:
    """Return a cluster's name as it is printed: catalogues write underscores for spaces."""
    return str(name).replace("_", " ")


def title_text(name: object) -> str:
    """Return a cluster's name as a title, which has room for some sixty characters."""
    text = " ".join(display_name(name).split())
    return text if len(text) <= _LONGEST_TITLE else f"{text[: _LONGEST_TITLE - 1]}…"


def with_errors(text: str) -> str:
    """Return a value and its interval, as `skcluster.schema.Column.as_text` does, for a figure."""
    value, *errors = text.split()
    if len(errors) < 2 or "±" in errors:
        return text
    # Only unequal errors are mathtext, which takes long to lay out.
    up, down = (error.replace("−", "-") for error in errors)
    return f"{value}$_{{{down}}}^{{{up}}}$"


def one_axes(ax: "Axes | None", **figure_kw: Any) -> "tuple[Figure | SubFigure, Axes]":
    """Return the axes to draw on and their figure; new ones if there are none."""
    from matplotlib import pyplot as plt

    if ax is None:
        return plt.subplots(layout="constrained", **figure_kw)
    return ax.figure, ax


def many_axes(
    ax: "Axes | Sequence[Axes] | None",
    n: int,
    *,
    n_columns: int | None = None,
    size: tuple[float, float] = (3.7, 3.6),
) -> "tuple[Figure | SubFigure, npt.NDArray[np.object_]]":
    """Return one axes per panel, and their figure; new ones of a size (inches) for None."""
    from matplotlib import pyplot as plt

    if ax is None:
        columns = n_columns or n
        rows = n // columns
        whole = (columns * size[0], rows * size[1])
        new, grid = plt.subplots(rows, columns, figsize=whole, layout="constrained", squeeze=False)
        return new, grid.ravel()
    given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
    if len(given) != n:
        raise ValueError(f"{n} panels need as many axes; got {len(given)}.")
    return given[0].figure, given


def logarithmic(axes: "Axes", which: Literal["x", "y"]) -> None:
    """Make an axis logarithmic, with a few plain numbers: 0.2, 0.5, 1, 2; or 0.01, 0.1, 1, 10."""
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 200 * low else (1,)))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_formatter(NullFormatter())


def stroke(width: float) -> list[Any]:
    """Return a white outline of a line, so that it stands out from black stars, in print too."""
    from matplotlib import patheffects

    return [patheffects.Stroke(linewidth=width, foreground="white"), patheffects.Normal()]
