r"""How estimates and flags fare on member lists that differ from those of the training.

    python benchmarks/robustness.py --members members.parquet --clusters clusters.csv \
        --field field_stars.parquet

Fits the reference on the training clusters of each fold, spoils the member lists of the others in
one way after the other (stars of other clusters or of the field added, bright or faint stars
removed, zero points shifted), and prints for each: RMSE of the clusters without a flag, coverage of
their intervals, and the fraction flagged; for the network alone the RMSE of all.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from robustness_lists import SPOILS, ForeignStars
from sklearn.model_selection import KFold

from skcluster.estimation import estimate
from skcluster.io import read_clusters
from skcluster.photometry import distance_modulus
from skcluster.pipelines import reference_pipeline
from skcluster.schema import CLUSTER_PARAMETERS

TARGETS = list(CLUSTER_PARAMETERS)
Spoil = Callable[[pd.DataFrame, ForeignStars, np.random.Generator], pd.DataFrame]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument("--field", type=Path, required=True, metavar="FILE")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument(
        "--every", type=int, default=1, help="spoil each so many-th held-out cluster (default: 1)"
    )
    parser.add_argument("--lines", nargs="+", choices=list(SPOILS), default=list(SPOILS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("out/robustness"), metavar="FOLDER")
    return parser.parse_args(arguments)


def with_modulus(values: pd.DataFrame) -> np.ndarray:
    """Log age, A_V and distance modulus."""
    modulus = distance_modulus(np.maximum(values["distance_kpc"].to_numpy(), 0.001))
    return np.column_stack([values["log_age"], values["a_v"], modulus])


def estimates_of(model: Any, X: pd.DataFrame, y: pd.DataFrame) -> pd.DataFrame:
    """Errors of posterior and network, hits of intervals, and the flag, per cluster."""
    table = estimate(X, model, coverage=0.68)
    wide = estimate(X, model, coverage=0.95)
    network = pd.DataFrame(model.estimator_.predict(X), index=X.index, columns=TARGETS)
    true = with_modulus(y)
    found = {"flagged": table["flag"].ne("").to_numpy()}
    for j, name in enumerate(("log_age", "a_v", "modulus")):
        found[f"{name}"] = with_modulus(table)[:, j] - true[:, j]
        found[f"network_{name}"] = with_modulus(network)[:, j] - true[:, j]
    for name in TARGETS:
        for share, of in ((68, table), (95, wide)):
            hit = (of[f"{name}_lower"] <= y[name]) & (y[name] <= of[f"{name}_upper"])
            found[f"{name}_{share}"] = hit.to_numpy()
    return pd.DataFrame(found, index=X.index)


def summary(found: pd.DataFrame) -> dict[str, Any]:
    """One line of the table."""

    def rms(names: list[str], rows: pd.DataFrame) -> str:
        return " / ".join(f"{np.sqrt(np.mean(rows[n] ** 2)):.3f}" for n in names)

    def share(percent: int, rows: pd.DataFrame) -> str:
        return " / ".join(f"{100 * rows[f'{n}_{percent}'].mean():.0f}" for n in TARGETS)

    parts = ["log_age", "a_v", "modulus"]
    good = found[~found["flagged"]]
    return {
        "clusters": len(found),
        "flagged (%)": f"{100 * found['flagged'].mean():.0f}",
        "RMSE, not flagged": rms(parts, good),
        "RMSE, all": rms(parts, found),
        "RMSE of the network, all": rms([f"network_{n}" for n in parts], found),
        "68 % cover": share(68, good),
        "95 % cover": share(95, good),
    }


def main(arguments: list[str] | None = None) -> None:
    """Fit, spoil, estimate, print."""
    options = parse(arguments)
    X, y = read_clusters(options.members, labels=options.clusters)
    y = y[TARGETS]
    foreign = ForeignStars.read(X, options.field)
    results: dict[str, list[pd.DataFrame]] = {name: [] for name in options.lines}
    splitter = KFold(options.folds, shuffle=True, random_state=options.seed)
    for train, test in splitter.split(y):
        model = reference_pipeline(random_state=options.seed, n_jobs=2)
        model.fit(X.iloc[train], y.iloc[train])
        test = test[:: options.every]
        for name in options.lines:
            rng = np.random.default_rng(options.seed)
            rows = SPOILS[name].rows(y.iloc[test])
            held_out, labels = X.iloc[test[rows]], y.iloc[test[rows]]
            spoilt = SPOILS[name].apply(held_out, foreign, rng)
            labels = labels.loc[spoilt.index]
            results[name].append(estimates_of(model, spoilt, labels))
    table = pd.DataFrame(
        {SPOILS[name].text: summary(pd.concat(found)) for name, found in results.items()}
    ).T
    print(table.to_string())
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "robustness.json").write_text(
        json.dumps(table.to_dict("index"), indent=2) + "\n"
    )


if __name__ == "__main__":
    main()
