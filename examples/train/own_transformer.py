"""
A transformer of your own
=========================

A feature of clusters is a scikit-learn transformer: clusters in, one row of numbers each out. This
one counts giants, which are many in old clusters and in none of the youngest.
"""

# %%
# `validate_clusters` checks the clusters and gives their stars as flat arrays, cluster after
# cluster; ``stars.cluster`` is the row of each star's cluster. So there is no loop over clusters.

import numpy as np
from matplotlib import pyplot as plt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import FeatureUnion

from skcluster import CMDHistogram, make_pipeline, simulate_clusters
from skcluster.clusters import validate_clusters


class Giants(TransformerMixin, BaseEstimator):
    """Fraction of stars that are redder than their faint end, and bright.

    Parameters
    ----------
    depth : float, default=4
        Stars brighter than the faintest by this many magnitudes count as bright.
    """

    def __init__(self, depth=4.0):
        self.depth = depth

    def fit(self, X, y=None):
        """Learn nothing, but check the clusters."""
        validate_clusters(X)
        return self

    def transform(self, X):
        """One row per cluster: fraction of giants, and colour of the bluest bright star."""
        stars = validate_clusters(X)
        row, n = stars.cluster, len(stars.index)
        faintest = np.full(n, -np.inf)
        np.maximum.at(faintest, row, stars["phot_g_mean_mag"])
        bright = stars["phot_g_mean_mag"] < faintest[row] - self.depth
        bluest = np.full(n, 5.0)
        np.minimum.at(bluest, row[bright], stars["bp_rp"][bright])
        giant = bright & (stars["bp_rp"] > bluest[row] + 0.5)
        return np.column_stack([np.bincount(row[giant], minlength=n) / stars.counts, bluest])

    def get_feature_names_out(self, input_features=None):
        """Names of the two columns."""
        return np.array(["giants", "bluest_bright"], dtype=object)

    def __sklearn_is_fitted__(self):
        return True


# %%
# It works like the package's own: with `set_output`, in a union, in a search.

X, y = simulate_clusters(300, random_state=0)
table = Giants().set_output(transform="pandas").fit_transform(X)
print(table.head(3))

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
image = ax.scatter(y["log_age"], table["giants"], c=table["bluest_bright"], s=10, cmap="cividis")
ax.set(xlabel="log age (dex)", ylabel="fraction of giants")
figure.colorbar(image, label="colour of the bluest bright star (mag)")

# %%
# Does it add to the histogram? Scores of the same folds, for log age.

forest = RandomForestRegressor(100, random_state=0)
both = FeatureUnion([("cmd", CMDHistogram(magnitude="absolute")), ("giants", Giants())])
for name, features in (("histogram", both.transformer_list[0][1]), ("with giants", both)):
    scores = cross_val_score(make_pipeline(features, forest), X, y["log_age"], cv=5)
    print(f"{name:12} R² = {scores.mean():.3f} ± {scores.std() / 5**0.5:.3f}")
