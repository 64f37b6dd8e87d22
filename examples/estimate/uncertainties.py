"""
Uncertainties, and how to check them
====================================

An interval of 68 per cent should hold the true value in 68 of 100 clusters. Whether it does can
be counted wherever the truth is known. Here it is known, because the clusters are simulated.
"""

# %%
# 150 simulated clusters like those of the solar neighbourhood, estimated by the pretrained model,
# which was trained on real clusters and has not seen these.

import numpy as np
from matplotlib import pyplot as plt

from skcluster import load_model, simulate_clusters
from skcluster.plotting import CoverageDisplay, EstimateDisplay

X, y = simulate_clusters(150, with_metallicity=True, random_state=1)
model = load_model()
distribution = model.predict_distribution(X)  # one pass for all that follows

# %%
# Estimates against true values, with intervals of 68 per cent. Those of the metallicity are drawn
# towards zero, which :doc:`another page <metallicities>` explains.

EstimateDisplay.from_predictions(y, distribution.predict(), intervals=distribution.interval(0.68))

# %%
# How often intervals hold, for ten coverages at once. A line below the diagonal means intervals
# that are too short, one above it intervals that are too long; the grey band is the uncertainty of
# counting 150 clusters. Those of age and A_V are too long here, and rightly so: the model was
# calibrated on real clusters, whose published parameters have errors of their own (about 0.2 dex
# and 0.2 mag), while the parameters of simulated clusters have none.

coverages = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.68, 0.8, 0.9, 0.95]
CoverageDisplay.from_intervals(y, {c: distribution.interval(c) for c in coverages})

# %%
# The lengths should depend on the cluster, too: where the model says that it is less sure, its
# errors should be larger. The ratio of error to half the length of the interval must not change
# with the number of stars.

lower, upper = np.moveaxis(distribution.interval(0.68), 2, 0)
errors = np.abs(distribution.predict() - y.to_numpy())
n_stars = X["stars.bp_rp"].groupby(level=0).size().loc[X.index].to_numpy()

figure, (size, ratio) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
size.scatter(n_stars, (upper - lower)[:, 0] / 2, s=8)
size.set(xscale="log", xlabel="stars", ylabel="half the interval of log age (dex)")
ratio.scatter(n_stars, errors[:, 0] / ((upper - lower)[:, 0] / 2), s=8)
ratio.axhline(1, color="black", linewidth=1)
ratio.set(xscale="log", xlabel="stars", ylabel="error / half the interval")

# %%
# A model is calibrated for clusters and labels like those of its training. For held-out real
# clusters, ``benchmarks/calibration.py`` counts the same: see :doc:`/accuracy`.
