"""
A first estimate, from a FITS file
==================================

A table of member stars goes in; log age, extinction, distance and metallicity come out, with
intervals and flags. Nothing needs to be trained: the pretrained model comes with the package.
"""

# %%
# To begin with a file, we write one: the three simulated clusters that come with the package, as
# a FITS table of 650 stars under the column names of the Gaia archive. Your own table takes its
# place; CSV, VOTable, ECSV and Parquet do as well, and so do the column names of VizieR.

from matplotlib import pyplot as plt

import skcluster
from skcluster.datasets import load_example
from skcluster.io import write_clusters, write_estimates
from skcluster.plotting import CMDDisplay, CornerDisplay

clusters, truth = load_example()
write_clusters(clusters, "members.fits", overwrite=True)

# %%
# `read_clusters` gives one row per cluster, with its stars nested inside, and checks every value.

X = skcluster.read_clusters("members.fits")
print(X.index.tolist())

# %%
# One call estimates all clusters. The intervals cover 68 per cent unless ``coverage`` says
# otherwise, and an empty ``flag`` means that there is no reason for doubt.

table = skcluster.estimate(X)
print(table[["log_age", "log_age_lower", "log_age_upper", "a_v", "distance_kpc", "flag"]].round(2))

# %%
# Because these clusters are simulated, we know what should have come out:

print(truth)

# %%
# The diagrams show whether the isochrones of the estimates follow the stars. Blue stars are likely
# members; the orange band holds the isochrones of 68 per cent of the posterior samples.

model = skcluster.load_model()
figure, axes = plt.subplots(1, 3, figsize=(12, 4.5), layout="constrained")
for name, ax in zip(X.index, axes, strict=True):
    CMDDisplay.from_estimator(model, X, cluster=name, ax=ax, colorbar=False)

# %%
# The parameters of one cluster are correlated: an older cluster behind less dust looks much the
# same. `CornerDisplay` shows the joint samples, and the true values in orange.

CornerDisplay.from_estimator(model, X, cluster="Example_old", reference=truth)

# %%
# The table goes into a file with units and descriptions; the console does all of this in one line:
# ``skcluster estimate members.fits -o estimates.ecsv --plots figures/``.

write_estimates(table, "estimates.ecsv", overwrite=True)
