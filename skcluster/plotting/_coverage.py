"""Draw the measured coverage of intervals against the nominal one."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.plotting._inputs import columns_of, places_of, table_of
from skcluster.plotting._style import COLOURS, DASHES, one_axes
from skcluster.schema import estimate_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.68, 0.8, 0.9, 0.95)


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

    def __init__(
        self, *, coverage: FloatArray, covered: FloatArray, n_clusters: int, targets: Sequence[str]
    ) -> None:
        self.coverage = coverage
        self.covered = covered
        self.n_clusters = n_clusters
        self.targets = targets

    @classmethod
    def from_intervals(
        cls,
        y_true: Any,
        intervals: Mapping[float, Any],
        *,
        targets: Sequence[str] | None = None,
        ax: "Axes | None" = None,
        **plot_kw: Any,
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
        **plot_kw : object
            Parameters of `plot`.

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
        ).plot(ax=ax, **plot_kw)

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
        known = places_of(y, distribution.targets)
        intervals = {
            float(c): distribution.interval(float(c))[:, known] for c in np.atleast_1d(coverage)
        }
        return cls.from_intervals(y, intervals, **kw)

    def plot(
        self, ax: "Axes | None" = None, *, line_kw: dict[str, Any] | None = None
    ) -> "CoverageDisplay":
        """Draw the display.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw on; by default those of a new figure.
        line_kw : dict, optional
            Parameters of ``Axes.plot``.

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
            style = {
                "color": COLOURS[i % len(COLOURS)],
                "linestyle": DASHES[i % len(DASHES)],
                "marker": "os^D"[i % 4],
                "markersize": 4,
                "label": estimate_column(target).label,
            }
            self.lines_ += self.ax_.plot(
                self.coverage, self.covered[:, i], **{**style, **(line_kw or {})}
            )
        self.ax_.set(
            xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel="coverage promised", ylabel="measured"
        )
        self.ax_.legend(frameon=False, loc="upper left", fontsize="small")
        return self
