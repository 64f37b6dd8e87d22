"""
Metallicities
=============

The posterior of a cluster includes the metallicity [M/H], which is determined from the shape of the
sequence of its stars. This example shows the information from the stars and the effect of the
prior.
"""

# %%
# Simulate 60 clusters of 400 stars with metallicities from -0.5 to +0.3. They are old and nearby,
# because these constrain the metallicity best.

import numpy as np
from matplotlib import pyplot as plt

from skcluster import estimate, simulate_clusters
from skcluster.isochrones import isochrone

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
# Isochrones of one age at three metallicities. Lower metallicities are bluer, as are lower
# extinctions; the shape of the turn-off and the giants distinguish the two.

figure, diagram = plt.subplots(figsize=(5, 4.5), layout="constrained")
for value, colour in ((-0.5, "#0072B2"), (0.0, "#009E73"), (0.3, "#D55E00")):
    curve = isochrone(9.3, value, a_v=0.2, distance_kpc=1.0)
    label = f"[M/H] = {value:+.1f}".replace("-", "−")
    diagram.plot(curve["bp_rp"], curve["phot_g_mean_mag"], color=colour, label=label)
diagram.set(xlim=(0.2, 2), ylim=(18, 9), xlabel="BP−RP (mag)", ylabel="G (mag)")
diagram.legend()

# %%
# Estimated against true metallicities. The prior is normal, 0 ± 0.15 dex, the scatter among open
# clusters. It biases the estimates towards solar metallicity, and more so for larger deviations.

value = table["metallicity"]
figure, comparison = plt.subplots(figsize=(5, 4.5), layout="constrained")
bars = [value - table["metallicity_lower"], table["metallicity_upper"] - value]
comparison.errorbar(metallicity, value, bars, fmt="o", markersize=3, linewidth=0.8)
comparison.plot([-0.5, 0.3], [-0.5, 0.3], color="black", linewidth=1)
comparison.set(xlabel="true [M/H] (dex)", ylabel="estimated [M/H] (dex)")

# %%
# Errors in metallicity are correlated with errors in age and extinction, because the three have
# similar effects on the sequence.

error = value - metallicity
others = {name: (table[name] - y[name]).corr(error) for name in ("log_age", "a_v", "distance_kpc")}
print({name: round(float(r), 2) for name, r in others.items()})

# %%
# Fewer than 68 per cent of the intervals contain the true value, because the range of -0.5 to +0.3
# is far wider than the prior of 0 ± 0.15, and the estimates are biased towards solar metallicity.
# Within 0.15 dex of solar metallicity, the fraction is larger than 68 per cent.

inside = (table["metallicity_lower"] < metallicity) & (metallicity < table["metallicity_upper"])
near_solar = np.abs(metallicity) < 0.15
print(f"inside their interval: {inside.mean():.2f} of all {len(inside)} clusters")
print(f"{inside[near_solar].mean():.2f} of the {near_solar.sum()} clusters with |[M/H]| < 0.15")
plt.show()

# %%
# Estimated metallicities beyond ±0.3 are therefore lower limits of the deviation from solar. See
# the limitations in :doc:`the description of the posterior </posterior>`.
