"""Displays of fitted networks: the loss during training, and the layers, without Graphviz."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator

from skcluster._utils.models import nested_estimators
from skcluster.plotting._style import BLUE, COLOURS, GREEN, VERMILION, one_axes

#: Layers that are listed in the box of the preceding layer.
_ATTACHED = {"Activation", "BatchNormalization", "Dropout", "GaussianNoise"}
#: Layers whose names say more than their types.
_NAMED = {"Functional", "FunctionLayer", "Sequential"}
#: Colours of edge and face by type of layer; others are grey.
_COLOURS = {
    "Conv2D": (GREEN, "#DDF2EC"),
    "Dense": (BLUE, "#DDECF5"),
    "InputLayer": (VERMILION, "#F9EADD"),
}
_GREY = "#666666"
#: Width and height of a box, and distances between the centres of boxes, in inches.
_BOX = (2.6, 0.46)
_STEP = (3.2, 0.78)


@dataclass(kw_only=True, eq=False, repr=False)
class TrainingHistoryDisplay:
    """Training and validation loss of each epoch, and the epoch whose weights were kept.

    Use `from_estimator` to make one.

    Parameters
    ----------
    histories : mapping of str to mapping
        The losses of each network by its label, which is empty for a single one: ``loss`` of the
        training clusters after each epoch and, with validation clusters, their ``val_loss`` and
        ``best_epoch``, the epoch whose weights were kept, counted from 1.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    lines_ : list of Line2D

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores by number of training samples.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("agg")
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.pipelines import ann_pipeline
    >>> from skcluster.plotting import TrainingHistoryDisplay
    >>> X, y = simulate_clusters(30, random_state=0)
    >>> model = ann_pipeline(epochs=3, random_state=0).fit(X, y)
    >>> display = TrainingHistoryDisplay.from_estimator(model)
    >>> [line.get_label() for line in display.lines_]
    ['training', 'validation']
    """

    histories: Mapping[str, Mapping[str, Any]]

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None) -> "TrainingHistoryDisplay":
        """Draw the learning curves of a fitted model.

        Parameters
        ----------
        estimator : fitted estimator or mapping of names to such
            A network of `skcluster.regressors`, or a pipeline, transformed target or conformal
            regressor with one.
        ax : Axes, optional
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        TrainingHistoryDisplay

        Raises
        ------
        ValueError
            If there is no fitted network, or none that was trained.
        """
        several = estimator if isinstance(estimator, Mapping) else {"": estimator}
        histories: dict[str, Mapping[str, Any]] = {}
        for name, model in several.items():
            histories |= _histories(str(name), model)
        return cls(histories=histories).plot(ax)

    def plot(self, ax: Axes | None = None) -> "TrainingHistoryDisplay":
        """Draw the display. The loss axis is logarithmic, unless likelihoods are negative.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        TrainingHistoryDisplay
            The display, with ``ax_``, ``figure_`` and ``lines_``.
        """
        self.figure_, self.ax_ = one_axes(ax, figsize=(5.2, 3.6))
        self.lines_: list[Any] = []
        style: dict[str, Any]
        for i, (name, history) in enumerate(self.histories.items()):
            # For one network, training and validation differ in colour; for several, in line style.
            colour = COLOURS[i % len(COLOURS)]
            other = COLOURS[1] if len(self.histories) == 1 else colour
            for kind, key, line_colour, dash in (
                ("training", "loss", colour, "-"),
                ("validation", "val_loss", other, "--"),
            ):
                if key in history:
                    label = f"{name} {kind}".strip()
                    style = {"color": line_colour, "linestyle": dash, "label": label}
                    epochs = np.arange(1, len(history[key]) + 1)
                    self.lines_ += self.ax_.plot(epochs, history[key], **style)
            if (epoch := history.get("best_epoch")) is not None and "val_loss" in history:
                label = f"{name} best epoch: {epoch}".strip()
                style = {"color": other, "markeredgecolor": "black", "label": label}
                self.ax_.plot(epoch, history["val_loss"][epoch - 1], "o", **style)
        log = all((np.asarray(line.get_ydata()) > 0).all() for line in self.lines_)
        self.ax_.set(xlabel="epoch", ylabel="loss", yscale="log" if log else "linear")
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        self.ax_.legend(frameon=False)
        return self


def _histories(name: str, estimator: Any) -> dict[str, Mapping[str, Any]]:
    """Return the losses of each network inside an estimator, by its label."""
    network = _network_inside(estimator)
    histories: dict[str, Mapping[str, Any]]
    if isinstance(network.history_, Mapping):
        histories = {name: {**network.history_, "best_epoch": network.best_epoch_}}
    else:
        losses = enumerate(network.history_, 1)
        histories = {f"{name} network {i}".strip(): {"loss": loss} for i, loss in losses}
    if not all(len(history["loss"]) for history in histories.values()):
        raise ValueError(f"The network in {type(estimator).__name__} was not trained for an epoch.")
    return histories


class Layer(NamedTuple):
    """A layer of a network, with the activation and dropout after it: a box of the diagram."""

    name: str
    kind: str
    text: str
    shape: tuple[int | None, ...]
    n_weights: int
    inputs: tuple[str, ...]


@dataclass(kw_only=True, eq=False, repr=False)
class ArchitectureDisplay:
    """Diagram of the layers of a network, with shapes and numbers of weights.

    Use `from_estimator` or `from_model` to make one.

    Parameters
    ----------
    layers : list of Layer
        The layers, each after its inputs: named tuples of ``name``, ``kind`` (the Keras class),
        ``text`` (its description), ``shape`` of one row of the output (None for variable lengths),
        ``n_weights`` and ``inputs`` (the names of the preceding layers). Activations,
        normalizations, dropout and noise belong to the preceding layer.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    texts_ : list of Text
        Texts of the boxes, in the order of the layers.

    See Also
    --------
    TrainingHistoryDisplay : Loss of the network during training.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("agg")
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.pipelines import ann_pipeline
    >>> from skcluster.plotting import ArchitectureDisplay
    >>> X, y = simulate_clusters(30, random_state=0)
    >>> model = ann_pipeline(epochs=1, random_state=0).fit(X, y)
    >>> display = ArchitectureDisplay.from_estimator(model)
    >>> print(display.texts_[-1].get_text())
    Dense: 3 units
    shape 3, 195 weights
    """

    layers: Sequence[Layer]

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None) -> "ArchitectureDisplay":
        """Draw the network of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator
            A network of `skcluster.regressors`, or a pipeline or transformed target regressor
            with one.
        ax : Axes, optional
            Axes to draw on; by default those of a new figure of suitable size.

        Returns
        -------
        ArchitectureDisplay

        Raises
        ------
        ValueError
            If the estimator has no fitted network.
        """
        return cls.from_model(_network_inside(estimator).model_, ax=ax)

    @classmethod
    def from_model(cls, model: Any, *, ax: Axes | None = None) -> "ArchitectureDisplay":
        """Draw a Keras model.

        Parameters
        ----------
        model : keras.Model
            Any model made of layers; a model in the model is one box. A part of a model is
            ``keras.Model(inputs, outputs)`` with the tensors between which it lies.
        ax : Axes, optional
            As in `from_estimator`.
        """
        return cls(layers=_layers_of(model)).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> "ArchitectureDisplay":
        """Draw the display.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw on; by default those of a new figure of suitable size.

        Returns
        -------
        ArchitectureDisplay
            The display, with ``ax_``, ``figure_`` and ``texts_``.
        """
        places = _places_of(self.layers)
        x, y = np.transpose(list(places.values()))
        arrows = [(places[n], places[layer.name]) for layer in self.layers for n in layer.inputs]
        detours = [_detour(*arrow, places.values()) for arrow in arrows]
        left = min([*(x - _BOX[0] / 2), *(d for d in detours if d is not None)]) - 0.1
        right, bottom, top = max(x) + _BOX[0] / 2 + 0.1, min(y) - 0.33, max(y) + 0.33
        size = (right - left, top - bottom)
        self.figure_, self.ax_ = one_axes(ax, figsize=(size[0], size[1] + 0.4))
        self.ax_.set(xlim=(left, right), ylim=(bottom, top), aspect=1)
        self.ax_.axis("off")
        self.texts_ = [self._box(layer, places[layer.name]) for layer in self.layers]
        for (start, end), detour in zip(arrows, detours, strict=True):
            self._arrow(start, end, detour)
        return self

    def _box(self, layer: Layer, place: tuple[float, float]) -> Any:
        x, y = place
        width, height = _BOX
        edge, face = _COLOURS.get(layer.kind, (_GREY, "#EBEBEB"))
        corner = (x - width / 2, y - height / 2)
        style = "round,pad=0,rounding_size=0.06"
        self.ax_.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, fc=face, ec=edge))
        shape = " × ".join("n" if n is None else f"{n}" for n in layer.shape)
        weights = f", {layer.n_weights:,} weights" if layer.n_weights else ""
        text = f"{layer.text}\nshape {shape}{weights}"
        return self.ax_.text(x, y, text, ha="center", va="center", fontsize=7.5, linespacing=1.4)

    def _arrow(
        self, start: tuple[float, float], end: tuple[float, float], left: float | None
    ) -> None:
        """Draw an arrow to the next row, or one that turns to the left of the rows between."""
        width, height = _BOX
        if left is None:
            enters = end[0] + 0.25 * (start[0] - end[0])
            path = Path([(start[0], start[1] - height / 2), (enters, end[1] + height / 2)])
        else:
            # A Bezier curve goes three quarters of the way to its control points.
            turn = left - (min(start[0], end[0]) - width / 2 - left) / 3
            ends = [(start[0] - width / 2, start[1]), (end[0] - width / 2, end[1])]
            points = [ends[0], (turn, start[1]), (turn, end[1]), ends[1]]
            path = Path(points, [Path.MOVETO, *3 * [Path.CURVE4]])
        style: Any = {"arrowstyle": "-|>", "mutation_scale": 10, "color": _GREY, "zorder": 0.5}
        self.ax_.add_patch(FancyArrowPatch(path=path, **style))


def _places_of(layers: Sequence[Layer]) -> dict[str, tuple[float, float]]:
    """Return the centre of each box in inches: rows counted from the end, each below its inputs."""
    rows = {layer.name: 0 for layer in layers}
    for layer in reversed(layers):
        for name in layer.inputs:
            rows[name] = max(rows[name], rows[layer.name] + 1)
    inputs = {layer.name: layer.inputs for layer in layers}
    first = [name for name in inputs if not inputs[name]]
    columns: dict[str, float] = {}
    for row in sorted(set(rows.values()), reverse=True):
        names = [name for name in inputs if rows[name] == row]
        wanted = [
            np.mean([columns[above] for above in inputs[name]] or [first.index(name)])
            for name in names
        ]
        order = np.argsort(wanted, kind="stable")
        # Side by side: no column is less than 1 to the right of the one before.
        steps = np.arange(len(order))
        placed = np.maximum.accumulate(np.take(wanted, order) - steps) + steps
        placed += np.mean(wanted) - placed.mean()
        columns |= {names[i]: float(column) for i, column in zip(order, placed, strict=True)}
    return {name: (columns[name] * _STEP[0], rows[name] * _STEP[1]) for name in rows}


def _detour(
    start: tuple[float, float], end: tuple[float, float], places: Iterable[tuple[float, float]]
) -> float | None:
    """Return how far to the left an arrow past other rows turns; None to the next row."""
    if start[1] - end[1] < 1.5 * _STEP[1]:
        return None
    return min(x for x, y in places if end[1] <= y <= start[1]) - _BOX[0] / 2 - 0.15


def _layers_of(model: Any) -> list[Layer]:
    """Return the layers of a Keras model, each after its inputs."""
    layers: list[Layer] = []
    # The box that produces each tensor; attached layers have no boxes.
    made_by: dict[int, str] = {}
    for tensor in model.inputs:  # a Sequential model has no layers for them
        text, shape = f"input: {tensor.name}", tuple(tensor.shape[1:])
        layers.append(Layer(tensor.name, "InputLayer", text, shape, 0, ()))
        made_by[id(tensor)] = tensor.name
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "InputLayer":
            continue
        taken, outputs = _tensors_of(layer, made_by)
        inputs = tuple(dict.fromkeys(made_by[id(tensor)] for tensor in taken))
        if kind in _ATTACHED and len(inputs) == 1:
            place = next(i for i, earlier in enumerate(layers) if earlier.name == inputs[0])
            box = layers[place]
            layers[place] = box._replace(
                text=f"{box.text}, {_words(layer)}", n_weights=box.n_weights + layer.count_params()
            )
            made_by[id(outputs[0])] = inputs[0]
            continue
        shape = tuple(outputs[0].shape[1:])
        layers.append(Layer(layer.name, kind, _words(layer), shape, layer.count_params(), inputs))
        made_by |= dict.fromkeys(map(id, outputs), layer.name)
    return layers


def _tensors_of(layer: Any, earlier: Container[int]) -> tuple[list[Any], list[Any]]:
    """Return inputs and outputs of a layer in a model, given the tensors before it.

    A model that is a layer of another one has been called twice, at first on its own inputs.
    """
    node = next(
        node
        for node in layer._inbound_nodes
        if all(id(tensor) in earlier for tensor in node.input_tensors)
    )
    return list(node.input_tensors), list(node.output_tensors)


def _words(layer: Any) -> str:
    """Return what a layer does, with its main numbers."""
    kind, config = type(layer).__name__, layer.get_config()
    own = config.get("activation")
    function = f", {own}" if isinstance(own, str) and own != "linear" else ""
    if kind == "Dense":
        return f"Dense: {config['units']} units{function}"
    if kind == "Conv2D":
        height, width = config["kernel_size"]
        step = max(config["strides"])
        stepping = f", step {step}" if step > 1 else ""
        return f"Conv2D: {config['filters']} filters of {height} × {width}{stepping}{function}"
    if kind == "Activation":
        return str(config["activation"])
    if kind == "Dropout":
        return f"dropout {config['rate']:g}"
    if kind in _NAMED:
        return str(layer.name).replace("_", " ")
    return kind


def _network_inside(estimator: Any) -> Any:
    """Return the fitted network inside a pipeline or another meta-estimator."""
    for network in nested_estimators(estimator):
        if hasattr(network, "history_"):
            return network
    raise ValueError(f"{type(estimator).__name__} has no fitted network to draw.")
