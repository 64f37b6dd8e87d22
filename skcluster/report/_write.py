"""Estimates and stars -> a page that needs no network."""

import json
import os
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skcluster._utils.files import whole_file
from skcluster.clusters import as_clusters, stars_of
from skcluster.report._diagram import CELLS, diagram

_COLUMNS = {
    "n_stars": ("Stars", ""),
    "log_age": ("log age", "dex"),
    "a_v": ("A_V", "mag"),
    "distance_kpc": ("Distance", "kpc"),
}


def write_report(
    X: Any,
    estimates: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    samples: Mapping[Any, Any] | None = None,
    level: float = 0.68,
    title: str = "Star clusters",
    metadata: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> None:
    """Write one HTML page with a table of estimates and the diagram of each cluster.

    The page needs no network and no other file. Its table can be sorted and searched, by keyboard
    too; choosing a cluster shows its stars, the isochrone of its estimate and the area that the
    isochrones of its samples sweep.

    Parameters
    ----------
    X : clusters
        Whatever `skcluster.clusters.as_clusters` takes.
    estimates : DataFrame
        As `skcluster.estimation.estimate` gives it, for the same clusters.
    path : str or PathLike
        The page; it appears only once it is whole.
    samples : mapping of names to array-like of shape (n_samples, 3), optional
        Joint samples of log age, A_V and distance of each cluster.
    level : float, default=0.68
        Share of the samples whose isochrones are shown, and of the intervals.
    title : str, default="Star clusters"
        Heading.
    metadata : mapping of str to str, optional
        Shown below the heading, such as model and version.
    overwrite : bool, default=False
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.
    ValueError
        If the estimates are not of the same clusters.

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
    data = {
        "level": level,
        "cells": CELLS,
        "columns": [
            {"key": key, "name": name, "unit": unit}
            for key, (name, unit) in _COLUMNS.items()
            if key in estimates
        ],
        "clusters": _clusters(X, estimates, samples or {}, level),
    }
    facts = {"Clusters": str(len(X)), **(metadata or {})}
    page = _template("page.html")
    parts = {
        "title": escape(title),
        "facts": "".join(
            f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items()
        ),
        "style": _template("page.css"),
        "script": _template("page.js"),
        # "</script>" in a cluster's name must not end the script.
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
    }
    for name, part in parts.items():
        page = page.replace(f"<!--{name}-->", part)
    with whole_file(Path(path), overwrite) as half:
        half.write_text(page, encoding="utf-8")


def _template(name: str) -> str:
    return files("skcluster.report").joinpath("data", name).read_text(encoding="utf-8")


def _clusters(
    X: Any, estimates: pd.DataFrame, samples: Mapping[Any, Any], level: float
) -> list[dict[str, Any]]:
    stars = stars_of(X)
    ends = np.cumsum(stars.counts)
    colour, magnitude = stars["bp_rp"], stars["phot_g_mean_mag"]
    probability = stars["probability"] if "probability" in stars else None  # noqa: SIM401
    found = []
    for i, (name, row) in enumerate(zip(X.index, estimates.to_dict("records"), strict=True)):
        own = slice(ends[i] - stars.counts[i], ends[i])
        values = {
            key: [_number(row.get(f"{key}{end}")) for end in ("", "_lower", "_upper")]
            for key in _COLUMNS
            if key in row
        }
        found.append(
            {
                "name": str(name),
                "flag": str(row.get("flag", "")),
                "values": values,
                **diagram(
                    colour[own],
                    magnitude[own],
                    None if probability is None else probability[own],
                    np.array([row[key] for key in ("log_age", "a_v", "distance_kpc")], float),
                    samples.get(name),
                    level,
                ),
            }
        )
    return found


def _number(value: Any) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), 4)
