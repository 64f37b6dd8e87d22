"""Corner plot of joint samples of the parameters of one cluster."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.plotting._inputs import columns_of, one_cluster, one_estimate, sample_array
from skcluster.plotting._style import BLUE, VERMILION, display_name, title_text
from skcluster.schema import estimate_column

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Fractions of the samples within the contours.
_SHARES = (0.95, 0.68)
_BINS = 40


class CornerDisplay:
    """Corner plot of joint samples of the parameters of one cluster.

    Use `from_estimator` or `from_samples` to make one.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, n_targets)
        The samples.
    targets : sequence of str
        Names of the targets.
    reference : ndarray of shape (n_targets,), optional
        Values to mark, such as published ones.
    name : str, optional
        Name of the cluster, for the title.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_targets, n_targets)
        The axes; those above the diagonal are not drawn.
    figure_ : Figure

    See Also
    --------
    CMDDisplay : Colour-magnitude diagram of one cluster with isochrones of its samples.

    Notes
    -----
    The package corner draws a similar figure. Here, titles and tick labels do not overlap, each
    target has its own number of decimals, and parameters that are equal in all samples are drawn.

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

    def __init__(
        self,
        *,
        samples: FloatArray,
        targets: Sequence[str],
        reference: FloatArray | None = None,
        name: str | None = None,
    ) -> None:
        self.samples = samples
        self.targets = targets
        self.reference = reference
        self.name = name

    @classmethod
    def from_samples(
        cls,
        samples: Any,
        *,
        targets: Sequence[str] | None = None,
        reference: npt.ArrayLike | None = None,
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
        reference : array-like of shape (n_targets,), optional
            Values to mark; NaN for none.
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
            If there are fewer than two samples without NaN, or the number of names is wrong.
        """
        names = columns_of(samples, targets)
        array = sample_array(samples)
        array = array[np.isfinite(array).all(axis=1)]
        if len(array) < 2:
            raise ValueError("There are fewer than two samples without NaN to draw.")
        if len(names) != array.shape[1]:
            raise ValueError(f"{len(names)} names for {array.shape[1]} targets: {names}.")
        marked = None if reference is None else np.asarray(reference, dtype=float).ravel()
        if marked is not None and len(marked) != len(names):
            raise ValueError(f"reference must be {len(names)} numbers, not {len(marked)}.")
        return cls(samples=array, targets=names, reference=marked, name=name).plot(**plot_kw)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ClustersLike,
        *,
        cluster: Any = None,
        n_samples: int = 4000,
        random_state: Any = 0,
        reference: Any = None,
        **kw: Any,
    ) -> "CornerDisplay":
        """Draw the samples of an estimator for one cluster of X.

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
        reference : DataFrame, Series, mapping or array-like, optional
            Values to mark: a row per cluster, or those of this one. Log age, A_V and distance are
            needed, metallicity is optional.
        **kw : object
            As in `from_samples`.
        """
        name, alone, _ = one_cluster(X, cluster)
        distribution = estimator.predict_distribution(alone)
        samples = distribution.sample(n_samples, random_state)[0]
        if distribution.targets is not None:
            kw.setdefault("targets", distribution.targets)
        marked = one_estimate(reference, name)
        if marked is not None and len(marked) < samples.shape[1]:
            unknown = np.full(samples.shape[1] - len(marked), np.nan)
            marked = np.concatenate([marked, unknown])
        elif marked is not None:
            marked = marked[: samples.shape[1]]
        return cls.from_samples(samples, reference=marked, name=display_name(name), **kw)

    def plot(
        self, *, figure: Any = None, contour_kw: dict[str, Any] | None = None
    ) -> "CornerDisplay":
        """Draw the display.

        Parameters
        ----------
        figure : Figure or SubFigure, optional
            An empty figure to draw on; by default a new one.
        contour_kw : dict, optional
            Parameters of ``Axes.contour``; the contours enclose 68 and 95 per cent of the samples.

        Returns
        -------
        CornerDisplay
            The display, with ``axes_`` and ``figure_``.
        """
        from matplotlib import pyplot as plt

        n = len(self.targets)
        self.figure_ = figure or plt.figure(figsize=(2.1 * n, 2.1 * n), layout="constrained")
        self.axes_ = self.figure_.subplots(n, n, sharex="col", squeeze=False)
        for i in range(n):
            for j in range(n):
                axes = self.axes_[i, j]
                if j > i:
                    axes.set_axis_off()
                    continue
                if i == j:
                    self._alone(axes, i)
                else:
                    self._pair(axes, j, i, contour_kw or {})
                if i == n - 1:
                    axes.set_xlabel(estimate_column(self.targets[j]).axis_label)
                if j == 0 < i:
                    axes.set_ylabel(estimate_column(self.targets[i]).axis_label)
                axes.label_outer() if j == 0 else axes.tick_params(labelleft=False)
        if self.name:
            # Dollar signs in names are not mathtext.
            self.figure_.suptitle(title_text(self.name), parse_math=False)
        return self

    def _alone(self, axes: "Axes", i: int) -> None:
        values = self.samples[:, i]
        axes.hist(values, bins=_BINS, color=BLUE, alpha=0.5, histtype="stepfilled")
        low, middle, high = np.percentile(values, [16, 50, 84])
        for value, dash in ((low, ":"), (middle, "-"), (high, ":")):
            axes.axvline(value, color="black", linewidth=0.9, linestyle=dash)
        n = estimate_column(self.targets[i]).decimals_of(middle)
        axes.set_title(
            f"${middle:z.{n}f}_{{-{middle - low:.{n}f}}}^{{+{high - middle:.{n}f}}}$",
            fontsize="medium",
        )
        axes.set_yticks([])
        self._mark(axes.axvline, i)

    def _pair(self, axes: "Axes", i: int, j: int, contour_kw: dict[str, Any]) -> None:
        from scipy.ndimage import gaussian_filter

        x, y = self.samples[:, i], self.samples[:, j]
        axes.scatter(x, y, s=1.5, color=BLUE, alpha=0.15, linewidths=0, rasterized=True)
        if np.ptp(x) > 0 and np.ptp(y) > 0:
            counts, x_edges, y_edges = np.histogram2d(x, y, bins=_BINS)
            density = gaussian_filter(counts, 1.5)
            levels = _density_levels(density)
            style = {"colors": "black", "linewidths": [0.7, 1.1]}
            if np.all(np.diff(levels) > 0):
                centres = ((e[1:] + e[:-1]) / 2 for e in (x_edges, y_edges))
                axes.contour(*centres, density.T, levels=levels, **{**style, **contour_kw})
        self._mark(axes.axvline, i)
        self._mark(axes.axhline, j)

    def _mark(self, line: Callable[..., Any], i: int) -> None:
        if self.reference is not None and np.isfinite(self.reference[i]):
            line(self.reference[i], color=VERMILION, linewidth=1.1)


def _density_levels(density: FloatArray) -> list[float]:
    """Return the densities whose contours enclose the shares."""
    ordered = np.sort(density.ravel())[::-1]
    within = np.cumsum(ordered) / ordered.sum()
    return [float(ordered[np.searchsorted(within, share)]) for share in _SHARES]
