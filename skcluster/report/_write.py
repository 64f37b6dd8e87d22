"""Write the page of a run."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.files import whole_file
from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import as_clusters, stars_of
from skcluster.datasets.catalogues import ABBREVIATIONS
from skcluster.photometry import Law
from skcluster.plotting._inputs import membership_array
from skcluster.report._diagram import CELLS, diagram
from skcluster.report._figure import HOVER, figure_item, library
from skcluster.report._footer import footer
from skcluster.report._stars import shown_stars, star_facts
from skcluster.report._table import columns_of, rows_of
from skcluster.schema import CLUSTER_PARAMETERS

#: Parameters of an isochrone; the metallicity only if it was estimated.
_ISOCHRONE = (*CLUSTER_PARAMETERS, "metallicity")
_SCRIPTS = ("names.js", "table.js", "diagram.js", "download.js", "page.js")


def write_report(
    X: ClustersLike,
    estimates: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    samples: Mapping[Any, Any] | None = None,
    membership: Any = None,
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
    be zoomed and saved as PNG, and describes the star under the pointer.

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
    shades = membership_array(membership, stars_of(X))
    columns = columns_of(estimates)
    clusters = list(_clusters(X, estimates, columns, samples or {}, shades, coverage, law))
    known = [name for name in HOVER if any(name in cluster for cluster in clusters)]
    data = {
        "title": title,
        "coverage": coverage,
        "cells": CELLS,
        "columns": columns,
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
            "footer": footer(card),
            "style": _template("page.css"),
            "library": library(),
            "script": "\n".join(map(_template, _SCRIPTS)),
            "figure": _as_json(json.loads(figure_item(known))),
            "data": _as_json(data),
        }
    )
    with whole_file(Path(path), overwrite) as half:
        half.write_text(page, encoding="utf-8")


def _clusters(
    X: NestedFrame,
    estimates: pd.DataFrame,
    columns: list[dict[str, Any]],
    samples: Mapping[Any, Any],
    membership: FloatArray | None,
    coverage: float,
    law: Law,
) -> Iterator[dict[str, Any]]:
    """Yield the data of each cluster: its row, its diagram and its stars."""
    stars = stars_of(X)
    parameters = _of_isochrones(estimates)
    colour, magnitude = stars["bp_rp"], stars["phot_g_mean_mag"]
    rows = rows_of(estimates, [column["key"] for column in columns])
    for i, (row, shown) in enumerate(zip(rows, shown_stars(stars.counts), strict=True)):
        own = slice(stars.offsets[i], stars.offsets[i + 1])
        drawn = samples.get(X.index[i])
        yield {
            **row,
            "total": int(stars.counts[i]),
            **diagram(
                colour[own],
                magnitude[own],
                shown,
                parameters[i],
                None if drawn is None else _of_isochrones(drawn),
                coverage,
                law,
            ),
            **star_facts(stars, membership, stars.offsets[i] + shown),
        }


def _of_isochrones(values: Any) -> FloatArray:
    """Return the parameters of isochrones, shape (n, 3) or (n, 4)."""
    if isinstance(values, pd.DataFrame):
        values = values[[name for name in _ISOCHRONE if name in values]]
    return np.asarray(values, dtype=np.float64)


def _filled(parts: Mapping[str, str]) -> str:
    """Return the page, with its parts in place of the comments of their names."""
    # In one pass, because a part may contain the comment of another.
    return re.sub("<!--(\\w+)-->", lambda place: parts[place[1]], _template("page.html"))


def _template(name: str) -> str:
    return files("skcluster.report").joinpath("data", name).read_text(encoding="utf-8")


def _as_json(data: Any) -> str:
    # "</script>" in a cluster's name must not end the script.
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
