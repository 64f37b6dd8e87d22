"""The colour-magnitude diagram of a cluster, and the isochrone of its estimate."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import Stars
from skcluster.photometry import Law
from skcluster.plotting._inputs import answers_about, one_cluster, one_estimate, sample_array
from skcluster.plotting._isochrones import diagram_limits, most_credible, seen_isochrones
from skcluster.plotting._style import (
    PALE,
    VERMILION,
    display_name,
    one_axes,
    stroke,
)
from skcluster.schema import CLUSTER_PARAMETERS, STAR_COLUMNS, TARGETS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More curves than these change nothing that the eye sees.
_MOST_CURVES = 250


class CMDDisplay:
    """The stars of one cluster in G against BP−RP, and the isochrone of an estimate.

    Use `from_clusters` or `from_estimator` to make one.

    Parameters
    ----------
    colour, magnitude : ndarray of shape (n_stars,)
        BP−RP and G (mag).
    probability : ndarray of shape (n_stars,), optional
        Membership probabilities that shade the stars.
    name : str, optional
        The cluster, for the title.
    estimate : ndarray of shape (3,), optional
        log age (dex), A_V (mag), distance (kpc).
    isochrone : ndarray of shape (n_points, 2), optional
        BP−RP and G (mag) along the isochrone of the estimate.
    band : ndarray of shape (n_curves, n_points, 2), optional
        The isochrones of the most credible samples.
    errors : ndarray of shape (2, 3), optional
        How far the central interval reaches below and above the estimate.
    coverage : float, default=0.68
        The share of the samples that band and errors hold.
    metallicity : float, default=0.0
        [M/H] of the isochrones (dex).

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    stars_ : PathCollection
    isochrone_ : Line2D or None
    band_ : LineCollection or None

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

    def __init__(
        self,
        *,
        colour: FloatArray,
        magnitude: FloatArray,
        probability: FloatArray | None = None,
        name: str | None = None,
        estimate: FloatArray | None = None,
        isochrone: FloatArray | None = None,
        band: FloatArray | None = None,
        errors: FloatArray | None = None,
        coverage: float = 0.68,
        metallicity: float = 0.0,
    ) -> None:
        self.colour = colour
        self.magnitude = magnitude
        self.probability = probability
        self.name = name
        self.estimate = estimate
        self.isochrone = isochrone
        self.band = band
        self.errors = errors
        self.coverage = coverage
        self.metallicity = metallicity

    @classmethod
    def from_clusters(
        cls,
        X: ClustersLike,
        estimates: Any = None,
        *,
        cluster: Any = None,
        samples: Any = None,
        coverage: float = 0.68,
        metallicity: float = 0.0,
        law: Law = "dr2",
        ax: "Axes | None" = None,
        **plot_kw: Any,
    ) -> "CMDDisplay":
        """Draw one cluster of X.

        Parameters
        ----------
        X : clusters
            Whatever `skcluster.clusters.as_clusters` takes.
        estimates : DataFrame, Series, mapping or array-like of shape (3,), optional
            ``log_age`` (dex), ``a_v`` (mag) and ``distance_kpc`` (kpc): a row for each cluster, or
            those of this one. Without them only the stars are drawn.
        cluster : object, optional
            Name of the cluster; may be left out if X holds only one.
        samples : array-like of shape (n_samples, 3) or mapping of names to such, optional
            Joint samples of the three parameters, or those of each cluster under its name. The
            band is the area that the isochrones of the ``coverage`` most credible ones sweep.
        coverage : float, default=0.68
            That share.
        metallicity : float, default=0.0
            [M/H] of the isochrones (dex).
        law : {"dr2", "edr3"}, default="dr2"
            Extinction law, as in `skcluster.isochrones.isochrone`.
        ax : Axes, optional
            Where to draw; a new figure unless given.
        **plot_kw : object
            For `plot`.

        Returns
        -------
        CMDDisplay

        Raises
        ------
        ValueError
            If X does not hold the cluster, or stars for it, or the estimate is beyond the
            isochrones.
        """
        name, _, stars = one_cluster(X, cluster)
        return cls._from_stars(
            name,
            stars,
            one_estimate(estimates, name),
            samples=None if samples is None else sample_array(samples, name),
            coverage=coverage,
            metallicity=metallicity,
            law=law,
        ).plot(ax=ax, **plot_kw)

    @classmethod
    def _from_stars(
        cls,
        name: Any,
        stars: Stars,
        estimate: FloatArray | None,
        *,
        samples: FloatArray | None,
        coverage: float,
        metallicity: float = 0.0,
        law: Law,
    ) -> "CMDDisplay":
        """The display of stars that were checked before; not drawn yet."""
        isochrone = band = errors = None
        try:
            if estimate is not None:
                isochrone = seen_isochrones(estimate, metallicity, law)[0]
        except ValueError as error:
            raise ValueError(f"cluster {name!r}: {error}") from error
        if samples is not None:
            credible = most_credible(samples, coverage, _MOST_CURVES)
            band = seen_isochrones(credible, metallicity, law) if len(credible) else None
            if estimate is not None:
                tails = 100 * np.array([(1 - coverage) / 2, (1 + coverage) / 2])
                errors = np.abs(np.nanpercentile(samples, tails, axis=0) - estimate)
        return cls(
            colour=stars["bp_rp"],
            magnitude=stars["phot_g_mean_mag"],
            probability=stars["probability"] if "probability" in stars else None,  # noqa: SIM401
            name=display_name(name),
            estimate=estimate,
            isochrone=isochrone,
            band=band,
            errors=errors,
            coverage=coverage,
            metallicity=metallicity,
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ClustersLike,
        *,
        cluster: Any = None,
        n_samples: int = 1000,
        random_state: Any = 0,
        **kw: Any,
    ) -> "CMDDisplay":
        """Draw one cluster of X and the isochrone of what an estimator predicts for it.

        Parameters
        ----------
        estimator : fitted estimator
            Its ``predict`` gives log age, A_V and distance.
        X : clusters
            Whatever the estimator and `skcluster.clusters.as_clusters` take.
        cluster : object, optional
            Name of the cluster; may be left out if X holds only one.
        n_samples : int, default=1000
            Joint samples to draw the band from, if the estimator has ``predict_distribution``; 0
            for no band.
        random_state : int, RandomState or None, default=0
            Of the samples: by default, a picture is always the same.
        **kw : object
            As in `from_clusters`.
        """
        _, alone, _ = one_cluster(X, cluster)
        predicted, distribution = answers_about(estimator, alone)
        targets = getattr(distribution, "targets", None) or CLUSTER_PARAMETERS
        if n_samples and distribution is not None:
            drawn = distribution.sample(n_samples, random_state)[0]
            kw.setdefault("samples", pd.DataFrame(drawn, columns=list(targets)))
        estimate = dict(zip(targets, np.asarray(predicted)[0], strict=True))
        return cls.from_clusters(alone, estimate, **kw)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        star_kw: dict[str, Any] | None = None,
        isochrone_kw: dict[str, Any] | None = None,
        band_kw: dict[str, Any] | None = None,
        colorbar: bool = True,
        legend: bool = True,
    ) -> "CMDDisplay":
        """Draw.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure unless given.
        star_kw, isochrone_kw, band_kw : dict, optional
            For ``Axes.scatter``, ``Axes.plot`` and ``LineCollection``.
        colorbar, legend : bool, default=True
            Whether to show what the shades, and what the lines stand for.

        Returns
        -------
        CMDDisplay
            Itself, with ``ax_`` and ``figure_``.
        """
        self.figure_, self.ax_ = one_axes(ax, figsize=(4.6, 5.4))
        self._draw_stars(star_kw or {}, colorbar)
        self._draw_band(band_kw or {})
        self._draw_isochrone(isochrone_kw or {})
        low, high = diagram_limits(self.colour, self.magnitude)
        self.ax_.set(
            xlim=(low[0], high[0]),
            ylim=(high[1], low[1]),
            xlabel=STAR_COLUMNS["bp_rp"].axis_label,
            ylabel=STAR_COLUMNS["phot_g_mean_mag"].axis_label,
            title=self.name or "",
        )
        self.ax_.minorticks_on()
        self.ax_.tick_params(which="both", direction="in", top=True, right=True)
        if legend:
            # The corner of faint blue stars, where hardly a cluster has any.
            self.ax_.legend(
                loc="lower left",
                title=self.summary(),
                alignment="left",
                fontsize="small",
                title_fontsize="small",
                framealpha=0.85,
                edgecolor="none",
            )
        return self

    def summary(self) -> str:
        """The estimate in three lines, with errors if there are samples; mathtext."""
        if self.estimate is None:
            return ""
        lines = []
        for i, column in enumerate(TARGETS[name] for name in CLUSTER_PARAMETERS):
            value = f"{self.estimate[i]:.2f}"
            if self.errors is not None:
                down, up = self.errors[:, i]
                value = f"{value}_{{-{down:.2f}}}^{{+{up:.2f}}}"
            unit = "" if column.printed_unit == "dex" else f" {column.printed_unit}"
            lines.append(f"{column.label} = ${value}${unit}")
        return "\n".join(lines)

    def _draw_stars(self, star_kw: dict[str, Any], colorbar: bool) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        # Greys that stay visible on white; the likeliest members are drawn last, on top.
        greys = LinearSegmentedColormap.from_list("membership", ["#b8b8b8", "#000000"])
        size = float(np.clip(2500 / len(self.colour), 4, 16))
        style: dict[str, Any] = {"s": size, "linewidths": 0, "zorder": 2, "label": "stars"}
        order: Any = slice(None)
        coloured = {"c", "color"} & star_kw.keys()
        shaded = (
            not coloured and self.probability is not None and np.isfinite(self.probability).any()
        )
        if shaded:
            assert self.probability is not None
            shades = np.nan_to_num(self.probability, nan=0.0)
            order = np.argsort(shades, kind="stable")
            style |= {"c": shades[order], "cmap": greys, "vmin": min(0.5, shades.min()), "vmax": 1}
        elif not coloured:
            style |= {"color": "black"}
        self.stars_ = self.ax_.scatter(
            self.colour[order], self.magnitude[order], **{**style, **star_kw}
        )
        self.stars_.set_label(f"{len(self.colour)} stars")
        if shaded and colorbar:
            self.figure_.colorbar(
                self.stars_,
                ax=self.ax_,
                label=STAR_COLUMNS["probability"].axis_label,
                fraction=0.04,
                pad=0.02,
            )

    def _draw_band(self, band_kw: dict[str, Any]) -> None:
        from matplotlib.collections import LineCollection

        self.band_ = None
        if self.band is None:
            return
        # One opaque colour: where curves lie on each other the band looks the same, so it shows
        # where isochrones run and not how many do.
        style = {"colors": PALE, "linewidths": 2.5, "zorder": 1, "capstyle": "round"}
        self.band_ = LineCollection(list(self.band), **{**style, **band_kw})
        self.band_.set_label(f"{100 * self.coverage:.0f} % of joint samples")
        self.ax_.add_collection(self.band_, autolim=False)

    def _draw_isochrone(self, isochrone_kw: dict[str, Any]) -> None:
        self.isochrone_ = None
        if self.isochrone is None:
            return
        style: dict[str, Any] = {
            "color": VERMILION,
            "linewidth": 1.4,
            "zorder": 3,
            "path_effects": stroke(2.6),
            "label": f"PARSEC, [M/H] = {self.metallicity:+.2f}".replace("+0.00", "0"),
        }
        (self.isochrone_,) = self.ax_.plot(*self.isochrone.T, **{**style, **isochrone_kw})
