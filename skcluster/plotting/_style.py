"""Colours, labels and axes of all figures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import patheffects
from matplotlib import pyplot as plt
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


def one_axes(ax: Axes | None, **figure_kw: Any) -> tuple[Figure | SubFigure, Axes]:
    """Return the axes to draw on and their figure; new ones if there are none."""
    return plt.subplots(layout="constrained", **figure_kw) if ax is None else (ax.figure, ax)


def many_axes(
    ax: Axes | Sequence[Axes] | None, n_rows: int, n_columns: int, size: tuple[float, float]
) -> tuple[Figure | SubFigure, npt.NDArray[np.object_]]:
    """Return one axes per panel, and their figure; for None, new panels of a size (inches)."""
    if ax is None:
        whole = (n_columns * size[0], n_rows * size[1])
        new = plt.figure(figsize=whole, layout="constrained")
        return new, new.subplots(n_rows, n_columns, squeeze=False).ravel()
    given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
    if len(given) != n_rows * n_columns:
        raise ValueError(f"{n_rows * n_columns} panels need as many axes; got {len(given)}.")
    return given[0].figure, given


def stroke(width: float) -> list[Any]:
    """Return a white outline of a line, so that it stands out from black stars, in print too."""
    return [patheffects.Stroke(linewidth=width, foreground="white"), patheffects.Normal()]
