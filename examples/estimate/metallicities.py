"""
Metallicities
=============

The posterior of a cluster includes its metallicity [M/H], from the shape of the sequence of its
stars. This shows how much the stars say of it, and what the prior adds.
"""

# %%
# 60 simulated clusters of 400 stars, old and near, where the sequence says most, at metallicities
# from -0.5 to +0.3.

import numpy as np
from matplotlib import pyplot as plt

from skcluster import estimate, simulate_clusters
from skcluster.plotting import seen_isochrones

metallicity = np.linspace(-0.5, 0.3, 60)
X, y = simulate_clusters(
    60,
    metallicity=metallicity,
    log_age=9.3,
    a_v=0.2,
    distance_kpc=1.0,
    n_stars=400,
    with_metallicity=True,
    random_state=0,
)
table = estimate(X)

# %%
# What there is to see: isochrones of one age at three metallicities. Metal-poor stars are bluer,
# as those behind less dust would be; the shape of the turn-off and the giants tell them apart.

figure, diagram = plt.subplots(figsize=(5, 4.5), layout="constrained")
for value, colour in ((-0.5, "#0072B2"), (0.0, "#009E73"), (0.3, "#D55E00")):
    curve = seen_isochrones([9.3, 0.2, 1.0, value])[0]
    diagram.plot(*curve.T, color=colour, label=f"[M/H] = {value:+.1f}")
diagram.set(xlim=(0.2, 2), ylim=(18, 9), xlabel="BP−RP (mag)", ylabel="G (mag)")
diagram.legend()

# %%
# What comes out. The prior is normal, 0 ± 0.15 dex, the scatter among open clusters: where the
# stars leave room, estimates are drawn towards solar, the more the farther from it they are.

value = table["metallicity"]
figure, comparison = plt.subplots(figsize=(5, 4.5), layout="constrained")
bars = [value - table["metallicity_lower"], table["metallicity_upper"] - value]
comparison.errorbar(metallicity, value, bars, fmt="o", markersize=3, linewidth=0.8)
comparison.plot([-0.5, 0.3], [-0.5, 0.3], color="black", linewidth=1)
comparison.set(xlabel="true [M/H] (dex)", ylabel="estimated [M/H] (dex)")

# %%
# An error in metallicity comes with one in age and extinction, because the three move the sequence
# alike.

error = value - metallicity
others = {name: (table[name] - y[name]).corr(error) for name in ("log_age", "a_v", "distance_kpc")}
print({name: round(float(r), 2) for name, r in others.items()})
print(
    "clusters inside their interval:",
    table["metallicity_lower"]
    .lt(metallicity)
    .mul(table["metallicity_upper"].gt(metallicity))
    .mean()
    .round(2),
)

# %%
# So take metallicities beyond ±0.3 for lower limits of their distance from solar, and look at the
# limits that :doc:`the description of the posterior </posterior>` names.
