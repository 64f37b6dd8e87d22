"""Draw the loss of networks during training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skcluster.plotting._inputs import network_inside
from skcluster.plotting._style import COLOURS, one_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    def from_estimator(
        cls,
        estimator: Any,
        *,
        ax: "Axes | None" = None,
        **plot_kw: Any,
    ) -> "TrainingHistoryDisplay":
        """Draw the learning curves of a fitted model.

        Parameters
        ----------
        estimator : fitted estimator or mapping of names to such
            A network of `skcluster.regressors`, or a pipeline, transformed target or conformal
            regressor with one.
        ax : Axes, optional
            Axes to draw on; by default those of a new figure.
        **plot_kw : object
            Parameters of `plot`.

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
        return cls(histories=histories).plot(ax=ax, **plot_kw)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        line_kw: dict[str, Any] | None = None,
        log: bool | None = None,
    ) -> "TrainingHistoryDisplay":
        """Draw the display.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw on; by default those of a new figure.
        line_kw : dict, optional
            Parameters of ``Axes.plot``.
        log : bool, optional
            Whether the loss axis is logarithmic. By default, if no loss is negative, as
            likelihoods may be.

        Returns
        -------
        TrainingHistoryDisplay
            The display, with ``ax_``, ``figure_`` and ``lines_``.
        """
        from matplotlib.ticker import MaxNLocator

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
                    style |= line_kw or {}
                    self.lines_ += self.ax_.plot(epochs, history[key], **style)
            if (epoch := history.get("best_epoch")) is not None and "val_loss" in history:
                label = f"{name} best epoch: {epoch}".strip()
                style = {"color": other, "markeredgecolor": "black", "label": label}
                self.ax_.plot(epoch, history["val_loss"][epoch - 1], "o", **style)
        if log is None:
            log = all((np.asarray(line.get_ydata()) > 0).all() for line in self.lines_)
        self.ax_.set(xlabel="epoch", ylabel="loss", yscale="log" if log else "linear")
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        self.ax_.legend(frameon=False)
        return self


def _histories(name: str, estimator: Any) -> dict[str, Mapping[str, Any]]:
    """Return the losses of each network inside an estimator, by its label."""
    network = network_inside(estimator)
    histories: dict[str, Mapping[str, Any]]
    if isinstance(network.history_, Mapping):
        histories = {name: {**network.history_, "best_epoch": network.best_epoch_}}
    else:
        losses = enumerate(network.history_, 1)
        histories = {f"{name} network {i}".strip(): {"loss": loss} for i, loss in losses}
    if not all(len(history["loss"]) for history in histories.values()):
        raise ValueError(f"The network in {type(estimator).__name__} was not trained for an epoch.")
    return histories
