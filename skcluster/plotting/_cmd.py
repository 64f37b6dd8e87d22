"""Draw the colour-magnitude diagram of a cluster with the isochrone of its estimate."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import AutoMinorLocator
from nested_pandas import NestedFrame

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import as_clusters, stars_of
from skcluster.estimation import estimate
from skcluster.photometry import Law
from skcluster.plotting._diagram import (
    LEAST_REDDENING,
    MOST_REDDENED,
    Shades,
    can_be_drawn,
    diagram_limits,
    most_credible,
    seen_isochrones,
    shades_of,
)
from skcluster.plotting._inputs import (
    ISOCHRONE_PARAMETERS,
    membership_array,
    one_estimate,
    row_of,
    samples_of_isochrones,
)
from skcluster.plotting._style import (
    PALE,
    VERMILION,
    display_name,
    one_axes,
    stroke,
    title_text,
    with_errors,
)
from skcluster.schema import INTERVAL_ENDS, STAR_COLUMNS, TARGETS

#: Maximum number of curves; more make no visible difference.
_MOST_CURVES = 120
#: Characters of a line beside the axes.
_BESIDE = 27


@dataclass(kw_only=True, eq=False, repr=False)
class CMDDisplay:
    """Colour-magnitude diagram of one cluster, with the isochrone of an estimate.

    Use `from_clusters` or `from_estimator` to make one.

    Parameters
    ----------
    colour, magnitude : ndarray of shape (n_stars,)
        BP−RP and G (mag).
    probability : ndarray of shape (n_stars,), optional
        Membership probabilities of the list, shown as shades of grey.
    membership : ndarray of shape (n_stars,), optional
        Membership probabilities of the estimate, shown as shades of blue instead; stars with NaN
        were not used and are open circles.
    name : str, optional
        Name of the cluster, for the title.
    estimate : Series or mapping, optional
        The estimate, as in the row of a table: ``log_age`` (dex), ``a_v`` (mag), ``distance_kpc``
        (kpc) and, if known, ``metallicity`` (dex), the ends of their intervals, ``flag`` and
        ``notes``.
    isochrone : ndarray of shape (n_points, 2), optional
        BP−RP and G (mag) along the isochrone of the estimate.
    reddened : ndarray of shape (n_points, 2), optional
        The isochrone with the extinction that 95 per cent of the stars do not exceed.
    band : ndarray of shape (n_curves, n_points, 2), optional
        The isochrones of the most credible samples.
    coverage : float, default=0.68
        Fraction of the samples within the band.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    colorbar_ : Colorbar or None
    stars_ : PathCollection
    unused_ : PathCollection or None
        The stars that the estimate did not use.
    isochrone_, reddened_ : Line2D or None
    band_ : LineCollection or None

    See Also
    --------
    CornerDisplay : Corner plot of joint samples of one cluster.
    save_diagrams : Save diagrams of many clusters.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("agg")
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.plotting import CMDDisplay
    >>> X, y = simulate_clusters(3, random_state=0)
    >>> display = CMDDisplay.from_clusters(X, y, cluster=X.index[0])
    >>> bool(display.ax_.yaxis_inverted())
    True
    """

    colour: FloatArray
    magnitude: FloatArray
    probability: FloatArray | None = None
    membership: FloatArray | None = None
    name: str | None = None
    estimate: Mapping[str, Any] | pd.Series | None = None
    isochrone: FloatArray | None = None
    reddened: FloatArray | None = None
    band: FloatArray | None = None
    coverage: float = 0.68

    def __post_init__(self) -> None:
        if not isinstance(self.estimate, pd.Series | Mapping | None):
            got = type(self.estimate).__name__
            raise TypeError(f"estimate must be a row of a table of estimates, not {got}.")
        self.estimate = None if self.estimate is None else dict(self.estimate)

    @classmethod
    def from_clusters(
        cls,
        X: ClustersLike,
        estimates: Any = None,
        *,
        cluster: Any = None,
        samples: Any = None,
        membership: Any = None,
        coverage: float = 0.68,
        law: Law = "dr2",
        **plot_kw: Any,
    ) -> "CMDDisplay":
        """Draw one cluster of X.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.
        estimates : DataFrame, Series, mapping or array-like of shape (3,) or (4,), optional
            ``log_age`` (dex), ``a_v`` (mag), ``distance_kpc`` (kpc) and, if it was estimated,
            ``metallicity`` (dex): a row per cluster, or those of this one. Without estimates only
            the stars are drawn. Intervals are in columns such as ``log_age_lower`` and
            ``log_age_upper``. With ``differential_reddening`` (mag), the isochrone is also drawn
            with the extinction that 95 per cent of the stars do not exceed. ``flag``, or else
            ``notes``, is shown beside the axes.
        cluster : object, optional
            Name of the cluster; not needed if X has only one.
        samples : array-like of n_samples rows or mapping of names to such, optional
            Joint samples of these parameters, or a mapping from the clusters' names to them. The
            band covers the isochrones of the ``coverage`` most credible samples.
        membership : array-like of shape (n_stars,) or DataFrame, optional
            Membership probabilities of all stars of X, as returned by
            ``estimate(X, membership=True)``, shown as shades. NaN marks stars that were not used.
        coverage : float, default=0.68
            Fraction of the samples within the band.
        law : {"dr2", "edr3"}, default="dr2"
            Extinction law, as in `skcluster.isochrones.isochrone`.
        **plot_kw : object
            Parameters of `plot`, such as ``ax``.

        Returns
        -------
        CMDDisplay

        Raises
        ------
        ValueError
            If X lacks the cluster or its stars, or the estimate is outside the range of the
            isochrones.
        """
        X = as_clusters(X)
        row, shades = row_of(X, cluster), membership_array(membership, stars_of(X))
        return cls._of_row(X, row, estimates, samples, shades, coverage, law).plot(**plot_kw)

    @classmethod
    def _of_row(
        cls,
        X: NestedFrame,
        row: int,
        estimates: Any,
        samples: Any,
        membership: FloatArray | None,
        coverage: float,
        law: Law,
        *,
        only_drawable: bool = False,
    ) -> "CMDDisplay":
        """Return the display of a cluster, not drawn yet.

        If ``only_drawable``, an estimate outside the isochrones, or with NaN, has none, and no
        band; otherwise it is an error.
        """
        name, stars, offsets = X.index[row], stars_of(X[row : row + 1]), stars_of(X).offsets
        estimate = one_estimate(estimates, name)
        display = cls(
            colour=stars["bp_rp"],
            magnitude=stars["phot_g_mean_mag"],
            probability=stars["probability"] if "probability" in stars else None,  # noqa: SIM401
            membership=None if membership is None else membership[offsets[row] : offsets[row + 1]],
            name=display_name(name),
            estimate=estimate,
            coverage=coverage,
        )
        if estimate is not None:
            values = [float(estimate.get(target, 0.0)) for target in ISOCHRONE_PARAMETERS]
            parameters = np.array([values])
            if only_drawable and not can_be_drawn(parameters)[0]:
                return display
            try:
                display.isochrone = seen_isochrones(parameters, law)[0]
            except ValueError as error:
                raise ValueError(f"cluster {name!r}: {error}") from error
            spread = estimate.get("differential_reddening", 0.0)
            if spread > LEAST_REDDENING:
                parameters[:, 1] += MOST_REDDENED * spread
                display.reddened = seen_isochrones(parameters, law)[0]
        if samples is not None:
            joint = samples_of_isochrones(samples, name)
            credible = most_credible(joint, coverage, _MOST_CURVES)
            # Every second point: the band is wider than the steps between them.
            display.band = seen_isochrones(credible, law, every=2) if len(credible) else None
        return display

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ClustersLike,
        *,
        cluster: Any = None,
        n_samples: int = 1000,
        random_state: Any = 0,
        coverage: float = 0.68,
        **kw: Any,
    ) -> "CMDDisplay":
        """Draw one cluster of X and the isochrone of its estimate by `skcluster.estimate`.

        Parameters
        ----------
        estimator : fitted estimator
            Estimator that predicts log age, A_V and distance. If it has ``predict_distribution``,
            its metallicity and ``membership()`` are used, if available.
        X : clusters
            Any input of the estimator and of `skcluster.clusters.as_clusters`.
        cluster : object, optional
            Name of the cluster; not needed if X has only one.
        n_samples : int, default=1000
            Number of joint samples for the band, if the estimator has ``predict_distribution``; 0
            for no band.
        random_state : int, RandomState or None, default=0
            Determines the samples; reproducible by default.
        coverage : float, default=0.68
            Coverage of the intervals, and fraction of the samples within the band.
        **kw : object
            As in `from_clusters`.
        """
        X = as_clusters(X)
        alone = X.iloc[[row_of(X, cluster)]]
        table, *samples, members = estimate(
            alone,
            estimator,
            coverage=coverage,
            n_samples=n_samples if hasattr(estimator, "predict_distribution") else 0,
            membership="if known",
            random_state=random_state,
        )
        given = {"samples": samples[0] if samples else None, "membership": members, **kw}
        return cls.from_clusters(alone, table, coverage=coverage, **given)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        colorbar: bool = True,
        legend: bool = True,
        beside: bool | None = None,
    ) -> "CMDDisplay":
        """Draw the display.

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw on; by default those of a new figure.
        colorbar, legend : bool, default=True
            Whether to show a colour bar of the shades, and a legend with the estimate.
        beside : bool, optional
            Whether they are to the right of the axes. Otherwise the legend is where it covers the
            fewest stars. By default, if the figure is a new one, which has room.

        Returns
        -------
        CMDDisplay
            The display, with ``ax_`` and ``figure_``.
        """
        beside = ax is None if beside is None else beside
        self.figure_, self.ax_ = one_axes(ax, figsize=(6.2, 5.2))
        shades = self._draw_stars()
        self._draw_band()
        self._draw_isochrone()
        low, high = diagram_limits(self.colour, self.magnitude)
        self.ax_.set(
            xlim=(low[0], high[0]),
            ylim=(high[1], low[1]),
            xlabel=STAR_COLUMNS["bp_rp"].axis_label,
            ylabel=STAR_COLUMNS["phot_g_mean_mag"].axis_label,
        )
        # Dollar signs in names are not mathtext. A given place saves a layout of all ticks.
        self.ax_.set_title(title_text(self.name or ""), parse_math=False, y=1.0)
        for axis in (self.ax_.xaxis, self.ax_.yaxis):  # each tick takes a millisecond
            axis.set_minor_locator(AutoMinorLocator(2))
        self.ax_.tick_params(which="both", direction="in", top=True, right=True)
        self._draw_colorbar(shades if colorbar else None, beside)
        if legend:
            place = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.015)}
            self.ax_.legend(
                **(place if beside else {"loc": "best"}),
                title="\n".join([self.summary(), *(self._remarks() if beside else ())]).strip(),
                alignment="left",
                fontsize="small",
                title_fontsize="small",
                framealpha=0.85,
                edgecolor="none",
            )
        return self

    def summary(self) -> str:
        """Return the estimate as text.

        Returns
        -------
        str
            One line of mathtext per parameter, as in a table of estimates, with the interval if
            there is one; empty without an estimate.
        """
        return "\n".join(
            f"{label} = {with_errors(value)} {unit}".rstrip()
            for label, value, unit in self._values()
        )

    def _values(self) -> Iterator[tuple[str, str, str]]:
        """Yield label, value with its interval, and unit of each known parameter."""
        estimate = self.estimate or {}
        for name in ISOCHRONE_PARAMETERS:
            if np.isfinite(value := estimate.get(name, np.nan)):
                column = TARGETS[name]
                ends = (estimate.get(name + end, np.nan) for end in INTERVAL_ENDS)
                unit = column.printed_unit if column.printed_unit != "dex" else ""
                yield column.label, column.as_text(value, *ends), unit

    def _remarks(self) -> list[str]:
        """Return the lines of the flag, or else of the notes; there is no room for both."""
        estimate = self.estimate or {}
        text = ""
        if notes := estimate.get("notes"):
            text = f"notes: {notes}"
        if flag := estimate.get("flag"):
            text = f"doubtful: {flag}"
        return textwrap.wrap(text, _BESIDE)

    def _draw_stars(self) -> Shades | None:
        """Draw the stars, the likeliest members on top, and those not used separately."""
        shades = shades_of(self.membership, self.probability)
        size = float(np.clip(2500 / len(self.colour), 4, 16))
        style: dict[str, Any] = {"s": size, "linewidths": 0, "zorder": 2, "c": "black"}
        self.unused_, order = None, np.arange(len(self.colour))
        if shades is not None:
            order = np.argsort(shades.probability, kind="stable")
            order = order[np.isfinite(shades.probability[order])]
            scale = LinearSegmentedColormap.from_list("membership", shades.colours)
            style |= {"c": shades.probability[order], "cmap": scale, "vmin": shades.low, "vmax": 1}
            unused = np.isnan(shades.probability)
            if unused.any():
                self.unused_ = self.ax_.scatter(
                    self.colour[unused],
                    self.magnitude[unused],
                    s=size,
                    zorder=1.5,
                    facecolors="none",
                    edgecolors="#9a9a9a",
                    linewidths=0.5,
                    label=f"{unused.sum()} stars not used",
                )
        self.stars_ = self.ax_.scatter(
            self.colour[order], self.magnitude[order], label=f"{len(order)} stars", **style
        )
        return shades

    def _draw_colorbar(self, shades: Shades | None, beside: bool) -> None:
        self.colorbar_ = None
        if shades is None:
            return
        place: dict[str, Any] = {"ax": self.ax_, "fraction": 0.04, "pad": 0.02}
        if beside:  # below the legend
            place = {"cax": self.ax_.inset_axes((1.05, 0, 0.045, 0.5))}
        self.colorbar_ = self.figure_.colorbar(self.stars_, label=shades.label, **place)

    def _draw_band(self) -> None:
        self.band_ = None
        if self.band is None:
            return
        # One opaque colour, so that overlapping curves do not darken the band.
        self.band_ = LineCollection(
            list(self.band), colors=PALE, linewidths=2.5, zorder=1, capstyle="round"
        )
        self.band_.set_label(f"{100 * self.coverage:.0f} % of joint samples")
        self.ax_.add_collection(self.band_, autolim=False)

    def _draw_isochrone(self) -> None:
        self.isochrone_ = self.reddened_ = None
        if self.isochrone is None:
            return
        style: dict[str, Any] = {
            "color": VERMILION,
            "linewidth": 1.4,
            "zorder": 3,
            "path_effects": stroke(2.6),
            # An estimated metallicity is among the values above.
            "label": "PARSEC isochrone"
            if "metallicity" in (self.estimate or {})
            else "PARSEC, [M/H] = 0",
        }
        (self.isochrone_,) = self.ax_.plot(*self.isochrone.T, **style)
        if self.reddened is not None:
            label = "more dust than 95 %\nof the stars have"
            style |= {"linewidth": 0.9, "linestyle": "--", "path_effects": None, "label": label}
            (self.reddened_,) = self.ax_.plot(*self.reddened.T, **style)
