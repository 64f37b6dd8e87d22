"""Draw estimates against true values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.plotting._inputs import answers_about, columns_of, places_of, same_shape, table_of
from skcluster.plotting._style import BLUE, VERMILION, logarithmic, many_axes
from skcluster.schema import estimate_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["actual_vs_predicted", "residual_vs_actual"]


class EstimateDisplay:
    """Estimates, or their residuals, against true values, with a panel per target.

    Use `from_estimator` or `from_predictions` to make one.

    Parameters
    ----------
    y_true, y_pred : ndarray of shape (n_clusters, n_targets)
        True values and estimates.
    targets : sequence of str
        Names of the targets.
    intervals : ndarray of shape (n_clusters, n_targets, 2), optional
        Ends of the estimates' intervals.

    Attributes
    ----------
    axes_ : ndarray of Axes
    figure_ : Figure

    See Also
    --------
    sklearn.metrics.PredictionErrorDisplay : Display of a single target.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("agg")
    >>> from skcluster import load_model
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.plotting import EstimateDisplay
    >>> X, y = simulate_clusters(30, random_state=0)
    >>> display = EstimateDisplay.from_estimator(load_model(), X, y)
    >>> [axes.get_xlabel() for axes in display.axes_][2]
    'true distance [kpc]'
    """

    def __init__(
        self,
        *,
        y_true: FloatArray,
        y_pred: FloatArray,
        targets: Sequence[str],
        intervals: FloatArray | None = None,
    ) -> None:
        self.y_true = y_true
        self.y_pred = y_pred
        self.targets = targets
        self.intervals = intervals

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
        intervals: Any = None,
        targets: Sequence[str] | None = None,
        kind: Kind = "actual_vs_predicted",
        ax: "Axes | Sequence[Axes] | None" = None,
        **plot_kw: Any,
    ) -> "EstimateDisplay":
        """Draw given estimates.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_clusters, n_targets)
            True values and estimates.
        intervals : array-like of shape (n_clusters, n_targets, 2), optional
            Ends of the estimates' intervals, drawn as error bars.
        targets : sequence of str, optional
            Names of the targets; by default the columns of ``y_true``, or the usual three.
        kind : {"actual_vs_predicted", "residual_vs_actual"}, default="actual_vs_predicted"
            What to draw.
        ax : Axes or sequence of n_targets Axes, optional
            Axes to draw on; by default those of a new figure.
        **plot_kw : object
            Parameters of `plot`.

        Returns
        -------
        EstimateDisplay

        Raises
        ------
        ValueError
            If the shapes do not agree.
        """
        names = columns_of(y_true, targets)
        true, predicted = table_of(y_true, "y_true"), table_of(y_pred, "y_pred")
        same_shape(y_true=true, y_pred=predicted)
        if len(names) != true.shape[1]:
            raise ValueError(f"{len(names)} names for {true.shape[1]} targets: {names}.")
        ends = None if intervals is None else np.asarray(intervals, dtype=float)
        if ends is not None and ends.shape != (*true.shape, 2):
            raise ValueError(f"intervals must have shape {(*true.shape, 2)}, not {ends.shape}.")
        display = cls(y_true=true, y_pred=predicted, targets=names, intervals=ends)
        return display.plot(ax=ax, kind=kind, **plot_kw)

    @classmethod
    def from_estimator(
        cls, estimator: Any, X: ClustersLike, y: Any, *, coverage: float = 0.68, **kw: Any
    ) -> "EstimateDisplay":
        """Draw the estimates for clusters, which should not be in the training set.

        Parameters
        ----------
        estimator : fitted estimator
            The estimator. If it has ``predict_distribution``, intervals are drawn too.
        X : clusters
            Any input of the estimator.
        y : array-like of shape (n_clusters, n_targets)
            True values. The model may have more targets; they are not drawn.
        coverage : float, default=0.68
            Coverage of the intervals.
        **kw : object
            As in `from_predictions`.
        """
        predicted, distribution = answers_about(estimator, X)
        intervals = None
        if distribution is not None:
            known = places_of(y, distribution.targets)
            predicted = predicted[:, known]
            intervals = distribution.interval(coverage)[:, known]
        return cls.from_predictions(y, predicted, intervals=intervals, **kw)

    def plot(
        self,
        ax: "Axes | Sequence[Axes] | None" = None,
        *,
        kind: Kind = "actual_vs_predicted",
        scatter_kw: dict[str, Any] | None = None,
        error_kw: dict[str, Any] | None = None,
        line_kw: dict[str, Any] | None = None,
    ) -> "EstimateDisplay":
        """Draw the display.

        Parameters
        ----------
        ax : Axes or sequence of n_targets Axes, optional
            Axes to draw on; by default those of a new figure.
        kind : {"actual_vs_predicted", "residual_vs_actual"}, default="actual_vs_predicted"
            What to draw. Distances have logarithmic axes.
        scatter_kw, error_kw, line_kw : dict, optional
            Parameters of the points, their error bars and the line of equality.

        Returns
        -------
        EstimateDisplay
            The display, with ``axes_`` and ``figure_``.
        """
        if kind not in ("actual_vs_predicted", "residual_vs_actual"):
            raise ValueError(
                f"kind must be 'actual_vs_predicted' or 'residual_vs_actual', not {kind!r}."
            )
        self.figure_, self.axes_ = many_axes(ax, len(self.targets))
        for i, (axes, target) in enumerate(zip(self.axes_, self.targets, strict=True)):
            self._panel(axes, i, target, kind, scatter_kw or {}, error_kw or {}, line_kw or {})
        return self

    def _panel(
        self,
        axes: "Axes",
        i: int,
        target: str,
        kind: Kind,
        scatter_kw: dict[str, Any],
        error_kw: dict[str, Any],
        line_kw: dict[str, Any],
    ) -> None:
        true, predicted = self.y_true[:, i], self.y_pred[:, i]
        residual = kind == "residual_vs_actual"
        values = predicted - true if residual else predicted
        points = {"s": 9, "color": BLUE, "alpha": 0.6, "linewidths": 0, "zorder": 2}
        if self.intervals is not None:
            # An interval may exclude its estimate if the samples are skewed.
            reach = np.abs(self.intervals[:, i].T - predicted)
            bars = {"fmt": "none", "ecolor": BLUE, "alpha": 0.25, "elinewidth": 0.7, "zorder": 1}
            axes.errorbar(true, values, reach, **{**bars, **error_kw})
        axes.scatter(true, values, **{**points, **scatter_kw})
        line = {"color": VERMILION, "linewidth": 1.2, "zorder": 3, **line_kw}
        label = estimate_column(target).axis_label
        if residual:
            axes.axhline(0, **line)
            axes.set(xlabel=f"true {label}", ylabel=f"estimated minus true {label}")
        else:
            ends = [np.nanmin([true, predicted]), np.nanmax([true, predicted])]
            axes.plot(ends, ends, **line)
            axes.set(xlabel=f"true {label}", ylabel=f"estimated {label}")
        if target == "distance_kpc" and (true > 0).all() and (predicted > 0).all():
            logarithmic(axes, "x")
            if not residual:
                logarithmic(axes, "y")
