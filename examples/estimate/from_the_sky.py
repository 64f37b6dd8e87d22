"""
From the sky to parameters
==========================

A download of the sky around a cluster holds its members among many more stars of the field.
`MemberSelector` finds them as the first step of a pipeline.
"""

# %%
# A simulated field of the sky. Nobody says where the cluster is, how it moves, or how far away
# it is.

from matplotlib import pyplot as plt

from skcluster import MemberSelector, estimate, load_model, make_pipeline
from skcluster.datasets import load_example_field
from skcluster.membership import find_members
from skcluster.plotting import MembershipDisplay

X, y = load_example_field()
stars, clusters = find_members(X)
print(clusters[["n_members", "significance", "pmra", "pmdec", "parallax"]].round(2))

# %%
# Members are concentrated on the sky, move together, have the same distance and lie on one
# sequence, although the diagram had no say in their selection.

display = MembershipDisplay.from_members(stars, clusters)

# %%
# The pipeline selects the members and estimates the parameters; ``y`` has the true ones.

model = make_pipeline(MemberSelector(), load_model())
table = estimate(X, model)
print(table[["n_stars", "log_age", "a_v", "distance_kpc", "flag"]].round(2))
print(y.round(2))
plt.show()
