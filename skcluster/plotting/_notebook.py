"""Small diagrams of clusters for notebooks, light or dark."""

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import as_clusters, stars_of
from skcluster.photometry import Law
from skcluster.plotting._cmd import CMDDisplay
from skcluster.plotting._diagram import diagram_limits, shades_of, thinned
from skcluster.plotting._inputs import membership_array
from skcluster.plotting._style import VERMILION, title_text

#: Width and height of the area of the stars, and margins to the left and below (pixels).
_SIZE, _MARGINS = np.array([190, 200]), np.array([26, 16])
#: Least probability and opacity of the stars of each shade, the likeliest last.
_SHADES = ((-np.inf, 0.25), (0.25, 0.5), (0.75, 1.0))


@dataclass(frozen=True, repr=False)
class _Page:
    """HTML that a notebook displays."""

    html: str
    about: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"<{self.about}, for a notebook>"


def show_clusters(
    X: ClustersLike,
    estimates: Any = None,
    *,
    membership: Any = None,
    law: Law = "dr2",
    most: int = 12,
) -> Any:
    """Show small colour-magnitude diagrams of clusters or fields in a notebook.

    Stars have the colour of the notebook's text, unlikely members less of it. With estimates, each
    diagram has the isochrone, and below it the values and the flag.

    Parameters
    ----------
    X : clusters
        Any input of `skcluster.clusters.as_clusters`: clusters, fields of the sky, or the stars
        that `skcluster.membership.find_members` returns.
    estimates : DataFrame, optional
        As in `save_diagrams`, with a row for each cluster of X, in any order.
    membership : DataFrame or array-like of shape (n_stars,), optional
        Membership probabilities of all stars, as returned by ``estimate(X, membership=True)``. By
        default, those of the list, if it has any.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, as in `skcluster.isochrones.isochrone`.
    most : int, default=12
        Maximum number of diagrams; the clusters are those at the beginning.

    Returns
    -------
    object
        Displayed as HTML if it is the last line of a cell.

    Raises
    ------
    ValueError
        If there is no estimate of a cluster.

    See Also
    --------
    save_diagrams : Save large diagrams in files.
    skcluster.report.write_report : One page with tables and diagrams.

    Examples
    --------
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.plotting import show_clusters
    >>> X, y = simulate_clusters(20, random_state=0)
    >>> show_clusters(X, y)
    <diagrams of 12 of 20 clusters, for a notebook>
    """
    X = as_clusters(X)
    shades = membership_array(membership, stars_of(X))
    counts = stars_of(X).counts
    figures = [
        _figure(CMDDisplay._of_row(X, row, estimates, None, shades, 0.68, law, only_drawable=True))
        if counts[row]
        else f"<figure>{escape(title_text(X.index[row]))}: no star to draw</figure>"
        for row in range(min(len(X), most))
    ]
    about = f"diagrams of {len(figures)} of {len(X)} clusters"
    style = "display:flex;flex-wrap:wrap;gap:8px 16px;font-size:12px;line-height:1.3"
    more = f"<p>{about}</p>" if len(figures) < len(X) else ""
    return _Page(f'<div style="{style}">{"".join(figures)}</div>{more}', about)


def _figure(display: CMDDisplay) -> str:
    """Return the diagram of a cluster, and what is known of it."""
    name, flag = escape(title_text(display.name)), escape((display.estimate or {}).get("flag", ""))
    lines = [f"<b>{name}</b>", f"{len(display.colour)} stars"]
    for label, value, unit in display._values():
        lines.append(f"{label.replace('$', '')} = {value} {unit}".rstrip())
    lines += [f'<i style="color:{VERMILION}">doubtful: {flag}</i>'] if flag else []
    width, height = _SIZE + _MARGINS
    return (
        f'<figure style="margin:0;width:{width}px">'
        f'<svg width="{width}" height="{height}" fill="currentColor" stroke="currentColor" '
        f'role="img" aria-label="colour-magnitude diagram of {name}">{_drawing(display)}</svg>'
        f"<figcaption>{'<br/>'.join(lines)}</figcaption></figure>"
    )


def _drawing(display: CMDDisplay) -> str:
    """Return frame, ticks, stars and isochrones of a diagram as SVG."""
    low, high = diagram_limits(display.colour, display.magnitude)
    scale, left = _SIZE / (high - low), _MARGINS[0]
    texts = [("G", left - 3, 9, "end"), ("BP−RP", left + _SIZE[0], _SIZE[1] + 13, "end")]
    for axis, (start, end) in enumerate(zip(low, high, strict=True)):
        for value in MaxNLocator(4).tick_values(start, end):
            place, text = scale[axis] * (value - start), f"{value:g}".replace("-", "−")
            if axis == 0 and 0 < place < _SIZE[0] - 40:
                texts.append((text, left + place, _SIZE[1] + 13, "middle"))
            if axis == 1 and 14 < place < _SIZE[1]:
                texts.append((text, left - 3, place + 4, "end"))
    # Stars on the same pixel are one mark, so that fields of many stars stay small.
    pixels = (scale * (np.column_stack([display.colour, display.magnitude]) - low)).round()
    shades = shades_of(display.membership, display.probability)
    probability = np.ones(len(pixels)) if shades is None else np.nan_to_num(shades.probability)
    shade = np.digitize(probability, [least for least, _ in _SHADES]) - 1
    size = np.clip(60 / np.sqrt(len(pixels)), 1.5, 4)
    marks = [f'<g fill="none" stroke-linecap="round" stroke-width="{size:.1f}">']
    for i, (_, opacity) in enumerate(_SHADES):
        path = "".join(f"M{x:.0f} {y:.0f}h0" for x, y in np.unique(pixels[shade == i], axis=0))
        marks.append(f'<path d="{path}" stroke-opacity="{opacity}"/>')
    marks.append(f'</g><g fill="none" stroke="{VERMILION}" stroke-width="1.6">')
    for curve, dashes in ((display.isochrone, "none"), (display.reddened, "4 3")):
        if curve is not None:
            path = _line(scale * (curve - low))
            marks.append(f'<path d="{path}" stroke-dasharray="{dashes}"/>')
    area = f'x="{left}" width="{_SIZE[0]}" height="{_SIZE[1]}"'
    labels = "".join(
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{text}</text>'
        for text, x, y, anchor in texts
    )
    return (
        f'<g stroke="none" font-size="10" fill-opacity="0.8">{labels}</g>'
        f'<rect {area} fill="none" stroke-opacity="0.5"/>'
        # An inner picture cuts off what lies outside.
        f"<svg {area}>{''.join(marks)}</g></svg>"
    )


def _line(points: FloatArray) -> str:
    """Return the commands that draw a line, which is broken where it has NaN."""
    points = thinned(points, 1.0)  # at most one point per pixel
    drawn = np.isfinite(points.sum(axis=1))
    commands = np.where(np.r_[False, drawn[:-1]], "L", "M")[drawn]
    return "".join(f"{c}{x:.1f} {y:.1f}" for c, (x, y) in zip(commands, points[drawn], strict=True))
