"""Write the page of a run: its table, the data of its diagrams, what they mean, citations."""

import json
import os
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.figure import Figure
from nested_pandas import NestedFrame

from skcluster._utils.files import whole_file
from skcluster._utils.html import as_html
from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import as_clusters, stars_of
from skcluster.datasets.catalogues._names import ABBREVIATIONS, other_names
from skcluster.estimation import FEW_STARS
from skcluster.photometry import Law
from skcluster.plotting import CMDDisplay, CornerDisplay
from skcluster.plotting._inputs import ISOCHRONE_PARAMETERS, interval_of, membership_array
from skcluster.plotting._save import save_membership
from skcluster.report._diagram import (
    CELLS,
    HOVER,
    diagram,
    figure_item,
    library,
    shown_stars,
    star_facts,
)
from skcluster.schema import (
    CONTAMINANTS,
    INTERVAL_ENDS,
    OUTSIDE_DOMAIN,
    estimate_column,
    notes_for_display,
)

#: Columns that are shown only beside the diagram if the table has many columns.
_BESIDE_DIAGRAM = ("n_stars", "differential_reddening", "field_fraction", "effective_samples")
#: Isochrones are drawn for every model.
_ISOCHRONES = "isochrones: PARSEC, Bressan et al. 2012, MNRAS 427, 127"
_SCRIPTS = ("names.js", "diagram.js", "svg.js", "table.js", "page.js", "download.js")
#: Dots per inch of the picture of members.
_PICTURE_DPI = 90
#: Pages of so few clusters show corner plots and tables of stars beside the diagram.
_FEW = 3
#: What the descriptions in `skcluster.schema` leave out.
_MORE = {
    "n_used": "The others are beyond the magnitude limit of the list or of the model.",
    "differential_reddening": (
        "Dust in front of some stars only: half of them have less than 0.67 times this A_V on top "
        "of that of the cluster, 95 % less than 1.96 times (dashed line)."
    ),
    "field_fraction": "Contaminants of the list, which no isochrone describes.",
    "reliability": "Cut a catalogue by it, as strictly as its purpose needs.",
    "effective_samples": "Below about 100, intervals and band are coarse.",
}
#: If the model estimates differential reddening.
_LEAST_REDDENED = (
    "That of the least reddened stars: the isochrone follows the blue edge of the sequence, and "
    "stars behind more dust lie to its right and below, as do binaries above it."
)
#: By the flags of `skcluster.estimation.estimate`.
FLAGS = {
    "no cluster found": "no group of stars stands out from the field",
    "cannot be measured": "no star, or none brighter than the magnitude limit",
    "stars do not follow one isochrone": (
        "as in lists without a cluster, with other colours, or of two clusters"
    ),
    "stars disagree with the network": "the stars led far from the network's prediction",
    "improbable parameters": (
        "the estimate or its widths are unlike those of clusters, as for wrong units or colours"
    ),
    "parallaxes of more than one cluster": (
        "the parallaxes of members, or of members and the other stars, differ too much"
    ),
    "posterior not sampled": "the estimate is that of the network alone",
    OUTSIDE_DOMAIN: (
        "log age, A_V or distance is beyond that of all training clusters: an extrapolation"
    ),
}
#: By the notes of `skcluster.estimation.estimate`.
NOTES = {
    "few stars": f"fewer than {FEW_STARS} stars were used; the intervals are wide accordingly",
    "DR2 zero point applied": "parallaxes of Gaia DR2 were shifted to the zero point of EDR3",
    CONTAMINANTS: (
        "a quarter or more of the stars follow no isochrone near the estimate and had little "
        "weight in it"
    ),
    "parallaxes deeper than the errors": (
        "5 % or more of the parallaxes are over three errors from that of the cluster: it is near "
        "and extended, or these stars are contaminants"
    ),
    "unlike the training lists": (
        "in parallax, number of stars, magnitudes, colours or magnitude limit; the estimate is not"
    ),
}


def write_report(
    X: ClustersLike,
    estimates: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    samples: Mapping[Any, Any] | None = None,
    membership: Any = None,
    fields: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    coverage: float = 0.68,
    law: Law = "dr2",
    title: str = "Star clusters",
    metadata: Mapping[str, str] | None = None,
    card: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Write one HTML page with a table of estimates and the diagram of each cluster.

    The page needs no network and no other file. Its table can be sorted, searched by the common
    names of a cluster, and saved as CSV. Choosing a cluster shows its stars, the isochrone of its
    estimate and the area covered by the isochrones of its samples. The diagram, drawn by Bokeh, can
    be zoomed and saved as PNG or SVG, and describes the star under the pointer. A dashed isochrone
    has the extinction that 95 per cent of the stars do not exceed, if there is differential
    reddening. A page of one to three clusters also shows corner plots and tables of stars.

    Parameters
    ----------
    X : clusters
        Any input of `skcluster.clusters.as_clusters`.
    estimates : DataFrame
        Estimates of the same clusters by `skcluster.estimation.estimate`. Its values are shown
        with the names and units in `skcluster.schema`; some only beside the diagram.
    path : str or PathLike
        The file to write; it appears only once it is complete.
    samples : mapping of names to DataFrame or array-like of n_samples rows, optional
        Joint samples of log age, A_V, distance and, if it was estimated, metallicity.
    membership : DataFrame or array-like of shape (n_stars,), optional
        Membership probabilities of all stars, as returned by ``estimate(X, membership=True)``,
        which shade the stars. By default, those of the list.
    fields : (DataFrame, DataFrame), optional
        Stars of fields and table of clusters, as returned by `skcluster.membership.find_members`.
        The page then shows the members of each cluster over its field, a picture of 0.1 to 0.2 MB.
    coverage : float, default=0.68
        Fraction of the samples whose isochrones are shown, and coverage of the intervals.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, as in `skcluster.isochrones.isochrone`.
    title : str, default="Star clusters"
        Heading of the page.
    metadata : mapping of str to str, optional
        Facts shown below the heading, such as model and version.
    card : mapping, optional
        Card of the model, such as ``skcluster.persistence.read_card(path)["card"]``, whose
        ``limits`` and ``citations`` are shown below the table.
    overwrite : bool, default=False
        Whether an existing file may be replaced.

    Raises
    ------
    FileExistsError
        If the file exists and ``overwrite`` is False.
    ValueError
        If the estimates are not of the same clusters, or the membership not of the same stars.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.estimation import estimate
    >>> from skcluster.report import write_report
    >>> X, y = simulate_clusters(5, random_state=0)
    >>> with TemporaryDirectory() as folder:
    ...     write_report(X, estimate(X), Path(folder) / "report.html")
    ...     (Path(folder) / "report.html").read_text()[:15]
    '<!doctype html>'
    """
    X = as_clusters(X)
    if len(X) != len(estimates) or (X.index != estimates.index).any():
        raise ValueError("The estimates are not of the same clusters, in the same order, as X.")
    # A table that was read from a file may have NaN for empty texts.
    estimates = estimates.fillna({name: "" for name in ("flag", "notes") if name in estimates})
    columns = _columns_of(estimates)
    clusters = list(_rows_of(estimates, [column["key"] for column in columns]))
    shades = membership_array(membership, stars_of(X))
    _add_diagrams(clusters, X, estimates, samples or {}, shades, coverage, law)
    if fields is not None:
        for cluster, name in zip(clusters, X.index, strict=True):
            if name in fields[1].index:
                save_membership(content := BytesIO(), *fields, name, dpi=_PICTURE_DPI)
                cluster["picture"] = b64encode(content.getvalue()).decode()
    hover = [name for name in HOVER if any(name in cluster for cluster in clusters)]
    data = {
        "title": title,
        "coverage": coverage,
        "cells": CELLS,
        "columns": columns,
        "few": _FEW,
        "star_columns": HOVER,
        "lists": ABBREVIATIONS,
        "clusters": clusters,
    }
    facts = {"Clusters": str(len(X)), **(metadata or {})}
    page = _filled(
        {
            "title": escape(title),
            "facts": "".join(
                f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items()
            ),
            "footer": _footer(card, _meanings(estimates, coverage)),
            "style": _template("page.css"),
            "library": library(),
            "script": "\n".join(map(_template, _SCRIPTS)),
            "figure": _as_json(json.loads(figure_item(hover))),
            "data": _as_json(data),
        }
    )
    with whole_file(Path(path), overwrite) as half:
        half.write_text(page, encoding="utf-8")


def _add_diagrams(
    clusters: list[dict[str, Any]],
    X: NestedFrame,
    estimates: pd.DataFrame,
    samples: Mapping[Any, Any],
    membership: FloatArray | None,
    coverage: float,
    law: Law,
) -> None:
    """Add the diagram and the stars of each cluster; on small pages, its corner plot."""
    stars = stars_of(X)
    for i, shown in enumerate(shown_stars(stars.counts)):
        row, own = estimates.iloc[i], samples.get(X.index[i])
        clusters[i]["total"] = int(stars.counts[i])
        if stars.counts[i]:
            display = CMDDisplay._of_row(
                X, i, row, own, membership, coverage, law, only_drawable=True
            )
            clusters[i] |= diagram(display, shown)
        clusters[i] |= star_facts(stars, membership, stars.offsets[i] + shown)
        if own is not None and len(X) <= _FEW:
            clusters[i] |= _corner(own, row)


def _columns_of(estimates: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the description of each column of estimates for the page, but for flag and notes."""
    columns = []
    unlisted = _BESIDE_DIAGRAM if "n_used" in estimates else ()
    for key in estimates.columns:
        if key not in ("flag", "notes") and not key.endswith(tuple(INTERVAL_ENDS)):
            column = estimate_column(key)
            columns.append(
                {
                    "key": key,
                    # The page does not render mathtext.
                    "name": _capital(column.label.replace("$", "")),
                    "unit": column.printed_unit,
                    "about": _meaning_of(key, estimates),
                    "listed": key not in unlisted,
                    "interval": f"{key}_lower" in estimates,
                    "text": not pd.api.types.is_numeric_dtype(estimates[key]),
                }
            )
    return columns


def _rows_of(estimates: pd.DataFrame, keys: list[str]) -> Iterator[dict[str, Any]]:
    """Yield names, flag, notes and values of each cluster, as numbers and as text.

    A text is a value followed by the distances to the upper and lower end of its interval.
    """
    notes = notes_for_display(estimates)
    rows = estimates.to_dict("records")
    for name, row, shown in zip(estimates.index, rows, notes, strict=True):
        values = {key: [row.get(key + end, np.nan) for end in ("", *INTERVAL_ENDS)] for key in keys}
        yield {
            "name": str(name),
            "also": other_names(str(name)),
            "flag": str(row.get("flag", "")),
            "notes": str(row.get("notes", "")),
            "shown_notes": shown,
            "values": {key: [_number(value) for value in given] for key, given in values.items()},
            "texts": {key: _text(key, *given) for key, given in values.items()},
        }


def _text(key: str, value: Any, *ends: Any) -> str:
    if isinstance(value, float):
        return estimate_column(key).as_text(value, *ends)
    return "" if pd.isna(value) else str(value)


def _number(value: Any) -> float | str | None:
    """Return a value, numbers rounded to six significant digits; None if it is missing."""
    if pd.isna(value):
        return None
    return str(value) if isinstance(value, str | bool) else float(f"{value:.6g}")


def _corner(samples: Any, row: pd.Series) -> dict[str, str]:
    """Return the corner plot of a cluster, with the intervals of the table; empty without them."""
    table = pd.DataFrame(samples)
    if not isinstance(samples, pd.DataFrame):
        table.columns = list(ISOCHRONE_PARAMETERS[: table.shape[1]])
    table = table[[target for target in table if target in row]].dropna()
    if interval_of(row, table) is None or len(table) < max(2, table.shape[1]):
        return {}
    content = StringIO()
    plain = {"svg.fonttype": "none", "svg.hashsalt": "", "font.family": "sans-serif"}
    with style.context(["default", plain]):
        figure = Figure(figsize=(6.4, 6.4))
        CornerDisplay.from_samples(table, estimate=row, figure=figure)
        figure.savefig(content, format="svg", metadata={"Date": None})
    return {"corner": b64encode(content.getvalue().encode()).decode()}


def _meaning_of(name: str, estimates: pd.DataFrame) -> str:
    """Return what the values of a column of estimates mean."""
    column = estimate_column(name)
    text = column.description
    more = _MORE.get(name, "")
    if name == "a_v" and "differential_reddening" in estimates:
        more = _LEAST_REDDENED
    told = text.lower() not in (name, column.label.lower())
    return f"{text}. {more}".strip() if told or more else ""


def _meanings(estimates: pd.DataFrame, coverage: float) -> dict[str, str]:
    """Return what the numbers of a table of estimates mean, as HTML by the HTML of their terms."""
    meanings = {}
    ends = tuple(INTERVAL_ENDS)
    for name in estimates.columns:
        if not str(name).endswith(ends) and (text := _meaning_of(name, estimates)):
            meanings[estimate_column(name).label.replace("$", "")] = text
    if any(str(name).endswith(ends) for name in estimates.columns):
        meanings[f"± or + −, {coverage:.0%} interval"] = (
            f"The true value lies inside for {coverage:.0%} of clusters like those of the training."
        )
        meanings["Band in the diagram"] = (
            f"Where the isochrones of the {coverage:.0%} most credible joint samples run. It "
            "shows how well the isochrone is known, not how far stars scatter around it."
        )
    for column, kind, known in (("flag", "Flag", FLAGS), ("notes", "Note", NOTES)):
        texts = "; ".join(map(str, dict.fromkeys(estimates.get(column, ())))).split("; ")
        meanings |= {f"{kind} “{text}”": known[text] for text in texts if text in known}
    return {escape(_capital(term)): escape(_capital(text)) for term, text in meanings.items()}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _footer(card: Mapping[str, Any] | None, meanings: Mapping[str, str]) -> str:
    """Return what the numbers mean, and the limits and citations in the card of a model."""
    card = card or {}
    citations = [str(text) for text in card.get("citations", ())]
    if not any("Bressan" in text for text in citations):
        citations.append(_ISOCHRONES)
    terms = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in meanings.items())
    sections = {
        heading: as_html(content, lambda name: estimate_column(name).title)
        for heading, content in (
            ("Limits of the estimates", card.get("limits")),
            ("Citations", citations),
        )
        if content
    }
    glossary = f'<section class="wide"><h2>What the numbers mean</h2><dl>{terms}</dl></section>'
    return glossary + "".join(
        f"<section><h2>{heading}</h2>{html}</section>" for heading, html in sections.items()
    )


def _filled(parts: Mapping[str, str]) -> str:
    """Return the page, with its parts in place of the comments of their names."""
    # In one pass, because a part may contain the comment of another.
    return re.sub("<!--(\\w+)-->", lambda place: parts[place[1]], _template("page.html"))


def _template(name: str) -> str:
    return files("skcluster.report").joinpath("data", name).read_text(encoding="utf-8")


def _as_json(data: Any) -> str:
    # "</script>" in a cluster's name must not end the script.
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
