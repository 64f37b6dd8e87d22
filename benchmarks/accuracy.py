"""How accurate each way to estimate is, on the same held-out clusters.

    python benchmarks/accuracy.py --members members.parquet --clusters clusters.csv

Cross-validates the distance of the parallax alone (age and A_V from the training clusters' mean),
boosted trees on `CMDSummary`, the ANN, CNN and MDM, and ``reference_pipeline``; prints errors per
target and per kind of cluster, and the clusters that are farthest off; draws predicted against
published, and the residuals. Every model sees the training clusters of a fold only.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from accuracy_figures import draw_estimates, draw_residuals
from accuracy_report import overall, per_subset, worst
from realism import boosted_trees, cmd_summary, learn
from sklearn.model_selection import KFold

from skcluster.io import read_clusters
from skcluster.pipelines import ann_pipeline, cnn_pipeline, mdm_pipeline, reference_pipeline
from skcluster.schema import CLUSTER_PARAMETERS

TARGETS = list(CLUSTER_PARAMETERS)
Predict = Callable[[Any, pd.DataFrame, Any, int], npt.NDArray[np.floating]]


def parallax_alone(X: Any, y: pd.DataFrame, unseen: Any, seed: int) -> npt.NDArray[np.floating]:
    """The inverse of the mean parallax, and the mean age and A_V."""
    mean = np.tile(y.mean().to_numpy(), (len(unseen), 1))
    mean[:, 2] = 1 / cmd_summary(unseen)["parallax"]
    return mean


def trees_on_summaries(X: Any, y: pd.DataFrame, unseen: Any, seed: int) -> npt.NDArray[np.floating]:
    """Trees on quantiles of the diagram, distance as a correction to the parallax's."""
    return learn(boosted_trees(seed), cmd_summary(X), y, cmd_summary(unseen))


def fitted(pipeline: Callable[..., Any]) -> Predict:
    """Fit one of the package's pipelines and predict."""

    def predict(X: Any, y: pd.DataFrame, unseen: Any, seed: int) -> npt.NDArray[np.floating]:
        predicted: npt.NDArray[np.floating] = pipeline(random_state=seed).fit(X, y).predict(unseen)
        return predicted

    return predict


MODELS: dict[str, Predict] = {
    "parallax": parallax_alone,
    "trees": trees_on_summaries,
    "ann": fitted(ann_pipeline),
    "cnn": fitted(cnn_pipeline),
    "mdm": fitted(mdm_pipeline),
    "reference": fitted(reference_pipeline),
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--shuffle-labels",
        action="store_true",
        help="give clusters each other's labels: a model that scores above zero has seen the test",
    )
    parser.add_argument("--output", type=Path, default=Path("out/accuracy"), metavar="FOLDER")
    return parser.parse_args(arguments)


def cross_validate(
    predict: Predict, X: Any, y: pd.DataFrame, folds: list[Any], seed: int
) -> pd.DataFrame:
    """Prediction for each cluster by the model that has not seen it."""
    predicted = pd.DataFrame(np.nan, index=y.index, columns=y.columns)
    for train, test in folds:
        predicted.iloc[test] = predict(X.iloc[train], y.iloc[train], X.iloc[test], seed)
    return predicted


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, draw."""
    options = parse(arguments)
    X, y = read_clusters(options.members, labels=options.clusters)
    y = y[TARGETS]
    if options.shuffle_labels:
        order = np.random.default_rng(options.seed).permutation(len(y))
        y = pd.DataFrame(y.to_numpy()[order], index=y.index, columns=y.columns)
    splitter = KFold(options.folds, shuffle=True, random_state=options.seed)
    folds = list(splitter.split(y))
    predictions: dict[str, pd.DataFrame] = {}
    seconds: dict[str, float] = {}
    for name in options.models:
        start = time.perf_counter()
        predictions[name] = cross_validate(MODELS[name], X, y, folds, options.seed)
        seconds[name] = time.perf_counter() - start
        print(f"{name}: {seconds[name]:.0f} s", flush=True)
    n_stars = cmd_summary(X)["n_stars"].to_numpy()
    tests = [test for _, test in folds]
    total = overall(y, predictions, tests)
    subsets = per_subset(y, predictions, n_stars)
    print(f"\n{len(y)} clusters, {options.folds}-fold cross-validation, ± standard errors\n")
    print(total.to_string(index=False), "\n")
    print("RMSE within kinds of clusters, ± standard errors\n")
    print(subsets.to_string(index=False), "\n")

    options.output.mkdir(parents=True, exist_ok=True)
    best = options.models[-1]
    print(f"Farthest off, {best}:\n")
    print(worst(y, predictions[best], n_stars))
    named = {"published": y, **predictions}
    joined = pd.concat([table.add_prefix(f"{name}_") for name, table in named.items()], axis=1)
    joined.to_csv(options.output / "predictions.csv")
    result = {
        "seconds": seconds,
        "overall": total.to_dict("records"),
        "subsets": subsets.to_dict("records"),
    }
    (options.output / "accuracy.json").write_text(json.dumps(result, indent=2) + "\n")
    draw_estimates(y, predictions[best], best, options.output / "estimates.png")
    draw_residuals(y, predictions[best], n_stars, best, options.output / "residuals.png")


if __name__ == "__main__":
    main()
