"""
A first estimate from a FITS file
=================================

Estimate log age, extinction, distance and metallicity, with intervals and flags, from a table of
member stars. No training is needed, because the package contains a pretrained model.
"""

# %%
# First, write the three simulated clusters in the package to a FITS table of 650 stars with the
# column names of the Gaia archive. Replace it by your own table; CSV, VOTable, ECSV and Parquet
# files, and the column names of VizieR, are supported as well.

from matplotlib import pyplot as plt

import skcluster
from skcluster.datasets import load_example
from skcluster.io import write_clusters, write_estimates
from skcluster.plotting import CMDDisplay, CornerDisplay

clusters, truth = load_example()
write_clusters(clusters, "members.fits", overwrite=True)

# %%
# `read_clusters` returns one row per cluster, with nested tables of stars, and validates all
# values.

X = skcluster.read_clusters("members.fits")
print(X.index.tolist())

# %%
# One call estimates all clusters. The default ``coverage`` of the intervals is 68 per cent. An
# empty ``flag`` means that there is no reason to doubt the estimate; ``notes`` tell what was seen
# in a list and accounted for.

table = skcluster.estimate(X)
print(table[["log_age", "log_age_lower", "log_age_upper", "a_v", "distance_kpc"]].round(2))
print(table[["flag", "notes"]])

# %%
# Because these clusters are simulated, the true values are known:

print(truth)

# %%
# The diagrams show whether the isochrones of the estimates match the stars. Blue stars are likely
# members; the orange band contains the isochrones of 68 per cent of the posterior samples.

model = skcluster.load_model()
figure, axes = plt.subplots(1, 3, figsize=(12, 4.5), layout="constrained")
for name, ax in zip(X.index, axes, strict=True):
    CMDDisplay.from_estimator(model, X, cluster=name, ax=ax, colorbar=False)

# %%
# The parameters of a cluster are correlated: an older cluster with less extinction looks similar.
# `CornerDisplay` shows the joint samples, and the true values in orange.

CornerDisplay.from_estimator(model, X, cluster="Example_old", reference=truth)

# %%
# Write the table to a file with units and descriptions. The equivalent command is
# ``skcluster estimate members.fits -o estimates.ecsv --plots figures/``.

write_estimates(table, "estimates.ecsv", overwrite=True)
plt.show()
