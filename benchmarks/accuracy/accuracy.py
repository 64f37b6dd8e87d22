"""Accuracy of several models on the same held-out clusters.

    python benchmarks/accuracy/accuracy.py --members members.parquet --clusters clusters.csv

Cross-validates the distance from the parallax alone (with the mean age and A_V of the training
clusters), boosted trees on `CMDSummary`, the ANN, CNN and MDM, the networks of ``set_pipeline``,
isochrones alone (``IsochronePosterior(None)``: stars and parallaxes, with the distribution of ages
and A_V of the training clusters) and ``reference_pipeline``, which combines the latter two, or with
``--references`` the models of the folds that ``train_model.py`` saved instead of the last. Prints
errors per target and for subsets of the clusters, the subsets for which the reference model is
less accurate than its networks alone, and the clusters with the largest errors. Plots estimated
against published values, and the residuals. In each fold, every model is trained on the training
clusters only.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from accuracy_report import (
    bias,
    compare,
    draw_estimates,
    draw_residuals,
    overall,
    per_subset,
    rmse,
    worst,
)
from realism import boosted_trees, cmd_summary, learn
from references import kept_references, parser_of, sample
from sklearn.model_selection import KFold

from skcluster.inference import IsochronePosterior
from skcluster.pipelines import (
    ann_pipeline,
    cnn_pipeline,
    mdm_pipeline,
    reference_pipeline,
    set_pipeline,
)

Floats = npt.NDArray[np.floating[Any]]


class ParallaxAlone:
    """The inverse of the mean parallax, and the mean age and A_V."""

    def __init__(self, random_state: int) -> None:
        pass

    def fit(self, X: Any, y: pd.DataFrame) -> Self:
        """Learn the means."""
        self.mean = y.mean().to_numpy()
        return self

    def predict(self, X: Any) -> Floats:
        """Estimates, shape (n_clusters, 3)."""
        found = np.tile(self.mean, (len(X), 1))
        found[:, 2] = 1 / cmd_summary(X)["parallax"]
        return found


class TreesOnSummaries:
    """Trees on quantiles of the diagram, distance as a correction to the parallax's."""

    def __init__(self, random_state: int) -> None:
        self.random_state = random_state

    def fit(self, X: Any, y: pd.DataFrame) -> Self:
        """Keep what to learn from."""
        self.summary, self.y = cmd_summary(X), y
        return self

    def predict(self, X: Any) -> Floats:
        """Estimates, shape (n_clusters, 3)."""
        return learn(boosted_trees(self.random_state), self.summary, self.y, cmd_summary(X))


#: What makes each model, unfitted, of a ``random_state``.
MODELS: dict[str, Callable[..., Any]] = {
    "parallax": ParallaxAlone,
    "trees": TreesOnSummaries,
    "ann": ann_pipeline,
    "cnn": cnn_pipeline,
    "mdm": mdm_pipeline,
    "set": set_pipeline,
    # The tempering is what the reference chooses.
    "isochrones": partial(IsochronePosterior, None, tempering=0.3, n_jobs=2),
    "reference": partial(reference_pipeline, n_jobs=2),
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = parser_of(__doc__, "accuracy")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument(
        "--shuffle-labels",
        action="store_true",
        help="permute the labels of the clusters: a score above zero indicates data leakage",
    )
    return parser.parse_args(arguments)


def fit(
    names: Sequence[str], X: Any, y: pd.DataFrame, seed: int, reference: Any = None
) -> dict[str, Any]:
    """Fit models; the networks alone are those in the reference, if both are wanted.

    A reference that was fitted before takes the place of a new one.
    """
    fitted = {} if reference is None else {"reference": reference}
    for name in names:
        if name in fitted or (name == "set" and "reference" in names):
            continue
        start = time.perf_counter()
        fitted[name] = MODELS[name](random_state=seed).fit(X, y)
        print(f"  {name}: {time.perf_counter() - start:.0f} s", flush=True)
    if "reference" in fitted and "set" in names:
        fitted["set"] = fitted["reference"].estimator_
    return fitted


def cross_validate(
    options: argparse.Namespace, X: Any, y: pd.DataFrame, folds: list[Any]
) -> dict[str, pd.DataFrame]:
    """Predictions for each cluster by models that have not seen it."""
    empty = pd.DataFrame(np.nan, index=y.index, columns=y.columns)
    predictions = {name: empty.copy() for name in options.models}
    kept = kept_references(options.references) if options.references else None
    for i, (train, test) in enumerate(folds):
        print(f"fold {i + 1} of {len(folds)}", flush=True)
        reference = None
        if kept:
            reference, unseen = kept[i]
            if set(unseen) != set(X.index[test]):
                raise SystemExit(f"{options.references} holds models of other folds.")
        fitted = fit(options.models, X.iloc[train], y.iloc[train], options.seed, reference)
        for name, predicted in predictions.items():
            predicted.iloc[test] = fitted[name].predict(X.iloc[test])
        joined({"published": y, **predictions}).to_csv(options.output / "predictions.csv")
    return predictions


def joined(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables side by side, their names before those of the columns."""
    return pd.concat([table.add_prefix(f"{name}_") for name, table in tables.items()], axis=1)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, draw."""
    options = parse(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    X, y = sample(options)
    if options.shuffle_labels:
        order = np.random.default_rng(options.seed).permutation(len(y))
        y = pd.DataFrame(y.to_numpy()[order], index=y.index, columns=y.columns)
    splitter = KFold(options.folds, shuffle=True, random_state=options.seed)
    folds = list(splitter.split(y))
    predictions = cross_validate(options, X, y, folds)
    n_stars = cmd_summary(X)["n_stars"].to_numpy()
    tests = [test for _, test in folds]
    total = overall(y, predictions, tests)
    subsets = per_subset(y, predictions, n_stars, rmse)
    print(f"\n{len(y)} clusters, {options.folds}-fold cross-validation, ± standard errors\n")
    print(total.to_string(index=False), "\n")
    print("RMSE for subsets of the clusters, ± standard errors\n")
    print(subsets.to_string(index=False), "\n")
    biases = per_subset(y, predictions, n_stars, bias)
    print("Mean error for subsets of the clusters, ± standard errors\n")
    print(biases.to_string(index=False), "\n")
    result = {
        "overall": total.to_dict("records"),
        "subsets": subsets.to_dict("records"),
        "biases": biases.to_dict("records"),
    }
    if {"set", "reference"} <= predictions.keys():
        gain = compare(y, predictions["reference"], predictions["set"], n_stars)
        print("RMSE of the reference minus that of its networks alone, ± standard errors\n")
        print(gain.to_string(index=False), "\n")
        result["reference less set"] = gain.to_dict("records")

    best = options.models[-1]
    print(f"Largest errors, {best}:\n")
    print(worst(y, predictions[best], n_stars))
    (options.output / "accuracy.json").write_text(json.dumps(result, indent=2) + "\n")
    draw_estimates(y, predictions[best], best, options.output / "estimates.png")
    draw_residuals(y, predictions[best], n_stars, best, options.output / "residuals.png")


if __name__ == "__main__":
    main()
