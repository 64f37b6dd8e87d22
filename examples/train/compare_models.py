"""
Comparing ANN, CNN and MDM by cross-validation
==============================================

Whether one model is better than another cannot be decided from one number for each, because folds
and clusters differ. Their errors must be compared on the same folds and clusters.
"""

# %%
# Use the same folds for all models, with boosted trees on quantiles of colour as the baseline. To
# keep the run time to a minute or two, use 250 simulated clusters and few epochs.

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy.stats import t as student
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.multioutput import MultiOutputRegressor

from skcluster import CMDSummary, make_pipeline, simulate_clusters
from skcluster.metrics import error_table
from skcluster.pipelines import ann_pipeline, cnn_pipeline, mdm_pipeline

X, y = simulate_clusters(250, random_state=0)
folds = KFold(5, shuffle=True, random_state=0)
models = {
    "trees": make_pipeline(
        CMDSummary(),
        MultiOutputRegressor(HistGradientBoostingRegressor(max_iter=60, random_state=0)),
    ),
    "ANN": ann_pipeline(epochs=40, random_state=0),
    "CNN": cnn_pipeline(epochs=10, random_state=0),
    "MDM": mdm_pipeline(epochs=10, random_state=0),
}
predicted = {name: cross_val_predict(model, X, y, cv=folds) for name, model in models.items()}

# %%
# Errors of all held-out clusters, as in Table 1.

table = pd.DataFrame({name: error_table(y, p).loc["mean"] for name, p in predicted.items()}).T
print(table[["mse", "r2"]].round(3))

# %%
# Compute the squared error of each cluster, with targets in units of their standard deviations, so
# that all three contribute, and the difference between two models in each fold. The variance
# between folds is too small, because the training sets overlap; the correction of Nadeau & Bengio
# (2003, Machine Learning 52, 239) adds the ratio of test to training clusters.

scale = y.std().to_numpy()
loss = {name: (((p - y.to_numpy()) / scale) ** 2).mean(axis=1) for name, p in predicted.items()}


def compare(a, b):
    """Mean difference of the losses, its standard error, and a two-sided p-value."""
    difference = [np.mean(loss[a][test] - loss[b][test]) for _, test in folds.split(X)]
    k = len(difference)
    error = np.sqrt(np.var(difference, ddof=1) * (1 / k + 1 / (k - 1)))
    mean = np.mean(difference)
    return mean, error, 2 * student.sf(abs(mean / error), k - 1)


pairs = [("CNN", "trees"), ("MDM", "trees"), ("ANN", "trees"), ("MDM", "ANN"), ("CNN", "ANN")]
rows = {f"{a} − {b}": compare(a, b) for a, b in pairs}
significance = pd.DataFrame(rows, index=["difference", "standard error", "p"]).T
print(significance.round(3))

# %%
# If the difference is positive, the second model of the pair is better. Differences whose error
# bars include zero are not significant. For five comparisons, a p-value below 0.01 is needed for a
# significance level of 0.05 (Bonferroni correction).

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.boxplot(list(loss.values()), tick_labels=list(loss), whis=(5, 95), showfliers=False)
left.set(yscale="log", ylabel="squared error per cluster (variances)")
mean, error = significance["difference"], significance["standard error"]
right.errorbar(mean, range(len(mean)), xerr=error, fmt="o", capsize=3)
right.axvline(0, color="black", linewidth=1)
right.set(yticks=range(len(mean)), yticklabels=mean.index, xlabel="difference of the loss")
plt.show()
