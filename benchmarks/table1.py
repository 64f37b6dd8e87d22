"""Table 1 of the paper: ANN, CNN and MDM on the same held-out clusters.

    python benchmarks/table1.py
    python benchmarks/table1.py --members members.parquet --clusters clusters.csv --folds 5
    python benchmarks/table1.py --catalogue cantat_gaudin_2020

Without options, the 1867 simulated clusters of ``skcluster.datasets.load_simulated_clusters`` are
used. The paper's clusters are those of ``cantat_gaudin_2020``, which is downloaded from VizieR
once. Everything that a model learns (best epoch, scaling, fallbacks) is determined from its
training clusters.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.preprocessing import MinMaxScaler
from table1_figures import figure_cluster, figures_architectures, figures_learning_curves
from table1_report import Row, markdown, summary, to_json

from skcluster import ClusterAugmenter
from skcluster.datasets import FetchError, fetch_catalogue, load_simulated_clusters
from skcluster.io import read_clusters
from skcluster.metrics import error_table
from skcluster.pipelines import Preset, ann_pipeline, cnn_pipeline, mdm_pipeline

LIBRARIES = ("skcluster", "sklearn", "keras", "tensorflow")
#: Catalogues with member stars.
CATALOGUES = ("cantat_gaudin_2020", "hunt_reffert_2023")
PIPELINES = {"ann": ann_pipeline, "cnn": cnn_pipeline, "mdm": mdm_pipeline}

#: With the paper's limits, and with wider ones.
AUGMENTERS = {
    "augmented": ClusterAugmenter(max_distance_modulus=10, max_extinction=3),
    "augmented, wide": ClusterAugmenter(max_distance_modulus=14, max_extinction=5),
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = parser.add_argument_group("clusters (simulated ones unless given)")
    data.add_argument("--members", type=Path, metavar="FILE", help="table of member stars")
    data.add_argument("--clusters", type=Path, metavar="FILE", help="table of published parameters")
    data.add_argument(
        "--catalogue", choices=CATALOGUES, help="name of a published catalogue to download"
    )
    what = parser.add_argument_group("what to measure")
    settings = "settings of this package (the default), of the paper, or both"
    what.add_argument("--models", nargs="+", choices=PIPELINES, default=list(PIPELINES))
    what.add_argument(
        "--preset", choices=["tuned", "paper", "both"], default="tuned", help=settings
    )
    what.add_argument("--augment", action="store_true", help="include the ANN with augmentation")
    what.add_argument(
        "--folds", type=int, metavar="K", help="cross-validation, instead of a fifth held out"
    )
    what.add_argument("--epochs", type=int, help="number of epochs, to shorten a test run")
    what.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("out/table1"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    if (options.members is None) != (options.clusters is None):
        parser.error("--members and --clusters go together")
    if options.members is not None and options.catalogue is not None:
        parser.error("give --members and --clusters, or --catalogue, not both")
    if options.folds is not None and options.folds < 2:
        parser.error("--folds must be at least 2")
    return options


def load(options: argparse.Namespace) -> tuple[Any, pd.DataFrame, str]:
    """X, y and a name for them."""
    if options.catalogue is not None:
        X, y = fetch_catalogue(options.catalogue, return_X_y=True)
        return X, y, f"clusters of {options.catalogue}"
    if options.members is None:
        X, y = load_simulated_clusters(return_X_y=True)
        return X, y, "simulated clusters"
    X, y = read_clusters(options.members, labels=options.clusters)
    return X, y, f"clusters of {options.members.name}"


def plan(options: argparse.Namespace) -> Iterator[tuple[Row, Any]]:
    """The rows of the table, each with its unfitted pipeline."""
    network: dict[str, Any] = {"random_state": options.seed, "verbose": int(sys.stderr.isatty())}
    if options.epochs is not None:
        network["epochs"] = options.epochs
    both: tuple[Preset, ...] = ("tuned", "paper")
    for preset in both if options.preset == "both" else (options.preset,):
        for model in options.models:
            yield Row(model, preset, ""), PIPELINES[model](preset=preset, **network)
            if model == "ann" and options.augment:
                yield from plan_augmented(preset, network, options.seed)


def plan_augmented(preset: Preset, network: dict[str, Any], seed: int) -> Iterator[tuple[Row, Any]]:
    """The augmented rows.

    Copies of a training cluster would sit among the clusters kept aside to find the best epoch, so
    none are kept aside, and the last epoch counts.
    """
    changes: dict[str, Any] = {"validation_fraction": 0}
    if preset == "paper":
        changes["batch_size"] = 400
    for name, augmenter in AUGMENTERS.items():
        augment = clone(augmenter).set_params(random_state=seed)
        pipeline = ann_pipeline(preset=preset, augment=augment, **changes, **network)
        yield Row("ann", preset, name), pipeline


def measure(row: Row, pipeline: Any, X: Any, y: pd.DataFrame, splits: list[Any]) -> None:
    """Fit and test on every split, and write the errors into the row."""
    for number, (train, test) in enumerate(splits, start=1):
        start = time.perf_counter()
        say(f"{row.title}: training on {len(train)} clusters ({number} of {len(splits)}) …")
        y_train, y_test = y.iloc[train], y.iloc[test]
        pipeline.fit(X.iloc[train], y_train)
        predicted = pipeline.predict(X.iloc[test])
        scaler = MinMaxScaler().fit(y_train.to_numpy())
        scaled = error_table(scaler.transform(y_test.to_numpy()), scaler.transform(predicted))
        row.errors.append(error_table(y_test, predicted))
        row.mse_minmax.append(float(scaled["mse"]["mean"]))
        row.seconds.append(time.perf_counter() - start)
        network = pipeline[-1].regressor_
        row.network = network
        row.curves.append({**network.history_, "best_epoch": network.best_epoch_})


def say(text: str) -> None:
    """Tell the progress, out of the way of the table."""
    print(text, file=sys.stderr, flush=True)


def time_left(done: list[Row], to_come: list[Row], elapsed: float) -> str:
    """What has passed, and about what is to come: rows of the same model cost the same."""
    cost = {"ann": 1.0, "cnn": 3.0, "mdm": 3.0}
    seconds = elapsed * sum(cost[r.model] for r in to_come) / sum(cost[r.model] for r in done)
    return f"{elapsed:.0f} s passed, about {seconds:.0f} s to go"


def main(arguments: list[str] | None = None) -> None:
    """Measure every row, and write table and figures."""
    options = parse(arguments)
    try:
        X, y, source = load(options)
    except (FetchError, OSError, ValueError) as error:
        sys.exit(f"table1.py: {error}")
    split = (
        KFold(options.folds, shuffle=True, random_state=options.seed)
        if options.folds
        else ShuffleSplit(1, test_size=0.2, random_state=options.seed)
    )
    splits = list(split.split(X))
    planned = list(plan(options))
    rows = [row for row, _ in planned]
    say(f"{len(X)} {source}; {len(rows)} models, {len(splits)} fits each")
    start = time.perf_counter()
    for i, (row, pipeline) in enumerate(planned, start=1):
        measure(row, pipeline, X, y, splits)
        say(f"{summary(row)}; {time_left(rows[:i], rows[i:], time.perf_counter() - start)}")

    test = f"{options.folds}-fold cross-validation" if options.folds else "held-out clusters"
    run = {
        "clusters": len(X),
        "source": source,
        "test": test if options.folds else f"{len(splits[0][1])} {test}",
        "seed": options.seed,
        "epochs": options.epochs,
        "seconds": round(time.perf_counter() - start, 1),
        "python": platform.python_version(),
        "versions": {name: import_module(name).__version__ for name in LIBRARIES},
    }
    write(rows, run, options.output)
    figure_cluster(X, options.output)
    figures_learning_curves(rows, options.output)
    figures_architectures(rows, options.output)


def write(rows: list[Row], run: dict[str, Any], folder: Path) -> None:
    """Write the table in three forms, and print it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = markdown(rows, run)
    (folder / "table1.md").write_text(text)
    (folder / "table1.json").write_text(json.dumps(to_json(rows, run), indent=2) + "\n")
    targets = pd.concat([row.mean_errors() for row in rows], keys=[row.title for row in rows])
    targets.to_csv(folder / "table1.csv", index_label=["row", "target"])
    print(text)
    print(f"Table and figures are in {folder}.")


if __name__ == "__main__":
    main()
