"""Estimated against published values, and the dependence of the residuals on the parameters."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from accuracy_report import MODULUS, errors
from matplotlib.figure import Figure

from skcluster.plotting import EstimateDisplay

LABELS = {
    "log_age": "log age (dex)",
    "a_v": "$A_V$ (mag)",
    "distance_kpc": "distance (kpc)",
    MODULUS: "distance modulus (mag)",
}
_POINTS, _LINE = "#0072B2", "#D55E00"


def draw_estimates(y: pd.DataFrame, predicted: pd.DataFrame, name: str, file: Path) -> None:
    """Predicted against published, target by target."""
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    EstimateDisplay.from_predictions(y, predicted, ax=figure.subplots(1, 3))
    figure.suptitle(f"{name}: {len(y)} clusters, each predicted by a model that has not seen it")
    figure.savefig(file, dpi=150)


def draw_residuals(
    y: pd.DataFrame, predicted: pd.DataFrame, n_stars: npt.NDArray[Any], name: str, file: Path
) -> None:
    """Residuals against star count, age, A_V and distance, with running medians."""
    found = errors(y, predicted)
    against = {
        "stars at G < 18": np.maximum(n_stars, 1),
        **{LABELS[str(c)]: y[c].to_numpy() for c in y},
    }
    targets = ["log_age", "a_v", MODULUS]
    figure = Figure(figsize=(14, 9), layout="constrained")
    grid = figure.subplots(len(targets), len(against), sharey="row", sharex="col")
    for row, target in zip(grid, targets, strict=True):
        residual = found[target].to_numpy()
        limit = np.quantile(np.abs(residual), 0.99)
        for axes, (label, values) in zip(row, against.items(), strict=True):
            axes.plot(values, np.clip(residual, -limit, limit), ".", color=_POINTS, alpha=0.3)
            parts = np.array_split(np.argsort(values), 10)
            middle = [np.median(values[part]) for part in parts if len(part)]
            medians = [np.median(residual[part]) for part in parts if len(part)]
            axes.plot(middle, medians, "o-", color=_LINE, markersize=4)
            axes.axhline(0, color="black", linewidth=0.8)
            if label in ("stars at G < 18", LABELS["distance_kpc"]):
                axes.set_xscale("log")
            if target == targets[-1]:
                axes.set_xlabel(label)
        row[0].set_ylabel(f"{LABELS[target]}:\npredicted − published")
    figure.suptitle(f"{name}: residuals, with the median of each tenth of the clusters")
    figure.savefig(file, dpi=130)
