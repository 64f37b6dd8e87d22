"""Ticks of logarithmic axes; imports matplotlib, which the rest does only to draw."""

from typing import Any

from matplotlib.ticker import LogLocator


class FewTicks(LogLocator):
    """Three ticks per decade, or one if there are many decades."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        self.set_params(subs=(1, 2, 5) if vmax < 200 * vmin else (1,))
        return super().tick_values(vmin, vmax)
