"""Figures 1 to 4 of the paper."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from table1_report import Row

from skcluster import CMDHistogram, CMDRasterizer
from skcluster.clusters import stars_of
from skcluster.plotting import Curve, LearningCurveDisplay

#: The cluster of the paper's figure 1.
EXAMPLE = "Alessi_5"
_NUMBER = {"ann": 2, "cnn": 3, "mdm": 4}


def figure_cluster(X: Any, folder: Path) -> None:
    """Figure 1: a cluster's stars, its histogram, and its picture."""
    counts = stars_of(X).counts
    typical = X.index[np.argsort(counts)[len(counts) // 2]]
    name = EXAMPLE if EXAMPLE in X.index else typical
    cluster = X.loc[[name]]
    stars = stars_of(cluster)
    histogram, rasterizer = CMDHistogram(), CMDRasterizer()
    bins = histogram.fit_transform(cluster)[0].reshape(histogram.histogram_shape_)
    picture = rasterizer.fit_transform(cluster)[0].reshape(rasterizer.image_shape_)

    figure = Figure(figsize=(12, 4), layout="constrained")
    diagram, counted, drawn = figure.subplots(1, 3)
    diagram.plot(stars["bp_rp"], stars["phot_g_mean_mag"], ".", color="black", markersize=4)
    diagram.set(
        title=f"{str(name).replace('_', ' ')}: {len(stars)} stars",
        xlabel="BP − RP (mag)",
        ylabel="G (mag)",
        xlim=(0, 4),
        ylim=(18, 10),
    )
    mesh = counted.pcolormesh(
        histogram.colour_edges_, histogram.magnitude_edges_, bins.T, cmap="cividis"
    )
    counted.set(title=f"{bins.size} normalised counts", xlabel="BP − RP (mag)", ylabel="G (mag)")
    counted.invert_yaxis()
    figure.colorbar(mesh, ax=counted, label="share of the stars")
    drawn.imshow(picture[..., 0], cmap="gray_r", vmin=0, vmax=1)
    drawn.set(
        title=f"{picture.shape[0]} × {picture.shape[1]} pixels", xlabel="pixel", ylabel="pixel"
    )
    figure.savefig(folder / "figure1.png", dpi=150)


def figure_learning_curves(rows: list[Row], folder: Path) -> None:
    """Figures 2 to 4: the error of the first fit after each epoch, and the epoch that was kept."""
    for preset in dict.fromkeys(row.preset for row in rows):
        for model, number in _NUMBER.items():
            chosen = [r for r in rows if r.model == model and r.preset == preset]
            if chosen:
                suffix = "" if preset == rows[0].preset else f"_{preset}"
                _learning_curves(chosen).savefig(folder / f"figure{number}{suffix}.png", dpi=150)


def _learning_curves(rows: list[Row]) -> Figure:
    curves = []
    for row in rows:
        if row.augmentation in ("", "augmented"):
            curve = row.curves[0]
            curves.append(
                Curve(
                    row.augmentation,
                    np.asarray(curve["loss"]),
                    np.asarray(curve["val_loss"]) if "val_loss" in curve else None,
                    curve.get("best_epoch"),
                )
            )
    figure = Figure(figsize=(6, 4), layout="constrained")
    display = LearningCurveDisplay(curves=curves).plot(figure.subplots())
    display.ax_.set(title=rows[0].title, ylabel="mean squared error (MinMax units)")
    return figure
