"""Estimates and stars -> a page that needs no network."""

import json
import os
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
from skcluster.photometry import Law
from skcluster.plotting import membership_array
from skcluster.report._diagram import CELLS, diagram
from skcluster.schema import CLUSTER_PARAMETERS, INTERVAL_ENDS, estimate_column

#: Columns that a table of many columns leaves to the details of one cluster.
_BESIDE_DIAGRAM = ("n_stars", "differential_reddening", "effective_samples")
#: What an isochrone depends on, the last only if it was estimated.
_ISOCHRONE = (*CLUSTER_PARAMETERS, "metallicity")


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
        As `skcluster.estimation.estimate` gives it, for the same clusters. Its numbers are shown
        under the names and units in `skcluster.schema`; some only beside the diagram.
    path : str or PathLike
        The page; it appears only once it is whole.
    samples : mapping of names to DataFrame or array-like of n_samples rows, optional
        Joint samples of log age, A_V, distance and, if it was estimated, metallicity.
    membership : DataFrame or array-like of shape (n_stars,), optional
        Probabilities of all stars to be members, as ``estimate(X, membership=True)`` returns them,
        which shade the stars. By default, the probabilities of the list do.
    coverage : float, default=0.68
        Share of the samples whose isochrones are shown, and coverage of the intervals.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, as in `skcluster.isochrones.isochrone`.
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
    columns = _columns(estimates)
    values = _values(estimates, [column["key"] for column in columns])
    shades = membership_array(membership, stars_of(X))
    diagrams = _diagrams(X, estimates, samples or {}, shades, coverage, law)
    data = {
        "posterior": shades is not None,
        "coverage": coverage,
        "cells": CELLS,
        "columns": columns,
        "clusters": [v | d for v, d in zip(values, diagrams, strict=True)],
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


def _columns(estimates: pd.DataFrame) -> list[dict[str, Any]]:
    """What the page needs to know of the columns with a value of their own."""
    found = []
    unlisted = _BESIDE_DIAGRAM if "n_used" in estimates else ()
    for key in estimates.select_dtypes("number").columns:
        if not key.endswith(tuple(INTERVAL_ENDS)):
            column = estimate_column(key)
            # The page shows no mathtext.
            name = column.label.replace("$", "")
            integer = pd.api.types.is_integer_dtype(estimates[key])
            found.append(
                {
                    "key": key,
                    "name": name[0].upper() + name[1:],
                    "unit": column.printed_unit,
                    "decimals": 0 if integer else column.decimals,
                    "significant": column.significant,
                    "listed": key not in unlisted,
                }
            )
    return found


def _values(estimates: pd.DataFrame, keys: list[str]) -> Iterator[dict[str, Any]]:
    """Name, flag and numbers of each cluster, with the ends of intervals."""
    for name, row in zip(estimates.index, estimates.to_dict("records"), strict=True):
        yield {
            "name": str(name),
            "flag": str(row.get("flag", "")),
            "values": {
                key: [_number(row.get(key + end)) for end in ("", *INTERVAL_ENDS)] for key in keys
            },
        }


def _diagrams(
    X: NestedFrame,
    estimates: pd.DataFrame,
    samples: Mapping[Any, Any],
    shades: FloatArray | None,
    coverage: float,
    law: Law,
) -> Iterator[dict[str, Any]]:
    """The diagram of each cluster."""
    stars = stars_of(X)
    parameters = _of_isochrones(estimates)
    colour, magnitude = stars["bp_rp"], stars["phot_g_mean_mag"]
    if shades is None and "probability" in stars:
        shades = np.nan_to_num(stars["probability"].astype(float), nan=0.0)
    for i, name in enumerate(X.index):
        own = slice(stars.offsets[i], stars.offsets[i + 1])
        drawn = samples.get(name)
        yield diagram(
            colour[own],
            magnitude[own],
            None if shades is None else shades[own],
            parameters[i],
            None if drawn is None else _of_isochrones(drawn),
            coverage,
            law,
        )


def _of_isochrones(values: Any) -> FloatArray:
    """The columns that isochrones depend on, shape (n, 3) or (n, 4)."""
    if isinstance(values, pd.DataFrame):
        values = values[[name for name in _ISOCHRONE if name in values]]
    return np.asarray(values, dtype=np.float64)


def _number(value: Any) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), 4)
