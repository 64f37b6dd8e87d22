"""The Bokeh figure of a page, whose data are those of the chosen cluster."""

import json
from collections.abc import Iterable
from typing import Any

#: Columns of stars that the hover tool shows, and their labels.
HOVER = {
    "g": "G [mag]",
    "colour": "BP − RP [mag]",
    "parallax": "parallax [mas]",
    "probability": "probability (list)",
    "membership": "probability (estimate)",
    "source_id": "source id",
}


def figure_item(shown: Iterable[str]) -> str:
    """Return the empty diagram as JSON for ``Bokeh.embed.embed_item``.

    The page finds its models by name: ``diagram``, and the data sources ``stars``, ``lines``,
    ``reddened`` and ``band``. The page also sets the colours.

    Parameters
    ----------
    shown : iterable of str
        Columns of stars, besides magnitude and colour, that the hover tool shows.
    """
    from bokeh.core.types import ID
    from bokeh.embed import json_item
    from bokeh.models import Range1d
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

    band = _source("band", ("colour", "g"))
    plot.patches("colour", "g", source=band, name="area")
    columns = ["colour", "g", "fill", "edge", *shown]
    stars = _source("stars", columns)
    points = plot.scatter(
        "colour", "g", fill_color="fill", line_color="edge", source=stars, name="points"
    )
    lines = _source("lines", ("colour", "g"))
    reddened = _source("reddened", ("colour", "g"))
    plot.multi_line("colour", "g", line_width=1.3, line_dash=[5, 3], source=reddened, name="dashes")
    for name, width in (("halo", 3.4), ("isochrone", 1.7)):
        plot.multi_line("colour", "g", line_width=width, line_join="round", source=lines, name=name)
    plot.add_tools(_hover(points, shown))
    return json.dumps(json_item(plot, ID("diagram")), separators=(",", ":"))


def _source(name: str, columns: Iterable[str]) -> Any:
    """Return an empty data source."""
    from bokeh.models import ColumnDataSource

    return ColumnDataSource(data={column: [] for column in columns}, name=name)


def _hover(points: Any, shown: Iterable[str]) -> Any:
    """Return the tool that describes the star under the pointer."""
    from bokeh.models import HoverTool

    names = {"g", "colour", *shown}
    rows = [(label, f"@{name}") for name, label in HOVER.items() if name in names]
    formats = {"g": "{0.00}", "colour": "{0.00}"}
    tooltips = [(label, text + formats.get(text[1:], "")) for label, text in rows]
    return HoverTool(renderers=[points], tooltips=tooltips, limit=1)


def library() -> str:
    """Return the script of Bokeh, which is inlined so that the page needs no network."""
    from bokeh.resources import Resources

    # The last part sets the log level, which logs a message itself.
    script, *_ = Resources("inline", components=["bokeh"]).js_raw
    return f'{script}\nBokeh.logger.set_level("error");'
