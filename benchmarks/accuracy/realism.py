"""Comparison of simulated with real clusters, and accuracy of models trained on simulations only.

    python benchmarks/accuracy/realism.py --members members.parquet --clusters clusters.csv

Prints, for the given real clusters and the defaults of the simulator:

- how well a classifier distinguishes simulated from real clusters (area under the ROC curve, 0.5
  for chance), with the parameters of the real clusters and with the default priors, and the most
  important features;
- the errors on the real clusters of boosted trees and of the ANN trained on simulated clusters
  only (for networks on sets of stars, see ``benchmarks/training/pretrain.py``);
- the zero point and scatter of the parallaxes of the real clusters, which are the defaults of
  ``skcluster.datasets.Effects``;
- the number of clusters simulated per second on one core.

Plots real clusters next to simulated ones of the same parameters.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from skcluster import ANNRegressor, CMDSummary
from skcluster.clusters import stars_of
from skcluster.datasets import simulate_clusters
from skcluster.io import read_clusters
from skcluster.isochrones import isochrone
from skcluster.metrics import error_table
from skcluster.photometry import distance_from_modulus, distance_modulus

#: A feature that is known of fewer clusters is left out (trees fail where a fold has none).
FEWEST_KNOWN = 20
FAINT_LIMIT = 18.0


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument("--n-train", type=int, default=16000, help="simulated training clusters")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("out/realism"), metavar="FOLDER")
    return parser.parse_args(arguments)


def cmd_summary(X: Any) -> pd.DataFrame:
    """One row a cluster, of its stars brighter than `FAINT_LIMIT`."""
    summary = CMDSummary(faint_limit=FAINT_LIMIT).set_output(transform="pandas")
    table: pd.DataFrame = summary.fit_transform(X)
    return table


def twins(y: pd.DataFrame, n_stars: Any, seed: int) -> Any:
    """Simulated clusters with the parameters and numbers of stars of real ones."""
    X, _ = simulate_clusters(
        len(y),
        random_state=seed,
        log_age=y["log_age"].to_numpy(),
        a_v=y["a_v"].to_numpy(),
        distance_kpc=y["distance_kpc"].to_numpy(),
        n_stars=np.asarray(n_stars),
    )
    return X


def tell_apart(real: pd.DataFrame, simulated: pd.DataFrame, seed: int) -> float:
    """Cross-validated area under the ROC curve of boosted trees."""
    both = pd.concat([real, simulated]).dropna(axis="columns", thresh=FEWEST_KNOWN)
    is_simulated = np.repeat([0, 1], [len(real), len(simulated)])
    model = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.06, max_leaf_nodes=8, l2_regularization=1, random_state=seed
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    guess = cross_val_predict(model, both, is_simulated, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(is_simulated, guess))


def giveaways(real: pd.DataFrame, simulated: pd.DataFrame, n: int = 8) -> pd.Series:
    """The features whose own area under the ROC curve is farthest from 0.5.

    Below 0.5 a feature is lower in simulated clusters.
    """
    areas = {}
    for name in real:
        values = pd.concat([real[name], simulated[name]]).to_numpy()
        is_simulated = np.repeat([0, 1], [len(real), len(simulated)])
        known = np.isfinite(values)
        if known.mean() > 0.2:
            areas[name] = roc_auc_score(is_simulated[known], values[known])
    found = pd.Series(areas)
    return found.reindex((found - 0.5).abs().sort_values(ascending=False).index[:n])


def learn(
    model: Any, features: pd.DataFrame, y: pd.DataFrame, unseen: pd.DataFrame
) -> npt.NDArray[np.floating]:
    """Predictions of a model: log age, A_V and distance, that as a factor on 1 / parallax."""
    features = features.dropna(axis="columns", thresh=FEWEST_KNOWN)
    unseen = unseen[features.columns]
    factor = y["distance_kpc"] * features["parallax"].to_numpy()
    targets = y.assign(distance_kpc=distance_modulus(factor))
    fitted = model.fit(features, targets.to_numpy())
    predicted: npt.NDArray[np.floating] = fitted.predict(unseen)
    last = y.columns.get_loc("distance_kpc")
    predicted[:, last] = distance_from_modulus(predicted[:, last]) / unseen["parallax"]
    return predicted


def boosted_trees(seed: int) -> Any:
    """Trees on summaries of diagrams."""
    trees = HistGradientBoostingRegressor(
        max_iter=250,
        learning_rate=0.07,
        max_leaf_nodes=24,
        min_samples_leaf=15,
        l2_regularization=1,
        max_features=0.4,
        random_state=seed,
    )
    return MultiOutputRegressor(trees)


def dense_network(seed: int) -> Any:
    """The package's ANN on the same summaries."""
    network = ANNRegressor(
        hidden_layer_sizes=(256, 128, 64),
        dropout=0.2,
        epochs=40,
        batch_size=128,
        learning_rate_schedule="cosine",
        random_state=seed,
    )
    return make_pipeline(
        # Ranks, so that what is far off in the real clusters stays within what was learnt.
        QuantileTransformer(n_quantiles=200, output_distribution="normal", random_state=seed),
        SimpleImputer(add_indicator=True),
        TransformedTargetRegressor(network, transformer=StandardScaler()),
    )


def parallaxes(X: Any, y: pd.DataFrame) -> dict[str, float]:
    """Zero point of clusters' mean parallaxes against their distances, and scatter of stars'."""
    stars = stars_of(X)
    stars = stars.take(stars["phot_g_mean_mag"] < FAINT_LIMIT)
    mean = cmd_summary(X)["parallax"].to_numpy()
    far = (y["distance_kpc"] > 2.5).to_numpy()
    offset = (mean - 1 / y["distance_kpc"].to_numpy())[far]
    bright = np.abs(stars["phot_g_mean_mag"] - 13) < 0.5
    off = (stars["parallax"] - mean[stars.cluster])[bright & far[stars.cluster]]
    return {
        "zero_point_mas": float(np.median(offset)),
        "zero_point_scatter_mas": float(1.4826 * np.median(np.abs(offset - np.median(offset)))),
        "scatter_at_g13_mas": float(1.4826 * np.median(np.abs(off))),
    }


def speed(n: int = 4000, n_stars: int = 200) -> float:
    """Clusters of 200 stars simulated in a second of one core."""
    simulate_clusters(250, n_stars=n_stars, random_state=0)
    start = time.process_time()
    simulate_clusters(n, n_stars=n_stars, random_state=0)
    return n / (time.process_time() - start)


#: Of the figure: well-known clusters of all ages, the youngest first.
TWINS = (
    "IC_1805",
    "NGC_3293",
    "Melotte_22",
    "NGC_2287",
    "NGC_1817",
    "NGC_7142",
    "NGC_2682",
    "NGC_188",
)


def draw_twins(real: Any, simulated: Any, y: pd.DataFrame, path: Path) -> None:
    """One column a cluster: the real one above its twin, with the isochrone in both."""
    figure = Figure(figsize=(4 * len(y), 10), layout="constrained")
    axes = figure.subplots(2, len(y), sharex="col", sharey="col", squeeze=False)
    samples = {"Gaia": stars_of(real), "simulated": stars_of(simulated)}
    for k, (name, truth) in enumerate(y.iterrows()):
        line = isochrone(truth["log_age"], a_v=truth["a_v"], distance_kpc=truth["distance_kpc"])
        for axis, (kind, stars) in zip(axes[:, k], samples.items(), strict=True):
            own = slice(*stars.offsets[k : k + 2])
            g, colour = stars["phot_g_mean_mag"][own], stars["bp_rp"][own]
            seen = np.isfinite(colour) & (g < FAINT_LIMIT)
            axis.plot(colour[seen], g[seen], ".", color="black", markersize=3)
            if kind == "Gaia":
                left, right = np.percentile(colour[seen], [0.2, 99.8])
                axis.set(xlim=(left - 0.3, right + 0.3), ylim=(18.2, g[seen].min() - 0.5))
            axis.plot(line["bp_rp"], line["phot_g_mean_mag"], color="#0072B2", linewidth=0.8)
            axis.set_title(f"{str(name).replace('_', ' ')}, {kind}: {seen.sum()} stars")
        axes[0, k].set_ylabel("G (mag)")
        axes[1, k].set(
            ylabel="G (mag)",
            xlabel=f"BP − RP (mag)\nlog age {truth['log_age']:.2f}, "
            f"A_V {truth['a_v']:.2f}, {truth['distance_kpc']:.2f} kpc",
        )
    figure.savefig(path, dpi=100)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, draw."""
    options = parse(arguments)
    X, y = read_clusters(options.members, labels=options.clusters)
    real = cmd_summary(X)
    X_twins = twins(y, real["n_stars"].astype(int), options.seed)
    twin = cmd_summary(X_twins)
    other = cmd_summary(simulate_clusters(len(y), random_state=options.seed + 1)[0])
    result: dict[str, Any] = {
        "auc_same_parameters": tell_apart(real, twin, options.seed),
        "auc_default_priors": tell_apart(real, other, options.seed),
    }
    print(f"AUC, parameters of the real clusters: {result['auc_same_parameters']:.3f}")
    print(f"AUC, default priors: {result['auc_default_priors']:.3f}")
    print("Most important features (below 0.5: lower in simulated clusters):")
    print(giveaways(real, twin).round(3).to_string(), "\n")

    X_train, y_train = simulate_clusters(options.n_train, random_state=options.seed + 2)
    summary = cmd_summary(X_train)
    print(f"Trained on {options.n_train} simulated clusters only, on {len(y)} real ones:")
    result["simulated_to_real"] = {}
    for name, make in {"boosted trees": boosted_trees, "ANN": dense_network}.items():
        predicted = learn(make(options.seed), summary, y_train, real)
        errors = error_table(y[y_train.columns], predicted)
        print(f"{name}\n{errors.round(3).to_string()}\n")
        result["simulated_to_real"][name] = errors.to_dict("index")
    result["parallaxes"] = parallaxes(X, y)
    print("Parallaxes of the real clusters:", json.dumps(result["parallaxes"]))
    result["clusters_per_second"] = speed()
    print(f"{result['clusters_per_second']:.0f} clusters of 200 stars per second on one core")

    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "realism.json").write_text(json.dumps(result, indent=2) + "\n")
    shown = [name for name in TWINS if name in X.index] or list(X.index[:8])
    row = X.index.get_indexer(shown)
    draw_twins(X.iloc[row], X_twins.iloc[row], y.loc[shown], options.output / "twins.png")


if __name__ == "__main__":
    main()
