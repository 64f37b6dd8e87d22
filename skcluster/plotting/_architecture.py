"""Draw the layers of a Keras network, without Graphviz."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from skcluster.plotting._inputs import network_inside
from skcluster.plotting._style import BLUE, GREEN, VERMILION, one_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Layers that are listed in the box of the preceding layer.
_ATTACHED = {"Activation", "BatchNormalization", "Dropout", "GaussianNoise"}
#: Colours by type of layer; others are grey.
_COLOURS = {"Conv2D": GREEN, "Dense": BLUE, "InputLayer": VERMILION}
_GREY = "#666666"
#: Size of a box, and distance between boxes, in inches.
_BOX = (2.6, 0.46)
_STEP = (3.2, 0.78)


class Layer(NamedTuple):
    """A layer of a network, with the activation and dropout after it.

    It is a box in the drawing of an `ArchitectureDisplay`.

    Parameters
    ----------
    name : str
        Name in the Keras model.
    kind : str
        Name of the Keras class.
    text : str
        Description of the layer.
    shape : tuple of int or None
        Shape of one row of the output; None for variable lengths.
    n_weights : int
        Number of weights.
    inputs : tuple of str
        Names of the preceding layers.

    See Also
    --------
    layers_of : Return the layers of a Keras model.

    Examples
    --------
    >>> from skcluster.plotting import Layer
    >>> layer = Layer("hidden_0", "Dense", "dense, 64 units", (64,), 4160, ("input",))
    >>> layer.n_weights
    4160
    """

    name: str
    kind: str
    text: str
    shape: tuple[int | None, ...]
    n_weights: int
    inputs: tuple[str, ...]


class ArchitectureDisplay:
    """Diagram of the layers of a network, with shapes and numbers of weights.

    Use `from_estimator` or `from_model` to make one.

    Parameters
    ----------
    layers : sequence of Layer
        The layers, each after its inputs.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    texts_ : list of Text
        Texts of the boxes, in the order of the layers.

    See Also
    --------
    LearningCurveDisplay : Loss of the network during training.

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

    def __init__(self, *, layers: Sequence[Layer]) -> None:
        self.layers = layers

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, until: str | None = None, ax: "Axes | None" = None
    ) -> "ArchitectureDisplay":
        """Draw the network of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator
            A network of `skcluster.regressors`, or a pipeline or transformed target regressor
            with one.
        until : str, optional
            Name of the last layer to draw; by default all are drawn.
        ax : Axes, optional
            Axes to draw on; by default those of a new figure of suitable size.

        Returns
        -------
        ArchitectureDisplay

        Raises
        ------
        ValueError
            If the estimator has no fitted network, or the network no layer of that name.
        """
        return cls.from_model(network_inside(estimator).model_, until=until, ax=ax)

    @classmethod
    def from_model(
        cls, model: Any, *, until: str | None = None, ax: "Axes | None" = None
    ) -> "ArchitectureDisplay":
        """Draw a Keras model.

        Parameters
        ----------
        model : keras.Model
            Model whose layers have one output each.
        until : str, optional
            Name of the last layer to draw; by default all are drawn.
        ax : Axes, optional
            Axes to draw on; by default those of a new figure of suitable size.

        Returns
        -------
        ArchitectureDisplay

        Raises
        ------
        ValueError
            If there is no layer of that name.
        """
        layers = layers_of(model)
        if until is not None:
            if until not in {layer.name for layer in layers}:
                names = ", ".join(layer.name for layer in layers)
                raise ValueError(f"The model has no layer {until!r}; it has {names}.")
            layers = _leading_to(until, layers)
        return cls(layers=layers).plot(ax=ax)

    def plot(self, ax: "Axes | None" = None) -> "ArchitectureDisplay":
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
        places = _places(self.layers)
        right = max(x for x, _ in places.values()) + _BOX[0] / 2 + 0.1
        bottom = min(y for _, y in places.values()) - _BOX[1] / 2 - 0.1
        size = (right + _BOX[0] / 2 + 0.1, _BOX[1] / 2 + 0.1 - bottom)
        self.figure_, self.ax_ = one_axes(ax, figsize=(size[0], size[1] + 0.4))
        self.ax_.set(xlim=(right - size[0], right), ylim=(bottom, bottom + size[1]), aspect=1)
        self.ax_.axis("off")
        self.texts_ = [self._box(layer, places[layer.name]) for layer in self.layers]
        for layer in self.layers:
            for name in layer.inputs:
                self._arrow(places[name], places[layer.name])
        return self

    def _box(self, layer: Layer, place: tuple[float, float]) -> Any:
        from matplotlib.patches import FancyBboxPatch

        x, y = place
        width, height = _BOX
        colour = _COLOURS.get(layer.kind, _GREY)
        corner = (x - width / 2, y - height / 2)
        style = "round,pad=0,rounding_size=0.06"
        self.ax_.add_patch(
            FancyBboxPatch(corner, width, height, boxstyle=style, fc=f"{colour}22", ec=colour)
        )
        shape = " × ".join("n" if n is None else f"{n}" for n in layer.shape)
        weights = f", {layer.n_weights:,} weights" if layer.n_weights else ""
        text = f"{layer.text}\nshape {shape}{weights}"
        return self.ax_.text(x, y, text, ha="center", va="center", fontsize=7.5, linespacing=1.4)

    def _arrow(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        half = _BOX[1] / 2
        self.ax_.annotate(
            "",
            (end[0] + 0.25 * (start[0] - end[0]), end[1] + half),
            (start[0], start[1] - half),
            arrowprops={"arrowstyle": "-|>", "color": _GREY, "shrinkA": 1, "shrinkB": 1},
        )


def layers_of(model: Any) -> list[Layer]:
    """Return the layers of a Keras model.

    Parameters
    ----------
    model : keras.Model
        Model whose layers have one output each.

    Returns
    -------
    list of Layer
        The layers, each after its inputs. Activations, normalizations, dropout and noise belong to
        the preceding layer.

    See Also
    --------
    ArchitectureDisplay : Diagram of the layers.

    Examples
    --------
    >>> import keras
    >>> from skcluster.plotting import layers_of
    >>> model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2, "relu")])
    >>> [(layer.text, layer.shape, layer.n_weights) for layer in layers_of(model)][-1]
    ('Dense: 2 units, relu', (2,), 10)
    """
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
        inputs = tuple(made_by[id(tensor)] for tensor in _tensors(layer.input))
        if kind in _ATTACHED and len(inputs) == 1:
            place = next(i for i, known in enumerate(layers) if known.name == inputs[0])
            told = layers[place]
            layers[place] = told._replace(
                text=f"{told.text}, {_words(layer)}",
                n_weights=told.n_weights + layer.count_params(),
            )
            made_by[id(layer.output)] = inputs[0]
            continue
        shape = tuple(layer.output.shape[1:])
        layers.append(Layer(layer.name, kind, _words(layer), shape, layer.count_params(), inputs))
        made_by[id(layer.output)] = layer.name
    return layers


def _tensors(inputs: Any) -> list[Any]:
    return list(inputs) if isinstance(inputs, list | tuple) else [inputs]


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
    return kind


def _leading_to(name: str, layers: Sequence[Layer]) -> list[Layer]:
    wanted = {name}
    for layer in reversed(layers):
        if layer.name in wanted:
            wanted |= set(layer.inputs)
    return [layer for layer in layers if layer.name in wanted]


def _places(layers: Sequence[Layer]) -> dict[str, tuple[float, float]]:
    """Return the centre of each box in inches: rows counted from the end, a column per input."""
    rows = dict.fromkeys((layer.name for layer in layers), 0)
    for layer in reversed(layers):
        for name in layer.inputs:
            rows[name] = max(rows[name], rows[layer.name] + 1)
    columns: dict[str, float] = {}
    n_inputs = 0
    for layer in layers:
        if layer.inputs:
            columns[layer.name] = sum(columns[n] for n in layer.inputs) / len(layer.inputs)
        else:
            columns[layer.name] = n_inputs
            n_inputs += 1
    top = max(rows.values())
    return {name: (columns[name] * _STEP[0], (rows[name] - top) * _STEP[1]) for name in rows}
