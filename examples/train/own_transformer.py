"""
A transformer of your own
=========================

Features are computed by scikit-learn transformers, which return one row of numbers per cluster. The
transformer of this example finds the blue end of the sequence, which becomes redder with age.
"""

# %%
# `validate_clusters` checks the clusters and returns their stars as flat arrays, ordered by
# cluster; ``stars.cluster`` is the row number of each star's cluster. No loop over clusters is
# needed.

import numpy as np
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import FeatureUnion

from skcluster import CMDHistogram, make_pipeline, simulate_clusters
from skcluster.clusters import validate_clusters


class BlueEnd(TransformerMixin, BaseEstimator):
    """Colour of the bluest bright star, and range of magnitudes.

    Parameters
    ----------
    depth : float, default=3
        Stars at least this many magnitudes brighter than the faintest are bright.
    """

    def __init__(self, depth=3.0):
        self.depth = depth

    def fit(self, X, y=None):
        """Learn nothing, but check the clusters."""
        validate_clusters(X)
        return self

    def transform(self, X):
        """One row per cluster."""
        stars = validate_clusters(X)
        row, n = stars.cluster, len(stars.index)
        g, colour = stars["phot_g_mean_mag"], stars["bp_rp"]
        faintest, brightest = np.full(n, -np.inf), np.full(n, np.inf)
        np.maximum.at(faintest, row, g)
        np.minimum.at(brightest, row, g)
        bright = g <= np.maximum(faintest - self.depth, brightest)[row]
        bluest = np.full(n, np.inf)
        np.minimum.at(bluest, row[bright], colour[bright])
        return np.column_stack([bluest, faintest - brightest])

    def get_feature_names_out(self, input_features=None):
        """Names of the two columns."""
        return np.array(["bluest", "range"], dtype=object)

    def __sklearn_is_fitted__(self):
        return True


# %%
# It can be used like the transformers of the package: with `set_output`, in a union, or in a
# search.

X, y = simulate_clusters(300, random_state=0)
table = BlueEnd().set_output(transform="pandas").fit_transform(X)
print(table.head(3))

# %%
# The turn-off is red for old clusters and for large extinctions: the colour alone does not
# distinguish the two.

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
image = ax.scatter(y["log_age"], table["bluest"], c=y["a_v"], s=10, cmap="cividis")
ax.set(xlabel="log age (dex)", ylabel="colour of the bluest bright star (mag)")
figure.colorbar(image, label="A_V (mag)")

# %%
# Compare the scores for log age with and without the new feature, on the same folds.

forest = RandomForestRegressor(100, random_state=0)
histogram = CMDHistogram(magnitude="absolute")
both = FeatureUnion([("cmd", histogram), ("blue", BlueEnd())])
for name, features in (("histogram", histogram), ("with the blue end", both)):
    scores = cross_val_score(make_pipeline(features, forest), X, y["log_age"], cv=5)
    print(f"{name:18} R² = {scores.mean():.3f} ± {scores.std() / 5**0.5:.3f}")
plt.show()
