"""Draw the members of a cluster over the field: sky, proper motions, parallaxes, diagram."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.plotting._style import many_axes, title_text
from skcluster.schema import STAR_COLUMNS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GREY, _COLOURS = "#c4c4c4", ("#a9cdea", "#4487bf", "#06203f")
#: The panels: columns along both axes, and whether the second is turned round.
_PANELS = (
    ("ra", "dec", False),
    ("pmra", "pmdec", False),
    ("phot_g_mean_mag", "parallax", False),
    ("bp_rp", "phot_g_mean_mag", True),
)
#: Columns that are shown with all stars of the field.
_WHOLE = ("ra", "dec", "bp_rp", "phot_g_mean_mag")
#: Quantiles of the members, and the margin around them, that set the limits.
_QUANTILES, _MARGIN = (0.01, 0.99), 1.5


@dataclass(kw_only=True, eq=False, repr=False)
class MembershipDisplay:
    """Members of one cluster over the stars of its field, in four panels.

    Use `from_members` to make one.

    Parameters
    ----------
    stars : DataFrame of n_stars rows
        The stars of the field, with ``probability`` and the columns of the panels.
    threshold : float
        Least probability of members.
    name : str, optional
        Title.

    Attributes
    ----------
    axes_ : ndarray of Axes, shape (4,)
        Sky, proper motions, parallax against G, colour-magnitude diagram.
    figure_ : Figure
        The figure.

    See Also
    --------
    skcluster.membership.find_members : Find the members.

    Examples
    --------
    >>> import matplotlib; matplotlib.use("agg")
    >>> from skcluster.datasets import load_example_field
    >>> from skcluster.membership import find_members
    >>> from skcluster.plotting import MembershipDisplay
    >>> stars, clusters = find_members(load_example_field()[0])
    >>> display = MembershipDisplay.from_members(stars)
    >>> len(display.axes_)
    4
    """

    stars: pd.DataFrame
    threshold: float = 0.5
    name: str | None = None

    @classmethod
    def from_members(
        cls,
        stars: pd.DataFrame,
        *,
        cluster: Any = None,
        threshold: float = 0.5,
        **plot_kw: Any,
    ) -> "MembershipDisplay":
        """Draw the stars that `skcluster.membership.find_members` returned.

        Parameters
        ----------
        stars : DataFrame
            Its first result.
        cluster : object, optional
            Name of the cluster; not needed if there is only one.
        threshold : float, default=0.5
            Least probability of members.
        **plot_kw : object
            Parameters of `plot`.

        Returns
        -------
        MembershipDisplay
            The display.

        Raises
        ------
        ValueError
            If there are several clusters and none is named, there is none of this name, or it has
            no member.
        """
        names = [name for name in stars["cluster"].unique() if name != ""]
        if cluster is None and len(names) == 1:
            cluster = names[0]
        if cluster not in names:
            raise ValueError(f"cluster must be one of {names}, not {cluster!r}.")
        own = stars["cluster"] == cluster
        shown = stars[stars["field"] == stars.loc[own, "field"].iloc[0]]
        probability = shown["probability"].where(shown["cluster"] == cluster, 0.0)
        shown = shown.assign(probability=probability.fillna(0.0))
        if not (shown["probability"] >= threshold).any():
            raise ValueError(f"cluster {cluster!r} has no star of probability {threshold}.")
        return cls(stars=shown, threshold=threshold, name=str(cluster)).plot(**plot_kw)

    def plot(self, ax: "Axes | Sequence[Axes] | None" = None) -> "MembershipDisplay":
        """Draw the four panels.

        Parameters
        ----------
        ax : sequence of 4 Axes, optional
            Axes to draw on.

        Returns
        -------
        MembershipDisplay
            The display.
        """
        from matplotlib.colors import LinearSegmentedColormap

        self.figure_, self.axes_ = many_axes(ax, len(_PANELS))
        members = (self.stars["probability"] >= self.threshold).to_numpy()
        shades = LinearSegmentedColormap.from_list("members", _COLOURS)
        columns = self._columns(members)
        for axes, (x, y, turned) in zip(self.axes_, _PANELS, strict=True):
            size = float(np.clip(4000 / max(members.sum(), 1), 3, 14))
            axes.scatter(
                columns[x][~members], columns[y][~members], s=2, c=_GREY, lw=0, rasterized=True
            )
            order = np.argsort(self.stars["probability"].to_numpy()[members], kind="stable")
            drawn = axes.scatter(
                columns[x][members][order],
                columns[y][members][order],
                c=self.stars["probability"].to_numpy()[members][order],
                **{"s": size, "lw": 0, "cmap": shades, "vmin": self.threshold, "vmax": 1},
            )
            axes.set(
                xlabel=STAR_COLUMNS[x].axis_label,
                ylabel=STAR_COLUMNS[y].axis_label,
                xlim=_limits(columns[x], members, whole=x in _WHOLE),
                ylim=_limits(columns[y], members, whole=y in _WHOLE),
            )
            if turned:
                axes.invert_yaxis()
        sky = self.axes_[0]
        sky.invert_xaxis()
        sky.set_aspect(1 / max(np.cos(np.radians(np.median(columns["dec"]))), 0.05))
        sky.ticklabel_format(useOffset=False)
        if self.name is not None:
            sky.set_title(title_text(self.name))
        self.figure_.colorbar(drawn, ax=self.axes_[-1], label=STAR_COLUMNS["probability"].label)
        return self

    def _columns(self, members: BoolArray) -> dict[str, FloatArray]:
        """Return the columns of the panels, right ascension without a seam at 0."""
        names = {name for panel in _PANELS for name in panel[:2]}
        columns = {name: self.stars[name].to_numpy(dtype=float) for name in names}
        first = columns["ra"][np.argmax(members)]
        columns["ra"] = first + (columns["ra"] - first + 180) % 360 - 180
        return columns


def _limits(values: FloatArray, members: BoolArray, *, whole: bool) -> tuple[float, float]:
    """Return the limits of an axis: those of the field, or around the members."""
    if whole:
        return float(np.nanmin(values)), float(np.nanmax(values))
    low, high = np.nanquantile(values[members], _QUANTILES)
    margin = _MARGIN * max(float(high - low), 0.1)
    return float(low - margin), float(high + margin)
