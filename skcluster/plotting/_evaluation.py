"""Evaluation on clusters with known parameters: estimates and coverage of their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.metrics import check_order_of
from skcluster.plotting._inputs import columns_of, table_of
from skcluster.plotting._style import BLUE, COLOURS, DASHES, VERMILION, many_axes, one_axes
from skcluster.schema import estimate_column

_COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.68, 0.8, 0.9, 0.95)

Kind = Literal["actual_vs_predicted", "residual_vs_actual"]


@dataclass(kw_only=True, eq=False, repr=False)
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
    points_ : list of PathCollection
    lines_ : list of Line2D
        Points, and line of equality, of each panel.

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

    y_true: FloatArray
    y_pred: FloatArray
    targets: Sequence[str]
    intervals: FloatArray | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
        intervals: Any = None,
        targets: Sequence[str] | None = None,
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
        **plot_kw : object
            Parameters of `plot`, such as ``kind`` and ``ax``.

        Returns
        -------
        EstimateDisplay

        Raises
        ------
        ValueError
            If the shapes do not agree.
        """
        check_order_of(y_true, y_pred)
        names = columns_of(y_true, targets)
        true, predicted = table_of(y_true, "y_true"), table_of(y_pred, "y_pred")
        if true.shape != predicted.shape:
            raise ValueError(
                f"y_true has shape {true.shape} and y_pred {predicted.shape}; they must agree."
            )
        ends = None if intervals is None else np.asarray(intervals, dtype=float)
        if ends is not None and ends.shape != (*true.shape, 2):
            raise ValueError(f"intervals must have shape {(*true.shape, 2)}, not {ends.shape}.")
        display = cls(y_true=true, y_pred=predicted, targets=names, intervals=ends)
        return display.plot(**plot_kw)

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
        if not hasattr(estimator, "predict_distribution"):
            return cls.from_predictions(y, estimator.predict(X), **kw)
        distribution = estimator.predict_distribution(X)
        columns = _places_of(y, distribution.targets)
        kw["intervals"] = distribution.interval(coverage)[:, columns]
        return cls.from_predictions(y, distribution.predict()[:, columns], **kw)

    def plot(
        self, ax: Axes | Sequence[Axes] | None = None, *, kind: Kind = "actual_vs_predicted"
    ) -> "EstimateDisplay":
        """Draw the display.

        Parameters
        ----------
        ax : Axes or sequence of n_targets Axes, optional
            Axes to draw on; by default those of a new figure.
        kind : {"actual_vs_predicted", "residual_vs_actual"}, default="actual_vs_predicted"
            What to draw. Distances have logarithmic axes.

        Returns
        -------
        EstimateDisplay
            The display, with ``axes_`` and ``figure_``.
        """
        if kind not in ("actual_vs_predicted", "residual_vs_actual"):
            raise ValueError(
                f"kind must be 'actual_vs_predicted' or 'residual_vs_actual', not {kind!r}."
            )
        self.figure_, self.axes_ = many_axes(ax, 1, len(self.targets), (3.7, 3.6))
        residual = kind == "residual_vs_actual"
        points = {"s": 9, "color": BLUE, "alpha": 0.6, "linewidths": 0, "zorder": 2}
        bars = {"colors": BLUE, "alpha": 0.25, "linewidths": 0.7, "zorder": 1}
        line = {"color": VERMILION, "linewidth": 1.2, "zorder": 3}
        self.points_, self.lines_ = [], []
        for i, (axes, target) in enumerate(zip(self.axes_, self.targets, strict=True)):
            true, predicted = self.y_true[:, i], self.y_pred[:, i]
            zero = true if residual else np.zeros_like(true)
            if self.intervals is not None:
                axes.vlines(true, *(self.intervals[:, i].T - zero), **bars)
            self.points_.append(axes.scatter(true, predicted - zero, **points))
            if residual:
                self.lines_.append(axes.axhline(0, **line))
            else:
                ends = [np.nanmin([true, predicted]), np.nanmax([true, predicted])]
                self.lines_ += axes.plot(ends, ends, **line)
            label = estimate_column(target).axis_label
            what = "estimated minus true" if residual else "estimated"
            axes.set(xlabel=f"true {label}", ylabel=f"{what} {label}")
            if target == "distance_kpc" and (true > 0).all() and (predicted > 0).all():
                _make_logarithmic(axes, "x")
                if not residual:
                    _make_logarithmic(axes, "y")
        return self


@dataclass(kw_only=True, eq=False, repr=False)
class CoverageDisplay:
    """Measured coverage of intervals against the nominal coverage.

    Use `from_estimator` or `from_intervals` to make one.

    Parameters
    ----------
    coverage : ndarray of shape (n_coverages,)
        Nominal coverages.
    covered : ndarray of shape (n_coverages, n_targets)
        Measured coverages: fractions of clusters whose interval contains the true value.
    n_clusters : int
        Number of clusters, which determines the grey band of binomial uncertainty.
    targets : sequence of str
        Names of the targets.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    lines_ : list of Line2D

    See Also
    --------
    EstimateDisplay : Estimates against true values.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("agg")
    >>> from skcluster import load_model
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.plotting import CoverageDisplay
    >>> X, y = simulate_clusters(50, random_state=0)
    >>> display = CoverageDisplay.from_estimator(load_model(), X, y, coverage=[0.5, 0.9])
    >>> display.covered.shape
    (2, 3)
    """

    coverage: FloatArray
    covered: FloatArray
    n_clusters: int
    targets: Sequence[str]

    @classmethod
    def from_intervals(
        cls,
        y_true: Any,
        intervals: Mapping[float, Any],
        *,
        targets: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> "CoverageDisplay":
        """Draw the coverage of given intervals.

        Parameters
        ----------
        y_true : array-like of shape (n_clusters, n_targets)
            True values.
        intervals : mapping of float to array-like of shape (n_clusters, n_targets, 2)
            Ends of the intervals, by nominal coverage.
        targets : sequence of str, optional
            Names of the targets; by default the columns of ``y_true``, or the usual three.
        ax : Axes, optional
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        CoverageDisplay

        Raises
        ------
        ValueError
            If there are no intervals, or shapes do not agree.
        """
        true = table_of(y_true, "y_true")
        if not intervals:
            raise ValueError("There are no intervals to draw.")
        covered = []
        for share, ends in sorted(intervals.items()):
            array = np.asarray(ends, dtype=float)
            if array.shape != (*true.shape, 2):
                raise ValueError(
                    f"The intervals of {share:g} must have shape {(*true.shape, 2)}, not "
                    f"{array.shape}."
                )
            covered.append(((array[..., 0] <= true) & (true <= array[..., 1])).mean(axis=0))
        return cls(
            coverage=np.array(sorted(intervals)),
            covered=np.array(covered),
            n_clusters=len(true),
            targets=columns_of(y_true, targets),
        ).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ClustersLike,
        y: Any,
        *,
        coverage: npt.ArrayLike = _COVERAGES,
        **kw: Any,
    ) -> "CoverageDisplay":
        """Draw the coverage of an estimator's intervals, on clusters outside its training set.

        Parameters
        ----------
        estimator : fitted estimator
            With ``predict_distribution``, such as `skcluster.inference.ConformalRegressor`.
        X : clusters
            Any input of the estimator.
        y : array-like of shape (n_clusters, n_targets)
            True values. The model may have more targets; they are not drawn.
        coverage : array-like of float
            Nominal coverages, 0 to 1.
        **kw : object
            As in `from_intervals`.
        """
        distribution = estimator.predict_distribution(X)
        columns = _places_of(y, distribution.targets)
        intervals = {
            float(c): distribution.interval(float(c))[:, columns] for c in np.atleast_1d(coverage)
        }
        return cls.from_intervals(y, intervals, **kw)

    def plot(self, ax: Axes | None = None) -> "CoverageDisplay":
        """Draw the display.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        CoverageDisplay
            The display, with ``ax_``, ``figure_`` and ``lines_``.
        """
        self.figure_, self.ax_ = one_axes(ax, figsize=(4.4, 4.4))
        promised = np.linspace(0, 1, 101)
        spread = 2 * np.sqrt(promised * (1 - promised) / self.n_clusters)
        self.ax_.fill_between(
            promised,
            np.clip(promised - spread, 0, 1),
            np.clip(promised + spread, 0, 1),
            color="0.9",
            linewidth=0,
            label=f"chance, {self.n_clusters} clusters (95 %)",
        )
        self.ax_.plot([0, 1], [0, 1], color="0.5", linewidth=0.8)
        self.lines_: list[Any] = []
        for i, target in enumerate(self.targets):
            self.lines_ += self.ax_.plot(
                self.coverage,
                self.covered[:, i],
                color=COLOURS[i % len(COLOURS)],
                linestyle=DASHES[i % len(DASHES)],
                marker="os^D"[i % 4],
                markersize=4,
                label=estimate_column(target).label,
            )
        self.ax_.set(
            xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="coverage promised", ylabel="measured"
        )
        self.ax_.legend(frameon=False, loc="upper left", fontsize="small")
        return self


def _places_of(y: Any, targets: Sequence[str] | None) -> Any:
    """Return which targets of a model the columns of y are: by name, or else the first ones."""
    if targets is None:
        return slice(None)
    if isinstance(y, pd.DataFrame) and set(y.columns) <= set(targets):
        return [list(targets).index(name) for name in y.columns]
    return slice(table_of(y, "y").shape[1])


def _make_logarithmic(axes: Axes, which: Literal["x", "y"]) -> None:
    """Make an axis logarithmic, with a few plain numbers: 0.2, 0.5, 1, 2; or 0.01, 0.1, 1, 10."""
    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 200 * low else (1,)))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_formatter(NullFormatter())
