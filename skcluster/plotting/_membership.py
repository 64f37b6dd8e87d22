"""Draw the members of a cluster over its field: sky, proper motions, parallaxes, diagram."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Circle

from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.membership._sky import TangentPlane
from skcluster.plotting._diagram import diagram_limits
from skcluster.plotting._inputs import values_of
from skcluster.plotting._style import BLUES, VERMILION, display_name, many_axes, stroke, title_text
from skcluster.schema import CLUSTER_COLUMNS, STAR_COLUMNS

#: Columns of stars that the panels show.
_SHOWN = ("ra", "dec", "pmra", "pmdec", "parallax", "phot_g_mean_mag", "bp_rp", "probability")
_FIELD = "#bdbdbd"
#: Fraction of the members that lie within the axes, apart from those of the sky.
_MOST = 0.98


@dataclass(kw_only=True, eq=False, repr=False)
class MembershipDisplay:
    """Members of one cluster over the stars of its field, in four panels.

    The panels show the sky (zenithal equidistant projection around the cluster, east to the left),
    proper motions, parallax against G, and the colour-magnitude diagram. Members are shaded by
    their probabilities, the other stars are grey. Proper motions and parallaxes are limited to
    the surroundings of the cluster.

    Use `from_members` to make one.

    Parameters
    ----------
    stars : DataFrame of n_stars rows
        All stars of the field, with ``ra``, ``dec`` (deg), ``pmra``, ``pmdec`` (mas/yr),
        ``parallax`` (mas), ``phot_g_mean_mag``, ``bp_rp`` (mag) and ``probability``; stars without
        a probability are drawn as field stars.
    cluster : mapping of str to float
        The cluster: ``ra``, ``dec``, ``pmra``, ``pmdec``, ``parallax``, ``core_radius`` and
        ``half_number_radius``, as in `skcluster.schema.CLUSTER_COLUMNS`; NaN without a cluster.
    name : str, optional
        Name of the cluster, for the title.
    threshold : float, default=0.5
        Least probability of the stars that are drawn as members.

    Attributes
    ----------
    axes_ : ndarray of Axes, shape (4,)
        Sky, proper motions, parallaxes, diagram.
    figure_ : Figure
    colorbar_ : Colorbar or None
    field_, members_ : list of PathCollection
        Field stars and members, one collection per panel.

    See Also
    --------
    skcluster.membership.find_members : The members.
    CMDDisplay : Colour-magnitude diagram of a cluster with its isochrone.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("agg")
    >>> from skcluster.datasets import load_example_field
    >>> from skcluster.membership import find_members
    >>> from skcluster.plotting import MembershipDisplay
    >>> X, y = load_example_field()
    >>> display = MembershipDisplay.from_members(*find_members(X))
    >>> bool(display.axes_[0].xaxis_inverted()), bool(display.is_member.sum() > 250)
    (True, True)
    """

    stars: pd.DataFrame
    cluster: Any
    name: str | None = None
    threshold: float = 0.5

    @classmethod
    def from_members(
        cls,
        stars: pd.DataFrame,
        clusters: pd.DataFrame,
        *,
        cluster: Any = None,
        threshold: float = 0.5,
        **plot_kw: Any,
    ) -> "MembershipDisplay":
        """Draw a cluster that `skcluster.membership.find_members` found.

        Parameters
        ----------
        stars, clusters : DataFrame
            As returned by `skcluster.membership.find_members`.
        cluster : object, optional
            Name of the cluster; not needed if there is only one.
        threshold : float, default=0.5
            Least probability of the stars that are drawn as members.
        **plot_kw : object
            Parameters of `plot`, such as ``axes``.

        Returns
        -------
        MembershipDisplay

        Raises
        ------
        ValueError
            If ``clusters`` has no such cluster, or several and none is chosen.
        """
        if cluster is None:
            if len(clusters) != 1:
                raise ValueError(
                    f"There are {len(clusters)} clusters; choose one to draw with cluster=."
                )
            cluster = clusters.index[0]
        own = (stars["cluster"] == cluster).to_numpy()
        # A field without a cluster has the name of the row itself.
        field = stars["field"].to_numpy()[own][0] if own.any() else cluster
        shown = stars.loc[stars["field"] == field, list(_SHOWN)].astype(float)
        shown.loc[~own[(stars["field"] == field).to_numpy()], "probability"] = 0.0
        return cls(
            stars=shown,
            cluster=values_of(clusters, cluster),
            name=display_name(cluster),
            threshold=threshold,
        ).plot(**plot_kw)

    @property
    def is_member(self) -> BoolArray:
        """Return which stars are drawn as members, shape (n_stars,)."""
        likely: BoolArray = self._values("probability")[0] >= self.threshold
        return likely if np.isfinite(self.cluster["parallax"]) else np.zeros_like(likely)

    def plot(
        self, axes: Sequence[Axes] | None = None, *, colorbar: bool = True
    ) -> "MembershipDisplay":
        """Draw the display.

        Parameters
        ----------
        axes : sequence of 4 Axes, optional
            Axes to draw on; by default those of a new figure.
        colorbar : bool, default=True
            Whether to show a colour bar of the probabilities.

        Returns
        -------
        MembershipDisplay
            The display, with ``axes_`` and ``figure_``.

        Raises
        ------
        ValueError
            If there are not four axes.
        """
        self.figure_, self.axes_ = many_axes(axes, 2, 2, (4.3, 3.8))
        if axes is None:
            self.figure_.suptitle(self.summary(), fontsize="medium").set_parse_math(False)
        panels = (("pmra", "pmdec"), ("phot_g_mean_mag", "parallax"), ("bp_rp", "phot_g_mean_mag"))
        places = [self._label_sky(), *(self._values(*names) for names in panels)]
        for ax, names in zip(self.axes_[1:], panels, strict=True):
            xlabel, ylabel = (STAR_COLUMNS[name].axis_label for name in names)
            ax.set(xlabel=xlabel, ylabel=ylabel)
        self._scatter(places)
        self._limit(places)
        for ax in self.axes_:
            # Square panels: the sky and the proper motions span as much in both directions. With an
            # equal aspect instead, constrained layout leaves no room for the labels.
            ax.set_box_aspect(1)
            ax.minorticks_on()
            ax.tick_params(which="both", direction="in", top=True, right=True)
        self.colorbar_ = None
        if colorbar and self.is_member.any():
            self.colorbar_ = self.figure_.colorbar(
                self.members_[-1],
                ax=list(self.axes_),
                label=STAR_COLUMNS["probability"].label,
                fraction=0.03,
                pad=0.01,
            )
        return self

    def summary(self) -> str:
        """Return the cluster as one line of text.

        Returns
        -------
        str
            Name, number of members, proper motion and parallax; or that no cluster was found.
        """
        if not np.isfinite(self.cluster["parallax"]):
            text = f"no cluster found among {len(self.stars)} stars"
        else:
            pmra, pmdec, parallax = (
                CLUSTER_COLUMNS[name].as_text(self.cluster[name])
                for name in ("pmra", "pmdec", "parallax")
            )
            text = (
                f"{self.is_member.sum()} members among {len(self.stars)} stars, "
                f"proper motion ({pmra}, {pmdec}) mas/yr, parallax {parallax} mas"
            )
        return f"{title_text(self.name)}: {text}" if self.name else text

    def _values(self, *columns: str) -> FloatArray:
        """Return columns of the stars, shape (n_columns, n_stars)."""
        values: FloatArray = self.stars[list(columns)].to_numpy(dtype=float).T
        return values

    def _label_sky(self) -> FloatArray:
        """Return coordinates on the sky (deg) from the centre, shape (2, n_stars), and label them.

        Members get a circle that holds half of them.
        """
        places = self._values("ra", "dec")
        plane = TangentPlane.of(*places[:, np.isfinite(places).all(axis=0)])
        if np.isfinite(self.cluster["ra"]):
            plane = TangentPlane(float(self.cluster["ra"]), float(self.cluster["dec"]))
        xlabel = f"east of α = {plane.ra:.2f}° [deg]"
        ylabel = f"north of δ = {plane.dec:.2f}° [deg]".replace("-", "−")
        self.axes_[0].set(xlabel=xlabel, ylabel=ylabel)
        if np.isfinite(radius := self.cluster["half_number_radius"]):
            style = {"edgecolor": VERMILION, "linewidth": 1.2, "zorder": 3, "fill": False}
            self.axes_[0].add_patch(Circle((0, 0), radius, path_effects=stroke(2.4), **style))
        return np.array(plane.project(*places))

    def _scatter(self, places: list[FloatArray]) -> None:
        """Draw field stars, and members over them, the likeliest on top, in each panel."""
        member, (probability,) = self.is_member, self._values("probability")
        order = np.flatnonzero(member)[np.argsort(probability[member], kind="stable")]
        style: dict[str, Any] = {
            "s": float(np.clip(2500 / max(len(order), 1), 4, 16)),
            "linewidths": 0,
            "zorder": 2,
            "label": f"{len(order)} members",
            "c": probability[order],
            "cmap": LinearSegmentedColormap.from_list("membership", BLUES),
            "vmin": self.threshold,
            "vmax": 1,
        }
        self.field_, self.members_ = [], []
        for ax, (x, y) in zip(self.axes_, places, strict=True):
            # Many field stars are small, and pixels in files of vectors, which would be large.
            field = ax.scatter(
                x[~member],
                y[~member],
                s=float(np.clip(6000 / max(len(member), 1), 0.4, 5)),
                color=_FIELD,
                linewidths=0,
                zorder=1,
                rasterized=len(member) > 2000,
                label=f"{(~member).sum()} field stars",
            )
            self.field_.append(field)
            self.members_.append(ax.scatter(x[order], y[order], **style))

    def _limit(self, places: list[FloatArray]) -> None:
        """Limit the panels: the sky to the field, the others to the surroundings of the cluster."""
        sky, motions, parallaxes, diagram = self.axes_
        low, high = np.nanmin(places[0], axis=1), np.nanmax(places[0], axis=1)
        (x, y), half = (low + high) / 2, 0.53 * max(*(high - low), 1e-4)
        sky.set(xlim=(x + half, x - half), ylim=(y - half, y + half))  # the east is to the left
        x, y, half = self._surroundings("pmra", "pmdec", least=1.0)
        motions.set(xlim=(x - half, x + half), ylim=(y - half, y + half))
        middle, half = self._surroundings("parallax", least=0.4)
        low, high = _diagram_of(self.is_member, *places[3])
        parallaxes.set(xlim=(low[1], high[1]), ylim=(middle - half, middle + half))
        diagram.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]))
        if self.is_member.any():
            parallaxes.axhline(self.cluster["parallax"], color=VERMILION, linewidth=1.0, zorder=1.5)

    def _surroundings(self, *columns: str, least: float) -> tuple[float, ...]:
        """Return middles, and half the width, of axes that hold most members and much of the field.

        The half width is at least ``least``.
        """
        values, member = self._values(*columns), self.is_member
        mean = np.array([self.cluster[name] for name in columns], dtype=float)
        quarter, median, three = np.nanquantile(values, [0.25, 0.5, 0.75], axis=1)
        middle = np.where(np.isfinite(mean), mean, median)
        half = 1.5 * (three - quarter) + 0.3 * np.abs(middle - median)
        if member.any():
            offset = np.abs(values[:, member] - middle[:, None])
            half = np.maximum(half, 1.6 * np.nanquantile(offset, _MOST, axis=1))
        return (*middle.tolist(), max(float(half.max()), least))


def _diagram_of(
    member: BoolArray, colour: FloatArray, magnitude: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return limits of colour and magnitude that hold all members and most of the field."""
    shown = np.ones_like(member)
    for values in (colour, magnitude):
        low, high = np.nanquantile(values, [0.002, 0.998])
        shown &= (values >= low) & (values <= high)
    shown = (shown | member) & np.isfinite(colour) & np.isfinite(magnitude)
    return diagram_limits(colour[shown], magnitude[shown])
