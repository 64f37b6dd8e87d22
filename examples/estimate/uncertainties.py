"""
Checking uncertainties
======================

Intervals of 68 per cent should contain the true value of 68 in 100 clusters. This can be checked if
the true values are known, as for the simulated clusters of this example.
"""

# %%
# Simulate 150 clusters similar to those in the solar neighbourhood, and estimate them with the
# pretrained model, which was trained on real clusters.

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from skcluster import load_model, simulate_clusters
from skcluster.plotting import CoverageDisplay, EstimateDisplay

X, y = simulate_clusters(150, with_metallicity=True, random_state=1)
model = load_model()
distribution = model.predict_distribution(X)  # one pass for all of the following

# %%
# Estimates against true values, with intervals of 68 per cent. Metallicities are biased towards
# zero; see :doc:`metallicities`.

EstimateDisplay.from_predictions(y, distribution.predict(), intervals=distribution.interval(0.68))

# %%
# Measured against nominal coverage, for ten coverages. Below the diagonal, intervals are too short,
# above it, too long; the grey band is the statistical uncertainty for 150 clusters. The intervals
# of age and A_V are too long here, as expected: the model was calibrated on real clusters, whose
# published parameters have errors (about 0.2 dex and 0.2 mag), whereas those of simulated clusters
# are exact.

coverages = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.68, 0.8, 0.9, 0.95]
display = CoverageDisplay.from_intervals(y, {c: distribution.interval(c) for c in coverages})
measured = pd.DataFrame(display.covered, index=coverages, columns=display.targets)
print(measured.rename_axis("nominal").round(2))

# %%
# The lengths of the intervals should also depend on the cluster: longer intervals should correspond
# to larger errors. The ratio of the error to half the length of the interval should not depend on
# the number of stars.

lower, upper = np.moveaxis(distribution.interval(0.68), 2, 0)
errors = np.abs(distribution.predict() - y.to_numpy())
n_stars = X["stars.bp_rp"].groupby(level=0).size().loc[X.index].to_numpy()

figure, (size, ratio) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
size.scatter(n_stars, (upper - lower)[:, 0] / 2, s=8)
size.set(xscale="log", xlabel="stars", ylabel="half the interval of log age (dex)")
ratio.scatter(n_stars, errors[:, 0] / ((upper - lower)[:, 0] / 2), s=8)
ratio.axhline(1, color="black", linewidth=1)
ratio.set(xscale="log", xlabel="stars", ylabel="error / half the interval")
plt.show()

# %%
# A model is calibrated for clusters and labels similar to the training data. For the coverage on
# held-out real clusters (``benchmarks/calibration/calibration.py``), see :doc:`/accuracy`.
