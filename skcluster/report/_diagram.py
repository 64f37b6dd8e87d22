"""The diagram of the page: an empty figure, and the data of each cluster that fill it.

The Bokeh figure (`figure_item`) shows one cluster at a time; the stars, isochrone and band of each
(`diagram`, `star_facts`) are in the page in a compact form.
"""

import base64
import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.ndimage import binary_closing

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars
from skcluster.plotting import CMDDisplay
from skcluster.plotting._diagram import diagram_limits, thinned

#: Maximum number of stars shown per cluster; a random selection of so many looks the same.
_MOST_STARS = 4000
#: Maximum number of stars on a page, 24 bytes each.
_MOST_ON_PAGE = 400_000
#: Length between points of an isochrone, in units of the diagram.
_STEP = 0.004
#: Cells of the band, in colour and in magnitude.
CELLS = (150, 200)
#: Columns of stars that the hover tool shows, and their labels.
HOVER = {
    "g": "G [mag]",
    "colour": "BP − RP [mag]",
    "parallax": "parallax [mas]",
    "probability": "probability (list)",
    "membership": "probability (estimate)",
    "source_id": "source id",
}


def shown_stars(counts: IntArray) -> list[IntArray]:
    """Return which stars of each cluster are shown: all, or a random selection."""
    most = _MOST_STARS
    while most > 1 and np.minimum(counts, most).sum() > _MOST_ON_PAGE:
        most = 9 * most // 10
    rng = np.random.default_rng(0)
    return [
        np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False)) for n in counts
    ]


def diagram(display: CMDDisplay, shown: IntArray) -> dict[str, Any]:
    """Return stars, isochrone and band of one cluster in a form that JSON supports.

    The result has ``limits`` (mag): minimum and maximum of colour, then of magnitude; ``stars``,
    and each of ``lines`` and ``reddened``, the continuous parts of the isochrones: coordinates as
    16-bit integers in base64, in units of the diagram; ``band``: for each column of cells, start
    and end of each run.
    """
    low, high = diagram_limits(display.colour, display.magnitude)
    stars = np.column_stack([display.colour, display.magnitude])[shown]
    drawn: dict[str, Any] = {
        "limits": [round(float(v), 3) for v in (low[0], high[0], low[1], high[1])],
        "stars": _packed((stars - low) / (high - low)),
    }
    for name, line in (("lines", display.isochrone), ("reddened", display.reddened)):
        if line is not None:
            drawn[name] = [_packed(part) for part in _parts_within((line - low) / (high - low))]
    if display.band is not None:
        # Every second curve and point: gaps of a few cells are closed.
        drawn["band"] = _runs((display.band[::2, ::2] - low) / (high - low))
    return drawn


def _parts_within(line: FloatArray) -> list[FloatArray]:
    """Return the parts of a line in or near the diagram, split at NaN and where it leaves."""
    near = ((line > -0.2) & (line < 1.2)).all(axis=1)
    # Points far outside are kept if a line leads from them into the diagram.
    kept = np.convolve(near, [True, True, True], "same") & np.isfinite(line).all(axis=1)
    ends = np.flatnonzero(np.diff(np.pad(kept.astype(np.int8), 1)))
    parts = (line[start:end] for start, end in ends.reshape(-1, 2) if end - start > 1)
    return [thinned(part, _STEP) for part in parts]


def _packed(places: FloatArray) -> str:
    """Encode coordinates, 0 to 1 within the diagram and -1 to 2 around it."""
    return packed(np.clip((places + 1) * 65535 / 3, 0, 65535).round().astype("<u2"))


def _runs(curves: FloatArray) -> list[list[int]]:
    """Return the cells crossed by curves, as runs in each column of cells."""
    filled = np.zeros(CELLS, dtype=bool)
    start, end = curves[:, :-1], curves[:, 1:]
    # Only segments near the diagram, in steps of less than a cell.
    near = ((np.minimum(start, end) < 1.02) & (np.maximum(start, end) > -0.02)).all(axis=2)
    start, end = start[near], end[near]
    steps = np.ceil(np.abs((end - start) * CELLS).max(axis=1)).astype(int) + 1
    segment = np.repeat(np.arange(len(steps)), steps)
    along = (np.arange(len(segment)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[segment]
    places = start[segment] + along[:, None] * (end - start)[segment]
    cells = np.floor(places * CELLS).astype(int)
    cells = cells[((cells >= 0) & (cells < CELLS)).all(axis=1)]
    filled[cells[:, 0], cells[:, 1]] = True
    # Closes gaps between the curves of neighbouring samples.
    filled = binary_closing(np.pad(filled, 4), np.ones((7, 7)))[4:-4, 4:-4]
    edges = np.diff(np.pad(filled.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    return [np.flatnonzero(column).tolist() for column in edges]


def star_facts(
    stars: Stars, membership: FloatArray | None, places: IntArray
) -> dict[str, str | list[str]]:
    """Return the columns that some stars, at these places, have in a form that JSON supports.

    ``membership`` and ``probability`` are bytes in base64, 1 to 255 for 0 to 1, and 0 for NaN;
    ``parallax`` (mas) in single precision; ``source_id`` in 64 bits, or strings if the identifiers
    are not integers.
    """
    columns: dict[str, str | list[str]] = {}
    if membership is not None:
        columns["membership"] = packed(_shares(membership[places]))
    if "probability" in stars:
        columns["probability"] = packed(_shares(stars["probability"][places]))
    if "parallax" in stars:
        columns["parallax"] = packed(stars["parallax"][places].astype("<f4"))
    if "source_id" in stars:
        identifiers = stars.arrow("source_id").take(pa.array(places))
        if pa.types.is_integer(identifiers.type) and not identifiers.null_count:
            columns["source_id"] = packed(np.asarray(identifiers).astype("<i8"))
        elif not pa.types.is_floating(identifiers.type):  # whose digits may be lost
            texts = identifiers.to_pylist()
            columns["source_id"] = ["–" if text is None else str(text) for text in texts]
    return columns


def _shares(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    shares = 1 + 254 * np.clip(values.astype(np.float64), 0, 1)
    return np.nan_to_num(shares.round(), nan=0.0).astype(np.uint8)


def packed(values: npt.NDArray[Any]) -> str:
    """Return the bytes of an array in base64."""
    return base64.b64encode(values.tobytes()).decode()


def figure_item(shown: Iterable[str]) -> str:
    """Return the empty diagram as JSON for ``Bokeh.embed.embed_item``.

    The page finds its models by name: ``diagram``, and the data sources ``stars``, ``lines``,
    ``reddened`` and ``band``. The page also sets the colours. The hover tool shows magnitude,
    colour and the columns ``shown``.
    """
    from bokeh.core.types import ID
    from bokeh.embed import json_item
    from bokeh.models import HoverTool, Range1d
    from bokeh.plotting import figure

    # The type hints of Bokeh lack some arguments.
    plot: Any = figure(
        name="diagram",
        x_range=Range1d(start=0, end=1),
        y_range=Range1d(start=1, end=0),
        x_axis_label="BP − RP [mag]",
        y_axis_label="G [mag]",
        tools="pan,box_zoom,wheel_zoom,zoom_in,zoom_out,reset",
        active_scroll=None,
        sizing_mode="stretch_both",
        min_border_left=50,
        outline_line_alpha=1,
        # Transparent, for the background of the page.
        background_fill_color=None,
        border_fill_color=None,
    )
    plot.grid.visible = False
    plot.axis.major_tick_in = 5
    plot.axis.minor_tick_in = 3
    plot.axis.major_tick_out = plot.axis.minor_tick_out = 0
    plot.axis.axis_label_text_font_style = "normal"
    plot.axis.axis_label_text_font_size = "13px"
    plot.axis.major_label_text_font_size = "12px"
    plot.toolbar.logo = None

    band = _source("band", "colour", "g")
    plot.patches("colour", "g", source=band, name="area")
    stars = _source("stars", "colour", "g", "fill", "edge", *shown)
    points = plot.scatter(
        "colour", "g", fill_color="fill", line_color="edge", source=stars, name="points"
    )
    lines = _source("lines", "colour", "g")
    reddened = _source("reddened", "colour", "g")
    plot.multi_line("colour", "g", line_width=1.3, line_dash="5 3", source=reddened, name="dashes")
    for name, width in (("halo", 3.4), ("isochrone", 1.7)):
        plot.multi_line("colour", "g", line_width=width, line_join="round", source=lines, name=name)
    formats = {"g": "@g{0.00}", "colour": "@colour{0.00}"}
    tooltips = [
        (label, formats.get(name, f"@{name}"))
        for name, label in HOVER.items()
        if name in {*formats, *shown}
    ]
    plot.add_tools(HoverTool(renderers=[points], tooltips=tooltips, limit=1))
    return json.dumps(json_item(plot, ID("diagram")), separators=(",", ":"))


def _source(name: str, *columns: str) -> Any:
    """Return an empty data source."""
    from bokeh.models import ColumnDataSource

    return ColumnDataSource(data={column: [] for column in columns}, name=name)


def library() -> str:
    """Return the script of Bokeh, which is inlined so that the page needs no network."""
    from bokeh.resources import Resources

    # The last part sets the log level, which logs a message itself.
    script, *_ = Resources("inline", components=["bokeh"]).js_raw
    return f'{script}\nBokeh.logger.set_level("error");'
