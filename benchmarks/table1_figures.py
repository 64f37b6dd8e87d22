"""Figures 1 to 9 of the paper: a cluster, learning curves, architectures."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import pyplot
from matplotlib.figure import Figure
from table1_report import Row

from skcluster import CMDHistogram, CMDRasterizer
from skcluster.clusters import stars_of
from skcluster.plotting import ArchitectureDisplay, TrainingHistoryDisplay

#: The cluster of the paper's figure 1.
EXAMPLE = "Alessi_5"
#: Numbers of the figures of each network.
_CURVES = {"ann": 2, "cnn": 3, "mdm": 4}
_ARCHITECTURES = {"ann": 5, "cnn": 6, "mdm": 9}


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

    limits = {"xlim": (0, histogram.colour_edges_[-1]), "ylim": (18, 10)}
    labels = {"xlabel": "BP − RP (mag)", "ylabel": "G (mag)"}
    figure = Figure(figsize=(12, 4.4), layout="constrained")
    diagram, counted, drawn = figure.subplots(1, 3)
    diagram.plot(stars["bp_rp"], stars["phot_g_mean_mag"], ".", color="black", markersize=4)
    diagram.set(title=f"{str(name).replace('_', ' ')}: {len(stars)} stars", **limits, **labels)
    mesh = counted.pcolormesh(
        histogram.colour_edges_, histogram.magnitude_edges_, bins.T, cmap="cividis"
    )
    counted.set(title=f"{bins.size} normalised counts", **limits, **labels)
    drawn.imshow(picture[..., 0], cmap="gray_r", vmin=0, vmax=1)
    drawn.set(
        title=f"{picture.shape[0]} × {picture.shape[1]} pixels", xlabel="pixel", ylabel="pixel"
    )
    for axes in (diagram, counted, drawn):
        axes.set_box_aspect(1)
    # Below the panel, so that all three are of one size and height.
    inset = counted.inset_axes((0, -0.27, 1, 0.05))
    figure.colorbar(mesh, cax=inset, orientation="horizontal", label="share of the stars")
    figure.savefig(folder / "figure1.png", dpi=150)


def figures_learning_curves(rows: list[Row], folder: Path) -> None:
    """Figures 2 to 4: the error of the first fit after each epoch, and the epoch that was kept."""
    for model, preset, suffix in _networks(rows):
        chosen = [row for row in rows if (row.model, row.preset) == (model, preset)]
        file = folder / f"figure{_CURVES[model]}{suffix}.png"
        _learning_curves(chosen).savefig(file, dpi=150)


def figures_architectures(rows: list[Row], folder: Path) -> None:
    """Figures 5 to 9: ANN, CNN, the two branches of the MDM, and the MDM."""
    for model, preset, suffix in _networks(rows):
        row = next(row for row in rows if (row.model, row.preset) == (model, preset))
        network = row.network.model_
        for number, drawn, part in _architectures(model, network):
            display = ArchitectureDisplay.from_model(drawn)
            display.ax_.set_title(f"{row.title}{part}", fontsize="medium")
            figure: Any = display.figure_
            figure.savefig(folder / f"figure{number}{suffix}.png", dpi=150)
            pyplot.close(figure)


def _architectures(model: str, network: Any) -> Iterator[tuple[int, Any, str]]:
    """Number of each figure of a network, what it shows, and what it adds to the title."""
    if model == "mdm":
        import keras  # after skcluster, which keeps TensorFlow quiet

        join = next(
            layer for layer in network.layers if isinstance(layer, keras.layers.Concatenate)
        )
        branches = [keras.Model(*ends) for ends in zip(network.inputs, join.input, strict=True)]
        yield from zip((7, 8), branches, (": the picture", ": the guesses"), strict=True)
    yield _ARCHITECTURES[model], network, ""


def _networks(rows: list[Row]) -> Iterator[tuple[str, str, str]]:
    """Model and preset of each network in the table, and what its files' names end in."""
    for model, preset in dict.fromkeys((row.model, row.preset) for row in rows):
        yield model, preset, "" if preset == rows[0].preset else f"_{preset}"


def _learning_curves(rows: list[Row]) -> Figure:
    histories = {r.augmentation: r.curves[0] for r in rows if r.augmentation in ("", "augmented")}
    figure = Figure(figsize=(6, 4), layout="constrained")
    display = TrainingHistoryDisplay(histories=histories).plot(figure.subplots())
    display.ax_.set(title=rows[0].title, ylabel="mean squared error (MinMax units)")
    return figure
