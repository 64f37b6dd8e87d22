"""
A grid search over architectures
================================

Layers, widths, dropout and learning rate are ordinary parameters of the networks, and can be
searched by `~sklearn.model_selection.GridSearchCV`.
"""

# %%
# Compute the features only once, because they do not depend on the searched parameters. For
# `ann_pipeline`, the names of the parameters are ``regressor__regressor__dropout``, etc.

import pandas as pd
from matplotlib import pyplot as plt
from sklearn.compose import TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

from skcluster import ANNRegressor, CMDHistogram, CMDSummary, simulate_clusters
from skcluster.plotting import TrainingHistoryDisplay

X, y = simulate_clusters(300, random_state=0)
summary = make_pipeline(CMDSummary(), SimpleImputer(), StandardScaler())
features = FeatureUnion([("cmd", CMDHistogram(magnitude="absolute")), ("summary", summary)])
numbers = features.fit_transform(X)

network = ANNRegressor(epochs=40, batch_size=64, random_state=0)
model = TransformedTargetRegressor(network, transformer=StandardScaler())
grid = {
    "regressor__hidden_layer_sizes": [(16,), (64,), (64, 32), (128, 64, 32)],
    "regressor__dropout": [0.0, 0.2, 0.5],
}
search = GridSearchCV(model, grid, cv=3, scoring="r2").fit(numbers, y)
print(search.best_params_)

# %%
# The scores as a heat map, with their standard errors over the folds. Differences smaller than the
# standard errors are not significant.

results = pd.DataFrame(search.cv_results_)
results["layers"] = results["param_regressor__hidden_layer_sizes"].astype(str)
scores, errors = (
    results.pivot(index="layers", columns="param_regressor__dropout", values=f"{kind}_test_score")
    for kind in ("mean", "std")
)
scores, errors = scores.loc[results["layers"].unique()], errors.loc[results["layers"].unique()]

figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
image = ax.imshow(scores, cmap="cividis", aspect="auto")
middle = scores.to_numpy().mean()
for (i, j), value in pd.DataFrame(scores.to_numpy()).stack().items():
    text = f"{value:.3f} ± {errors.iloc[i, j] / 3**0.5:.3f}"
    ax.text(j, i, text, ha="center", va="center", color="white" if value < middle else "black")
ax.set(
    xlabel="dropout",
    ylabel="widths of the hidden layers",
    xticks=range(scores.shape[1]),
    xticklabels=scores.columns,
    yticks=range(scores.shape[0]),
    yticklabels=scores.index,
)
figure.colorbar(image, label="R²")

# %%
# The learning curve of the best model, which is fitted to all clusters. The dashed line is the
# error of the validation clusters, a tenth of all; the weights of the epoch with the smallest one
# are used.

display = TrainingHistoryDisplay.from_estimator(search.best_estimator_)
display.ax_.set_title(str(search.best_params_["regressor__hidden_layer_sizes"]))
plt.show()
