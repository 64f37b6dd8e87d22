"""Corner plot of joint samples of the parameters of one cluster, by the package corner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import as_clusters
from skcluster.estimation import estimate
from skcluster.plotting._inputs import columns_of, interval_of, row_of, table_of, values_of
from skcluster.plotting._style import BLUE, VERMILION, display_name, title_text, with_errors
from skcluster.schema import CLUSTER_PARAMETERS, estimate_column

#: Fractions of the samples within the contours.
_SHARES = (0.68, 0.95)
_BINS = 40


@dataclass(kw_only=True, eq=False, repr=False)
class CornerDisplay:
    """Corner plot of joint samples of the parameters of one cluster.

    Use `from_estimator` or `from_samples` to make one.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, n_targets)
        The samples.
    targets : sequence of str
        Names of the targets.
    estimate : ndarray of shape (n_targets,)
        The estimates.
    interval : ndarray of shape (n_targets, 2)
        Lower and upper ends of their intervals.
    reference : ndarray of shape (n_targets,), optional
        Values to mark, such as published ones.
    name : str, optional
        Name of the cluster, for the title.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_targets, n_targets)
        The axes; those above the diagonal are empty.
    figure_ : Figure

    See Also
    --------
    CMDDisplay : Colour-magnitude diagram of one cluster with isochrones of its samples.

    Notes
    -----
    The figure is drawn by the package corner (Foreman-Mackey 2016, JOSS 1, 24).

    Examples
    --------
    >>> import matplotlib; matplotlib.use("agg")
    >>> from skcluster import load_model
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.plotting import CornerDisplay
    >>> X, y = simulate_clusters(3, random_state=0)
    >>> display = CornerDisplay.from_estimator(load_model(), X, cluster=X.index[1], reference=y)
    >>> display.axes_.shape
    (4, 4)
    """

    samples: FloatArray
    targets: Sequence[str]
    estimate: FloatArray
    interval: FloatArray
    reference: FloatArray | None = None
    name: str | None = None

    @classmethod
    def from_samples(
        cls,
        samples: Any,
        *,
        targets: Sequence[str] | None = None,
        estimate: Any = None,
        reference: Any = None,
        name: str | None = None,
        **plot_kw: Any,
    ) -> "CornerDisplay":
        """Draw given samples.

        Parameters
        ----------
        samples : array-like of shape (n_samples, n_targets)
            Joint samples of one cluster. Samples with NaN are left out.
        targets : sequence of str, optional
            Names of the targets; by default the columns of ``samples``, or the usual three.
        estimate : Series or mapping, optional
            The row of a table of estimates: values of the targets, and the ends of their intervals,
            such as ``log_age_lower`` and ``log_age_upper``. By default, and if an end is missing,
            the medians, and the 16th and 84th percentiles, of the samples.
        reference : Series, mapping or array-like of shape (n_targets,), optional
            Values of the targets to mark; NaN for none.
        name : str, optional
            Title.
        **plot_kw : object
            Parameters of `plot`.

        Returns
        -------
        CornerDisplay

        Raises
        ------
        ValueError
            If fewer samples without NaN than targets, or fewer than two, are left, or the number of
            names is wrong.
        """
        names = columns_of(samples, targets)
        array = table_of(samples, "samples")
        array = array[np.isfinite(array).all(axis=1)]
        if len(array) < (fewest := max(2, len(names))):
            raise ValueError(f"There are fewer than {fewest} samples without NaN to draw.")
        interval = None if estimate is None else interval_of(estimate, names)
        if interval is None:
            estimate, *ends = np.percentile(array, [50, 16, 84], axis=0)
            interval = np.column_stack(ends)
        return cls(
            samples=array,
            targets=names,
            estimate=_by_name(estimate, names),
            interval=interval,
            reference=None if reference is None else _by_name(reference, names),
            name=name,
        ).plot(**plot_kw)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ClustersLike,
        *,
        cluster: Any = None,
        n_samples: int = 4000,
        random_state: Any = 0,
        coverage: float = 0.68,
        reference: Any = None,
        **kw: Any,
    ) -> "CornerDisplay":
        """Draw the samples of `skcluster.estimate` for one cluster, with estimate and intervals.

        These are calibrated, and so differ from the percentiles of the samples.

        Parameters
        ----------
        estimator : fitted estimator
            With ``predict_distribution``, such as `skcluster.inference.ConformalRegressor`.
        X : clusters
            Any input of the estimator and of `skcluster.clusters.as_clusters`.
        cluster : object, optional
            Name of the cluster; not needed if X has only one.
        n_samples : int, default=4000
            Number of samples.
        random_state : int, RandomState or None, default=0
            Determines the samples; reproducible by default.
        coverage : float, default=0.68
            Coverage of the intervals.
        reference : DataFrame, Series, mapping or array-like, optional
            Values to mark: a row per cluster, or those of this one. What is missing is not marked.
        **kw : object
            As in `from_samples`.
        """
        X = as_clusters(X)
        alone = X.iloc[[row_of(X, cluster)]]
        table, samples = estimate(
            alone, estimator, coverage=coverage, n_samples=n_samples, random_state=random_state
        )
        name = alone.index[0]
        given = {"estimate": table.iloc[0], "name": display_name(name), **kw}
        return cls.from_samples(samples[name], reference=values_of(reference, name), **given)

    def plot(self, *, figure: Any = None, **corner_kw: Any) -> "CornerDisplay":
        """Draw the display.

        Parameters
        ----------
        figure : Figure or SubFigure, optional
            An empty figure without a layout engine to draw on; by default a new one.
        **corner_kw : object
            Other parameters of ``corner.corner``. By default, the contours enclose 68 and 95 per
            cent of the samples.

        Returns
        -------
        CornerDisplay
            The display, with ``axes_`` and ``figure_``.
        """
        from corner import corner  # imports arviz, if it is installed, which takes seconds

        n = len(self.targets)
        columns = [estimate_column(target) for target in self.targets]
        style: dict[str, Any] = {
            "bins": _BINS,
            "smooth": 1.5,
            "levels": _SHARES,
            "plot_density": False,
            "no_fill_contours": True,
            "color": BLUE,
            "hist_kwargs": {"histtype": "stepfilled", "alpha": 0.5},
            "contour_kwargs": {"colors": "black", "linewidths": [0.7, 1.1]},
            "truths": None
            if self.reference is None
            else [value if np.isfinite(value) else None for value in self.reference],
            "truth_color": VERMILION,
            "labels": [column.axis_label for column in columns],
            "max_n_ticks": 4,
            "quiet": True,
        }
        style |= {"range": list(map(_range, self.samples.T)), "fig": figure, **corner_kw}
        self.figure_ = corner(self.samples, **style)
        self.axes_ = np.array(self.figure_.axes, dtype=object).reshape(n, n)
        panels = zip(self.axes_.diagonal(), columns, self.estimate, self.interval, strict=True)
        for axes, column, middle, ends in panels:
            for value, dash in ((middle, "-"), *((end, ":") for end in ends)):
                axes.axvline(value, color="black", linewidth=0.9, linestyle=dash)
            axes.set_title(with_errors(column.as_text(middle, *ends)), fontsize="medium")
        if self.name:
            # Dollar signs in names are not mathtext.
            self.figure_.suptitle(title_text(self.name), parse_math=False)
        return self


def _by_name(values: Any, targets: list[str]) -> FloatArray:
    """Return values of targets, shape (n_targets,); NaN for those that are missing."""
    if not isinstance(values, pd.Series | Mapping):
        values = np.ravel(values)
        if len(values) not in (len(CLUSTER_PARAMETERS), len(targets)):
            raise ValueError(f"There are {len(values)} values for {len(targets)} targets.")
        values = dict(zip(targets, values, strict=False))
    return pd.Series(values, index=targets).to_numpy(dtype=float)


def _range(values: FloatArray) -> tuple[float, float]:
    """Return the limits of an axis: those of the samples, or around samples that are all equal."""
    low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else (low - 0.5, high + 0.5)
