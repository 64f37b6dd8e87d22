"""Draw the loss of networks during training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skcluster._utils.typing import FloatArray
from skcluster.plotting._inputs import network_inside
from skcluster.plotting._style import COLOURS, one_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Curve(NamedTuple):
    """Losses of one network during training.

    `TrainingHistoryDisplay` draws them.

    Parameters
    ----------
    name : str
        Label in the legend; empty for a single network.
    loss : ndarray of shape (n_epochs,)
        Loss of the training clusters after each epoch.
    val_loss : ndarray of shape (n_epochs,), optional
        Loss of the validation clusters, if any.
    best_epoch : int, optional
        The epoch whose weights were kept, counted from 1.

    See Also
    --------
    TrainingHistoryDisplay : Display of learning curves.

    Examples
    --------
    >>> import numpy as np
    >>> from skcluster.plotting import Curve
    >>> Curve("ANN", np.array([0.9, 0.5])).best_epoch is None
    True
    """

    name: str
    loss: FloatArray
    val_loss: FloatArray | None = None
    best_epoch: int | None = None


@dataclass(kw_only=True, eq=False, repr=False)
class TrainingHistoryDisplay:
    """Training and validation loss of each epoch, and the epoch whose weights were kept.

    Use `from_estimator` to make one.

    Parameters
    ----------
    curves : sequence of Curve
        Curves, each drawn as a line of training and, if present, one of validation.

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

    curves: Sequence[Curve]

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
        curves = [c for name, model in several.items() for c in _curves(str(name), model)]
        return cls(curves=curves).plot(ax=ax, **plot_kw)

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
        for i, curve in enumerate(self.curves):
            # For one network, training and validation differ in colour; for several, in line style.
            colour = COLOURS[i % len(COLOURS)]
            other = COLOURS[1] if len(self.curves) == 1 else colour
            for kind, loss, line_colour, dash in (
                ("training", curve.loss, colour, "-"),
                ("validation", curve.val_loss, other, "--"),
            ):
                if loss is not None:
                    label = f"{curve.name} {kind}".strip()
                    style = {"color": line_colour, "linestyle": dash, "label": label}
                    epochs = np.arange(1, len(loss) + 1)
                    self.lines_ += self.ax_.plot(epochs, loss, **{**style, **(line_kw or {})})
            if curve.val_loss is not None and curve.best_epoch is not None:
                label = f"{curve.name} best epoch: {curve.best_epoch}".strip()
                best = curve.val_loss[curve.best_epoch - 1]
                style = {"color": other, "markeredgecolor": "black", "label": label}
                self.ax_.plot(curve.best_epoch, best, "o", **style)
        if log is None:
            log = all((line.get_ydata() > 0).all() for line in self.lines_)
        self.ax_.set(xlabel="epoch", ylabel="loss", yscale="log" if log else "linear")
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        self.ax_.legend(frameon=False)
        return self


def _curves(name: str, estimator: Any) -> list[Curve]:
    network = network_inside(estimator)
    history = network.history_
    if isinstance(history, Mapping):
        loss = np.asarray(history["loss"], dtype=float)
        validation = history.get("val_loss")
        if validation is None:
            curves = [Curve(name, loss)]
        else:
            best = int(network.best_epoch_)
            curves = [Curve(name, loss, np.asarray(validation, dtype=float), best)]
    else:
        curves = [
            Curve(f"{name} network {i}".strip(), np.asarray(losses, dtype=float))
            for i, losses in enumerate(history, 1)
        ]
    if not all(len(curve.loss) for curve in curves):
        raise ValueError(f"The network in {type(estimator).__name__} was not trained for an epoch.")
    return curves
