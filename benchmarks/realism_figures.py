"""Real clusters next to simulated ones of the same parameters."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from skcluster.clusters import stars_of
from skcluster.isochrones import isochrone

#: Well-known clusters of all ages, the youngest first.
TWINS = (
    "IC_1805",
    "NGC_3293",
    "Melotte_22",
    "NGC_2287",
    "NGC_1817",
    "NGC_7142",
    "NGC_2682",
    "NGC_188",
)
_FAINT_LIMIT = 18.0


def draw_twins(real: Any, simulated: Any, y: pd.DataFrame, path: Path) -> None:
    """One column a cluster: the real one above its twin, with the isochrone in both."""
    figure = Figure(figsize=(4 * len(y), 10), layout="constrained")
    axes = figure.subplots(2, len(y), sharex="col", sharey="col", squeeze=False)
    samples = {"Gaia": stars_of(real), "simulated": stars_of(simulated)}
    for k, (name, truth) in enumerate(y.iterrows()):
        line = isochrone(truth["log_age"], a_v=truth["a_v"], distance_kpc=truth["distance_kpc"])
        for axis, (kind, stars) in zip(axes[:, k], samples.items(), strict=True):
            own = slice(*stars.offsets[k : k + 2])
            g, colour = stars["phot_g_mean_mag"][own], stars["bp_rp"][own]
            seen = np.isfinite(colour) & (g < _FAINT_LIMIT)
            axis.plot(colour[seen], g[seen], ".", color="black", markersize=3)
            if kind == "Gaia":
                left, right = np.percentile(colour[seen], [0.2, 99.8])
                axis.set(xlim=(left - 0.3, right + 0.3), ylim=(18.2, g[seen].min() - 0.5))
            axis.plot(line["bp_rp"], line["phot_g_mean_mag"], color="#0072B2", linewidth=0.8)
            axis.set_title(f"{str(name).replace('_', ' ')}, {kind}: {seen.sum()} stars")
        axes[0, k].set_ylabel("G (mag)")
        axes[1, k].set(
            ylabel="G (mag)",
            xlabel=f"BP − RP (mag)\nlog age {truth['log_age']:.2f}, "
            f"A_V {truth['a_v']:.2f}, {truth['distance_kpc']:.2f} kpc",
        )
    figure.savefig(path, dpi=100)
